"""Responses compared: what a client would notice is a difference, what changes by itself is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subsecond.measure.responses import Response, differences, named, reference

number = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
documents = st.recursive(
    st.none() | st.booleans() | number | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


def response(document: Any, status: int = 200, kind: str = "application/json", **style: Any) -> Response:
    return Response(status, kind, json.dumps(document, ensure_ascii=False, **style).encode("utf-8", "surrogatepass"))


@given(documents)
def test_a_document_equals_itself_however_it_is_written(document: Any) -> None:
    assert differences(response(document), response(document, indent=2)) == []


@given(documents, documents)
def test_what_python_tells_apart_is_a_difference(one: Any, other: Any) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (differences(response(one), response(other)) == []) == same


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"a": [1, 2, 3]}, {"a": [3, 2, 1]}, "$.a (order)"),
        ({"a": [1, 2]}, {"a": [1]}, "$.a (2 items became 1)"),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1.0}]}, "$.a[0].b (type)"),
        ({"a": 1}, {"a": True}, "$.a (type)"),
        ({"a": 1}, {}, "$.a (missing)"),
        ({}, {"a": 1}, "$.a (new)"),
        ({"a": "x"}, {"a": "y"}, "$.a (value)"),
    ],
)
def test_each_sort_of_difference_is_named_at_its_place(one: Any, other: Any, expected: str) -> None:
    assert [str(found) for found in differences(response(one), response(other))] == [expected]


def test_status_and_type_come_before_the_body() -> None:
    assert "status 200 became 500" in str(differences(response({}), response({}, 500))[0])
    assert "media type" in str(differences(response({}), response({}, kind="text/html"))[0])
    html = [Response(200, "text/html", body) for body in (b"<p>a", b"<p>b")]
    assert differences(*html)[0].what == "bytes"


def test_what_differs_between_equal_runs_is_noise_and_only_that() -> None:
    runs = [response({"at": number, "rows": [{"id": 1, "seen": number}, {"id": 2, "seen": 7}]}) for number in range(3)]
    base = reference(runs)
    assert base.noise == {"$.at", "$.rows[*].seen"}
    assert base.differences(response({"at": 9, "rows": [{"id": 1, "seen": 8}, {"id": 2, "seen": 9}]})) == []
    found = base.differences(response({"at": 9, "rows": [{"id": 3, "seen": 8}, {"id": 2, "seen": 9}]}))
    assert [one.path for one in found] == ["$.rows[0].id"]


def test_a_response_that_is_another_each_time_is_not_compared() -> None:
    assert reference([Response(200, "text/html", body) for body in (b"a", b"b")]).noise is None
    assert reference([response({str(key): run for key in range(30)}) for run in (1, 2)]).noise is None
    assert named(["a"] * 7) == "a, a, a, a, a and 2 more"
