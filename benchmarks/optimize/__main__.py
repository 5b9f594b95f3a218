"""A real application made quick by `subsecond optimize`, and the record of it: `python -m benchmarks.optimize`.

Without a verb: the committed record's patches go through the gates again on small data, and before, after and the
version written by hand are measured side by side. `--help` names the verbs that make such a record.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.optimize import hand_over
from benchmarks.optimize.platform import SMALL, default_var, stop

SCALES = ("small", "medium", "full")


def main() -> int:
    """Run one verb -> the exit code. SIGTERM ends it like an interrupt, so that what it started is stopped."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    options = _parser().parse_args()
    return int(options.verb(options))


def _parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m benchmarks.optimize", description=__doc__)
    top.set_defaults(verb=_replay, folder=None, no_measure=False)
    _replaying(top)
    verbs = top.add_subparsers(metavar="VERB")
    export = _verb(verbs, "export", _export, "write the slow application as a repository of its own")
    export.add_argument("folder", type=Path)
    export.add_argument("--var", type=Path, default=default_var(), help="folder of the platform that is up")
    export.add_argument("--city", default="lisbon", help="whose list the requests ask for; porto has few items")
    export.add_argument("--candidates", type=int, help="shorten the lists in the copies that gates ask")
    run = _verb(verbs, "run", _run, "audit, optimise, measure and record an exported application")
    run.add_argument("folder", type=Path)
    who = run.add_mutually_exclusive_group(required=True)
    who.add_argument("--assistant", dest="who", action="store_const", const="assistant", help="by hand-overs")
    who.add_argument("--fixers", dest="who", action="store_const", const="fixers", help="by the tool's own fixers")
    run.add_argument("--into", type=Path, help="folder of the hand-overs (default: FOLDER-handover)")
    run.add_argument("--goal", default="500ms")
    run.add_argument("--minutes", type=int, default=240, help="time for this run of optimize")
    run.add_argument("--answer-minutes", type=float, default=60.0, help="time to answer one hand-over")
    run.add_argument("--audit-budget", default="10m", help="time for the audit's trials")
    run.add_argument("--endpoint", help="only steps about this request, such as discovery")
    run.add_argument("--optimize", nargs=argparse.REMAINDER, default=[], help="further words for subsecond optimize")
    run.add_argument("--no-measure", action="store_true", help="leave the measuring to the verb measure")
    _measuring(run)
    measure = _verb(verbs, "measure", _measure, "measure and record what the last run came to")
    measure.add_argument("folder", type=Path)
    measure.add_argument("--into", type=Path)
    _measuring(measure)
    hand = _verb(verbs, "hand-over", _hand_over, "the assistant's command: wait for somebody's edits")
    hand.add_argument("prompt_file", type=Path)
    hand.add_argument("--into", type=Path, required=True)
    hand.add_argument("--minutes", type=float, default=60.0)
    wait = _verb(verbs, "next", _next, "wait for the next hand-over and say where it is")
    wait.add_argument("into", type=Path)
    wait.add_argument("--minutes", type=float, default=9.0)
    again = _verb(verbs, "replay", _replay, "judge the record's patches again and measure")
    again.add_argument("folder", type=Path, nargs="?", help="keep the application there, and go on where it stopped")
    again.add_argument("--no-measure", action="store_true", help="only judge")
    _replaying(again)
    anew = _verb(verbs, "remeasure", _remeasure, "measure what a record kept again, on the full data, without judging")
    anew.add_argument("who", choices=("assistant", "fixers"), help="whose record")
    anew.add_argument("--rtt", default="2ms", help="round trip to the database while measuring")
    _replaying(anew)
    _verb(verbs, "section", _section, "the section of RESULTS.md about the runs of results/optimize.json")
    equal = _verb(verbs, "equality", _equality, "thousands of requests, before against after, on small data")
    equal.add_argument("folder", type=Path)
    equal.add_argument("--commit", help="compare this commit (default: what the last run came to)")
    equal.add_argument("--var", type=Path, default=default_var())
    equal.add_argument("--skip", type=int, default=0, help="begin after so many requests, to go on in parts")
    equal.add_argument("--first", type=int, help="at most so many requests")
    return top


def _verb(verbs: Any, name: str, function: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    parser.set_defaults(verb=function)
    return parser


def _measuring(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--var", type=Path, default=default_var(), help="folder of the platform that is up")
    parser.add_argument("--scale", choices=SCALES, default="full", help="data to measure on")
    parser.add_argument("--rtt", default="2ms", help="round trip to the database while measuring")
    parser.add_argument("--quick", action="store_true", help="fewer requests")
    parser.add_argument("--no-write", action="store_true", help="print only, leave results and record alone")


def _replaying(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quick", action="store_true", help="fewer requests while measuring")
    parser.add_argument("--no-write", action="store_true", help="print only, leave the result alone")


def _export(options: argparse.Namespace) -> int:
    from benchmarks.optimize.export import export
    from benchmarks.optimize.platform import running

    commit = export(options.folder.absolute(), running(options.var.absolute()), options.city, options.candidates)
    print(f"{options.folder}: the application as it is, commit {commit}")
    return 0


def _run(options: argparse.Namespace) -> int:
    from benchmarks.optimize import run
    from benchmarks.optimize.platform import running

    folder = options.folder.absolute()
    running(options.var.absolute())
    found = run.run(
        folder,
        run.Options(
            who=options.who, handed_over=_into(options), goal=options.goal, minutes=options.minutes,
            answer_minutes=options.answer_minutes, audit_budget=options.audit_budget, endpoint=options.endpoint,
            extra=[word for word in options.optimize if word != "--"],
        ),
    )  # fmt: skip
    for one in found.attempts:
        print(f"{one.number:3} {one.kind:24}{one.outcome:10}{one.why}")
    return 0 if options.no_measure else _measure(options)


def _measure(options: argparse.Namespace) -> int:
    from benchmarks import _result
    from benchmarks.optimize import measured, result, run, transcript
    from benchmarks.optimize.platform import running

    folder = options.folder.absolute()
    found, who = run.outcome(folder), run.who(folder)
    platform = running(options.var.absolute())
    with _result.alone():
        load = os.getloadavg()[0]
        bench = measured.measured(folder, found.result, platform, options.scale, options.rtt, quick=options.quick)
    endpoints = measured.endpoints(bench)
    print(measured.table(endpoints))
    if options.no_write:
        return 0
    figures = result.run_figures(found.attempts, endpoints, run.minutes(folder), _conditions(bench))
    print(result.write(who, figures, load, full=options.scale == result.FULL and not options.quick))
    record = transcript.RECORDS[who]
    print(f"{transcript.write(folder, found.attempts, _into(options), record)} attempts recorded in {record.name}")
    return 0


CONDITIONS = ("scale", "rtt_ms", "quick", "load_average", "load_average_after", "loop_seconds")
"""What each run says of its own measuring; runs of one file may have been measured differently."""


def _conditions(bench: dict[str, Any]) -> dict[str, Any]:
    return {name: bench[name] for name in CONDITIONS}


def _into(options: argparse.Namespace) -> Path:
    folder: Path = options.folder.absolute()
    return (options.into or folder.with_name(f"{folder.name}-handover")).absolute()


def _hand_over(options: argparse.Namespace) -> int:
    return hand_over.hand_over(options.into.absolute(), options.prompt_file, options.minutes)


def _next(options: argparse.Namespace) -> int:
    return hand_over.wait(options.into.absolute(), options.minutes)


def _replay(options: argparse.Namespace) -> int:
    from benchmarks import _result
    from benchmarks.optimize import measured, result, transcript
    from benchmarks.optimize.export import export
    from benchmarks.optimize.platform import own, running
    from benchmarks.optimize.replay import replay

    turns = transcript.read()
    if not turns:
        print(
            f"there is no record in {transcript.FOLDER.name}/ yet; `run FOLDER --assistant` makes one", file=sys.stderr
        )
        return 0
    with ExitStack() as stack:
        stack.enter_context(_result.alone())
        if options.folder is None:
            platform = stack.enter_context(own())
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="subsecond-benchmark-"))
            project = Path(folder) / "discovery"
        else:
            platform, project = running(default_var(), SMALL), options.folder.absolute()
        load = os.getloadavg()[0]
        if not (project / "subsecond.toml").exists():
            export(project, platform, **transcript.exported())
        found = replay(project, turns)
        for line in found.changed:
            print(line)
        if options.no_measure:
            return 1 if found.changed else 0
        bench = measured.measured(project, found.commit, platform, SMALL, "2ms", quick=options.quick)
    endpoints = measured.endpoints(bench)
    print(measured.table(endpoints))
    if not options.no_write:
        spent = sum(one.seconds or 0.0 for one in found.attempts) / 60
        figures = result.run_figures(found.attempts, endpoints, spent, _conditions(bench))
        print(result.write("replay", figures, load, full=False))
    return 1 if found.changed else 0


def _remeasure(options: argparse.Namespace) -> int:
    from benchmarks import _result
    from benchmarks.optimize import measured, result, transcript
    from benchmarks.optimize.export import export
    from benchmarks.optimize.platform import own

    record = transcript.RECORDS[options.who]
    before = json.loads((_result.RESULTS / "optimize.json").read_text())["runs"][options.who]
    with _result.alone(), own() as platform, tempfile.TemporaryDirectory(prefix="subsecond-benchmark-") as folder:
        load = os.getloadavg()[0]
        project = Path(folder) / "discovery"
        export(project, platform, **transcript.exported(record))
        commit = transcript.committed(project, record)
        bench = measured.measured(project, commit, platform, result.FULL, options.rtt, quick=options.quick)
    endpoints = measured.endpoints(bench)
    print(measured.table(endpoints))
    if not options.no_write:
        figures = {**before, "endpoints": endpoints, "conditions": _conditions(bench)}
        print(result.write(options.who, figures, load, full=not options.quick))
    return 0


def _section(options: argparse.Namespace) -> int:
    from benchmarks import _result
    from benchmarks.optimize.section import section

    del options
    path = _result.RESULTS / "optimize.json"
    if not path.exists():
        raise stop("there is no results/optimize.json yet; the verb measure writes it on the full data")
    print(section(json.loads(path.read_text())))
    return 0


def _equality(options: argparse.Namespace) -> int:
    from benchmarks.optimize import run
    from benchmarks.optimize.equality import equality
    from benchmarks.optimize.platform import running
    from benchmarks.optimize.requests import requests

    folder = options.folder.absolute()
    platform = running(options.var.absolute(), SMALL)
    candidate = options.commit or run.outcome(folder).result
    wanted = requests(platform)[options.skip :][: options.first]
    found = equality(folder, run.base_of(folder), candidate, wanted)
    for line in found.different:
        print(line)
    by_status = ", ".join(f"{status}: {count}" for status, count in sorted(found.statuses.items()))
    print(f"{found.compared} answers compared ({by_status}), {len(found.different)} requests answered otherwise")
    return 1 if found.different else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        raise stop("interrupted") from None
