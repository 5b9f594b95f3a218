"""Writes the slow application as a git repository of its own, without anything that tells how it was made quick."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from benchmarks.optimize.platform import EXAMPLE, PYTHON, Platform, stop
from benchmarks.optimize.without import EDITS, LEFT_OUT, TOLD

REPOSITORY = EXAMPLE.parents[1]
CONFIGURATION = """\
# How subsecond starts the application: its own copy on a free port, against a running platform.
name = "discovery"
app = "discovery.legacy.wsgi:app"
run = "gunicorn --worker-class gevent --workers 1 --timeout 120 --bind 127.0.0.1:{{port}} {{app}}"
python = ".venv/bin/python"
requests = ["requests.http"]
code = ["discovery"]
goal = "500ms"
rtt = "2ms"
data = "copy"
copy_database = "{copy}"
migrate = "alembic upgrade head"
migrate_down = "alembic downgrade {{version}}"

[env]
DISCOVERY_VAR = {var}

[sandbox]
read = {read}
connect = {connect}
"""
README = """\
# The Discovery Platform

A web API that finds rooms and desks: Flask, SQLAlchemy, PostgreSQL, gunicorn with gevent workers. `discovery/legacy`
holds the two endpoints that people wait for, `/v1/discovery` and `/v1/locations/{id}/detail`; `discovery/*` the rest of
the API; `migrations` the tables (Alembic; a new revision is a new file in `migrations/versions`).
"""
IGNORED = ".venv/\n.subsecond/\n__pycache__/\n"


COPY = "copy-discovery-database {name}"
"""The command for a copy of the data as it is."""
CITY = "lisbon"
NOTES = Path(".git") / "subsecond-benchmark.json"
"""How a folder was exported, and minutes and proposer of the runs on it; no file of the application."""


def export(folder: Path, platform: Platform, city: str = CITY, candidates: int | None = None) -> str:
    """Write the application into a folder that is new or empty; returns its first commit.

    `city` is whose list the requests ask for; `candidates` shortens the lists in copies of the data, so that a gate's
    hundreds of requests take minutes while the application is still slow.

    It is taken from HEAD, so what somebody edits meanwhile is not in it. Ends the command where the folder holds
    something or the example is not what the edits here know.
    """
    if folder.exists() and any(folder.iterdir()):
        raise stop(f"{folder} is not empty; give a new folder")
    if not PYTHON.exists():
        raise stop("the example has no environment yet; run python -m discovery up in examples/discovery once")
    folder.mkdir(parents=True, exist_ok=True)
    _write_files(folder)
    told = {"var": str(platform.var), "read": list(map(str, platform.read)), "connect": list(platform.connect)}
    copy = COPY if candidates is None else f"{COPY} {candidates}"
    configuration = CONFIGURATION.format(copy=copy, **{name: json.dumps(value) for name, value in told.items()})
    (folder / "subsecond.toml").write_text(configuration)
    (folder / "README.md").write_text(README)
    (folder / ".gitignore").write_text(IGNORED)
    _edit(folder / "requests.http", "http://127.0.0.1:8103", platform.auth_url)
    requests = folder / "requests.http"
    requests.write_text(requests.read_text().replace(f"city={CITY}", f"city={city}"))
    _check(folder)
    _environment(folder / ".venv")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "The application as it is")
    (folder / NOTES).write_text(json.dumps({"city": city, "candidates": candidates}) + "\n")
    return git(folder, "rev-parse", "HEAD").strip()


def git(folder: Path, *arguments: str) -> str:
    """What a git command prints, under a name of its own and without the user's settings."""
    who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in (
        ("NAME", "subsecond benchmark"), ("EMAIL", "benchmark@example.com"))}  # fmt: skip
    env = {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(["git", "-C", str(folder), *arguments], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise stop(f"git {arguments[0]} in {folder}: {(done.stderr.strip().splitlines() or ['it failed'])[-1]}")
    return done.stdout


def unpack(repository: Path, commit: str, folder: Path, below: str = "") -> None:
    """The files of a commit, or of one folder in it, written into `folder`."""
    name = f"{commit}:{below}" if below else commit
    done = subprocess.run(
        ["git", "-C", str(repository), "archive", "--format=tar", name], capture_output=True, check=False
    )
    if done.returncode:
        raise stop(f"git archive {name}: {done.stderr.decode(errors='replace').strip()}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        # what git itself has just packed; Pythons before 3.11.4 know no filter, later ones ask for one
        filtered = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(folder, **filtered)  # type: ignore[arg-type]


def _write_files(folder: Path) -> None:
    unpack(REPOSITORY, "HEAD", folder, EXAMPLE.relative_to(REPOSITORY).as_posix())
    for name in LEFT_OUT:
        path = folder / name
        if not path.exists():
            raise stop(f"export: {name} is no longer in the example; benchmarks/optimize/export.py must follow it")
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name, old, new in EDITS:
        _edit(folder / name, old, new)


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    if text.count(old) != 1:
        raise stop(f"export: {path.name} no longer holds {old!r} once; benchmarks/optimize/export.py must follow it")
    path.write_text(text.replace(old, new))


def _check(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and (found := TOLD.search(path.read_text(errors="replace"))):
            raise stop(f"export: {path.relative_to(folder)} still says {found[0]!r}; nothing was committed")


def _environment(venv: Path) -> None:
    """The example's environment under a path of its own, so that nothing in it leads back to the example."""
    source = PYTHON.parents[1]
    shutil.copytree(source, venv, symlinks=True, copy_function=_linked)
    scripts = venv / "bin"
    for path in sorted(scripts.iterdir()):
        if path.is_symlink() or not path.is_file():
            continue
        text = path.read_bytes()
        path.unlink()  # the file may be the example's own, under a second name
        if text.startswith(f"#!{source}".encode()):
            path.write_bytes(text.replace(str(source).encode(), str(venv).encode()))
            path.chmod(0o755)
    _script(scripts / "copy-discovery-database", venv, Path(__file__).with_name("copy_database.py").read_text())


def _script(path: Path, venv: Path, text: str) -> None:
    path.write_text(f"#!{venv / 'bin' / 'python'}\n{text}")
    path.chmod(0o755)


def _linked(source: str, copy: str) -> None:
    """The same file under a second name where the file system allows it: 200 MB less to write."""
    try:
        os.link(source, copy)
    except OSError:
        shutil.copy2(source, copy)
