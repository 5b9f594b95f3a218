"""`.subsecond/` files <-> model. The only module that knows the JSON library."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from subsecond.errors import SubsecondError
from subsecond.model.audit import Audit
from subsecond.model.trace import Trace

T = TypeVar("T")
FOLDER = ".subsecond"
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


def plain(value: object) -> Any:
    """A model value as dicts, lists, strings and numbers."""
    return msgspec.to_builtins(value)


def schema(kind: type) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a model class."""
    return msgspec.json.schema(kind)


def write(path: Path, lines: Iterable[bytes | str]) -> None:
    """Write a file whole or not at all: a temporary neighbour, then a rename. SubsecondError where it cannot be."""
    try:
        _write(path, lines)
    except OSError as problem:
        raise not_writable(path, problem) from None


def _write(path: Path, lines: Iterable[bytes | str]) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as out:
            for line in lines:
                out.write(line if isinstance(line, bytes) else line.encode())
                out.write(b"\n")
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_audit(root: Path, audit: Audit) -> Path:
    """`findings.json`: the audit's JSON. Units and keys: `subsecond.model.audit`."""
    path = folder(root) / "findings.json"
    write(path, [to_json(audit)])
    return path


def read_audit(root: Path) -> Audit:
    """The last audit of the project."""
    path = root / FOLDER / "findings.json"
    if not path.exists():
        raise SubsecondError("no-audit", f"{path} does not exist; run `subsecond audit` first")
    try:
        text = path.read_bytes()
    except OSError as problem:
        raise SubsecondError("store-unreadable", f"{path}: {problem.strerror}; remove it and audit again") from None
    return from_json(text, Audit, str(path))


def write_traces(root: Path, traces: Iterable[Trace]) -> list[Path]:
    """`traces/<request>.jsonl`, one line a trace; traces of earlier audits are removed."""
    parent = folder(root) / "traces"
    try:
        if parent.is_symlink():  # files of somebody else would be removed below as traces of an earlier audit
            raise NotADirectoryError(errno.ENOTDIR, "a link, not a folder of ours")
        parent.mkdir(mode=0o700, exist_ok=True)
    except OSError as problem:
        raise not_writable(parent, problem) from None
    by_request: dict[str, list[Trace]] = {}
    for trace in traces:
        by_request.setdefault(trace.request, []).append(trace)
    paths = []
    for request, group in by_request.items():
        path = parent / f"{file_name(request)}.jsonl"
        write(path, [_encoder.encode(trace) for trace in group])
        paths.append(path)
    for old in parent.glob("*.jsonl"):
        if old not in paths:
            old.unlink()
    return paths


def read_traces(path: Path) -> Iterator[Trace]:
    """The traces of one file, in order."""
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        yield from_json(line, Trace, f"{path}, line {number}")


def file_name(name: str) -> str:
    """A request's name as a file name: letters, digits, `-` and `_`; the rest becomes `-`."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in name).strip("-")
    return kept[:80] or "request"
