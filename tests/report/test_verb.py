"""`subsecond report` as a user calls it: files, standard output, one clear line where something is missing; --serve."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from subsecond import store
from subsecond.cli._sources import sources
from subsecond.cli.report import command
from subsecond.errors import SubsecondError
from subsecond.model.report import Report
from subsecond.report.page import html
from subsecond.report.page.data import report
from subsecond.report.page.serve import Followed, server


def run(folder: Path, *words: str) -> Result:
    """The verb in `folder`, without drafting patches (which has tests of its own)."""
    return CliRunner().invoke(command, ["--cwd", str(folder), "--no-patches", *words], catch_exceptions=True)


def test_writes_the_page_and_every_other_form(library: Path, tmp_path: Path) -> None:
    done = run(
        library, "--output", str(tmp_path / "r.html"), "--svg", str(tmp_path / "svg"),
        "--mermaid", str(tmp_path / "mmd"), "--sarif", str(tmp_path / "f.sarif"), "--markdown", str(tmp_path / "p.md"),
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert done.stdout.strip() == str(tmp_path / "r.html")
    names = {path.stem for path in (tmp_path / "svg").iterdir()}
    assert {"context", "containers"} < names and names == {path.stem for path in (tmp_path / "mmd").iterdir()}
    assert (tmp_path / "svg" / "containers.svg").read_text().startswith("<svg ")
    assert (tmp_path / "mmd" / "containers.mmd").read_text().startswith("C4Container\ntitle Containers\n")
    assert "| Response time |" in (tmp_path / "p.md").read_text() or "finding" in (tmp_path / "p.md").read_text()
    log = json.loads((tmp_path / "f.sarif").read_text())
    assert log["version"] == "2.1.0" and log["runs"][0]["results"][0]["locations"]
    rules = [rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]]
    assert all(rules[one["ruleIndex"]] == one["ruleId"] for one in log["runs"][0]["results"])


def test_json_is_the_reports_data_and_nothing_else(library: Path) -> None:
    done = run(library, "--json")
    assert store.from_json(done.stdout, Report, "stdout").name == "The library"


def test_says_in_one_line_what_is_missing(
    tmp_path: Path, copied: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = run(tmp_path)
    assert isinstance(nothing.exception, SubsecondError) and nothing.exception.slug == "no-audit"
    other = run(copied(), "--compare", str(tmp_path))
    assert isinstance(other.exception, SubsecondError) and "--compare" in other.exception.message
    damaged = tmp_path / "copy"
    (damaged / store.FOLDER / store.TRIALS).write_text('{"version": 1, "trials": [{]}')
    broken = run(damaged)
    assert isinstance(broken.exception, SubsecondError) and broken.exception.slug == "store-unreadable"
    assert "trials.json" in broken.exception.message
    assert run(damaged, "--json", "--markdown", "-").exit_code == 2
    monkeypatch.setattr(html.resources, "files", lambda _: tmp_path)
    with pytest.raises(SubsecondError, match="built page"):
        html.page(report(sources(_whole(damaged), None, {}, live=False)))


def _whole(folder: Path) -> Path:
    (folder / store.FOLDER / store.TRIALS).unlink()
    return folder


@pytest.fixture
def served(copied: Callable[[], Path]) -> Iterator[tuple[HTTPConnection, Path]]:
    """A connection to the page's server, and the folder that it follows."""
    folder = copied()
    followed = Followed(folder / store.FOLDER, lambda: report(sources(folder, None, {}, live=True)))
    with server(followed, 0) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        connection = HTTPConnection("127.0.0.1", serving.server_port, timeout=30)
        yield connection, folder
        connection.close()
        serving.shutdown()
        thread.join()


def test_the_served_page_follows_the_files(served: tuple[HTTPConnection, Path]) -> None:
    connection, folder = served

    def ask(path: str, **headers: str) -> tuple[int, str, bytes]:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("ETag", ""), answer.read()

    status, _, body = ask("/")
    assert status == 200 and b"connect-src 'self'" in body
    status, tag, body = ask("/data")
    assert status == 200 and store.from_json(body, Report, "data").live
    assert ask("/data", **{"If-None-Match": tag})[:2] == (304, tag)
    os.utime(folder / store.FOLDER / store.PLAN, ns=(1, 1))
    status, again, _ = ask("/data", **{"If-None-Match": tag})
    assert status == 200 and again != tag
    (folder / store.FOLDER / store.FINDINGS).write_text("half of")
    assert ask("/data", **{"If-None-Match": again})[0] == 304  # the last whole report still holds
    assert ask("/data", Host="evil.example")[0] == 403
    assert ask("/etc/passwd")[0] == 404
