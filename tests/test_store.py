"""Every file format: round trip, schema, whole or not at all, and a line that helps when it does not fit."""

from __future__ import annotations

import dataclasses
import errno
import os
import signal
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subsecond import store
from subsecond.errors import SubsecondError
from subsecond.harness import app_log, run_folder
from subsecond.model.audit import Audit, Interval, QueryGroup, RequestResult, Shares
from subsecond.model.finding import Finding, Place, Trial
from subsecond.model.trace import Frame, Span, Trace
from subsecond.model.trial import MeasuredSet, Saving, TrialRecord, Trials, Untested

text = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
number = st.floats(allow_nan=False, allow_infinity=False)
integer = st.integers(-(2**62), 2**62)
value = st.one_of(text, integer, number, st.booleans(), st.none())
st.register_type_strategy(float, number)
st.register_type_strategy(int, integer)
st.register_type_strategy(str, text)

frames = st.builds(Frame)
attributes = st.dictionaries(text, value, max_size=4)
spans = st.builds(Span, stack=st.lists(frames, max_size=3).map(tuple), attributes=attributes)
traces = st.builds(Trace, spans=st.lists(spans, max_size=4).map(tuple), version=st.just(1))
trials = st.builds(Trial)
findings = st.builds(Finding, trials=st.lists(trials, max_size=2).map(tuple), cause=st.none() | st.builds(Place))
results = st.builds(
    RequestResult,
    seconds=st.none() | st.builds(Interval),
    shares=st.none() | st.builds(Shares),
    groups=st.lists(st.builds(QueryGroup), max_size=2).map(tuple),
)
audits = st.builds(
    Audit,
    version=st.just(1),
    requests=st.lists(results, max_size=2).map(tuple),
    findings=st.lists(findings, max_size=3).map(tuple),
)


@given(trace=traces)
def test_a_trace_comes_back_as_it_was(trace: Trace, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("store")
    store.write_outcome(root, Audit(), [trace, trace])
    [path] = (root / ".subsecond" / "traces").iterdir()
    assert list(store.read_traces(path)) == [trace, trace]


@given(audit=audits)
def test_an_audit_comes_back_as_it_was(audit: Audit, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("store")
    store.write_outcome(root, audit, [])
    assert store.read_audit(root) == audit


@given(
    made=st.builds(
        Trials,
        version=st.just(1),
        trials=st.lists(st.builds(TrialRecord, trial=trials, wall=st.none() | st.builds(Saving)), max_size=2).map(
            tuple
        ),
        sets=st.lists(st.builds(MeasuredSet), max_size=2).map(tuple),
        untested=st.lists(st.builds(Untested), max_size=2).map(tuple),
    )
)
def test_trials_come_back_as_they_were_and_go_with_the_next_audit(
    made: Trials, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("store")
    store.write_outcome(root, Audit(), [], made)
    assert store.read_trials(root) == made
    store.write_outcome(root, Audit(), [])
    assert store.read_trials(root) is None


def test_the_folder_is_private_and_ignored(tmp_path: Path) -> None:
    folder = store.folder(tmp_path)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (folder / ".gitignore").read_text() == "*\n"


def test_a_failing_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    path.write_text("old")

    def lines() -> Iterator[str]:
        yield "new"
        raise OSError("disk full")

    with pytest.raises(SubsecondError, match="disk full"):
        store.write(path, lines())
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_of_another_shape_says_where_it_does_not_fit(tmp_path: Path) -> None:
    (store.folder(tmp_path) / "findings.json").write_text('{"requests": [{"name": 5}]}')
    misfit = r"findings\.json: Expected `str`, got `int` - at `\$\.requests\[0\]\.name`"
    with pytest.raises(SubsecondError, match=misfit):
        store.read_audit(tmp_path)
    with pytest.raises(SubsecondError, match="run `subsecond audit` first"):
        store.read_audit(tmp_path / "elsewhere")


def test_traces_of_an_earlier_audit_go(tmp_path: Path) -> None:
    old = store.folder(tmp_path) / "traces" / "old.jsonl"
    old.parent.mkdir()
    old.write_text("{}\n")
    store.write_outcome(tmp_path, Audit(), [])
    assert not old.exists()


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(name: str, path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(
        SubsecondError, match=r"store-not-writable: .*findings.json: No space left on device; make room"
    ):
        store.write(store.folder(tmp_path) / "findings.json", ["{}"])
    assert [path.name for path in (tmp_path / ".subsecond").iterdir()] == [".gitignore"]


def test_two_requests_whose_names_come_to_one_file_are_both_kept(tmp_path: Path) -> None:
    seen = [
        Trace(
            request=name, mode="timed", id=name, pid=1, start=1, seconds=1, cpu_seconds=1, gc_seconds=0, method="GET",
            path="/", query="",
        )
        for name in ("a/b", "a-b")
    ]  # fmt: skip
    store.write_outcome(tmp_path, Audit(), seen)
    [path] = (tmp_path / ".subsecond" / "traces").iterdir()
    assert list(store.read_traces(path)) == seen


def test_an_outcome_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Trace(
        request="a", mode="timed", id="1", pid=1, start=1, seconds=1, cpu_seconds=1, gc_seconds=0, method="GET",
        path="/", query="",
    )  # fmt: skip
    old = store.folder(tmp_path) / "traces" / "old.jsonl"
    store.write_outcome(tmp_path, Audit(), [dataclasses.replace(seen, request="old")])

    def full(path: Path, lines: object, drafts: object) -> None:
        real(path, lines, drafts)
        if path.name == "findings.json":
            raise OSError(errno.ENOSPC, "No space left on device")

    real = store._draft  # type: ignore[attr-defined]
    monkeypatch.setattr(store, "_draft", full)
    with pytest.raises(SubsecondError, match=r"findings\.json: No space left on device"):
        store.write_outcome(tmp_path, Audit(), [seen])
    assert list(old.parent.iterdir()) == [old] and not list(old.parent.parent.glob(".findings*"))
    monkeypatch.undo()
    store.write_outcome(tmp_path, Audit(), [seen])
    assert [path.name for path in old.parent.iterdir()] == ["a.jsonl"]
    assert store.read_audit(tmp_path) == Audit()


def test_a_signal_waits_until_the_outcome_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(name: str, path: Path) -> None:
        # to this very thread: a test runner has others, where the mask does not hold
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        real(name, path)

    real = os.replace
    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.write_outcome(tmp_path, Audit(), [])
    assert store.read_audit(tmp_path) == Audit()


def test_what_a_killed_tool_left_is_swept_away(tmp_path: Path) -> None:
    folder = store.folder(tmp_path)
    (folder / "traces").mkdir()
    for name in (".findings.json.a1b2", "traces/.detail.jsonl.a1b2", "findings.json", "traces/detail.jsonl"):
        (folder / name).write_text("{}")
    store.sweep(tmp_path)
    assert sorted(path.name for path in folder.rglob("*")) == [".gitignore", "detail.jsonl", "findings.json", "traces"]


def test_links_in_the_folder_lead_nowhere(tmp_path: Path) -> None:
    """A project that came from elsewhere may hold a `.subsecond/` of its own."""
    folder, precious = store.folder(tmp_path), tmp_path / "precious"
    precious.mkdir()
    (precious / "data.jsonl").write_text("kept")
    (folder / "traces").symlink_to(precious)
    with pytest.raises(SubsecondError, match=r"store-not-writable: .*traces: a link"):
        store.write_outcome(tmp_path, Audit(), [])
    (folder / "lock").symlink_to(precious / "data.jsonl")
    with pytest.raises(SubsecondError, match=r"store-not-writable: .*lock: .*remove it"), run_folder.lock(tmp_path):
        pass
    log = tmp_path / "log"
    log.write_text("said")
    (folder / "app.log").symlink_to(precious / "data.jsonl")
    app_log.keep(log, folder / "app.log")
    assert (folder / "app.log").read_text() == "said"
    assert (precious / "data.jsonl").read_text() == "kept"


@pytest.mark.parametrize("text", [b"\xff\xfe", b'{"a": "\xff"}', b"[" * 100_000, b'{"a": "\\ud800"}'])
def test_what_is_no_json_is_one_line(text: bytes) -> None:
    with pytest.raises(SubsecondError, match="store-unreadable: here"):
        store.from_json(text, object, "here")
