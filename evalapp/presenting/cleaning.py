"""The last gate before a page: whatever made the HTML, only these tags, attributes and classes leave.

There is no link, image, vector drawing, formula mark-up, form or frame among them, and no attribute that
holds an address, a script or a style, so nothing can be fetched, followed or run.
"""

import nh3

from evalapp.presenting.highlighting import CLASSES

_BLOCKS = {"p", "blockquote", "li", "td", "th", "h3", "h4", "h5", "h6"}
_TAGS = _BLOCKS | {
    "div", "span", "br", "hr", "ul", "ol", "em", "strong", "s", "code", "pre",
    "table", "thead", "tbody", "tr",
}  # fmt: skip
_HEADINGS = {f"rank-{level}" for level in range(1, 7)}
_ALIGNMENTS = {"align-left", "align-center", "align-right"}

_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    attributes={"ol": {"start"}},
    tag_attribute_values={
        **{tag: {"dir": {"auto"}} for tag in _BLOCKS | {"code"}},
        "div": {"tabindex": {"0"}, "dir": {"auto"}},
        "pre": {"tabindex": {"0"}, "dir": {"ltr"}},
    },
    allowed_classes={
        "span": CLASSES | {"hidden-character", "link-text", "address", "image-note"},
        "code": {"math", "display"},
        "pre": {"code", "math-block"},
        "div": {"table-scroll", "plain", "raw"},
        **dict.fromkeys(("h3", "h4", "h5", "h6"), _HEADINGS),
        **dict.fromkeys(("td", "th"), _ALIGNMENTS),
    },
    link_rel=None,
    url_schemes=set(),
    url_relative="deny",
    strip_comments=True,
)


def cleaned(html: str) -> str:
    """The HTML with everything that is not on the list taken out."""
    return _CLEANER.clean(html)
