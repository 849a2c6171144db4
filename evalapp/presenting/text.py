"""Plain text shown as it was written."""

from evalapp.presenting.characters import escaped, escaped_raw, settled


def plain(text: str) -> str:
    """HTML of a prompt or a document: its own lines and spaces, each line in its own direction."""
    return f'<div class="plain" dir="auto">{escaped(settled(text))}</div>'


def raw(text: str) -> str:
    """HTML of a text with nothing interpreted and every invisible character shown."""
    return f'<div class="raw" dir="auto">{escaped_raw(settled(text))}</div>'
