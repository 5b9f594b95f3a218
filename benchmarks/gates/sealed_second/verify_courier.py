"""Proves each patch: base and patched application side by side, one patch at a time.

  python verify.py [ID ...]     (no ID: all; results in verify_courier.out.jsonl)

Step: [method, path+query, headers, body or null] (optional 5th: {"etag": true} sends the ETag of the previous answer,
{"overlap": n} sends the step from n threads at once).  Keys of patches.jsonl used here: requests (names), variation (list of
steps), sequence (list of lists of steps), mode ("import", "boot", "time", "held", "overlap", "refused", "bypass").
"""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAME = "courier"
APP = HERE / "apps" / NAME
TMP = HERE / ".work"
PY = sys.executable
BASE = {}


def parse_http():
    steps = {}
    for part in re.split(r"^### ", (APP / "requests.http").read_text(), flags=re.M)[1:]:
        head, _, body = part.partition("\n\n")
        lines = head.strip().splitlines()
        method, url = lines[1].split(" ", 1)
        headers = dict(line.split(": ", 1) for line in lines[2:])
        steps[lines[0].strip()] = [method, url.replace("http://{{host}}", ""), headers, body.strip() or None]
    return steps


# -- child: runs the steps with the test client ---------------------------------

def child(task):
    import sqlalchemy as sa
    import psycopg
    from sqlalchemy.engine import Engine
    from sqlalchemy.pool import Pool
    count = {}

    def reset():
        count.update(sql=0, rows=0, out=0, held=0.0, raw=0)
    reset()

    def after(conn, cursor, statement, parameters, context, many):
        count["sql"] += 1
        if cursor.description:
            count["rows"] += max(cursor.rowcount, 0)
    sa.event.listen(Engine, "after_cursor_execute", after)

    def out(dbapi, record, proxy):
        count["out"] += 1
        record.info["t"] = time.perf_counter()

    def back(dbapi, record):
        count["held"] += time.perf_counter() - record.info.pop("t", time.perf_counter())
    sa.event.listen(Pool, "checkout", out)
    sa.event.listen(Pool, "checkin", back)
    real = psycopg.Cursor.execute

    def execute(self, *a, **k):
        count["raw"] += 1
        return real(self, *a, **k)
    psycopg.Cursor.execute = execute
    from courier.wsgi import app

    last = {}

    def send(step):
        method, path, headers, body = step[:4]
        extra = step[4] if len(step) > 4 else {}
        headers = dict(headers)
        if extra.get("etag"):
            headers["If-None-Match"] = last.get("etag") or ""
        data = body if isinstance(body, (str, type(None))) else json.dumps(body)
        if data is not None:
            headers.setdefault("Content-Type", "application/json")
        # the query is split off here, so that it is sent as written (quoted)
        response = app.test_client().open(path, method=method, headers=headers, data=None if data is None else data.encode())
        text = response.get_data(as_text=True)
        try:
            value = json.loads(text, parse_float=lambda s: ["float", s])
        except ValueError:
            value = text
        last["etag"] = response.headers.get("ETag")
        if response.status_code >= 500:
            value = "error"
        return {"status": response.status_code, "headers": sorted(response.headers.items()) if response.status_code < 500 else None,
                "body": value}

    def one(step):
        reset()
        extra = step[4] if len(step) > 4 else {}
        if extra.get("overlap"):
            found = [None] * extra["overlap"]
            many = extra.get("steps") or [step] * len(found)

            def run(k):
                try:
                    found[k] = send(many[k % len(many)])
                except BaseException as e:
                    found[k] = repr(e)
            threads = [threading.Thread(target=run, args=(k,), daemon=True) for k in range(len(found))]
            [t.start() for t in threads]
            [t.join(15) for t in threads]
            return {"answer": found, "count": None}
        answer = send(step)
        return {"answer": answer, "count": dict(count)}
    result = {"steps": [one(s) for s in task["steps"]]}
    if task.get("timed"):
        result["times"] = []
        for s in task["timed"]:
            send(s)
            spent = []
            for _ in range(task["n"]):
                t = time.perf_counter()
                send(s)
                spent.append(time.perf_counter() - t)
            result["times"].append(sorted(spent)[len(spent) // 2])
    if task.get("tables"):
        engine = sa.create_engine(os.environ["COURIER_DATABASE_URL"], poolclass=sa.NullPool)
        with engine.connect() as c:
            names = c.execute(sa.text("select tablename from pg_tables where schemaname='public' order by 1")).scalars().all()
            result["tables"] = {n: c.execute(sa.text(f"select t::text from {n} t order by 1")).scalars().all() for n in names}
    Path(task["to"]).write_text(json.dumps(result))
    os._exit(0)


# -- parent -----------------------------------------------------------------------

def admin():
    import sqlalchemy as sa
    return sa.create_engine(os.environ["VERIFY_DATABASE_URL"], isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)


def database():
    """A fresh copy of the filled template (made when missing); returns its URL."""
    import sqlalchemy as sa
    with admin().connect() as c:
        c.execute(sa.text("DROP DATABASE IF EXISTS courier_verify WITH (FORCE)"))
        if not c.execute(sa.text("select 1 from pg_database where datname='courier_tpl'")).scalar():
            c.execute(sa.text("CREATE DATABASE courier_tpl"))
            run_env = env(admin().url.set(database="courier_tpl").render_as_string(hide_password=False), APP)
            subprocess.run([PY, "-m", "courier.fill"], cwd=APP, env=run_env, check=True)
        c.execute(sa.text("CREATE DATABASE courier_verify TEMPLATE courier_tpl"))
    return admin().url.set(database="courier_verify").render_as_string(hide_password=False)


def env(url, folder):
    return dict(os.environ, COURIER_DATABASE_URL=url, PYTHONPATH=str(folder), PYTHONDONTWRITEBYTECODE="1", PYTHONHASHSEED="0")


def run(folder, task, timeout=120):
    task = dict(task, to=str(TMP / "out.json"))
    (TMP / "task.json").write_text(json.dumps(task))
    (TMP / "out.json").unlink(missing_ok=True)
    try:
        p = subprocess.run([PY, __file__, "--child", str(TMP / "task.json")], cwd=folder, env=env(database(), folder),
                           capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return {"failed": "hangs"}
    if not (TMP / "out.json").exists():
        return {"failed": p.stderr.strip().splitlines()[-1] if p.stderr.strip() else "no output"}
    return json.loads((TMP / "out.json").read_text())


def boot(folder, worker):
    """Starts gunicorn and sends two overlapping requests three times; the statuses or what failed."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    p = subprocess.Popen([PY, "-m", "gunicorn", "-k", worker, "-w", "1", "-b", f"127.0.0.1:{port}", "courier.wsgi:app"],
                         cwd=folder, env=env(database(), folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(40):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        found = []

        def get(path, user):
            try:
                r = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"X-User": user})
                found.append(urllib.request.urlopen(r, timeout=8).status)
            except urllib.error.HTTPError as e:
                found.append(e.code)
            except Exception as e:
                found.append(type(e).__name__)
        for _ in range(3):
            ts = [threading.Thread(target=get, args=a) for a in
                  (("/parcels?page_size=30", "1"), ("/parcels/NONE", "1"), ("/customers/73", "1"), ("/quote?zone=A&weight=1", "1"))]
            [t.start() for t in ts]
            [t.join() for t in ts]
        return sorted(map(str, found))
    finally:
        p.terminate()
        try:
            p.wait(3)
        except subprocess.TimeoutExpired:
            p.kill()


def compare(base, new, steps, held):
    """Differences in words: answers, tables, counts (more than the base); time held only where the patch is about it."""
    if "failed" in new:
        return [new["failed"]]
    diffs = []
    for step, b, n in zip(steps, base["steps"], new["steps"]):
        if b["answer"] != n["answer"]:
            kind = [k for k in ("status", "headers", "body") if isinstance(b["answer"], dict) and b["answer"][k] != n["answer"][k]]
            if kind and b["answer"]["status"] >= 500 and n["answer"]["status"] >= 500:
                continue
            diffs.append(f"{'/'.join(kind) or 'answer'} of {step[0]} {step[1]} {step[2]}")
        if b["count"]:
            more = [f"{k} {b['count'][k]}->{n['count'][k]}" for k in ("sql", "rows", "out", "raw") if n["count"][k] > b["count"][k]]
            if more and b["answer"]["status"] < 500:
                diffs.append(f"more {', '.join(more)} in {step[0]} {step[1]} {step[2]}")
            if held and n["count"]["held"] > b["count"]["held"] * 1.5 + 0.01:
                diffs.append(f"held {b['count']['held']:.3f}->{n['count']['held']:.3f} s in {step[1]}")
    for table in base.get("tables", {}):
        if base["tables"][table] != new["tables"][table]:
            diffs.append(f"rows of {table}")
    return diffs


def patched(entry):
    target = TMP / "app"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(APP, target, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["git", "apply", "-p1", str(HERE / "patches" / NAME / f"{entry['id']}.patch")], cwd=target, check=True,
                   env=dict(os.environ, GIT_CEILING_DIRECTORIES=str(TMP)))
    return target


def verify(entry, http, edge):
    target, mode = patched(entry), entry.get("mode")
    if mode == "refused":
        return ["touches what judges it"]
    if mode == "boot":
        return [f"{w}: {b} -> {n}" for w in ("sync", "gevent") for b, n in [(boot(APP, w), boot(target, w))] if b != n]
    steps = [http[n] for n in entry.get("requests", [])] if entry["wrong"] else list(http.values())
    steps = steps + entry.get("variation", []) + [s for seq in entry.get("sequence", []) for s in seq]
    if not entry["wrong"]:
        steps = edge + steps
    task = {"steps": steps, "tables": True}
    if mode == "time":
        task.update(timed=[http[n] for n in entry["requests"]], n=25)
    base = BASE.get(json.dumps(task)) or run(APP, task)  # one run of the base serves all right patches with the same steps
    if not entry["wrong"]:
        BASE[json.dumps(task)] = base
    new = run(target, task, 40 if mode == "import" else 120)
    diffs = compare(base, new, steps, mode == "held")
    if mode == "time" and "times" in new:
        again, more = run(APP, task), run(target, task)
        for k, name in enumerate(entry["requests"]):
            b, n = min(base["times"][k], again["times"][k]), min(new["times"][k], more["times"][k])
            if n >= 1.2 * b:
                diffs.append(f"time of {name}: {b * 1000:.1f} -> {n * 1000:.1f} ms")
    if mode == "bypass" and not diffs:
        for s, b, n in zip(steps, base["steps"], new["steps"]):
            if n["count"]["raw"] - n["count"]["sql"] > b["count"]["raw"] - b["count"]["sql"]:
                diffs.append(f"statements beside SQLAlchemy in {s[1]}: {n['count']['raw'] - n['count']['sql']}")
    if not entry["wrong"]:
        for worker in ("sync", "gevent"):
            found = boot(target, worker)
            if set(found) != {"200", "404"}:
                diffs.append(f"boot {worker}: {found}")
    return diffs


def main(ids):
    from edges_courier import edge_steps
    TMP.mkdir(exist_ok=True)
    http = parse_http()
    bad = 0
    with open(HERE / "verify_courier.out.jsonl", "a") as results:
        for line in (HERE / "patches.jsonl").read_text().splitlines():
            entry = json.loads(line)
            if entry["app"] != NAME or (ids and entry["id"] not in ids):
                continue
            diffs = verify(entry, http, edge_steps(http))
            ok = bool(diffs) == entry["wrong"]
            bad += not ok
            results.write(json.dumps({"id": entry["id"], "ok": ok, "wrong": entry["wrong"], "diffs": diffs[:6]}) + "\n")
            results.flush()
            print("ok " if ok else "BAD", entry["id"], entry["class"], "|", "; ".join(diffs[:2])[:230], flush=True)
    print("unproved:", bad)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(json.loads(Path(sys.argv[2]).read_text()))
    else:
        main(set(sys.argv[1:]))
