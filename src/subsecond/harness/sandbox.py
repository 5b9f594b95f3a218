"""Where a patch from elsewhere runs: bubblewrap, with a file tree, an environment and a network of its own.

In there are the system's libraries, the app's interpreter, the agent, the copy that is judged and what its arm names,
all else of the machine's files is absent. The network holds a loopback device and nothing else; the arm's database and
the app's own port are relayed (`relay.py`). The process ids are the sandbox's own, so it reaches no other process, and
what it leaves behind ends with it.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from subsecond import store
from subsecond.errors import EXIT_FAILED, SubsecondError
from subsecond.harness import processes, relay
from subsecond.harness.environment import PythonFacts
from subsecond.model.confinement import Confinement, Way
from subsecond.model.target import Target
from subsecond_agent import protocol

PROGRAM = "bwrap"
PREFIX = "sandbox-"
PROBE_SECONDS = 10.0
HOME = "/tmp/home"
PASSED = ("PATH", "LANG", "LANGUAGE", "TZ", "TERM")
"""Variables of ours that hold no secret; with them `LC_…`. All others must be named (`[sandbox]`, `env`)."""
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
_ETC = (
    "alternatives", "ca-certificates", "crypto-policies", "debian_version", "fonts", "gai.conf", "group", "host.conf",
    "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "locale.alias", "mime.types", "nsswitch.conf",
    "os-release", "passwd", "pki/tls/certs", "protocols", "python3", "services", "ssl/certs", "ssl/openssl.cnf",
    "static", "timezone",
)  # fmt: skip
"""What programs read of /etc, without what may hold a secret."""
_POSTGRES_SOCKETS = ("/run/postgresql", "/var/run/postgresql", "/tmp/.s.PGSQL.5432")
_CHILDREN = Path(__file__).parent / "children"
_HELPER = _CHILDREN / "confined.py"
_LOOPBACK = ("localhost", "127.0.0.1", "::1", "")
_HINT = (
    "install it (apt install bubblewrap), or read the patches and give --trust-patch: they then run with your rights"
)


@functools.cache
def unavailable() -> str | None:
    """Why no sandbox can be had on this machine, in one line; None where one can. Tried once, by really making one."""
    program = shutil.which(PROGRAM)
    if program is None:
        return "bubblewrap is not installed"
    command = [program, "--ro-bind", "/", "/", "--unshare-all", "--dev", "/dev", "--proc", "/proc", "true"]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=PROBE_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        return f"bubblewrap cannot be run: {getattr(problem, 'strerror', None) or 'it does not end'}"
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        return f"bubblewrap makes no sandbox here: {said[0]}"
    return None


def require() -> None:
    """Raises SubsecondError where a patch from elsewhere cannot be kept to its arm."""
    if why := unavailable():
        raise SubsecondError("untrusted-patch", f"{why}, so a patch cannot be kept to its copy and its arm; {_HINT}")


def inherited(target: Target) -> dict[str, str]:
    """The variables of ours that the app's process gets: all, of a confined one those that hold no secret."""
    if target.confinement is None:
        return dict(os.environ)
    names = (*PASSED, *target.allowed.env, *(name for name in os.environ if name.startswith("LC_")))
    return {name: os.environ[name] for name in names if name in os.environ} | {"HOME": HOME}


def widened(target: Target, **more: Sequence[Any]) -> Target:
    """The target with more in its sandbox: `ways`, `writable`, `readable`; as it is where it is not confined."""
    old = target.confinement
    if old is None:
        return target
    whole: dict[str, Any] = {name: (*getattr(old, name), *added) for name, added in more.items()}
    return replace(target, confinement=replace(old, **whole))


@dataclass
class Inside:
    """A command as it is to be started."""

    command: list[str]
    _end: socket.socket | None = None
    """Goes to the command's process and is kept by no other."""

    def spawn(self, *, cwd: Path, env: Mapping[str, str], stdout: int, stderr: int) -> subprocess.Popen[bytes]:
        """Its process, leader of a session of its own, without standard input. Raises OSError."""
        child = subprocess.Popen(
            self.command, cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
            start_new_session=True, pass_fds=(self._end.fileno(),) if self._end else (),
        )  # fmt: skip
        if self._end:
            self._end.close()
        return child


@contextmanager
def wrapped(
    command: Sequence[str], target: Target, facts: PythonFacts, *, port: int | None = None,
    writable: Sequence[Path] = (), readable: Sequence[Path] = (),
) -> Iterator[Inside]:  # fmt: skip
    """The command in its target's sandbox, or as it is where the target is not confined.

    `port`: where the app will listen, reached from here under the same number. `writable`, `readable`: what this
    command needs besides. Raises SubsecondError where the sandbox cannot be had.
    """
    if target.confinement is None:
        yield Inside(list(command))
        return
    require()
    confinement = widened(target, writable=writable, readable=readable).confinement
    assert confinement is not None
    ways = [*confinement.ways, *(Way(host=host, port=number) for host, number in target.allowed.connect)]
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=store.folder(target.home)) as folder:
        hosts = Path(folder) / "hosts"
        placed = _placed(ways)
        hosts.write_text(_hosts(placed))
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        helper = [str(facts.executable), "-I", "-S", str(_HELPER), str(theirs.fileno())]
        with _relayed(ours, placed, port), theirs:
            written = _copied(target.allowed.write, Path(folder))
            yield Inside([*_bubblewrap(target, facts, confinement, hosts, written), *helper, *command], theirs)


def _copied(paths: Sequence[Path], folder: Path) -> list[tuple[Path, Path]]:
    """(a copy, what it stands in for) of each. Raises SubsecondError where one cannot be copied."""
    found = []
    for number, path in enumerate(paths):
        copy = folder / f"written-{number}"
        try:
            if path.is_dir():
                shutil.copytree(path, copy, symlinks=True)
            else:
                shutil.copy2(path, copy)
        except (OSError, shutil.Error) as problem:
            text = f"[sandbox] write: {path} cannot be copied: {getattr(problem, 'strerror', None) or problem}"
            raise SubsecondError("not-copied", text, exit_code=EXIT_FAILED) from None
        found.append((copy, path))
    return found


def _placed(ways: Sequence[Way]) -> list[tuple[Way, str]]:
    """Each way with its address in the sandbox: another machine gets a loopback address of its own."""
    found: dict[tuple[str, int], tuple[Way, str]] = {}
    others: dict[str, str] = {}
    for way in ways:
        inside = relay.LOOPBACK
        if way.host not in _LOOPBACK:
            inside = others.setdefault(way.host, f"127.0.0.{len(others) + 2}")
        found.setdefault((inside, way.port), (way, inside))
    return list(found.values())


def _hosts(placed: Sequence[tuple[Way, str]]) -> str:
    names = {way.host: inside for way, inside in placed if inside != relay.LOOPBACK}
    lines = ["127.0.0.1 localhost", "::1 localhost", f"127.0.0.1 {socket.gethostname()}"]
    return "\n".join([*lines, *(f"{inside} {name}" for name, inside in names.items()), ""])


@contextmanager
def _relayed(control: socket.socket, placed: Sequence[tuple[Way, str]], port: int | None) -> Iterator[None]:
    """The relay, as a process of its own; it ends with us, also where we are killed."""
    ways = [
        {"host": way.host or relay.LOOPBACK, "port": way.port, "inside": inside, "databases": list(way.databases)}
        for way, inside in placed
    ]
    task = json.dumps({"control": control.fileno(), "port": port, "ways": ways})
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", str(Path(relay.__file__).absolute()), task], stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(control.fileno(),), cwd="/",
        start_new_session=True,
    )  # fmt: skip
    control.close()
    try:
        yield
    finally:
        processes.close(child, PROBE_SECONDS)


def _bubblewrap(
    target: Target, facts: PythonFacts, confinement: Confinement, hosts: Path, written: Sequence[tuple[Path, Path]]
) -> list[str]:
    program = shutil.which(PROGRAM)
    assert program is not None
    words = [program, "--unshare-all", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--dir", HOME]
    for place in _SYSTEM:
        words += _link_or_bind(place)
    for name in _ETC:
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    words += ["--ro-bind", str(hosts), "/etc/hosts"]
    own = Path(protocol.__file__).absolute().parent
    for path in (*_interpreter(target, facts), own, _CHILDREN, *confinement.readable, *target.allowed.read):
        words += ["--ro-bind-try", str(path), str(path)]
    for path in (confinement.tree, *confinement.writable):
        words += ["--bind", str(path), str(path)]
    for copy, path in written:
        words += ["--bind", str(copy), str(path)]
    return [*words, "--chdir", str(target.cwd), "--"]


def _link_or_bind(place: str) -> list[str]:
    """A folder of the system as it is there: /bin is a link to /usr/bin on most."""
    if os.path.islink(place):
        return ["--symlink", os.readlink(place), place]
    return ["--ro-bind-try", place, place]


def _interpreter(target: Target, facts: PythonFacts) -> list[Path]:
    """Folders of the app's Python, its environment and its packages, but none of the project's own code."""
    project, environment = target.home.resolve(), facts.prefix.resolve()
    kept = [facts.prefix, facts.base_prefix]
    for path in facts.path:
        place = path.resolve()
        own = project.is_relative_to(place) or place.is_relative_to(project)
        if path.exists() and (not own or place.is_relative_to(environment)):
            kept.append(path)
    link = facts.executable  # a virtual environment's python is a link to a link
    while link.is_symlink():
        link = link.parent / link.readlink()
        kept.append(link)
    found: list[Path] = []
    for path in dict.fromkeys(kept):
        if not any(path.is_relative_to(one) for one in [*map(Path, _SYSTEM), *found]):
            found.append(path)
    return found


def sockets_of(host: str | None, port: int | None) -> list[Path]:
    """Where libpq looks for PostgreSQL's Unix socket: its folder, or the usual ones."""
    if host and host.startswith("/"):
        return [Path(host)]
    places = _POSTGRES_SOCKETS if host is None else ()
    return [Path(one.replace("5432", str(port or 5432))) for one in places]
