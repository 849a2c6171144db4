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
    if state.is_code_block(start_line):
        return False
    opening = state.bMarks[start_line] + state.tShift[start_line]
    if not state.src.startswith("\\[", opening):
        return False
    line, length = start_line, 0
    while line < end_line and length <= LONGEST_FORMULA:
        if line > start_line and state.sCount[line] < state.blkIndent:
            return False
        if state.src[state.bMarks[line] : state.eMarks[line]].rstrip().endswith("\\]"):
            break
        length += state.eMarks[line] - state.bMarks[line]
        line += 1
    else:
        return False
    if silent:
        return True
    state.line = line + 1
    token = state.push(BLOCK, "code", 0)
    token.block = True
    token.content = state.getLines(start_line, line + 1, state.blkIndent, False).strip()[2:-2]
    token.map = [start_line, state.line]
    return True
