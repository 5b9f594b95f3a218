"""A record a row becomes one a loop (catalogue F20): the answer is the same, what is counted is records, not text."""

from __future__ import annotations

import logging
import textwrap
from pathlib import Path
from typing import Any

import pytest

from subsecond.fix.fixer import Code
from subsecond.fix.stage import Fixed, fix
from tests.fix.trying import FILE, audit, finding

HEAD = "import json\nimport logging\n\nlogger = logging.getLogger('rooms')\n\n\n"
ROWS = [{"id": number, "free": number % 3 == 0} for number in range(9)]


def drafted(root: Path, body: str, alerts: tuple[str, ...] | None = ()) -> Fixed:
    text = HEAD + textwrap.dedent(body).lstrip("\n")
    (root / FILE).write_text(text)
    return fix(finding(text, "excessive-logging"), audit(), Code(root, alerts=alerts))


def run(text: str, rows: list[dict[str, Any]]) -> tuple[Any, list[str]]:
    """What `answer(rows)` returns, and the records that it writes."""
    names: dict[str, Any] = {}
    written: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(f"{record.levelname} {record.getMessage()}")

    logger, handler = logging.getLogger("rooms"), Kept()
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        exec(compile(text, FILE, "exec"), names)
        return names["answer"](rows), written
    finally:
        logger.removeHandler(handler)


MENDED = {
    "plain": ('logger.info("room %s", row["id"])', 9, "INFO 9 times: room %s"),
    "formatted": ("logger.debug(f\"room {row['id']}\")", 9, "DEBUG 9 times: room {row['id']}"),
    "percent": ('logger.info("room %d" % row["id"])', 9, "INFO 9 times: room %d"),
    "made elsewhere": ("logger.info(json.dumps(row))", 9, "INFO 9 times: json.dumps(row)"),
    "conditional": ('if row["free"]:\n            logger.info("free")', 3, "INFO 3 times: free"),
    "skipped": ('if row["free"]:\n            continue\n        logger.info("taken")', 6, "INFO 6 times: taken"),
    "broken off": ('logger.info("a")\n        if row["id"] == 4:\n            break', 5, "INFO 5 times: a"),
    "two loops": ('for _ in (1, 2):\n            logger.info("deep")', 18, "INFO 18 times: deep"),
}


@pytest.mark.parametrize(("line", "before", "after"), MENDED.values(), ids=MENDED.keys())
def test_one_record_with_their_number(line: str, before: int, after: str, tmp_path: Path) -> None:
    body = f"""
    def answer(rows):
        found = []
        for row in rows:  # each
            found.append(row["id"])
            {line.replace(chr(10), chr(10) + "    ")}  # here
        return found
    """
    fixed = drafted(tmp_path, body)
    assert fixed.draft is not None, fixed.refusal
    new = fixed.draft.files[FILE]
    assert new is not None
    old = (tmp_path / FILE).read_text()
    for rows in (ROWS, []):  # without a row there was no record, and there is none
        (same, written), (answer, now) = run(old, rows), run(new, rows)
        assert answer == same
        assert (len(written), now) == ((before, [after]) if rows else (0, []))


REFUSED = {
    "a warning": ('logger.warning("room")', "is meant to be read"),
    "a field": ('logger.info("room", extra={"room": row["id"]})', "extra is a field"),
    "a traceback": ('logger.info("room", exc_info=True)', "exc_info is a field"),
    "an effect": ('logger.info("room %s", rows.pop())', "rows.pop()"),
    "own function": ('logger.info("room %s", charge(row))', "charge()"),
    "other logger": ('log = logging.getLogger(str(row))\n        log.info("room")', "another each time"),
    "left early": ('logger.info("room")\n        if row["free"]:\n            return row', "may leave the loop"),
    "an error": ('logger.info("room")\n        if row["free"]:\n            raise ValueError', "may leave the loop"),
    "a generator": ('logger.info("room")\n        yield row', "may leave the loop"),
    "a value": ('seen = logger.info("room")', "no statement of its own"),
    "no loop": ("pass\n    logger.info('room')", "no call of a logger stands in a loop"),
}


@pytest.mark.parametrize(("line", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_with_the_reason(line: str, reason: str, tmp_path: Path) -> None:
    body = f"""
    def answer(rows):
        for row in rows:
            {line.replace(chr(10), chr(10) + "    ")}  # here
    """
    fixed = drafted(tmp_path, body)
    assert fixed.patch is None and reason in fixed.refusal and "pages.py:" in fixed.refusal, fixed.refusal


@pytest.mark.parametrize(
    ("alerts", "reason"),
    [(None, "alerts = []"), (("Room vanished",), "looks for"), (("room 7",), "looks for"), (("disk full",), "")],
)
def test_whoever_looks_for_the_text_decides(alerts: tuple[str, ...] | None, reason: str, tmp_path: Path) -> None:
    body = """
    def answer(rows):
        for row in rows:
            logger.info("room %s", row["id"])  # here
    """
    fixed = drafted(tmp_path, body, alerts)
    assert (fixed.patch is None) == bool(reason) and reason in fixed.refusal, fixed.refusal


def test_a_loop_of_the_caller_is_named(tmp_path: Path) -> None:
    body = """
    def told(row):
        logger.info("room %s", row["id"])  # here


    def answer(rows):
        return [told(row) for row in rows]
    """
    fixed = drafted(tmp_path, body)
    assert fixed.patch is None and "write the record there" in fixed.refusal
