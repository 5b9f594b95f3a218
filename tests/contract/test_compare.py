"""Two responses compared: everything a client could notice is a difference, nothing else is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subsecond.contract.compare import Noise, Reply, compare

JSON = (("Content-Type", "application/json"),)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


def reply(value: Any, *, status: int = 200, headers: tuple[tuple[str, str], ...] = JSON) -> Reply:
    return Reply(status=status, headers=headers, body=json.dumps(value).encode())


def page(text: str) -> Reply:
    return Reply(status=200, headers=(("Content-Type", "text/html; charset=utf-8"),), body=text.encode())


def found(base: Any, candidate: Any) -> list[tuple[str, str]]:
    return [(one.path, one.what) for one in compare(reply(base), reply(candidate)).differences]


@given(values)
def test_a_response_equals_itself(value: Any) -> None:
    assert compare(reply(value), reply(value)).equal


@given(values, values)
def test_equal_means_the_same_json_text_up_to_the_order_of_keys(one: Any, other: Any) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert compare(reply(one), reply(other)).equal == same or (not same and _only_float_form(one, other))


def _only_float_form(one: Any, other: Any) -> bool:
    return json.loads(json.dumps(one)) == json.loads(json.dumps(other))  # -0.0 and 0.0


@pytest.mark.parametrize(
    ("base", "candidate", "differences"),
    [
        ({"a": 1}, {"a": 1.0}, [("$.a", "type")]),
        ({"a": 1}, {"a": "1"}, [("$.a", "type")]),
        ({"a": 1}, {"a": True}, [("$.a", "type")]),
        ({"a": None}, {}, [("$.a", "missing")]),
        ({}, {"a": None}, [("$.a", "added")]),
        ({"a": []}, {"a": None}, [("$.a", "type")]),
        ({"a": ""}, {"a": None}, [("$.a", "type")]),
        ({"a": [1, 2]}, {"a": [2, 1]}, [("$.a", "order")]),
        ({"a": [1, 2]}, {"a": [1]}, [("$.a", "length")]),
        ({"a": [1, 2]}, {"a": [1, 3]}, [("$.a[1]", "value")]),
        ({"a": [{"b c": 1}]}, {"a": [{"b c": 2}]}, [('$.a[0]["b c"]', "value")]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
    ],
)
def test_each_kind_of_difference_is_named_at_its_path(
    base: Any, candidate: Any, differences: list[tuple[str, str]]
) -> None:
    assert found(base, candidate) == differences


def test_status_and_headers_that_clients_go_by() -> None:
    one = Reply(
        status=200, headers=(("Cache-Control", "no-store"), ("Date", "x"), ("Set-Cookie", "s=1; Path=/")), body=b""
    )
    other = Reply(status=404, headers=(("Date", "y"), ("Set-Cookie", "s=2; Path=/"), ("ETag", "w")), body=b"")
    paths = [(each.path, each.what) for each in compare(one, other).differences]
    assert paths == [("status", "status"), ("header cache-control", "missing"), ("header etag", "added")]


def test_values_are_masked_but_equal_ones_stay_equal() -> None:
    [one, two] = compare(reply(["secret", "x"]), reply(["other", "secret"])).differences
    assert "secret" not in str(one) and "other" not in str(one)
    assert one.base == two.candidate
    assert one.base.startswith("text(6) #")
    [zero] = compare(reply({"a": 0}), reply({"a": 7})).differences
    assert zero.base == "0" and "7" not in zero.candidate.partition("#")[0]


def test_pages_are_compared_as_trees() -> None:
    base = page('<p class="a">Rooms:  2<br></p><input name=csrf value="k1">')
    assert compare(base, page('<p class=a>Rooms: 2<br/></p>\n<input value=k1 name="csrf">')).equal
    [token] = compare(base, page('<p class=a>Rooms: 2<br/></p><input value=k2 name="csrf">')).differences
    assert token.path == "$.children[1].attributes.value"
    [text] = compare(base, page('<p class=a>Rooms: 3<br/></p><input value=k1 name="csrf">')).differences
    assert text.what == "value"


def test_what_differs_between_two_runs_of_the_same_code_is_noise_by_name_and_capped() -> None:
    items = [{"id": number, "at": 1} for number in range(30)]
    again = [{"id": number, "at": 2 if number < 2 else 1} for number in range(30)]
    noise = Noise()
    noise.learn(reply(items), reply(again))
    assert noise.patterns == {"$[*].at"}
    assert not noise.too_much
    changed = compare(reply(items), reply([{"id": 1, "at": 3}, *items[1:]]))
    assert [one.path for one in noise.rest(changed).differences] == ["$[0].id"]
    noise.learn(reply(list(range(9))), reply(list(range(1, 10))))
    assert noise.too_much


def test_a_doubled_key_or_a_broken_body_is_compared_as_bytes() -> None:
    one = Reply(status=200, headers=JSON, body=b'{"a": 1, "a": 2}')
    other = Reply(status=200, headers=JSON, body=b'{"a": 2}')
    assert [each.what for each in compare(one, other).differences] == ["bytes"]


def test_a_body_nested_without_end_is_compared_as_bytes() -> None:
    deep = Reply(status=200, headers=JSON, body=b"[" * 900 + b"]" * 900)
    assert compare(deep, deep).equal
    assert not compare(deep, Reply(status=200, headers=JSON, body=b"[" * 901 + b"]" * 901)).equal


@pytest.mark.parametrize(
    ("name", "counts"),
    [("X-Refunded", True), ("X-Total", True), ("X-Request-Id", False), ("X-Process-Time", False),
     ("X-RateLimit-Remaining", False), ("X-Query-Count", False)],
)  # fmt: skip
def test_of_an_apps_own_headers_those_count_that_do_not_tell_how_an_answer_was_made(name: str, counts: bool) -> None:
    one, other = (Reply(status=200, headers=((name, value),), body=b"") for value in ("1", "2"))
    assert compare(one, other).equal is not counts
