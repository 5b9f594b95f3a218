"""Whatever stands in code, statements, diffs and names stays text: in HTML, in SVG, in Mermaid, in Markdown."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from subsecond.model.report import Report
from subsecond.model.report_overview import Overview
from subsecond.report.page.draft import Draft, DraftBox
from subsecond.report.page.highlight import code_html, page_html, patch_html, sql_html
from subsecond.report.page.html import page
from subsecond.report.page.markdown import markdown
from subsecond.report.page.masks import masked
from subsecond.report.page.mermaid import mermaid
from subsecond.report.page.svg import svg

EVIL = "</script><script>alert(1)</script><!-- \u2028 \" ' & ]]> ${x} `|` \x00 @everyone"
LINES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n\f\v\x1c\x1d\x1e\x85\u2028\u2029")), min_size=1
)
ALLOWED = {"pre", "code", "span", "h1", "h2", "h3", "h4", "p", "ul", "li", "strong", "em"}


class _Seen(HTMLParser):
    """Tags, attributes and text of what our highlighter wrote."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


@settings(max_examples=60, deadline=None)
@given(LINES, st.sampled_from(["a.py", "a.html", "a.sql", "unknown"]))
def test_code_is_shown_letter_by_letter(lines: list[str], file: str) -> None:
    html = code_html(lines, first=7, marked=7, file=file)
    seen = _Seen(html)
    assert seen.tags == {"pre", "code", "span"} and seen.attributes == {"class"}
    shown = re.findall(r'<span class="line(?: marked)?"><span class="no">(\d+)</span>(.*?)\n</span>', html, re.DOTALL)
    assert [int(number) for number, _ in shown] == list(range(7, 7 + len(lines)))
    assert [unescape(re.sub(r"<[^>]*>", "", inner)) for _, inner in shown] == [unescape(_escaped(one)) for one in lines]


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\x00", "\x00")


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_pages_diffs_and_statements_hold_only_our_own_tags(text: str) -> None:
    for html in (
        page_html(text),
        patch_html(text),
        sql_html(text),
        page_html(f"# {text}\n- {text}\n\n```\n{text}\n```"),
    ):
        seen = _Seen(html)
        assert seen.tags <= ALLOWED and seen.attributes <= {"class"}


def test_names_are_inert_in_every_form() -> None:
    draft = Draft()
    one = draft.box(DraftBox(id="a", kind="component", title=EVIL, word="Component", note=EVIL, detail=EVIL))
    other = draft.box(DraftBox(id="b", kind="table", title=EVIL, word="Table", frame=draft.frame("f", EVIL, EVIL)))
    draft.arrow(one.id, other.id).labels[EVIL] = None
    view = draft.view("flow-x", "flow", EVIL, side="now")
    tree = ElementTree.fromstring(svg(view))
    assert {element.tag.rpartition("}")[2] for element in tree.iter()} <= {
        "svg", "title", "defs", "marker", "path", "rect", "text", "g", "polyline",
    }  # fmt: skip
    assert all("<" not in line and line.count('"') % 2 == 0 for line in mermaid(view).splitlines())
    made = Report(name=EVIL, overview=Overview(headline=EVIL), views=(view,))
    assert "<script" not in markdown(made) and "@everyone" not in markdown(made)
    html = page(made).decode()
    assert html.count("<script") == page(replace(made, name="x", overview=Overview(headline="y"))).decode().count(
        "<script"
    )


def test_query_values_are_masked() -> None:
    assert masked("GET /rooms?city=lisbon&q=a%20b and more = ?") == "GET /rooms?city=…&q=… and more = ?"
    assert masked("where a = ? and b = c") == "where a = ? and b = c"
