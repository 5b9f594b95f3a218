"""The example's own virtual environment, made from the hashed `requirements.lock`.

Runs under any Python from 3.11 on, before anything is installed: standard library only.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from discovery.ground.failure import Failure

MARKER = "installed-lock"  # written last: an environment without it is half made
MENDED = "DISCOVERY_ENVIRONMENT_MENDED"


def interpreter(folder: Path) -> Path:
    """The Python program of the virtual environment in folder."""
    return folder / "bin" / "python"


def fingerprint(lock: Path) -> str:
    """What must be the same for an environment to be usable: the lock's content and the Python that made it."""
    content = hashlib.sha256(lock.read_bytes()).hexdigest()
    return f"{content} python{sys.version_info[0]}.{sys.version_info[1]}\n"


def is_ready(folder: Path, lock: Path) -> bool:
    """Whether the environment is whole and was made from this lock; any Python from 3.11 on may have made it."""
    try:
        recorded = (folder / MARKER).read_text().split()
        wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    except OSError:
        return False
    return (
        len(recorded) == 2
        and recorded[0] == wanted
        and (folder / "lib" / recorded[1]).is_dir()
        and interpreter(folder).exists()
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a lock so that two calls at once do not build the same environment."""
    with open(folder.with_name(folder.name + ".lock"), "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _run(command: list[str], what: str) -> None:
    # PYTHONPATH and the like belong to the caller's Python, not to the one being made.
    clean = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(command, check=False, env=clean, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        tail = [line for line in done.stdout.splitlines() if line.strip()][-8:]
        raise Failure(f"{what} failed", *tail, "mend: check the network and the package index, then run it again")


def ensure(folder: Path, lock: Path) -> bool:
    """Make or mend the environment in folder from lock. Returns whether anything had to be done; raises Failure."""
    if is_ready(folder, lock):
        return False
    with _alone(folder):
        if is_ready(folder, lock):
            return False
        print(f"discovery: making {folder.name} from {lock.name} (once, about half a minute) ...", file=sys.stderr)
        (folder / MARKER).unlink(missing_ok=True)
        _run([sys.executable, "-m", "venv", "--clear", str(folder)], "making the virtual environment")
        pip = [str(interpreter(folder)), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        _run([*pip, "--require-hashes", "-r", str(lock)], f"installing {lock.name}")
        (folder / MARKER).write_text(fingerprint(lock))
        return True


def enter(folder: Path, lock: Path, arguments: list[str], root: Path) -> None:
    """Continue in the environment: returns when this process already runs in it, else replaces the process."""
    if Path(sys.prefix).resolve() == folder.resolve() and is_ready(folder, lock):
        return
    ensure(folder, lock)
    _become(folder, arguments, root)


def mend(folder: Path, arguments: list[str], root: Path, missing: str) -> None:
    """A locked package cannot be imported: remake the environment once, then start again."""
    if os.environ.get(MENDED):
        raise Failure(
            f"{missing} cannot be imported although {folder.name} was just made",
            f"mend: remove the folder {folder.name} and run it again",
        )
    print(f"discovery: {folder.name} lacks {missing}; it is made again", file=sys.stderr)
    (folder / MARKER).unlink(missing_ok=True)
    os.environ[MENDED] = "1"
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    _become_program(str(base), arguments, root)


def _become(folder: Path, arguments: list[str], root: Path) -> None:
    _become_program(str(interpreter(folder)), arguments, root)


def _become_program(program: str, arguments: list[str], root: Path) -> None:
    # The package must be found wherever the caller stands.
    others = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part and part != str(root)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(root), *others])}
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(program, [program, "-m", "discovery", *arguments], environment)
