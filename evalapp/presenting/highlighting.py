"""Program text → HTML with one class per kind of token, coloured by ``static/css/reading.css``.

Only languages on a short list are highlighted; the language is never guessed. Some lexers take time that
grows with the square of what they read, so only ordinary code is given to them: short blocks of short lines.
Everything else is shown plainly.
"""

import re
from itertools import groupby

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES, Token

from evalapp.presenting.characters import escaped, hides_nothing, settled

MOST_HIGHLIGHTED = 6_000
"""Characters of one block; longer code is shown without colours."""
MOST_LINES = 300
_UNUSUAL = re.compile(r"[^\n]{400}|\n{20}")

_ALIASES: dict[str, str] = {
    "bash": "bash", "c": "c", "c#": "csharp", "c++": "cpp", "cpp": "cpp", "cs": "csharp", "csharp": "csharp",
    "css": "css", "dockerfile": "docker", "go": "go", "golang": "go", "haskell": "haskell", "html": "html",
    "java": "java", "javascript": "javascript", "js": "javascript", "json": "json", "jsx": "javascript",
    "julia": "julia", "kotlin": "kotlin", "lua": "lua", "matlab": "matlab", "perl": "perl", "php": "php",
    "powershell": "powershell", "py": "python", "python": "python", "python3": "python", "r": "r",
    "rb": "ruby", "ruby": "ruby", "rs": "rust", "rust": "rust", "scala": "scala", "sh": "bash",
    "shell": "bash", "sql": "sql", "swift": "swift", "toml": "toml", "ts": "typescript",
    "tsx": "typescript", "typescript": "typescript", "xml": "xml", "yaml": "yaml", "yml": "yaml",
}  # fmt: skip
LANGUAGES = frozenset(_ALIASES)
_LEXERS: dict[str, Lexer] = {
    name: get_lexer_by_name(name, stripnl=False, ensurenl=False) for name in sorted(set(_ALIASES.values()))
}

_PROGRAM_LINE = re.compile(
    r"^[ \t]*(?:(?:async )?def \w+ ?\(|class \w+[:({ ]|import [\w.]+;?$|from [\w.]+ import |#include ?[<\"]"
    r"|(?:func|function|fn) \w* ?\(|(?:public|private|static) [^.\n]*[({]$|package [\w.]+;?$)",
    re.MULTILINE,
)

_COLOURED: dict[str, str] = {
    "Comment": "t-comment",
    "Keyword": "t-keyword",
    "Operator.Word": "t-keyword",
    "Literal.String": "t-string",
    "Literal.Number": "t-number",
    "Literal.Date": "t-number",
    "Name.Attribute": "t-name",
    "Name.Class": "t-name",
    "Name.Decorator": "t-name",
    "Name.Function": "t-name",
    "Name.Namespace": "t-name",
    "Name.Tag": "t-keyword",
    "Name.Builtin": "t-builtin",
    "Name.Constant": "t-builtin",
    "Name.Exception": "t-builtin",
}
CLASSES = frozenset(_COLOURED.values())


def _class_of(kind: object) -> str | None:
    """The nearest coloured ancestor of a token type."""
    names = str(kind).removeprefix("Token.").split(".")
    for length in range(len(names), 0, -1):
        if found := _COLOURED.get(".".join(names[:length])):
            return found
    return None


_CLASS_OF = {kind: _class_of(kind) for kind in STANDARD_TYPES if kind is not Token}


def is_code(text: str) -> bool:
    """Whether a task's text begins a program, rather than describing one in words."""
    return _PROGRAM_LINE.search(text[:MOST_HIGHLIGHTED]) is not None


def code_block(code: str, language: str = "") -> str:
    """HTML of a block of program text, highlighted when its language is known."""
    return (
        f'<pre class="code" dir="ltr" tabindex="0"><code>{highlighted(settled(code), language)}</code></pre>'
    )


def highlighted(code: str, language: str) -> str:
    """HTML of settled program text without a frame around it.

    Code that holds disguising characters is not highlighted: a lexer would split the marks that show them.
    """
    name = _ALIASES.get(language.strip().lower())
    if name is None or not _is_ordinary(code) or not hides_nothing(code):
        return escaped(code)
    tokens = _LEXERS[name].get_tokens(code)
    parts: list[str] = []
    for css_class, run in groupby(tokens, key=lambda token: _CLASS_OF.get(token[0])):
        content = escaped("".join(value for _, value in run))
        parts.append(f'<span class="{css_class}">{content}</span>' if css_class else content)
    return "".join(parts)


def _is_ordinary(code: str) -> bool:
    return len(code) <= MOST_HIGHLIGHTED and code.count("\n") <= MOST_LINES and not _UNUSUAL.search(code)
