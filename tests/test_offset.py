"""The OFFSET of a statement is read from its text or its values, of whatever driver."""

from __future__ import annotations

import pytest

from subsecond.observe.offset import offset_of


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("SELECT a FROM t ORDER BY a LIMIT ? OFFSET ?", ["20", "5000"], 5000),
        ("SELECT a FROM t LIMIT %(n)s::INTEGER OFFSET %(m)s::INTEGER", ["20", "40"], 40),
        ("select a from t limit $2 offset $1", ["60", "20"], 60),
        ("SELECT a FROM t\nOFFSET 100 ROWS FETCH NEXT 10 ROWS ONLY", None, 100),
        ("SELECT a FROM (SELECT a FROM t OFFSET 7) AS x OFFSET ?", ["3"], 7),
        ("SELECT a FROM t OFFSET ?", [], None),
        ("SELECT a FROM t OFFSET ?", ["'many'"], None),
        ("SELECT a FROM t WHERE note = 'offset 500'", None, None),
        ("SELECT offset FROM t WHERE a = ?", ["4"], None),
    ],
)
def test_offset(text: str, values: list[str] | None, expected: int | None) -> None:
    assert offset_of(text, values) == expected
