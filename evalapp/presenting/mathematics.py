r"""Mathematics in Markdown: ``$…$``, ``$$…$$``, ``\(…\)`` and ``\[…\]`` become tokens of their own.

Without these rules Markdown would eat backslashes, underscores and asterisks that belong to a formula.
"""

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from mdit_py_plugins.dollarmath import dollarmath_plugin

INLINE = "math_inline"
BLOCK = "math_block"
LONGEST_FORMULA = 2_000
"""Characters within which a formula must close; bounds the search behind every opening mark."""
MOST_LINES = 40

_CLOSING = {"(": "\\)", "[": "\\]"}


def mathematics_plugin(markdown: MarkdownIt) -> None:
    """Recognise formulas; money ("$5 to $10") is left alone."""
    dollarmath_plugin(markdown, allow_labels=False, allow_space=False, allow_digits=False, double_inline=True)
    markdown.inline.ruler.before("escape", "math_backslash", _backslash_inline)
    markdown.block.ruler.before(
        "fence", "math_backslash_block", _backslash_block, {"alt": ["paragraph", "blockquote", "list"]}
    )


def _backslash_inline(state: StateInline, silent: bool) -> bool:
    opening = state.pos
    closing = _CLOSING.get(state.src[opening + 1 : opening + 2])
    if state.src[opening] != "\\" or closing is None:
        return False
    end = state.src.find(closing, opening + 2, min(state.posMax, opening + 2 + LONGEST_FORMULA))
    content = state.src[opening + 2 : end].strip()
    if end < 0 or not content:
        return False
    if not silent:
        token = state.push(INLINE if closing == "\\)" else "math_inline_double", "code", 0)
        token.content = content
    state.pos = end + 2
    return True


def _backslash_block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    last_line = _closing_line(state, start_line, end_line)
    if last_line is None:
        return False
    if silent:
        return True
    state.line = last_line + 1
    token = state.push(BLOCK, "code", 0)
    token.block = True
    token.content = state.getLines(start_line, state.line, state.blkIndent, False).strip()[2:-2]
    token.map = [start_line, state.line]
    return True


def _closing_line(state: StateBlock, start_line: int, end_line: int) -> int | None:
    opening = state.bMarks[start_line] + state.tShift[start_line]
    if state.is_code_block(start_line) or not state.src.startswith("\\[", opening):
        return None
    # Most texts without a closing mark are told apart here, without a look at their lines.
    if state.src.find("\\]", opening, opening + LONGEST_FORMULA) < 0:
        return None
    for line in range(start_line, min(end_line, start_line + MOST_LINES)):
        if state.sCount[line] < state.blkIndent:
            return None
        if state.src[state.bMarks[line] : state.eMarks[line]].rstrip().endswith("\\]"):
            return line
    return None
