"""Checks every patch of the corpus against the applications alone, without the tool that it judges.

`python benchmarks/gates/verify.py [ID …] [--jobs N]` (working directory: anywhere). Every patch has to apply. A wrong
one has to show its fault in the way its line in `patches.jsonl` says under `check`:

answer   one of `requests` (or its `variation`, or the whole `sequence`) answers differently, or leaves other
         rows behind; with `shake` only when the tables are read backwards, so that ties fall the other way
cost     more statements, rows, check-outs or (`held`) seconds with a connection
time     at least 20 % slower, by processor or by waiting
import   the import raises, or does not end
hang     two overlapping requests, or the second of two, never answer
file     changes something else than the application's package
present  imports and answers as before: the fault is what it does to whoever measures

A right one has to give the same answers, cold and warm, for all requests, and also for edge values of what it touches,
with and without shaken plans, for no more statements, rows and check-outs, and to leave the same rows behind.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

HERE = Path(__file__).resolve().parent
NUMBERS = (None, "", "0", "-1", "2", "99999", "abc")
TEXTS = (None, "", "0", "abc", "2026-12-31", "2026-02", "N", "1-2")
DEADLINE = 240.0


def requests_of(app: str) -> list[dict]:
    found = []
    for block in re.split(r"^### ", (HERE / "apps" / app / "requests.http").read_text(), flags=re.M)[1:]:
        head, _, body = block.partition("\n\n")
        name, first, *headers = head.splitlines()
        method, url = first.split(" ", 1)
        found.append(
            {
                "name": name.strip(),
                "method": method,
                "url": url.replace("http://{{host}}", ""),
                "headers": dict(line.split(": ", 1) for line in headers),
                "body": body.strip(),
            }
        )
    return found


def varied(step: dict, variation: dict) -> dict:
    step = {**step, "headers": dict(step["headers"])}
    parts = urlsplit(step["url"])
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    for key, value in variation.items():
        if key == "url":
            return {**step, "url": value}
        if key == "body":
            step["body"] = value if isinstance(value, str) else json.dumps(value)
            continue
        target = step["headers"] if key.startswith("X-") else query
        if value is None:
            target.pop(key, None)
        else:
            target[key] = value
    step["url"] = parts.path + ("?" + urlencode(query, safe=",") if query else "")
    return step


def edges(step: dict) -> list[dict]:
    parts = urlsplit(step["url"])
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    found = [varied(step, {key: value}) for key in query for value in (NUMBERS if query[key].isdigit() else TEXTS)]
    for number in re.findall(r"(?<=/)\d+(?=/|$)", parts.path):
        for value in ("0", "1", "2", "99999"):
            found.append({**step, "url": step["url"].replace(f"/{number}", f"/{value}", 1)})
    found += [varied(step, {key: value}) for key in step["headers"] if key[:2] == "X-" for value in (None, "0", "8")]
    return found


class Bench:
    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="gates-"))
        self.known: dict[str, dict] = {}
        self.lock = threading.Lock()
        self.quick = False
        self.own = threading.local()
        self.probers: list[subprocess.Popen] = []
        self.number = 0
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        gateway = HERE / "apps" / "fleet" / "gateway.py"
        self.gateway = subprocess.Popen([sys.executable, str(gateway), str(self.port)], stderr=subprocess.DEVNULL)
        self.requests = {app: requests_of(app) for app in ("clinic", "library", "fleet")}
        for app in self.requests:
            self.run(app, HERE / "apps" / app, {"steps": []}, seed=True)

    def close(self) -> None:
        for prober in self.probers:
            prober.stdin.close()
            prober.wait()
        self.gateway.terminate()
        self.gateway.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def fresh(self, name: str) -> Path:
        with self.lock:
            self.number += 1
            folder = self.folder / f"{self.number}-{name}"
        folder.mkdir()
        return folder

    def run(self, app: str, source: Path, plan: dict, seed: bool = False) -> dict:
        folder = self.folder if seed else self.fresh(app)
        path = folder / f"{app}.db"
        if not seed:
            for file in self.folder.glob(f"{app}.db*"):
                if not file.name.endswith(".log"):
                    shutil.copy(file, folder / file.name)
        out = folder / "out.json"
        environment = {
            "HOME": str(folder),
            f"{app.upper()}_DB": str(path),
            "FLEET_GATEWAY": f"http://127.0.0.1:{self.port}",
        }
        job = {
            **plan,
            "app": app,
            "folder": str(source),
            "environment": environment,
            "out": str(out),
            "seconds": DEADLINE if plan["steps"] else 30,
        }
        if not self.ask(job):
            return {"hung": True}
        result = json.loads(out.read_text()) if out.exists() else {"import_error": "the process ended"}
        if not seed:
            shutil.rmtree(folder, ignore_errors=True)
        return result

    def ask(self, job: dict) -> bool:
        if not hasattr(self.own, "prober"):
            self.own.prober = subprocess.Popen(
                [sys.executable, str(HERE / "probe.py")],
                env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            self.probers.append(self.own.prober)
        self.own.prober.stdin.write(json.dumps(job) + "\n")
        self.own.prober.stdin.flush()
        return self.own.prober.stdout.readline().strip() == "ended"

    def base(self, app: str, plan: dict) -> dict:
        key = app + json.dumps(plan, sort_keys=True)
        if key not in self.known or any("repeat" in step for step in plan["steps"]):
            self.known[key] = self.run(app, HERE / "apps" / app, plan)
        return self.known[key]

    def patched(self, patch: dict) -> Path:
        folder = self.fresh(patch["id"])
        shutil.copytree(HERE / "apps" / patch["app"], folder, dirs_exist_ok=True)
        file = HERE / "patches" / patch["app"] / f"{patch['id']}.patch"
        subprocess.run(["git", "apply", "-p1", str(file)], cwd=folder, check=True, capture_output=True, text=True)
        return folder

    def steps(self, patch: dict) -> list[dict]:
        named = {request["name"]: request for request in self.requests[patch["app"]]}
        if "sequence" in patch:
            return [
                named[item] if isinstance(item, str) else varied(named[item["request"]], item["variation"])
                for item in patch["sequence"]
            ]
        return [varied(named[name], patch.get("variation", {})) for name in patch["requests"]]


def same_answer(one: dict, other: dict) -> bool:
    return all(one[key] == other[key] for key in ("status", "headers", "body"))


def difference(base: dict, candidate: dict) -> str:
    if "answers" not in candidate:
        return "hung" if candidate.get("hung") else candidate.get("import_error", "")
    for one, other in zip(base["answers"], candidate["answers"], strict=True):
        if not same_answer(one, other):
            return f"{one['name']}: {one['status']} {other['status']}"
    if base.get("tables") != candidate.get("tables"):
        return "other rows"
    return ""


def dearer(base: dict, candidate: dict, keys: tuple[str, ...]) -> str:
    for one, other in zip(base["answers"], candidate["answers"], strict=True):
        for key in keys:
            if other[key] > one[key]:
                return f"{one['name']}: {key} {one[key]} -> {other[key]}"
    return ""


def check_wrong(bench: Bench, patch: dict, folder: Path) -> str:  # noqa: PLR0912
    app, check = patch["app"], patch["check"]
    if check == "import":
        result = bench.run(app, folder, {"steps": []})
        return "" if "answers" not in result else "imports"
    if check == "file":
        text = (HERE / "patches" / app / f"{patch['id']}.patch").read_text()
        touched = re.findall(r"^\+\+\+ b/(\S+)", text, flags=re.M)
        return "" if any(not file.startswith(f"{app}/") for file in touched) else "touches the package only"
    steps = bench.steps(patch)
    plan: dict = {"steps": steps, "tables": patch["class"].startswith("write")}
    if check == "answer":
        if difference(bench.base(app, plan), bench.run(app, folder, plan)):
            return "" if not patch.get("shake") else "differs without shaking"
        if patch.get("shake"):
            base = bench.base(app, plan)
            plan = {**plan, "shake": True}
            if difference(base, bench.base(app, plan)):
                return "base shakes too"
            return "" if difference(base, bench.run(app, folder, plan)) else "same answer, shaken too"
        return "same answer"
    if check == "hang":
        plan["overlap"] = [steps[0], steps[-1]]
        result = bench.run(app, folder, plan)
        return "" if result.get("hung") or result.get("overlapped") is False else "does not hang"
    if check == "present":
        return difference(bench.base(app, plan), bench.run(app, folder, plan))
    if check == "cost":
        base, candidate = bench.base(app, plan), bench.run(app, folder, plan)
        if "answers" not in candidate:
            return str(candidate)
        if patch.get("held"):
            for one, other in zip(base["answers"], candidate["answers"], strict=True):
                if other["held"] > one["held"] * 1.2 + 0.004:
                    return ""
            return "not held longer"
        return "" if dearer(base, candidate, ("queries", "rows", "checkouts")) else "not dearer"
    return slower(bench, app, folder, {"steps": [{**step, "repeat": 7} for step in steps]})


def slower(bench: Bench, app: str, folder: Path, plan: dict) -> str:
    """Twice in a row a fifth more processor, or a fifth more waiting than the whole took: the machine may be busy."""
    for _ in range(2):
        base, candidate = bench.base(app, plan), bench.run(app, folder, plan)
        if "answers" not in candidate:
            return str(candidate)
        pairs = list(zip(base["answers"], candidate["answers"], strict=True))
        busy = max(other["cpu"] / one["cpu"] for one, other in pairs)
        idle = max(
            (other["seconds"] - other["cpu"] - one["seconds"] + one["cpu"]) / one["seconds"] for one, other in pairs
        )
        if busy < 1.2 and idle < 0.2:
            return f"{busy:.2f} times the processor, {idle:.2f} more waiting"
    return ""


def check_right(bench: Bench, patch: dict, folder: Path) -> str:
    app, requests = patch["app"], bench.requests[patch["app"]]
    named = {request["name"]: request for request in requests}
    again = [named[name] for name in patch["requests"]]
    plan: dict = {"steps": again * 2 if bench.quick else requests + again}
    edge = [step for name in patch["requests"] for step in edges(named[name])]
    base, candidate = bench.base(app, plan), bench.run(app, folder, plan)
    if different := difference(base, candidate):
        return different
    if more := dearer(base, candidate, ("queries", "rows", "checkouts")):
        return more
    plan = {"steps": again}
    base, shaken = bench.base(app, plan), bench.base(app, {**plan, "shake": True})
    mine = bench.run(app, folder, {**plan, "shake": True})
    for plain, one, other in zip(base["answers"], shaken["answers"], mine["answers"], strict=True):
        if same_answer(plain, one) and not same_answer(one, other):
            return f"{one['name']}: shaken"
    if edge:
        base, candidate = bench.base(app, {"steps": edge}), bench.run(app, folder, {"steps": edge})
        for step, one, other in zip(edge, base["answers"], candidate["answers"], strict=True):
            if not same_answer(one, other):
                return f"edge {step['url']} {step['headers']}: {one['status']} {other['status']}"
            if other["queries"] > one["queries"] or other["checkouts"] > one["checkouts"]:
                return f"edge {step['url']}: dearer"
    return ""


def check(bench: Bench, patch: dict) -> tuple[str, str]:
    try:
        folder = bench.patched(patch)
    except subprocess.CalledProcessError as error:
        return patch["id"], f"does not apply: {error.stderr}"
    try:
        return patch["id"], (check_wrong if patch["wrong"] else check_right)(bench, patch, folder)
    except Exception as error:
        return patch["id"], f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ids", nargs="*")
    parser.add_argument("--app", default="")
    parser.add_argument("--quick", action="store_true", help="right ones: only the requests they touch")
    parser.add_argument("--without", default="", help="leave out a check")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    lines = (HERE / "patches.jsonl").read_text().splitlines()
    patches = [patch for line in lines if (patch := json.loads(line)) and patch["id"] in (options.ids or patch["id"])]
    patches = [patch for patch in patches if patch["app"].startswith(options.app)]
    patches = [patch for patch in patches if patch.get("check", "right") != options.without]
    bench, bad, started = Bench(), [], time.monotonic()
    bench.quick = options.quick
    with contextlib.closing(bench), ThreadPoolExecutor(options.jobs) as pool:
        for name, fault in pool.map(lambda patch: check(bench, patch), patches):
            if fault:
                bad.append(name)
                print(f"{name}: {fault}", flush=True)
    print(f"{len(patches) - len(bad)} of {len(patches)} verified in {time.monotonic() - started:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
