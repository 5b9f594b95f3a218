"""Has one request of an arm counted: statements, rows, check-outs and the places that opened a session."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from discovery.bench.arms import Arm
from discovery.bench.client import Request
from discovery.ground.failure import Failure
from discovery.settings import var_folder

LIMIT = 300.0  # seconds for one counting run
COUNTED = Path(__file__).with_name("counted.py")


def run(arm: Arm, request: Request) -> dict[str, Any]:
    """Count one request of an arm in a process of its own; raises Failure when it does not answer 200."""
    log = var_folder() / "log" / f"bench-{arm.version}-counting.log"
    command = [
        sys.executable,
        "-P",  # the modules beside it are not the application's
        str(COUNTED),
        arm.package,
        request.path,
        *filter(None, [request.token]),
    ]
    what = f"counting {request.name} of {arm.version}"
    with open(log, "wb") as errors:
        try:
            done = subprocess.run(
                command,
                check=False,
                env=arm.variables(arm.direct),
                cwd=arm.root,
                stdout=subprocess.PIPE,
                stderr=errors,
                timeout=LIMIT,
            )
        except subprocess.TimeoutExpired:
            raise Failure(f"{what} took longer than {LIMIT:.0f} s", f"log: {log}") from None
    lines = done.stdout.decode().splitlines()
    if done.returncode or not lines:
        raise Failure(f"{what} failed", *_tail(log), f"log: {log}")
    counted: dict[str, Any] = json.loads(lines[-1])
    if counted["status"] != 200:
        raise Failure(f"{what}: the application answered {counted['status']}", f"log: {log}")
    return counted


def _tail(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines()[-4:]
