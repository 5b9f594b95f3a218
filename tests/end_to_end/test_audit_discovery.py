"""The audit of the real, slow example on a real PostgreSQL says what is true, and fails in one line."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from subsecond import store
from subsecond.harness.send import Answer
from subsecond.harness.session import audited_app
from subsecond.model.trace import Trace
from subsecond.target import load
from subsecond_agent import protocol
from tests.end_to_end.conftest import SUBSECOND, Platform

pytestmark = pytest.mark.xdist_group("platform")

# what PostgreSQL counted since the reset, without what is not a statement of the application's
COUNTED = """
    SELECT coalesce(sum(calls), 0)::int, coalesce(sum(rows), 0)::int FROM pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = %s)
      AND query !~* '^(begin|commit|rollback|deallocate|discard|set |show )' AND query NOT LIKE '%%pg_stat_statements%%'
"""


@pytest.fixture(scope="module")
def outcome(platform: Platform) -> dict[str, Any]:
    """One audit as a script would run it."""
    done = platform.subsecond("audit", "--json", "--repeat", "1", "--budget", "20s")
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed


@pytest.mark.parametrize("version", ["legacy", "optimized"])
def test_counts_equal_what_postgresql_counted(platform: Platform, version: str) -> None:
    # A copy: the platform's worker asks the working databases for jobs all the time.
    name = f"subsecond_counted_{version}"
    url = platform.discovery("copy-database", name, *(["--indexed"] if version == "optimized" else [])).strip()
    variables = {
        "DISCOVERY_VAR": platform.env["DISCOVERY_VAR"],
        "DISCOVERY_DATABASE_URL": url,
        "DISCOVERY_RESPONSE_CACHE": "off",
    }
    target = load(platform.project, {"app": f"discovery.{version}.wsgi:app", "env": variables})
    with psycopg.connect(url, autocommit=True) as server, audited_app(target) as app:
        server.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        assert {spec.name for spec in app.requests} == {"discovery", "detail", "discovery-holiday"}
        for spec in app.requests:
            for mode in ("timed", "recording"):
                for number in range(3):  # the third: pool filled, statements prepared, caches warm
                    server.execute("SELECT pg_stat_statements_reset()")
                    mark = f"{spec.name}-{mode}-{number}"
                    answer = app.send(spec, mode, mark)
                    assert isinstance(answer, Answer)
                    assert answer.status == 200
                    line = app.trace_of(mark)
                assert line is not None
                counted = server.execute(COUNTED, (name,)).fetchone()
                ours = (line["counts"][protocol.COUNT_QUERIES], line["counts"][protocol.COUNT_ROWS])
                assert counted == ours, f"{version} {spec.name} {mode}"
                if mode == "recording":
                    queries = [span for span in line["spans"] if span[0] == protocol.SPAN_QUERY]
                    assert len(queries) == ours[0]
                    assert sum(span[5].get(protocol.DB_ROWS) or 0 for span in queries) == ours[1]


def test_the_json_has_the_agreed_shape(outcome: dict[str, Any]) -> None:
    assert outcome["version"] == 1
    for request in outcome["requests"]:
        assert {"name", "method", "url", "status", "seconds", "queries", "sessions", "session_sites", "rows"} <= set(
            request
        )
        assert request["status"] == 200
        assert 0 < request["seconds"]["low"] <= request["seconds"]["median"] <= request["seconds"]["high"]
    keys = {"id", "key", "kind", "phase", "request", "requests", "title", "file", "line", "function", "cause"}
    for finding in outcome["findings"]:
        assert keys | {"queries", "seconds", "share", "growth", "trials"} <= set(finding)
        assert finding["request"] in finding["requests"]
    assert [finding["id"] for finding in outcome["findings"]] == [
        f"F{n}" for n in range(1, len(outcome["findings"]) + 1)
    ]


def test_detail_shows_the_case_study(outcome: dict[str, Any]) -> None:
    [detail] = [request for request in outcome["requests"] if request["name"] == "detail"]
    assert 30 <= detail["queries"] <= 40
    assert detail["session_sites"] == 5
    assert detail["sessions"] >= 5


def test_every_finding_names_a_line_that_exists(platform: Platform, outcome: dict[str, Any]) -> None:
    for finding in outcome["findings"]:
        for place in filter(None, (finding, finding["cause"])):
            source = (platform.project / place["file"]).read_text().splitlines()
            assert place["file"].startswith("discovery/legacy/") or place["file"] == "discovery/models.py"
            assert source[place["line"] - 1].strip()


def test_each_kind_is_found_where_it_is(platform: Platform, outcome: dict[str, Any]) -> None:
    found = {(finding["kind"], request) for finding in outcome["findings"] for request in finding["requests"]}
    assert {
        ("lazy-load", "discovery"),
        ("n-plus-one-query", "detail"),
        ("duplicate-query", "detail"),
        ("several-sessions", "detail"),
        ("nested-checkout", "detail"),
    } <= found
    relations = {
        finding["title"].partition(" ")[0]: finding for finding in outcome["findings"] if finding["kind"] == "lazy-load"
    }
    assert {"Location.hours", "Location.photos", "Location.amenities", "Location.reviews"} <= set(relations)
    cause = relations["Location.reviews"]["cause"]
    line = (platform.project / cause["file"]).read_text().splitlines()[cause["line"] - 1]
    assert cause["file"] == "discovery/models.py"
    assert line.strip().startswith("reviews")


@pytest.mark.long
def test_nothing_is_found_in_the_optimised_version(platform: Platform, tmp_path: Path) -> None:
    requests = platform.project / "requests.http"
    other = platform.beside(tmp_path)
    done = other.subsecond(
        "audit", "discovery.optimized.wsgi:app", str(requests), "--json", "--repeat", "1", "--no-trials"
    )
    parsed = json.loads(done.stdout)
    assert [finding["title"] for finding in parsed["findings"]] == []
    assert {request["name"]: request["sessions"] for request in parsed["requests"]}["detail"] == 1


def test_files_hold_no_values_and_can_be_read_again(platform: Platform, outcome: dict[str, Any]) -> None:
    folder = platform.project / ".subsecond"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(path.name for path in folder.iterdir() if path.name != "lock") == [
        ".gitignore", "app.json", "app.log", "clones", "findings.json", "mapper.json", "plans.json", "traces",
        "trials.json",
    ]  # fmt: skip
    audit = store.read_audit(platform.project)
    assert {finding.key for finding in audit.findings} == {finding["key"] for finding in outcome["findings"]}
    traces: list[Trace] = [trace for path in (folder / "traces").iterdir() for trace in store.read_traces(path)]
    spans = [span for trace in traces for span in trace.spans]
    assert not list((folder / "clones").iterdir())
    assert {span.name for span in spans} >= {"query", "checkout", "session", "transaction", "log"}
    assert all(len(str(value)) == 16 for span in spans if (value := span.attributes.get(protocol.PARAMETERS)))
    everything = "".join(path.read_text() for path in (folder / "traces").iterdir())
    assert "user1@example.com" not in everything
    assert "lisbon" not in everything.replace("city=lisbon", "")


@pytest.mark.long
def test_a_reader_sees_time_statements_and_places(platform: Platform, tmp_path: Path) -> None:
    platform = platform.beside(tmp_path)
    done = platform.subsecond("audit", "--repeat", "1", "--no-trials")
    for part in (
        "detail  GET /v1/locations/1/detail?date=",
        "database",
        "Python (code, ORM, framework)",
        "lazy-load",
        "because of discovery/models.py:",
    ):
        assert part in done.stdout
    assert "\x1b[" not in done.stdout + done.stderr
    shown = platform.subsecond("show", "f1")
    assert "key " in shown.stdout
    assert len(json.loads(platform.subsecond("findings", "--json").stdout)) > 3


def test_postgresql_not_reachable_is_one_line(platform: Platform, tmp_path: Path) -> None:
    platform = platform.beside(tmp_path)
    url = "postgresql://nobody@127.0.0.1:9/nothing"
    done = platform.subsecond(
        "audit", "--env", f"DISCOVERY_DATABASE_URL={url}", "--repeat", "1", "--no-trials", check=1
    )
    assert "answered 500" in done.stderr
    assert "OperationalError" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_login_that_fails_is_one_line(platform: Platform, tmp_path: Path) -> None:
    platform = platform.beside(tmp_path)
    broken = tmp_path / "login.http"
    broken.write_text((platform.project / "requests.http").read_text().replace("discover-me", "guess"))
    done = platform.subsecond("audit", str(broken), check=1)
    assert "setup-failed" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_stopped_in_the_middle_leaves_nothing(platform: Platform, tmp_path: Path, number: int) -> None:
    platform = platform.beside(tmp_path)
    platform.subsecond("audit", "--repeat", "1", "--no-trials")
    before = (platform.project / ".subsecond" / "findings.json").read_bytes()
    audit = subprocess.Popen(
        [str(SUBSECOND), "audit", "--repeat", "200", "--no-trials"], cwd=platform.project, env=platform.env,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not _running(platform.project) and audit.poll() is None:
        time.sleep(0.05)
    time.sleep(2.0)  # into the first requests
    assert _running(platform.project)
    audit.send_signal(number)
    said = audit.communicate(timeout=60)[1]
    assert audit.returncode == (-number if number == signal.SIGKILL else 130)
    assert "Traceback" not in said
    deadline = time.monotonic() + 15
    while _running(platform.project) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _running(platform.project)
    assert (platform.project / ".subsecond" / "findings.json").read_bytes() == before
    platform.subsecond("audit", "--repeat", "1", "--no-trials")
    assert not list((platform.project / ".subsecond").glob("run-*"))


def _running(project: Path) -> list[int]:
    """Processes that were started for an audit of this project: the spool in their environment says so."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if f"{protocol.ENV_SPOOL}={project}".encode() in environment:
                found.append(int(entry.name))
    return found
