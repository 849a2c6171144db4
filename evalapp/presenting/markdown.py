"""Markdown as language models write it → safe HTML.

CommonMark with tables, strikethrough and formulas. Raw HTML is text. A link shows its address and cannot be
followed; an image is never loaded, its description and address stand in its place. A line break that was
written is shown. Headings keep their look but take the next free level below the page's own, so that the
page's outline has no gaps.
"""

from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from evalapp.presenting.characters import escaped, settled
from evalapp.presenting.cleaning import cleaned
from evalapp.presenting.highlighting import code_block
from evalapp.presenting.mathematics import mathematics_plugin
from evalapp.presenting.text import plain

MOST_FORMATTED = 60_000
"""Characters; a longer text is shown plainly, because nested marks can cost more than their length."""

MOST_HIGHLIGHTED_IN_ALL = 20_000
"""Characters of code in one text; blocks beyond them are shown without colours."""

MOST_NESTED = 30
"""Blocks within blocks; the parser drops what is deeper, so a text that reaches this is shown plainly."""

PAGE_HEADING_LEVEL = 2
_DIRECTED = frozenset(
    f"{block}_open" for block in ("paragraph", "heading", "blockquote", "list_item", "th", "td")
)


class SafeRenderer(RendererHTML):
    """Writes classes instead of styles, addresses instead of links, descriptions instead of images."""

    def text(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return escaped(tokens[idx].content)

    def code_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f'<code dir="auto">{escaped(tokens[idx].content)}</code>'

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return code_block(tokens[idx].content) + "\n"

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        code = tokens[idx].content
        env["highlighted"] = env.get("highlighted", 0) + len(code)
        words = tokens[idx].info.split(maxsplit=1)
        language = words[0] if words and env["highlighted"] <= MOST_HIGHLIGHTED_IN_ALL else ""
        return code_block(code, language) + "\n"

    def math_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f'<code class="math" dir="auto">{escaped(tokens[idx].content.strip())}</code>'

    def math_inline_double(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        return f'<code class="math display" dir="auto">{escaped(tokens[idx].content.strip())}</code>'

    def math_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        formula = escaped(tokens[idx].content.strip())
        return f'<pre class="math-block" dir="ltr" tabindex="0"><code class="math">{formula}</code></pre>\n'

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return '<span class="link-text">'

    def link_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        opening = next(token for token in reversed(tokens[:idx]) if token.type == "link_open")
        address = str(opening.attrGet("href") or "")
        if opening.info == "auto" or not address:
            return "</span>"
        return f'</span> <span class="address">({escaped(address)})</span>'

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        description = self.renderInlineAsText(token.children, options, env)
        address = str(token.attrGet("src") or "")
        return f'<span class="image-note">[image: {escaped(description)}] ({escaped(address)})</span>'

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return '<div class="table-scroll" tabindex="0"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</table></div>\n"


def formatted(text: str) -> str:
    """Safe HTML of a text read as Markdown. Never raises; equal texts give equal HTML."""
    if len(text) > MOST_FORMATTED:
        return plain(text)
    env: EnvType = {}
    tokens = _MARKDOWN.parse(settled(text), env)
    if any(token.nesting == 1 and token.level >= MOST_NESTED - 1 for token in tokens):
        return plain(text)
    return cleaned(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, env))


def _dress(state: StateCore) -> None:
    """Give blocks their own direction, cells a class for their alignment, headings a level without gaps."""
    outline: list[int] = []
    for token in state.tokens:
        if token.type in _DIRECTED:
            token.attrSet("dir", "auto")
        if token.type == "heading_open":
            rank = int(token.tag[1])
            outline = [*(level for level in outline if level < rank), rank]
            token.attrSet("class", f"rank-{rank}")
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(PAGE_HEADING_LEVEL + len(outline), 6)}"
        if style := token.attrs.pop("style", None):
            token.attrSet("class", f"align-{str(style).removeprefix('text-align:')}")


def _reader() -> MarkdownIt:
    # Reference definitions would vanish from what a rater reads, so they stay text.
    options = {"html": False, "breaks": True, "maxNesting": MOST_NESTED}
    markdown = MarkdownIt("commonmark", options, renderer_cls=SafeRenderer)
    markdown.enable(["table", "strikethrough"]).disable("reference").use(mathematics_plugin)
    for name in ("math_inline", "math_inline_double", "math_block"):
        # The plugin brings its own renderings of formulas; ours take their place again.
        markdown.add_render_rule(name, getattr(SafeRenderer, name))
    markdown.core.ruler.push("dress", _dress)
    return markdown


_MARKDOWN = _reader()
