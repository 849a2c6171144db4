"""What must never leave for a page, whoever wrote the text."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalapp.presenting.cleaning import cleaned
from evalapp.presenting.highlighting import LANGUAGES, code_block
from evalapp.presenting.markdown import formatted
from evalapp.presenting.text import plain, raw

TAGS = {
    "p", "blockquote", "li", "td", "th", "h3", "h4", "h5", "h6", "div", "span", "br", "hr", "ul", "ol", "em",
    "strong", "s", "code", "pre", "table", "thead", "tbody", "tr",
}  # fmt: skip
ATTRIBUTES = {"class", "dir", "tabindex", "start"}

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    "[x](//evil.example)",
    '[x](https://e.example "onmouseover=alert(1)")',
    '[x](https://e.example/"onmouseover="alert(1))',
    "![x](javascript:alert(1))",
    '![" onerror="alert(1)](x.png)',
    '![x](x.png"onerror="alert(1))',
    "<javascript:alert(1)>",
    "<https://e.example/'onclick=alert(1)>",
    "```<script>\nalert(1)\n```",
    '```python" onload="alert(1)\nx\n```',
    "```python\n</code></pre><script>alert(1)</script>\n```",
    "```html\n<img src=x onerror=alert(1)>\n```",
    "`</code><script>alert(1)</script>`",
    "$</code><script>alert(1)</script>$",
    "$$\n</pre><script>alert(1)</script>\n$$",
    r"\(<img src=x onerror=alert(1)>\)",
    "| <img src=x onerror=alert(1)> |\n|-|\n| <script>x</script> |",
    "<style>@import 'https://evil.example/x.css'</style>",
    "<link rel=stylesheet href=https://evil.example>",
    "<base href=https://evil.example>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<form action=https://evil.example><input name=lease_token></form>",
    "<button form=answer name=choice-overall value=left>",
    "<p style='position:fixed;inset:0'>cover</p>",
    "<div id=status class=status hidden>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "&#x3c;img src=x onerror=alert(1)&#x3e;",
    "<scr\0ipt>alert(1)</scr\0ipt>",
    "<scr\u200bipt>alert(1)</script>",
    "\ud800<script>alert(1)</script>",
    "# <img src=x onerror=alert(1)>",
    "1. <object data=x>\n   > <embed src=x>",
    "[![x](a)](javascript:alert(1))",
    "{{ secret }} {% load x %}",
]


class Seen(HTMLParser):
    """Every tag and attribute of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def assert_harmless(html: str) -> None:
    seen = Seen(html)
    assert seen.tags <= TAGS
    assert seen.attributes <= ATTRIBUTES


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_becomes_a_tag_or_an_attribute(attack: str) -> None:
    for html in (formatted(attack), plain(attack), raw(attack), code_block(attack, "html")):
        assert_harmless(html)
        html.encode()


@pytest.mark.parametrize("attack", [attack for attack in ATTACKS if "\ud800" not in attack])
def test_the_cleaner_alone_stops_every_attack(attack: str) -> None:
    assert_harmless(cleaned(attack))


@given(st.text(), st.sampled_from(ATTACKS), st.text())
def test_no_surrounding_text_helps_an_attack(before: str, attack: str, after: str) -> None:
    assert_harmless(formatted(before + attack + after))


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("code", ["<script>alert(1)</script>", "'</code>' <b> // <i>\n# <u>", "\u202ex\0"])
def test_no_lexer_lets_mark_up_through(language: str, code: str) -> None:
    assert_harmless(code_block(code, language))


def test_the_cleaner_keeps_only_its_own_classes() -> None:
    assert cleaned('<span class="t-keyword status">x</span><p class="answer">y</p>') == (
        '<span class="t-keyword">x</span><p>y</p>'
    )
