"""Gates on an app that writes and that tells its readers apart: what is sent to one side is sent to the other too."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from subsecond.contract.compare import Reply
from subsecond.model.target import RequestSpec
from subsecond.prove import plausible
from subsecond.prove.changed import read_by_change, words_near
from subsecond.prove.from_data import from_data
from subsecond.prove.paired import Effects
from subsecond.prove.variations import BODY, edges, harmless, with_changes
from tests.prove.conftest import Prove, git

DESK = """\
import os
import time
from flask import Flask, jsonify, request
from sqlalchemy import create_engine, text

app = Flask(__name__)
engine = create_engine("sqlite:///" + os.environ["DESK_DATABASE"])
memory = {}


@app.post("/notes")
def note():
    told = {"text": request.get_json()["text"]}
    with engine.begin() as db:
        said = db.execute(text("SELECT count(*) FROM notes WHERE text = :text"), told).scalar()
        if told["text"] == "x" and said >= 3:
            return jsonify({"error": "said often enough"}), 409
        db.execute(text("INSERT INTO notes (reader, text) VALUES (1, :text)"), told)
        count = db.execute(text("SELECT count(*) FROM notes")).scalar()
        return jsonify({"notes": count}), 201, {"Location": f"/notes/{count}"}


@app.get("/notes")
def notes():
    reader = request.headers.get("X-Reader", 0, type=int)
    page = request.args.get("page", 1, type=int)
    with engine.connect() as db:
        rows = db.execute(text("SELECT text FROM notes WHERE reader = :reader ORDER BY id"), {"reader": reader}).all()
    rows = rows[::-1] if request.args.get("newest") == "1" else rows
    rows = [row for row in rows if (row[0] or "").startswith(request.args.get("word", ""))]
    return jsonify({"total": len(rows), "page": [row[0] for row in rows][(page - 1) * 2:page * 2]})


@app.get("/readers/<int:reader>/notes/<int:note>")
def one(reader, note):
    with engine.connect() as db:
        found = db.scalar(text("SELECT text FROM notes WHERE reader = :r AND id = :n"), {"r": reader, "n": note})
    return (jsonify(found), 200) if found else (jsonify("no such note"), 404)


@app.get("/readers/<int:reader>/marks")
def marks(reader):
    with engine.connect() as db:
        count = db.execute(text("SELECT count(*) FROM marks WHERE reader = :reader"), {"reader": reader}).scalar()
    return jsonify({"marks": count})


@app.get("/readers")
def readers():
    with engine.connect() as db:
        names = db.execute(text("SELECT id, name FROM readers ORDER BY name, id")).fetchall()
        count = text("SELECT count(*) FROM marks WHERE reader = :id")
        counts = {row[0]: db.scalar(count, {"id": row[0]}) for row in names}
    return jsonify([{"name": row[1], "marks": counts[row[0]]} for row in names])


@app.get("/sum")
def total():
    with engine.connect() as db:
        found = db.scalar(text("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 1500000) "
                               "SELECT sum(x) FROM c"))
    time.sleep(0.05)
    return jsonify(found)
"""
REQUESTS = """\
### notes
GET http://localhost/notes
X-Reader: 1

### one
GET http://localhost/readers/1/notes/1

### marks
GET http://localhost/readers/1/marks

### add
POST http://localhost/notes
Content-Type: application/json

{"text": "new"}
"""


@pytest.fixture
def desk(repository: Path, tmp_path: Path) -> tuple[Path, dict[str, object]]:
    """The repository with the desk committed, and the target's options."""
    database = tmp_path / "desk.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, reader INTEGER, text TEXT)")
        rows = [(number % 3, f"{'note' if number % 2 else 'memo'} {number}") for number in range(1, 13)]
        connection.executemany("INSERT INTO notes (reader, text) VALUES (?, ?)", rows)
        connection.execute(
            "CREATE TABLE marks (id INTEGER PRIMARY KEY, reader INTEGER, note INTEGER, UNIQUE (reader, note))"
        )
        connection.executemany("INSERT INTO marks (reader, note) VALUES (?, ?)", [(n % 2, n) for n in range(1, 21)])
        connection.execute("CREATE TABLE readers (id INTEGER PRIMARY KEY, name TEXT)")
        connection.executemany("INSERT INTO readers VALUES (?, ?)", [(0, "zoe"), (1, "ann"), (2, "kim"), (3, "lea")])
    connection.close()
    (repository / "shop.py").write_text(DESK)
    (repository / "requests.http").write_text(REQUESTS)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "desk")
    options = {
        "env": [f"DESK_DATABASE={database}"], "get": [], "requests": [str(repository / "requests.http")],
        "allow": ["POST /notes"],
    }  # fmt: skip
    return repository, options


def test_an_app_that_writes_is_equal_to_itself(desk: tuple[Path, dict[str, object]], prove: Prove) -> None:
    (desk[0] / "shop.py").write_text(DESK + "\n")
    proof = prove("contract", "edge", **desk[1])
    assert [one.verdict for one in proof.gates] == ["passed", "passed"], proof.gates


@pytest.mark.parametrize(
    ("old", "new", "gate", "named"),
    [
        ("(1, :text)", "(1, lower(:text) || '.')", "contract", "table notes"),
        ("jsonify(found)", "jsonify(found and found + '.' * (reader % 3 // 2))", "contract", "/4=2, /6="),
        ('{"marks": count}', '{"marks": memory.setdefault(reader, count)}', "edge", "after its data changed"),
        (
            '"n": note})\n', '"n": note}) or db.scalar(text("SELECT 1 WHERE 0"))\n',
            "budget", "404: 2 queries instead of 1",
        ),
        (">= 3", "> 3", "edge", "done 3 times before"),
        ('jsonify({"error": "said often enough"}), 409', "os._exit(1)", "edge", "no whole answer"),
        (
            "    with engine.connect", '    reader = memory.setdefault("reader", reader)\n    with engine.connect',
            "contract", "X-Reader:",
        ),
        ('f"/notes/', 'f"http://desk/notes/', "contract", "header location"),
        (").all()\n", ").all()\n    rows = memory.setdefault(reader, rows)\n", "edge", "after add"),
        ("[(page - 1) * 2:page * 2]", "[(page - 1) * 2:page * 2] if page < 2 else []", "edge", "page"),
        ('== "1" else', '== "1" and not request.args.get("word") else', "edge", "with newest=1, word=note"),
    ],
    ids=[
        "another row", "another's key", "a number of links remembered", "a statement more for nothing",
        "once too often", "no answer to what is refused",
        "one reader's answer for all", "a new key put otherwise", "older than the last write",
        "a page nobody asks for", "two parameters nobody asks for",
    ],
)  # fmt: skip
def test_what_shows_only_after_a_write_or_to_another_reader_is_found(
    desk: tuple[Path, dict[str, object]], prove: Prove, old: str, new: str, gate: str, named: str
) -> None:
    assert old in DESK
    (desk[0] / "shop.py").write_text(DESK.replace(old, new))
    last = prove(gate, reveal=True, **desk[1]).gates[-1]
    assert (last.gate, last.verdict) == (gate, "failed"), last
    assert named in last.why, last
    assert all('"$BASE/' in line for line in last.evidence if line.startswith("curl"))


def test_an_old_number_is_found_beside_names_that_moved(desk: tuple[Path, dict[str, object]], prove: Prove) -> None:
    old = "counts[row[0]]"
    assert old in DESK
    (desk[0] / "shop.py").write_text(DESK.replace(old, "memory.setdefault(('marks', row[0]), counts[row[0]])"))
    [found] = prove("edge", **{**desk[1], "requests": [], "allow": [], "get": ["/readers"]}).gates
    assert (found.verdict, "an old one" in found.why) == ("failed", True), found


def test_a_connection_kept_after_the_last_statement_is_found_behind_a_long_one(
    desk: tuple[Path, dict[str, object]], prove: Prove
) -> None:
    (desk[0] / "shop.py").write_text(DESK.replace("    time.sleep", "        time.sleep"))
    [found] = prove("budget", **{**desk[1], "requests": [], "allow": [], "get": ["/sum"]}).gates
    assert found.verdict == "failed", found
    assert "connections are held after the last statement for" in found.why, found.why


def test_bodies_headers_and_texts_of_the_path_vary_too() -> None:
    spec = RequestSpec(
        name="n", method="POST", url="/insurers/INS%20042", body='{"rows": [[7, "pulse"]]}',
        headers=(("X-Staff", "7"), ("Authorization", "Bearer {{token}}"), ("Accept", "text/html")),
    )  # fmt: skip
    made = list(edges(spec, []))
    bodies = {one.spec.body for one in made}
    assert {"{}", '{"rows": []}', '{"rows": [[0, "pulse"]]}', '{"rows": [[7, "pulse"], [7, "pulse"]]}'} <= bodies
    sent = {one.spec.headers for one in made}
    assert (("Authorization", "Bearer {{token}}"), ("Accept", "text/html")) in sent
    assert (("X-Staff", "7"), ("Accept", "text/html")) in sent
    assert "/2" not in {name for one in edges(replace(spec, url="http://host/1"), []) for name, _ in one.changes}
    assert all(("Accept", "text/html") in headers for headers in sent)
    assert not [one for one in made if ("Authorization", "0") in one.spec.headers]
    assert "/insurers/ins%20042" in {one.spec.url for one in made}
    assert {"8", "6"} <= {value for one in harmless(spec, [], b"") for _, value in one.changes}


def test_a_body_gets_words_of_its_keys_and_keys_of_those_who_name_what_changed(tmp_path: Path) -> None:
    trees = {"base": '("open", "paid")', "candidate": '{"open", "paid"}'}
    for name, states in trees.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.py").write_text(f"STATES = {states}\n")
        (tmp_path / name / "views.py").write_text(
            "import config\n\ndef change(data):\n    if text(data, 'state') in config.STATES:\n        return 1\n"
            "    return data['note'] == 'none'\n\ndef other(data):\n    return data['else']\n"
        )
    read = read_by_change(tmp_path / "base", tmp_path / "candidate")
    assert {"state", "note"} <= set(read.keys)
    spec = RequestSpec(name="n", method="PATCH", url="/orders/1", body='{"note": "x"}')
    words = words_near(tmp_path / "base")
    bodies = {one.spec.body for one in edges(spec, [], words=words, keys=read.keys)}
    assert {'{"note": "none"}', '{"note": "x", "state": []}', '{"note": "x", "state": "none"}'} <= bodies
    assert not [one for one in bodies if one and "else" in one]


def test_a_word_becomes_a_list_of_what_its_column_holds() -> None:
    spec = RequestSpec(name="n", method="GET", url="/claims?tag=a%20b&other=1,2")
    found = [dict(one.changes)["tag"] for one in from_data(spec, [], Held({}, {"a b": ("c", "d", "e,f")}, {}))]
    assert found == ["c", "a%20b,c,d,e%2Cf", "d", "a%20b,c", "e%2Cf", "a%20b,d", "a%20b,e%2Cf"]


def test_two_dates_become_one_day() -> None:
    spec = RequestSpec(name="n", method="GET", url="/sums?from=2026-01-01&to=2026-01-31&sort=x")
    found = [dict(one.changes) for one in from_data(spec, [], Held({"from": ("2026-01-09",)}, {}, {}))]
    assert found == [{"from": day, "to": day} for day in ("2026-01-01", "2026-01-31", "2026-01-09")]


@dataclass
class Held:
    """What a database would hold."""

    by_name: Mapping[str, Sequence[str]]
    codes: Mapping[str, Sequence[str]]
    pairs: Mapping[tuple[str, str], Sequence[tuple[str, str]]]

    def values(self, name: str, given: str | None) -> Sequence[str]:
        return self.by_name.get(name, ())

    def beside(self, text: str) -> Sequence[str]:
        return self.codes.get(text, ())

    def together(self, one: str, other: str) -> Sequence[tuple[str, str]]:
        return self.pairs.get((one, other), ())


def test_what_the_data_hold_is_asked_of_paths_parameters_and_readers_in_turn() -> None:
    held = {"user": ("1", "7", "9"), "depots": ("3",), "state": ("open",)}
    codes = {"tenner": ("LAST ONE",), "paid": ("PAID OUT",)}
    spec = RequestSpec(
        name="n", method="POST", url="/depots/2/tenner?state=paid", headers=(("X-User-Id", "7"),),
        body='{"lines": [{"code": "tenner", "user": 1, "n": true}]}',
    )  # fmt: skip
    found = from_data(spec, ["state"], Held(held, codes, {("2", "7"): (("5", "9"),)}))
    assert [dict(one.changes) for one in found] == [
        {"/2": "3"}, {"state": "open"}, {"X-User-Id:": "1"}, {"/2": "5", "X-User-Id:": "9"}, {"/3": "LAST%20ONE"},
        {"state": "PAID%20OUT"}, {"state": "paid,PAID%20OUT"},
        {BODY: '{"lines": [{"code": "LAST ONE", "user": 1, "n": true}]}'},
        {BODY: '{"lines": [{"code": "tenner", "user": 7, "n": true}]}'}, {"X-User-Id:": "9"},
        {BODY: '{"lines": [{"code": "tenner", "user": 9, "n": true}]}'},
    ]  # fmt: skip


def test_the_answer_tells_bounds_and_words_for_parameters_that_are_called_otherwise() -> None:
    body = (
        b'{"id": 7, "items": [{"price": 19.5, "at": "2026-05-01T10:00", "name": "The lamp", "old": true}, '
        b'{"price": 3}]}'
    )
    assert plausible.seen("budget", "50", body) == ["7", "19.5", "3"]
    assert plausible.seen("after", "2026-01-01", body) == ["2026-05-01"]
    assert plausible.seen("q", "chair", body) == ["The"]
    assert plausible.seen("q", None, body) == ["7", "19.5", "2026-05-01", "The", "3"]
    assert plausible.seen("prices", "50", body) == ["19.5", "3"]  # called like a key: of that one alone
    assert plausible.seen("key", "{{token}}", body) == []


def test_two_values_are_asked_together_where_each_alone_changes_a_good_answer() -> None:
    spec = RequestSpec(name="n", method="GET", url="/notes?page=1")
    effects = Effects(Reply(status=200, headers=(), body=b"all"))
    for name, value, status, body in [
        ("page", "2", 200, b"some"), ("sort", "x", 200, b"all"), ("sort", "up", 200, b"lla"), ("day", "x", 400, b"no"),
        ("dir", "up", 200, b"lla"), ("dir", None, 200, b"more"), ("dir", "down", 200, b"more"),
    ]:  # fmt: skip
        effects.met(with_changes(spec, {name: value}), Reply(status=status, headers=(), body=body))
    assert [one.spec.url for one in effects.pairs(spec)] == [
        "/notes?page=2&sort=up", "/notes?page=2", "/notes?page=1&sort=up", "/notes?page=2&dir=up",
        "/notes?page=1&sort=up&dir=up",
    ]  # fmt: skip


def test_a_variable_of_the_file_varies_like_the_value_that_it_stands_for() -> None:
    plain = (("day", "2026-10-14"), ("room", "7"), ("token", "hush"))
    spec = RequestSpec(
        name="room", method="GET", url="/rooms/{{room}}?day={{day}}&key={{token}}", variables=plain
    )  # fmt: skip
    near = {one.spec.url for one in harmless(spec, ["day", "key"], b"{}")}
    assert {"/rooms/8?day={{day}}&key={{token}}", "/rooms/{{room}}?day=2026-10-15&key={{token}}"} <= near
    assert {one.changes for one in harmless(spec, ["key"], b"{}") if one.changes[0][0] == "key"} == {(("key", None),)}
    assert not [one for one in edges(spec, ["key"]) if "hush" in f"{one}{one.spec.url}".lower()]
