"""Run in the app's interpreter, with the app's driver, on a clone: tells schema, statistics and plans. Only reads.

Standard library and the driver only, CPython 3.9+; imports nothing of ours. One JSON object a line on standard input,
one answer a line on standard output: `{"connect": …}` first, then `{"do": "schema" | "explain" | "count" |
"what-if", …}`; an answer is an object, `{"error": text}` where the request as a whole failed.
"""

from __future__ import annotations

import datetime
import decimal
import importlib.util
import json
import os
import sys
import time
import uuid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    JSON = dict[str, Any]


def value_of(typed: JSON) -> Any:
    """A typed value as the driver takes it."""
    kind, value = typed["type"], typed["value"]
    if kind == "list":
        return [value_of(one) for one in value]
    if kind == "bytes":
        return bytes.fromhex(value)
    makers: dict[str, Callable[..., Any]] = {
        "datetime.datetime": datetime.datetime,
        "datetime.date": datetime.date,
        "datetime.time": datetime.time,
        "datetime.timedelta": datetime.timedelta,
        "Decimal": decimal.Decimal,
        "UUID": uuid.UUID,
    }
    if kind in makers:
        plain, named = value
        if "tzinfo" in named:
            named = {**named, "tzinfo": datetime.UTC}
        return makers[kind](*plain, **named)
    return value


def bound(statement: JSON) -> Any:
    """Values of a statement as its placeholders want them; None where they are not known."""
    given = statement.get("values")
    if given is None:
        return None
    values = [value_of(one) for one in given]
    names = statement.get("names")
    return dict(zip(names, values)) if names else values


def system(name: str) -> Any:
    """The neighbouring file that knows one database system, loaded by path: nothing of ours is on `sys.path`."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"child_{name}.py")
    spec = importlib.util.spec_from_file_location(f"_subsecond_{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def first_line(problem: BaseException) -> str:
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0][:300]


def answer(database: Any, wanted: JSON) -> JSON:
    """One request -> its answer."""
    deadline = time.monotonic() + wanted.get("seconds", 60.0)
    each = wanted.get("each", 5.0)

    def of(one: JSON, do: Callable[[JSON, Any, float], JSON]) -> JSON:
        left = deadline - time.monotonic()
        if left <= 0:
            return {"why": "no time was left for it"}
        try:
            return do(one, bound(one), min(each, left))
        except Exception as problem:
            return {"why": first_line(problem)}

    if wanted["do"] == "schema":
        found: JSON = database.schema()
        return found
    if wanted["do"] == "explain":
        return {"plans": {one["id"]: of(one, database.explain) for one in wanted["statements"]}}
    if wanted["do"] == "count":
        return {"counts": {one["id"]: of(one, database.count) for one in wanted["queries"]}}
    if wanted["do"] == "what-if":
        statements = [(one, bound(one)) for one in wanted["statements"]]
        return {"costs": database.what_if(wanted["indexes"], statements, each)}
    return {"error": f"unknown request {wanted['do']!r}"}


def main() -> None:
    """Connect, then answer until standard input ends."""
    first = json.loads(sys.stdin.readline())
    sys.path += first.get("path", [])
    where = first["connect"]
    database: Any = None
    try:
        database = system("sqlite" if where.get("path") else "postgresql").connect(where)
        said: JSON = {"connected": True}
    except Exception as problem:
        said = {"error": first_line(problem)}
    print(json.dumps(said), flush=True)
    for line in sys.stdin if database is not None else ():
        try:
            said = answer(database, json.loads(line))
        except Exception as problem:
            said = {"error": f"{type(problem).__name__}: {first_line(problem)}"}
        print(json.dumps(said, default=str), flush=True)


if __name__ == "__main__":
    main()
