"""The command line of the Discovery Platform."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from discovery.ground import databases, platform
from discovery.ground.data.scales import SCALES
from discovery.ground.failure import Failure
from discovery.settings import DEFAULT_PORTS, DEFAULT_SCALE, DEFAULT_SEED, DEMO_PASSWORD, DEMO_USER_ID

EXAMPLES = """\
examples:
  python -m discovery up                      the whole platform with medium data; a minute the first time
  python -m discovery up --scale full         2 million bookings: the legacy version takes about ten seconds a request
  python -m discovery status --json
  python -m discovery copy-database discovery_try --indexed
  python -m discovery drop-database discovery_try
  python -m discovery bench --scale full --write-results
  python -m discovery down                    stops everything; --purge removes the data too

environment:
  DATABASE_URL        a PostgreSQL server to use instead of the embedded one; its role may create databases
  REDIS_URL           a key-value store to use instead of the embedded Valkey
  OTEL_EXPORTER_OTLP_ENDPOINT
                      a collector to use instead of the one that writes files
  DISCOVERY_VAR       the folder for data, logs and pid files (default: var, beside the package)
  DISCOVERY_LEGACY_PORT, DISCOVERY_OPTIMIZED_PORT, DISCOVERY_AUTH_PORT, DISCOVERY_POSTGRES_PORT,
  DISCOVERY_VALKEY_PORT, DISCOVERY_CACHE_PORT, DISCOVERY_CRM_PORT, DISCOVERY_OTLP_PORT
"""


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (1 to 65535)")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="python -m discovery",
        description="The Discovery Platform, an example API.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    up = verbs.add_parser("up", help="start everything that does not run yet")
    up.add_argument("--scale", choices=SCALES, help=f"amount of data (default: {DEFAULT_SCALE})")
    up.add_argument("--seed", type=int, help=f"of the data (default: {DEFAULT_SEED})")
    for name, port in DEFAULT_PORTS.items():
        up.add_argument(
            f"--{name}-port", type=_port, metavar="N", help=f"default {port}, or DISCOVERY_{name.upper()}_PORT"
        )
    down = verbs.add_parser("down", help="stop everything; the data stays")
    down.add_argument("--purge", action="store_true", help="remove data, keys and logs too")
    status = verbs.add_parser("status", help="what runs (exit code 1 unless all of it does)")
    status.add_argument("--json", action="store_true", help="for programs")
    copy = verbs.add_parser("copy-database", help="make another copy of the data; prints its URL")
    copy.add_argument("name", metavar="NAME", help="discovery_… or subsecond_…")
    how = copy.add_mutually_exclusive_group()
    how.add_argument("--indexed", action="store_true", help="with the optimized version's indexes")
    how.add_argument("--like", metavar="NAME", help="with the indexes of this working database")
    drop = verbs.add_parser("drop-database", help="drop a copy made by copy-database")
    drop.add_argument("name", metavar="NAME")
    verbs.add_parser("rotate-keys", help="give the auth service a new key pair, while everything runs")
    _add_bench(verbs)
    return top


def _add_bench(verbs: Any) -> None:
    bench = verbs.add_parser("bench", help="measure both versions side by side")
    bench.add_argument("--scale", choices=SCALES, default="full", help="amount of data (default: full)")
    bench.add_argument("--seed", type=int, default=DEFAULT_SEED)
    bench.add_argument(
        "--rtt",
        default="2ms",
        metavar="TIME",
        help="delay of each packet to the database, such as 2ms or 0 (default: 2ms)",
    )
    bench.add_argument("--quick", action="store_true", help="fewer requests")
    bench.add_argument("--json", action="store_true", help="print JSON instead of a table")
    bench.add_argument(
        "--beside", metavar="FOLDER", help="measure another state of the legacy version too, with its own migrations"
    )
    bench.add_argument("--write-results", action="store_true", help="also write RESULTS.md and results/<scale>.json")


def _up(given: argparse.Namespace) -> int:
    chosen = platform.default_ports()
    for name in DEFAULT_PORTS:
        chosen[name] = getattr(given, f"{name}_port") or chosen[name]
    state = platform.up(given.scale, given.seed, chosen)
    print(
        f"legacy     {state['apps']['legacy']}\noptimized  {state['apps']['optimized']}\nauth       {state['auth_url']}"
        f"\ndata       {state['scale']}, seed {state['seed']}"
        f"\nlog in as  user{DEMO_USER_ID}@example.com, password {DEMO_PASSWORD}"
    )
    return 0


def _down(given: argparse.Namespace) -> int:
    if not platform.down(purge=given.purge):
        print("discovery: nothing was running", file=sys.stderr)
    return 0


def _status(given: argparse.Namespace) -> int:
    found = platform.status()
    if given.json:
        print(json.dumps(found, indent=1))
    else:
        for name, part in found["parts"].items():
            port = f"port {part['port']}, " if part["port"] else ""
            where = f"{port}pid {part['pid']}" if part["pid"] else ""
            print(f"{name:10} {part['state']:8} {where}".rstrip())
        if found["scale"]:
            print(f"data       {found['scale']}, seed {found['seed']}, PostgreSQL {found['postgres_version']}")
    return 0 if found["running"] else 1


def _server() -> tuple[databases.Server, str]:
    """The server in use and the scale of its data."""
    server, state = platform.running_server(), platform.read_state()
    if server is None or state is None:
        raise Failure("the Discovery Platform is not running; run: python -m discovery up")
    return server, state["scale"]


def _copy(given: argparse.Namespace) -> int:
    server, scale = _server()
    kinds = dict(platform.WORKING.values())
    if given.like is not None and given.like not in kinds:
        raise Failure(f"copy-database --like {given.like}: the working databases are {' and '.join(kinds)}")
    print(databases.copy(server, given.name, scale, indexed=given.indexed or kinds.get(given.like, False)))
    return 0


def _drop(given: argparse.Namespace) -> int:
    databases.drop(_server()[0], given.name)
    return 0


def _bench(given: argparse.Namespace) -> int:
    from discovery.bench import command

    return command.run(given)


def _rotate(given: argparse.Namespace) -> int:
    del given
    print(f"new key {platform.rotate_keys()}; tokens of the old one stay good for as long as they live")
    return 0


VERBS = {
    "up": _up,
    "down": _down,
    "status": _status,
    "copy-database": _copy,
    "drop-database": _drop,
    "rotate-keys": _rotate,
    "bench": _bench,
}


def run(arguments: list[str]) -> int:
    """Run one command; returns the exit code, raises Failure."""
    given = parser().parse_args(arguments)
    try:
        return VERBS[given.verb](given)
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        raise Failure(f"{given.verb}: {what}") from error
