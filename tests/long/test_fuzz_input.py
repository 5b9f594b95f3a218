"""What a user may write: request files and configuration, damaged in any way, are read or refused in one line."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from subsecond.errors import SubsecondError
from subsecond.harness import requests
from subsecond.harness.readers.http import read, text_of
from subsecond.model.target import Target
from subsecond.target import load
from tests.long.figures import Run
from tests.long.mutation import chances, damaged, damaged_bytes, fuzz, words

pytestmark = pytest.mark.long
THIRD = 8_000
"""Examples of each of three ways."""
ROOT = Path(__file__).parents[2]
REQUEST_FILES = [
    (ROOT / "examples" / "discovery" / "requests.http").read_text(),
    (ROOT / "tests" / "corpus" / "requests.http").read_text()[:1500],
    "@a = 1\n@b={{a}}\n### one\n# @setup\nPOST http://localhost:1/t?x={{b}}\nA: b\n\n{\n}\n\n### two\n"
    "GET /{{one.response.body.$.t[0]}}\n  ?a={{$env HOME}}\n  &b=2\n"
    "X: {{one.response.headers.X}}\n// note\n\n###\nhead /\n",
]
REQUEST_PIECES = [
    "### ", "###\n", "# @setup\n", "# @name ", "# @name one\n", "// @name two\n", "GET /", "POST ", "DELETE /x\n",
    "http://127.0.0.1:1/", "https://localhost/", "http://[::1", "http://h:99999999/", "{{", "}}", "{{a}}", "{{b}}",
    "@a = {{b}}\n", "@b = {{a}}\n", "@", "{{login.response.body.token}}", "{{one.response.body.*}}", "{{$env X}}",
    "{{$guid}}", "\n\n", "\r\n", " HTTP/1.1\n", "Host: ", ": ", "?", "&x=1\n", "< ./file\n", "> {% %}\n", "\n{}\n",
    "\t",
]  # fmt: skip
CONFIGURATION = (ROOT / "examples" / "discovery" / "subsecond.toml").read_text().replace(".venv/", "")
FULL = """\
name = "shop"
app = "shop.web:app"
python = "bin/python"
cwd = "."
env = {A = "1", B = ""}
requests = ["requests.http"]
get = ["/a?b=c", "/d"]
allow = ["POST /login"]
code = ["shop"]
repeat = 3
ready = "10s"
timeout = "1m"
goal = "800ms"
[headers]
Authorization = "Bearer x"
"""
KEYS = (
    "name app run python cwd env requests get headers allow code goal data copy_database repeat ready timeout".split()
)
VALUES = [
    "true", "1", "-1", "0", "1.5", "inf", "nan", "1" * 5000, "0x" + "f" * 5000, "2026-01-01", "2026-02-30", "12:60:00",
    '""', '" "', '"x"', '"x:app"', '"x:app()"', '"."', '".."', '"/"', '"~"', '"~nobody-of-this-name/x"', '"\\u0000"',
    '"\\u001b[2J"', '"a\\nb"', f'"{"y" * 300}"', f'"{"z/" * 3000}"', '"copy"', '"10s"', '"1e400s"', '"-1s"', '"nans"',
    '"9' + "9" * 400 + 's"', '"POST /x"', '"A=b"', '"=b"', '"A: b"', "[]", "[1]", '["x", 2]', '["requests.http"]',
    '["requests.http", "requests.http"]', "[[]]", "{}", "{a = 1}", '{a = "b"}', '{"" = ""}', "[" * 1500, "'''x'''",
]  # fmt: skip
NAMES = [*KEYS, "[tool.subsecond]\n", "", "appp", "[headers]\nA", "a.b", '"app"', "#", "[[env]]\nx"]
EQUALS = [" = ", " = ", " = ", "=", ".x = ", ""]
ENDS = ["\n", "\n", "\n", "", " # why\n", "\r\n"]
WHOLE_FILE = ("it holds no request", "not UTF-8 text (byte ")
"""What is said of a whole request file has no line."""


def said(work: Callable[[], object]) -> str | None:
    """The message of the one exception that may come; None where the work was done."""
    try:
        work()
    except SubsecondError as error:
        told, message = str(error), error.message
    else:
        return None
    assert told.isprintable(), f"not one line for a terminal: {told!r}"
    return message


def check_request_file(path: Path, lines: int) -> None:
    """The file is read, or refused with its name and a line that it has."""
    name = requests.shown(path)
    message = said(lambda: requests.read(path))
    if message is not None:
        place = re.match(re.escape(name) + r"(?:, line (\d+))?: ", message)
        assert place, message
        assert place[1] is None or 1 <= int(place[1]) <= lines, message
        assert place[1] or message[place.end() :].startswith(WHOLE_FILE), message
        return
    refused = said(lambda: requests.of_target(Target(root=path.parent, name="t", cwd=path.parent, requests=(path,))))
    assert refused is None or re.match(re.escape(name) + r", line \d+: |all requests are marked # @setup", refused)


def check_writing_back(text: str) -> None:
    """What was read can be written and read again, where the format can say it."""
    try:
        specs = read(text, Path("r.http"))
        written = text_of(specs)
    except (SubsecondError, ValueError):
        return
    again = read(written, Path("r.http"))
    assert [(s.method, s.url, s.headers, s.body, s.setup) for s in again] == [
        (s.method, s.url, s.headers, s.body, s.setup) for s in specs
    ]


def test_fuzz_of_request_files(quick_path: Path, run: Run) -> None:
    """Request files: damaged valid ones, words of the format in any order, bytes: read, or refused at a line."""
    path, seen = quick_path / "requests.http", dict.fromkeys(("damaged", "words", "bytes"), 0)

    def check(kind: str, content: bytes) -> None:
        seen[kind] += 1
        path.write_bytes(content)
        check_request_file(path, len(re.split(rb"\r\n|\r|\n", content)))

    @fuzz(THIRD, text=damaged(REQUEST_FILES, REQUEST_PIECES))
    def of_damaged(text: str) -> None:
        check("damaged", text.encode(errors="replace"))
        check_writing_back(text)

    @fuzz(THIRD, text=words(REQUEST_PIECES + ["\n"] * 8, 40))
    def of_words(text: str) -> None:
        check("words", text.encode(errors="replace"))
        check_writing_back(text)

    @fuzz(THIRD, content=damaged_bytes([text.encode() for text in REQUEST_FILES]))
    def of_bytes(content: bytes) -> None:
        check("bytes", content)

    for test in (of_damaged, of_words, of_bytes):
        test()
    run.figures |= seen


def check_configuration(folder: Path, own: bool, content: bytes) -> None:
    """The configuration is read, or refused with its file and a line, a byte or the key."""
    name, other = ("subsecond.toml", "pyproject.toml") if own else ("pyproject.toml", "subsecond.toml")
    (folder / other).unlink(missing_ok=True)
    (folder / name).write_bytes(content)
    message = said(lambda: load(folder, {}))
    if message is None:
        return
    place = r"\(at (line \d+|end of document)|in position \d+|names no app|no app given|not valid TOML: "
    named = re.search(r': (unknown key "|[\w.]+ = |the requests file )', message, re.S)
    assert name in message, message
    assert re.search(place, message) or named, message


def test_fuzz_of_configuration(quick_path: Path, run: Run) -> None:
    """subsecond.toml and pyproject.toml, damaged, any keys with any values, bytes: read, or refused with a place."""
    (quick_path / "bin").mkdir()
    for name in ("bin/python", "requests.http"):
        (quick_path / name).write_text("GET /\n")
    seen = dict.fromkeys(("damaged", "keys", "bytes"), 0)

    def check(kind: str, own: bool, content: bytes) -> None:
        seen[kind] += 1
        check_configuration(quick_path, own, content)

    @fuzz(THIRD, text=damaged([CONFIGURATION, FULL, "[tool.subsecond]\n" + FULL], [*KEYS, *VALUES]))
    def of_damaged(text: str) -> None:
        check("damaged", len(text) % 2 == 0, text.encode(errors="replace"))

    @fuzz(THIRD, chance=chances())
    def of_keys(chance: random.Random) -> None:
        own = chance.random() < 0.5
        lines = ["".join(map(chance.choice, (NAMES, EQUALS, VALUES, ENDS))) for _ in range(chance.randint(0, 5))]
        check("keys", own, ("" if own else "[tool.subsecond]\n").encode() + "".join(lines).encode(errors="replace"))

    @fuzz(THIRD, content=damaged_bytes([CONFIGURATION.encode(), FULL.encode()]))
    def of_bytes(content: bytes) -> None:
        check("bytes", len(content) % 2 == 0, content)

    for test in (of_damaged, of_keys, of_bytes):
        test()
    run.figures |= seen
