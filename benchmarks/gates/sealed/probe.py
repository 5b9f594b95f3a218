"""Runs plans of requests against applications: a plan a line on standard input, each in a forked child.

Counts below SQLAlchemy, in the driver itself, so that a patch that forges SQLAlchemy's events changes nothing here.
"""

import hashlib
import importlib
import json
import os
import re
import signal
import sqlite3
import sys
import threading
import time
import traceback

COUNT = {"queries": 0, "rows": 0, "checkouts": 0, "held": 0.0}
SHAKE = False


def shaken(sql: str) -> str:
    """Reads every table backwards: what no ORDER BY settles, ties too, comes the other way round."""
    if not sql.lstrip().upper().startswith("SELECT"):
        return sql
    backwards = r"\1 (SELECT * FROM \2 ORDER BY rowid DESC LIMIT -1)"
    return re.sub(
        r"\b(FROM|JOIN) ([a-z]\w*)( AS \w+)?",
        lambda found: found.expand(backwards) + (found[3] or f" AS {found[2]}"),
        sql,
    )


class Cursor(sqlite3.Cursor):
    def execute(self, sql, *args):
        if not sql.lstrip().upper().startswith("PRAGMA"):
            COUNT["queries"] += 1
        return super().execute(shaken(sql) if SHAKE else sql, *args)

    def executemany(self, sql, *args):
        COUNT["queries"] += 1
        return super().executemany(sql, *args)

    def fetchone(self):
        row = super().fetchone()
        COUNT["rows"] += row is not None
        return row

    def fetchmany(self, *args):
        rows = super().fetchmany(*args)
        COUNT["rows"] += len(rows)
        return rows

    def fetchall(self):
        rows = super().fetchall()
        COUNT["rows"] += len(rows)
        return rows

    def __next__(self):
        row = super().__next__()
        COUNT["rows"] += 1
        return row


class Connection(sqlite3.Connection):
    def cursor(self, factory=Cursor):
        return super().cursor(factory)

    def execute(self, sql, *args):
        return self.cursor().execute(sql, *args)


real_connect = sqlite3.connect


def connect(*args, **kwargs):
    kwargs.setdefault("factory", Connection)
    return real_connect(*args, **kwargs)


def watch_driver() -> None:
    sqlite3.connect = sqlite3.dbapi2.connect = connect


def watch_pool() -> None:
    from sqlalchemy import event
    from sqlalchemy.pool import Pool

    @event.listens_for(Pool, "checkout")
    def taken(_connection, record, _proxy):
        COUNT["checkouts"] += 1
        record.info["taken"] = time.perf_counter()

    @event.listens_for(Pool, "checkin")
    def given(_connection, record):
        COUNT["held"] += time.perf_counter() - record.info.get("taken", time.perf_counter())


def send(app, step: dict) -> dict:
    for key in COUNT:
        COUNT[key] = 0
    client = app.test_client(use_cookies=False)
    started, busy = time.perf_counter(), time.process_time()
    answer = client.open(
        step["url"], method=step["method"], headers=step.get("headers", {}), data=step.get("body", "").encode()
    )
    body = answer.get_data(as_text=True)
    return {
        "name": step["name"],
        "status": answer.status_code,
        "headers": {
            key: answer.headers.get(key)
            for key in ("Content-Type", "Location", "Cache-Control", "Set-Cookie", "Content-Encoding", "ETag")
        },
        "body": body,
        "seconds": time.perf_counter() - started,
        "cpu": time.process_time() - busy,
        **COUNT,
    }


def timed(app, step: dict) -> dict:
    answers = [send(app, step) for _ in range(step.get("repeat", 1))]
    for key in ("seconds", "cpu", "held"):
        answers[0][key] = min(answer[key] for answer in answers)
    return answers[0]


def tables(path: str) -> dict[str, str]:
    database = real_connect(path)
    names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return {
        name: hashlib.sha256(repr(database.execute(f'SELECT * FROM "{name}"').fetchall()).encode()).hexdigest()[:16]
        for name in names
    }


def overlap(app, steps: list[dict], seconds: float) -> bool:
    threads = [threading.Thread(target=send, args=(app, step), daemon=True) for step in steps]
    for thread in threads:
        thread.start()
    until = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.1, until - time.monotonic()))
    return not any(thread.is_alive() for thread in threads)


def run(plan: dict) -> None:
    global SHAKE  # noqa: PLW0603
    SHAKE = plan.get("shake", False)
    os.environ.update(plan["environment"])
    os.chdir(plan["folder"])
    sys.path.insert(0, plan["folder"])
    result: dict = {}
    try:
        app = importlib.import_module(f"{plan['app']}.wsgi").app
        watch_pool()
        result["answers"] = [timed(app, step) for step in plan["steps"]]
        if plan.get("overlap"):
            result["overlapped"] = overlap(app, plan["overlap"], 12)
        if any(step["method"] == "POST" for step in plan["steps"]) or plan.get("tables"):
            result["tables"] = tables(os.environ[f"{plan['app'].upper()}_DB"])
    except BaseException:
        result["import_error"] = traceback.format_exc().strip().splitlines()[-1]
    with open(plan["out"], "w") as out:
        json.dump(result, out)


def wait(child: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if os.waitpid(child, os.WNOHANG)[0]:
            return True
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def main() -> None:
    watch_driver()
    for name in ("flask.views", "jinja2.ext", "requests", "sqlalchemy.orm", "sqlalchemy.dialects.sqlite"):
        importlib.import_module(name)
    for line in sys.stdin:
        plan = json.loads(line)
        child = os.fork()
        if not child:
            try:
                run(plan)
            finally:
                os._exit(0)
        print("ended" if wait(child, plan["seconds"]) else "hung", flush=True)


if __name__ == "__main__":
    main()
