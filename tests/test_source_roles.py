"""What a line of source does with what it reads: conditions, sorts, cuts, loops."""

from __future__ import annotations

from pathlib import Path

import pytest

from subsecond.diagnose.code import batch_functions, cuts, hands_on, in_loop, is_plain_sort, over_constants, role
from subsecond.model.frame import Frame

SOURCE = """
def kept(rows, least):
    return [row for row in rows if row.size >= least]

def skipped(rows, least):
    for row in rows:
        if row.size < least:
            continue
        yield row

def guarded(row):
    if row.size:
        return row.name

def looked_up(rows, wanted):
    ids = [row.id for row in rows]
    return [row for row in rows if row.id in wanted]

def ordered(rows):
    rows.sort(key=lambda row: (row.price, -row.id))
    return sorted(rows, key=lambda row: far(row))

def by_price(row):
    # the key of a sort elsewhere
    return -row.price, row.id

def by_way(row):
    return far(row.price)

def chosen(rows, order):
    return sorted(rows, key=order)

def shown_in_order(rows, way):
    return [row.id for row in sorted(rows, key=way)]

def page(rows, args):
    first = int(args.get("page")) * 20
    short = [row.name[:first] for row in rows]
    return rows[first : first + 20], short

def price_of_room(room: int) -> int: ...

def price_of_rooms(room_ids: list[int]) -> dict[int, int]: ...
"""
LINES = SOURCE.splitlines()


def at(root: Path, text: str, function: str) -> Frame:
    """The frame of the first line that holds the text."""
    (root / "shop.py").write_text(SOURCE)
    return Frame(file="shop.py", line=next(n for n, line in enumerate(LINES, 1) if text in line), function=function)


def test_a_condition_counts_in_a_loop_only(tmp_path: Path) -> None:
    for text, function in (("if row.size >= least", "kept"), ("if row.size < least", "skipped")):
        frame = at(tmp_path, text, function)
        assert role([frame], "size", tmp_path) == ("filter", frame)
    assert role([at(tmp_path, "if row.size:", "guarded")], "size", tmp_path) is None


def test_a_later_condition_in_the_function_that_reads_first(tmp_path: Path) -> None:
    first = at(tmp_path, "ids = ", "looked_up")
    told = role([first], "id", tmp_path)
    assert told is not None and (told[0], told[1].line) == ("filter", first.line + 1)
    assert role([first], "name", tmp_path) is None


def test_sorts_by_attributes_and_by_what_python_computes(tmp_path: Path) -> None:
    plain, computed = at(tmp_path, "rows.sort", "ordered.<locals>.<lambda>"), at(tmp_path, "far(row)", "ordered")
    told = role([plain, computed], "price", tmp_path)
    assert told is not None and (told[0], told[1].function) == ("sort", "ordered")
    assert is_plain_sort(plain, tmp_path) and not is_plain_sort(computed, tmp_path)


def test_a_key_that_is_only_named_is_known_by_who_read_the_column(tmp_path: Path) -> None:
    sort = at(tmp_path, "key=order", "chosen")
    plain, computed = at(tmp_path, "-row.price, row.id", "by_price"), at(tmp_path, "far(row.price)", "by_way")
    told = role([plain, sort], "price", tmp_path)
    assert told is not None and told == ("sort", sort)
    assert is_plain_sort(sort, tmp_path, plain, "price") and is_plain_sort(sort, tmp_path, sort, "price")
    assert not is_plain_sort(sort, tmp_path, computed, "price") and not is_plain_sort(sort, tmp_path)
    beside = at(tmp_path, "key=way", "shown_in_order")
    assert not is_plain_sort(beside, tmp_path, beside, "id")


def test_cuts_of_lists_with_what_their_bounds_come_from(tmp_path: Path) -> None:
    frame = at(tmp_path, "return rows[first", "page")
    [(line, words, from_first)] = cuts(frame.file, frame.line, tmp_path)
    assert line == frame.line and "page" in words and not from_first


def test_loops_and_functions_that_serve_many(tmp_path: Path) -> None:
    assert in_loop(at(tmp_path, "continue", "skipped"), tmp_path)
    assert not in_loop(at(tmp_path, "for row in rows:", "skipped"), tmp_path)
    assert batch_functions("shop.py", "price_of_room", tmp_path) == [
        f"price_of_rooms (shop.py:{at(tmp_path, 'price_of_rooms', '').line})"
    ]


def test_without_the_source_nothing_is_said(tmp_path: Path) -> None:
    gone = Frame(file="gone.py", line=3, function="gone")
    assert role([gone], "size", tmp_path) is None and role([gone], "size", None) is None
    assert not in_loop(gone, tmp_path) and cuts("gone.py", 3, tmp_path) == []


def test_what_a_decorator_puts_around_a_view_is_told_from_the_view(tmp_path: Path) -> None:
    text = """
def needs_token(view):
    @wraps(view)
    def wrapper(*args):
        load_user()
        return view(*args)
    return wrapper

def create_app(settings):
    @app.get("/")
    @needs_token
    def index():
        return page(settings)
"""
    (tmp_path / "auth.py").write_text(text)
    lines = {number: line.strip() for number, line in enumerate(text.splitlines(), 1)}
    told = {lines[n]: hands_on(Frame(file="auth.py", line=n, function="x"), tmp_path) for n in (5, 6, 13)}
    assert told == {"load_user()": False, "return view(*args)": True, "return page(settings)": False}
    assert not hands_on(Frame(file="auth.py", line=6, function="x"), None)


LOOPS = """
STATES = ("open", "closed")

def by_state():
    for state in STATES:
        count(state)

def by_numbered_state():
    return [named(number, state) for number, state in enumerate(Order.STATES)]

def written_out():
    for state in ("open", "closed"):
        shown(state)

def by_row(rows):
    for row in rows:
        fetch(row)

def by_row_and_state(rows):
    for row in rows:
        for state in STATES:
            both(row, state)

def until(rows):
    while rows:
        popped(rows)
"""


@pytest.mark.parametrize(
    ("line", "constant"),
    [("count(", True), ("named(", True), ("shown(", True), ("fetch(", False), ("both(", False), ("popped(", False)],
)
def test_loops_over_constants(line: str, constant: bool, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(LOOPS)
    number = next(n for n, text in enumerate(LOOPS.splitlines(), 1) if line in text)
    inner = Frame(file="shop.py", line=number, function="any")
    assert over_constants([inner], tmp_path) is constant
    helper = Frame(file="shop.py", line=2, function="helper")
    assert over_constants([helper, inner], tmp_path) is constant
    around = next(n for n, text in enumerate(LOOPS.splitlines(), 1) if "fetch(" in text)
    assert not over_constants([inner, Frame(file="shop.py", line=around, function="by_row")], tmp_path)
