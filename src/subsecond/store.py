"""`.subsecond/` files <-> model. The only module that knows the JSON library."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from subsecond.errors import SubsecondError
from subsecond.model.audit import Audit
from subsecond.model.entity import Entity
from subsecond.model.explained import Explained
from subsecond.model.optimized import Optimized
from subsecond.model.plan import Plan
from subsecond.model.surroundings import Surroundings
from subsecond.model.trace import Trace
from subsecond.model.trial import Trials

T = TypeVar("T")
Lines = Iterable[bytes | str]
FOLDER = ".subsecond"
FINDINGS = "findings.json"
TRIALS = "trials.json"
MAPPER = "mapper.json"
PLANS = "plans.json"
SURROUNDINGS = "app.json"
PLAN = "plan.json"
OPTIMIZED = "optimized.json"
KEPT = "kept"
TRACES = "traces"
_encoder = msgspec.json.Encoder()


def folder(root: Path) -> Path:
    """The project's `.subsecond/`, made if need be: mode 0700, with its own `.gitignore`."""
    path = root / FOLDER
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        path.chmod(0o700)
        ignore = path / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
    except OSError as error:
        raise not_writable(path, error) from None
    return path


def not_writable(path: Path, problem: OSError) -> SubsecondError:
    """The error of a folder or a file of ours that cannot be written."""
    mend = "run in a folder you may write to, or give --cwd"
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        mend = "make room"
    elif path.is_symlink() or problem.errno in (errno.EEXIST, errno.EISDIR, errno.ENOTDIR):
        mend = "it is not what we left there; remove it"
    return SubsecondError("store-not-writable", f"{path}: {problem.strerror or problem}; {mend}")


def to_json(value: object, *, indent: int = 2) -> str:
    """Any model value as JSON text, UTF-8, no trailing newline."""
    text = _encoder.encode(value)
    return (msgspec.json.format(text, indent=indent) if indent else text).decode()


def from_json(text: bytes | str, kind: type[T], where: str) -> T:
    """JSON text as `kind`; `where` names it in the error when it does not fit."""
    try:
        return msgspec.json.decode(text, type=kind, strict=True)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise SubsecondError("store-unreadable", f"{where}: {error}; written by another version? delete it") from None


def as_model(value: object, kind: type[T], where: str) -> T:
    """JSON that was read as plain lists and dicts, as `kind`; SubsecondError where it does not fit."""
    try:
        return msgspec.convert(value, type=kind, strict=True)
    except msgspec.MsgspecError as error:
        raise SubsecondError("store-unreadable", f"{where}: {error}") from None


def schema(kind: type) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a model class."""
    return msgspec.json.schema(kind)


def write(path: Path, lines: Lines) -> None:
    """Write a file whole or not at all: a temporary neighbour, then a rename. SubsecondError where it cannot be."""
    _write({path: lines})


def write_bytes(path: Path, content: bytes) -> None:
    """The same for what is no list of lines. SubsecondError where it cannot be."""
    _write({path: [content.removesuffix(b"\n")]})


def _write(files: Mapping[Path, Lines], gone: Iterable[Path] = ()) -> None:
    """Write all of the files and remove those of `gone`, or change nothing: on a full disk, on Ctrl-C in between."""
    drafts: dict[Path, str] = {}
    path = next(iter(files))
    try:
        for path, lines in files.items():
            _draft(path, lines, drafts)
        with _signals_wait():
            for path, name in drafts.items():
                os.replace(name, path)
            for path in gone:
                path.unlink(missing_ok=True)
    except OSError as problem:
        raise not_writable(path, problem) from None
    finally:
        for name in drafts.values():
            Path(name).unlink(missing_ok=True)


def _draft(path: Path, lines: Lines, drafts: dict[Path, str]) -> None:
    """Write what will become the file; `drafts` knows its name from the moment that it is there."""
    with _signals_wait():
        descriptor, drafts[path] = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "wb") as out:
        for line in lines:
            out.write(line if isinstance(line, bytes) else line.encode())
            out.write(b"\n")


@contextmanager
def _signals_wait() -> Iterator[None]:
    """Ctrl-C and SIGTERM come after the block: it takes a moment, and half of it done would be told as nothing."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def sweep(root: Path) -> None:
    """Remove what a tool that was killed while it wrote has left; only where no other is at work (the lock)."""
    base = root / FOLDER
    traces = [] if (base / TRACES).is_symlink() else [*(base / TRACES).glob(".*.jsonl.*")]
    for left in (
        *base.glob(".findings.json.*"),
        *base.glob(".trials.json.*"),
        *base.glob(".plan.json.*"),
        *base.glob(".mapper.json.*"),
        *base.glob(".plans.json.*"),
        *base.glob(".app.json.*"),
        *traces,
    ):
        left.unlink(missing_ok=True)


def write_outcome(
    root: Path,
    audit: Audit,
    traces: Iterable[Trace],
    trials: Trials | None = None,
    *,
    entities: Iterable[Entity] = (),
    plans: Iterable[Explained] = (),
    around: Surroundings | None = None,
) -> None:
    """What one audit found: all of its files and none of an earlier one, or nothing is changed.

    What `optimize` measured and recorded after the earlier one goes too: its before is not this audit's. `entities`:
    what the app's mapper holds, for the fixers; for the report the database's `plans` and what was `around` the app.
    """
    outcome: dict[Path, Lines] = {
        folder(root) / FINDINGS: [to_json(audit)],
        folder(root) / MAPPER: [to_json(tuple(entities))],
        folder(root) / PLANS: [to_json(tuple(plans))],
    }
    if trials is not None:
        outcome[folder(root) / TRIALS] = [to_json(trials)]
    if around is not None:
        outcome[folder(root) / SURROUNDINGS] = [to_json(around)]
    files = _trace_files(root, traces)
    gone = [*_others(root, files), *([] if trials is not None else [root / FOLDER / TRIALS]), root / FOLDER / PLAN]
    _write({**files, **outcome}, gone=[*gone, root / FOLDER / OPTIMIZED])
    forget_kept(root)


def kept(root: Path) -> Path:
    """Where what `optimize` kept is recorded: a project's folder of its own, with its sources and an audit."""
    return root / FOLDER / KEPT


def forget_kept(root: Path) -> None:
    """Remove it. SubsecondError where it cannot be."""
    path = kept(root)
    try:
        if path.is_symlink():
            path.unlink()
        elif path.exists():
            shutil.rmtree(path)
    except OSError as problem:
        raise not_writable(path, problem) from None


def has_audit(root: Path) -> bool:
    """Whether an audit of the project at `root` was written."""
    return (root / FOLDER / FINDINGS).is_file()


def read_audit(root: Path) -> Audit:
    """The last audit of the project."""
    return _read(root / FOLDER / FINDINGS, Audit)


def read_trials(root: Path) -> Trials | None:
    """The trials of the last audit, None where it ran none."""
    path = root / FOLDER / TRIALS
    return _read(path, Trials) if path.exists() else None


def read_entities(root: Path) -> tuple[Entity, ...]:
    """What the app's mapper held in the last audit, empty where it was not read."""
    path = root / FOLDER / MAPPER
    return _read(path, tuple[Entity, ...]) if path.exists() else ()


def read_plans(root: Path) -> tuple[Explained, ...]:
    """The database's plans of the last audit, empty where none were read."""
    path = root / FOLDER / PLANS
    return _read(path, tuple[Explained, ...]) if path.exists() else ()


def read_surroundings(root: Path) -> Surroundings | None:
    """What the app of the last audit ran in, None where that was not written."""
    path = root / FOLDER / SURROUNDINGS
    return _read(path, Surroundings) if path.exists() else None


def read_recorded(root: Path) -> tuple[Trace, ...]:
    """All traces of the last audit, of its requests and jobs, in the order of their files' names."""
    files = sorted((root / FOLDER / TRACES).glob("*.jsonl"))
    return tuple(trace for path in files for trace in read_traces(path))


def read_optimized(root: Path) -> Optimized | None:
    """The outcome of the last `optimize`, None where it did not end."""
    path = root / FOLDER / OPTIMIZED
    return _read(path, Optimized) if path.exists() else None


def write_plan(root: Path, plan: Plan) -> None:
    """The plan of the last audit."""
    write(folder(root) / PLAN, [to_json(plan)])


def write_optimized(root: Path, done: Optimized) -> None:
    """The outcome of the last `optimize`."""
    write(folder(root) / OPTIMIZED, [to_json(done)])


def forget_optimized(root: Path) -> None:
    """What was kept is no longer what the last `optimize` came to."""
    (root / FOLDER / OPTIMIZED).unlink(missing_ok=True)


def read_plan(root: Path) -> Plan | None:
    """The plan of the last audit, None where none was made."""
    path = root / FOLDER / PLAN
    return _read(path, Plan) if path.exists() else None


def _read(path: Path, kind: type[T]) -> T:
    if not path.exists():
        raise SubsecondError("no-audit", f"{path} does not exist; run `subsecond audit` first")
    try:
        text = path.read_bytes()
    except OSError as problem:
        raise SubsecondError("store-unreadable", f"{path}: {problem.strerror}; remove it and audit again") from None
    return from_json(text, kind, str(path))


def _trace_files(root: Path, traces: Iterable[Trace]) -> dict[Path, list[bytes]]:
    """The folder is made; what its files will hold."""
    parent = folder(root) / TRACES
    try:
        if parent.is_symlink():  # files of somebody else would be removed below as traces of an earlier audit
            raise NotADirectoryError(errno.ENOTDIR, "a link, not a folder of ours")
        parent.mkdir(mode=0o700, exist_ok=True)
    except OSError as problem:
        raise not_writable(parent, problem) from None
    files: dict[Path, list[bytes]] = {}
    for trace in traces:  # by file, not by request: two names may come to one file, and both are kept
        files.setdefault(parent / f"{file_name(trace.request)}.jsonl", []).append(_encoder.encode(trace))
    return files


def _others(root: Path, files: Mapping[Path, object]) -> list[Path]:
    return [path for path in (root / FOLDER / TRACES).glob("*.jsonl") if path not in files]


def read_traces(path: Path) -> Iterator[Trace]:
    """The traces of one file, in order."""
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        yield from_json(line, Trace, f"{path}, line {number}")


def file_name(name: str) -> str:
    """A request's name as a file name: letters, digits, `-` and `_`; the rest becomes `-`."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in name).strip("-")
    return kept[:80] or "request"
