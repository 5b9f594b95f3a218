"""Runs schemathesis over the published document: many generated requests, none answered with 500 or undocumented."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from booking_ground import BookingGround

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
)
HERE = Path(__file__).parent
ADMIN = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many requests were sent, whether all answers were as documented, and what schemathesis printed."""

    cases: int
    good: bool
    printed: str


def run(ground: BookingGround, folder: Path, *, each: int, phases: str, seed: int, limit: float) -> Outcome:
    """Sends about `each` requests for an operation, as an administrator; takes at most `limit` seconds."""
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"http://127.0.0.1:{ground.port}/openapi.json",
        "--header", f"Authorization: Bearer {ground.token(ADMIN)}", "--checks", ",".join(CHECKS),
        "--max-examples", str(each), "--phases", phases, "--seed", str(seed), "--workers", "2", "--no-color",
        "--continue-on-failure", "--suppress-health-check", "all", "--generation-database", "none",
        "--request-timeout", "60",
    ]  # fmt: skip
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "openapi_hooks", "PYTHONPATH": str(HERE)}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=limit, check=False
    )
    found = re.search(r"([\d,]+) generated", done.stdout)
    assert found, done.stdout[-3000:] + done.stderr[-3000:]
    return Outcome(int(found[1].replace(",", "")), done.returncode == 0, done.stdout)
