"""Text -> HTML: code, SQL, diffs, manual pages. The only module that writes HTML into the report's data.

Classes, never `style`: both themes work and the page's content policy holds. Whatever comes in is escaped.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import PurePath

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_for_filename
from pygments.lexers.diff import DiffLexer
from pygments.lexers.python import PythonLexer
from pygments.lexers.special import TextLexer
from pygments.lexers.sql import SqlLexer
from pygments.util import ClassNotFound

_FORMATTER = HtmlFormatter(nowrap=True)
_INLINE = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*")
_LANGUAGES = {"python": PythonLexer, "sql": SqlLexer, "diff": DiffLexer}


def code_html(lines: Sequence[str], first: int, marked: int, file: str) -> str:
    """A block of source with line numbers from `first` on; one line is marked."""
    made = []
    for number, line in enumerate(_lines(lines, _lexer(file)), first):
        mark = " marked" if number == marked else ""
        made.append(f'<span class="line{mark}"><span class="no">{number}</span>{line}\n</span>')
    return _block("".join(made), "code")


def sql_html(text: str) -> str:
    """A statement."""
    return _block("\n".join(_lines(text.splitlines(), SqlLexer(ensurenl=False, stripnl=False))), "code")


def patch_html(text: str) -> str:
    """A unified diff."""
    return _block("\n".join(_lines(text.splitlines(), DiffLexer(ensurenl=False, stripnl=False))), "code diff")


def page_html(text: str) -> str:
    """A manual page, written in the Markdown that docstrings use: headings, paragraphs, lists, code, emphasis."""
    return "".join(_page(text.splitlines()))


def _block(inner: str, classes: str) -> str:
    return f'<pre class="{classes}"><code>{inner}</code></pre>'


def _lines(lines: Sequence[str], lexer: Lexer) -> list[str]:
    """Each line alone as HTML: spans never reach over its end."""
    # form feeds and the like end no line here, and a lexer must not lose or add any
    text = "\n".join(line.replace("\r", "").replace("\f", " ").replace("\v", " ") for line in lines)
    # some lexers know a line by its end only
    made = str(highlight(f"{text}\n", lexer, _FORMATTER)).removesuffix("\n").split("\n")
    if len(made) == len(lines):
        return made
    return [escape(line) for line in text.split("\n")]


def _lexer(file: str) -> Lexer:
    return _lexer_of(PurePath(file).suffix)


@functools.cache
def _lexer_of(suffix: str) -> Lexer:
    try:
        return get_lexer_for_filename(f"x{suffix}", ensurenl=False, stripnl=False)
    except ClassNotFound:
        return TextLexer(ensurenl=False, stripnl=False)


def _page(lines: Sequence[str]) -> Iterator[str]:
    number = 0
    while number < len(lines):
        line = lines[number]
        if line.startswith("```"):
            end = next((n for n in range(number + 1, len(lines)) if lines[n].startswith("```")), len(lines))
            yield _fenced(lines[number + 1 : end], line[3:].strip())
            number = end + 1
        elif line.startswith("    ") and line.strip():
            end = number
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            yield _fenced([one[4:] for one in "\n".join(lines[number:end]).rstrip().split("\n")], "python")
            number = end
        elif heading := re.match(r"(#{1,4}) (.+)", line):
            yield f"<h{len(heading[1])}>{_inline(heading[2])}</h{len(heading[1])}>"
            number += 1
        elif line.startswith("- "):
            items, number = _items(lines, number)
            yield "<ul>" + "".join(f"<li>{_inline(one)}</li>" for one in items) + "</ul>"
        elif line.strip():
            end = number + 1
            while end < len(lines) and lines[end].strip() and not re.match(r"```|#{1,4} |- ", lines[end]):
                end += 1
            yield f"<p>{_inline(' '.join(one.strip() for one in lines[number:end]))}</p>"
            number = end
        else:
            number += 1


def _items(lines: Sequence[str], number: int) -> tuple[list[str], int]:
    items: list[str] = []
    while number < len(lines) and (lines[number].startswith("- ") or (items and lines[number].startswith("  "))):
        if lines[number].startswith("- "):
            items.append(lines[number][2:])
        else:
            items[-1] += f" {lines[number].strip()}"
        number += 1
    return items, number


def _fenced(lines: Sequence[str], language: str) -> str:
    lexer = _LANGUAGES.get(language, TextLexer)(ensurenl=False, stripnl=False)
    return _block("\n".join(_lines(lines, lexer)), "code")


def _inline(text: str) -> str:
    """Code, strong and emphasis; all the rest escaped."""
    made, end = [], 0
    for found in _INLINE.finditer(text):
        made.append(escape(text[end : found.start()]))
        tag, inner = next((tag, one) for tag, one in zip(("code", "strong", "em"), found.groups(), strict=True) if one)
        made.append(f"<{tag}>{escape(inner)}</{tag}>")
        end = found.end()
    return "".join([*made, escape(text[end:])])
