"""Program text → HTML with one class per kind of token, coloured by ``static/css/reading.css``.

Only languages on a short list are highlighted, and only texts short enough that a lexer's worst case stays small;
everything else is shown plainly. The language is never guessed.
"""

from itertools import groupby

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES, Token

from evalapp.presenting.characters import escaped, hides_nothing, settled

MOST_HIGHLIGHTED = 20_000
"""Characters; longer code is shown without colours."""

_ALIASES: dict[str, str] = {
    "bash": "bash", "c": "c", "c#": "csharp", "c++": "cpp", "cpp": "cpp", "cs": "csharp", "csharp": "csharp",
    "css": "css", "diff": "diff", "dockerfile": "docker", "go": "go", "golang": "go", "haskell": "haskell",
    "html": "html", "java": "java", "javascript": "javascript", "js": "javascript", "json": "json", "jsx": "javascript",
    "julia": "julia", "kotlin": "kotlin", "lua": "lua", "matlab": "matlab", "perl": "perl", "php": "php",
    "powershell": "powershell", "py": "python", "python": "python", "python3": "python", "r": "r", "rb": "ruby",
    "ruby": "ruby", "rs": "rust", "rust": "rust", "scala": "scala", "sh": "bash", "shell": "bash", "sql": "sql",
    "swift": "swift", "toml": "toml", "ts": "typescript", "tsx": "typescript", "typescript": "typescript",
    "xml": "xml", "yaml": "yaml", "yml": "yaml",
}  # fmt: skip
LANGUAGES = frozenset(_ALIASES)
_LEXERS: dict[str, Lexer] = {
    name: get_lexer_by_name(name, stripnl=False, ensurenl=False) for name in sorted(set(_ALIASES.values()))
}

_COLOURED: dict[str, str] = {
    "Comment": "t-comment", "Keyword": "t-keyword", "Operator.Word": "t-keyword", "Literal.String": "t-string",
    "Literal.Number": "t-number", "Literal.Date": "t-number", "Name.Function": "t-name", "Name.Class": "t-name",
    "Name.Tag": "t-keyword", "Name.Attribute": "t-name", "Name.Decorator": "t-name", "Name.Builtin": "t-builtin",
    "Name.Constant": "t-builtin", "Name.Exception": "t-builtin", "Name.Namespace": "t-name",
    "Generic.Inserted": "t-inserted", "Generic.Deleted": "t-deleted", "Generic.Heading": "t-comment",
    "Generic.Subheading": "t-comment",
}  # fmt: skip
CLASSES = frozenset(_COLOURED.values())


def _class_of(kind: object) -> str | None:
    """The nearest coloured ancestor of a token type."""
    names = str(kind).removeprefix("Token.").split(".")
    for length in range(len(names), 0, -1):
        if found := _COLOURED.get(".".join(names[:length])):
            return found
    return None


_CLASS_OF = {kind: _class_of(kind) for kind in STANDARD_TYPES if kind is not Token}


def code_block(code: str, language: str = "") -> str:
    """HTML of a block of program text, highlighted when its language is known."""
    return f'<pre class="code" dir="ltr" tabindex="0"><code>{highlighted(settled(code), language)}</code></pre>'


def highlighted(code: str, language: str) -> str:
    """HTML of settled program text without a frame around it.

    Code that holds disguising characters is not highlighted, because a lexer would split the marks that show them.
    """
    name = _ALIASES.get(language.strip().lower())
    if name is None or len(code) > MOST_HIGHLIGHTED or not hides_nothing(code):
        return escaped(code)
    tokens = _LEXERS[name].get_tokens(code)
    parts: list[str] = []
    for css_class, run in groupby(tokens, key=lambda token: _CLASS_OF.get(token[0])):
        content = escaped("".join(value for _, value in run))
        parts.append(f'<span class="{css_class}">{content}</span>' if css_class else content)
    return "".join(parts)
