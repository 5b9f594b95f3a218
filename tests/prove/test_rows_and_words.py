"""A small part of the gates by itself: which statements only control."""

from __future__ import annotations

import pytest

from subsecond.harness.proxy import Counts, MessageCounter, control_word


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (b"BEGIN", b"begin"), (b" start transaction read only;", b"start"), (b"ROLLBACK TO SAVEPOINT a", b"rollback"),
        (b"begin; SELECT 1", b""), (b"SELECT 1", b""), (b"beginning", b""),
    ],
)  # fmt: skip
def test_only_what_does_nothing_else_is_control(text: bytes, word: bytes) -> None:
    assert control_word(text) == word


def message(letter: bytes, body: bytes) -> bytes:
    return letter + (len(body) + 4).to_bytes(4, "big") + body


@pytest.mark.parametrize("cut", [1, 3, 1000])
def test_statements_are_counted_without_transactions_however_they_are_cut(cut: int) -> None:
    startup = (8).to_bytes(4, "big") + (196608).to_bytes(4, "big")
    stream = startup + message(b"Q", b"BEGIN\0") + message(b"Q", b"SELECT 1\0")
    stream += message(b"P", b"s1\0COMMIT\0\0\0") + message(b"P", b"s2\0SELECT " + b"x" * 500 + b"\0\0\0")
    for name in (b"s1", b"s2", b"s2"):
        stream += message(b"B", b"\0" + name + b"\0\0\0\0\0\0\0") + message(b"E", b"\0\0\0\0\0") + message(b"S", b"")
    counts = Counts()
    counter = MessageCounter(counts)
    for start in range(0, len(stream), cut):
        counter.feed(stream[start : start + cut])
    told = counts.as_json()
    assert (told["statements"], told["control"], told["transactions"]) == (3, 2, 1)
