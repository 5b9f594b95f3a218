"""Where the parents of a relationship that is loaded one by one come from, as far as the statements tell."""

from __future__ import annotations

from subsecond.diagnose.detectors.lazy_load import LazyLoad
from subsecond.model.entity import Entity
from subsecond.model.facts import Facts
from subsecond.model.trace import Frame, Span, Trace
from subsecond_agent import protocol

ROOMS = (Entity(name="shop.models:Room", table="room"), Entity(name="shop.models:Photo", table="photo"))


def sent(at: float, text: str, line: int, rows: int, relation: str | None = None) -> Span:
    lazy = {protocol.LAZY_LOAD: relation} if relation else {}
    return Span(
        name=protocol.SPAN_QUERY, parent=None, start=at, seconds=0.01,
        stack=(Frame(file="shop/views.py", line=line, function="rooms"),),
        attributes={protocol.DB_TEXT: text, protocol.DB_ROWS: rows, **lazy},
    )  # fmt: skip


def evidence(*before: Span, entities: tuple[Entity, ...] = ROOMS) -> list[str]:
    loads = [sent(at, "SELECT * FROM photo WHERE room_id = $1", 20, 3, "Room.photos") for at in (0.5, 0.6)]
    late = sent(0.9, "SELECT * FROM room", 30, 500)
    trace = Trace(
        request="rooms", mode="recording", id="1", pid=1, start=0, seconds=1.0, cpu_seconds=0.9, gc_seconds=0.0,
        method="GET", path="/rooms", query="", spans=(*before, *loads, late),
    )  # fmt: skip
    [found] = LazyLoad().find([trace], Facts(entities=entities))
    return [line for line in found.evidence if "parents" in line]


def test_the_parents_are_those_of_the_statement_with_most_rows_before_the_first_load() -> None:
    one, list_, other = (
        sent(0.1, "SELECT * FROM room WHERE id = $1", 10, 1),
        sent(0.2, "SELECT * FROM room JOIN city ON city.id = room.city_id", 11, 40),
        sent(0.3, "SELECT * FROM photo", 12, 90),
    )
    assert evidence(one, list_, other) == ["its parents seem to come from the statement at shop/views.py:11 rooms"]


def test_nothing_is_said_where_no_statement_before_reads_their_table_or_no_mapper_is_known() -> None:
    assert evidence(sent(0.3, "SELECT * FROM photo", 12, 90)) == []
    assert evidence(sent(0.1, "SELECT * FROM room", 10, 4), entities=()) == []
