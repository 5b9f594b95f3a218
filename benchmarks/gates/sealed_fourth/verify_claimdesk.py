"""Proves the patches of FOLDER/patches.jsonl, one at a time.   verify.py [ID ...]

For each patch: copy the app, `git apply` the patch, one database per side made from a filled template, a child process
per side that plays the same steps with Flask's test client and counts; then compare.
Keys of patches.jsonl read here: requests (names in requests.http), variation (list of steps, each played on its own
data-unchanged session of requests), sequence (list of steps in order, in one process), time (name or step: the
least of 15 times, asked again up to 3 times if only the time differs), overlap (name: four threads), touches (true: proof is the list of touched files), held (name: time a connection is out).
A step: {"method", "path", "headers", "body"}.
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.abspath(__file__))
APP = "claimdesk"
PRISTINE = os.path.join(ROOT, "apps", APP)
PYTHON = sys.executable
URL = os.environ["VERIFY_URL"]  # of a PostgreSQL server, as SQLAlchemy writes it
TEMPLATE = "verify_claimdesk"


def database_url(name):
    return re.sub(r"/postgres\?", f"/{name}?", URL)


def parse_requests(path=os.path.join(PRISTINE, "requests.http")):
    steps = {}
    for block in re.split(r"^### ", open(path, encoding="utf8").read(), flags=re.M)[1:]:
        name, _, rest = block.partition("\n")
        head, _, body = rest.strip().partition("\n\n")
        lines = head.splitlines()
        method, url = lines[0].split(" ", 1)
        steps[name.strip()] = {"name": name.strip(), "method": method, "path": url.replace("http://{{host}}", ""),
                               "headers": dict(line.split(": ", 1) for line in lines[1:]), "body": body.strip() or None}
    return steps


# ---------------------------------------------------------------- child
def child(appdir, job):
    os.chdir(appdir)
    sys.path.insert(0, appdir)
    import psycopg
    from sqlalchemy import create_engine, event, text
    from sqlalchemy.engine import Engine
    from sqlalchemy.pool import Pool
    count = {"statements": 0, "checkouts": 0, "rows": 0, "held": 0.0, "unseen": 0}
    out = {}

    def executed(conn, cursor, *_):
        count["statements"] += 1
        if cursor.description is not None:
            count["rows"] += max(0, cursor.rowcount)

    def checkout(dbapi, record, proxy):
        count["checkouts"] += 1
        out[id(record)] = time.perf_counter()

    def checkin(dbapi, record):
        if id(record) in out:
            count["held"] += time.perf_counter() - out.pop(id(record))

    driver_execute = psycopg.Cursor.execute

    def driver(self, *args, **kwargs):  # what reaches the driver, seen by SQLAlchemy's events or not
        count["unseen"] += 1
        return driver_execute(self, *args, **kwargs)

    psycopg.Cursor.execute = driver
    event.listen(Engine, "after_cursor_execute", executed)
    event.listen(Pool, "checkout", checkout)
    event.listen(Pool, "checkin", checkin)
    result = {"steps": []}
    try:
        from claimdesk.wsgi import app
    except BaseException as err:
        return {"import_error": f"{type(err).__name__}: {err}"}
    client = app.test_client()

    def play(step, client=client):
        response = client.open(step["path"], method=step["method"], headers=step.get("headers") or {},
                               data=step["body"].encode() if step.get("body") else None)
        body = response.get_data(as_text=True)
        response.close()
        return response, body

    for step in job["steps"]:
        for key in count:
            count[key] = 0
        response, body = play(step)
        count["unseen"] -= count["statements"]
        is_json = response.mimetype == "application/json"
        result["steps"].append({
            "step": step["method"] + " " + step["path"] + " " + json.dumps(step.get("headers")),
            "status": response.status_code, "headers": sorted([k, v] for k, v in response.headers
                                                              if k != "Date" and not (is_json and k == "Content-Length")),
            "body": json.loads(body) if is_json else body, **count})
    if job.get("time"):
        step, samples, held = job["time"], [], []
        play(step)
        for _ in range(15):
            count["held"] = 0.0
            t0 = time.perf_counter()
            play(step)
            samples.append(time.perf_counter() - t0)
            held.append(count["held"])
        result["seconds"], result["held"] = min(samples), min(held)
    if job.get("overlap"):
        statuses = []

        def run():
            statuses.append(play(job["overlap"], app.test_client())[0].status_code)
        threads = [threading.Thread(target=run, daemon=True) for _ in range(4)]
        [t.start() for t in threads]
        [t.join(20) for t in threads]
        result["overlap"] = sorted(statuses)
    engine = create_engine(os.environ["CLAIMDESK_DATABASE_URL"])
    with engine.connect() as conn:
        if any(s["method"] != "GET" for s in job["steps"]):
            tables = conn.execute(text("SELECT tablename FROM pg_tables WHERE schemaname='public' ORDER BY 1")).scalars()
            result["tables"] = {t: conn.execute(text(
                f"SELECT count(*) || ':' || md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {t} t")).scalar()
                for t in tables.all()}
    engine.dispose()
    app.extensions["claimdesk.engine"].dispose()
    return result


# ---------------------------------------------------------------- parent
def admin(*statements):
    from sqlalchemy import create_engine, text
    engine = create_engine(URL, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        for statement in statements:
            value = conn.execute(text(statement))
            value = value.scalar() if value.returns_rows else None
    engine.dispose()
    return value


def ensure_template():
    if not admin(f"SELECT count(*) FROM pg_database WHERE datname = '{TEMPLATE}'"):
        admin(f"CREATE DATABASE {TEMPLATE}")
        env = dict(os.environ, CLAIMDESK_DATABASE_URL=database_url(TEMPLATE))
        subprocess.run([PYTHON, "-m", "claimdesk.fill"], cwd=PRISTINE, env=env, check=True)


def run_side(appdir, job, side):
    name = f"{TEMPLATE}_{side}"
    admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    env = dict(os.environ, CLAIMDESK_DATABASE_URL=database_url(name), PYTHONDONTWRITEBYTECODE="1")
    try:
        done = subprocess.run([PYTHON, os.path.abspath(__file__), "--child", appdir], input=json.dumps(job), env=env,
                              capture_output=True, text=True, timeout=job.get("timeout", 120))
        if done.returncode:
            return {"crash": done.stderr[-300:]}
        return json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"hang": True}
    finally:
        admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def differences(base, new):
    for key in ("import_error", "crash", "hang"):
        assert key not in base, base
        if key in new:
            return [("boot" if key == "hang" else key, str(new[key])[:120])]
    found = []
    for a, b in zip(base["steps"], new["steps"]):
        for key in ("status", "headers", "body"):
            if a[key] != b[key]:
                found.append((key, a["step"]))
                break
        found += [("more " + key, f"{a['step']}: {a[key]} -> {b[key]}") for key in ("statements", "checkouts", "rows", "unseen")
                  if b[key] > a[key]]
    if base.get("tables") != new.get("tables"):
        found.append(("table rows", ", ".join(t for t in base["tables"] if base["tables"][t] != new["tables"][t])))
    if "seconds" in base and new["seconds"] > 1.2 * base["seconds"]:
        found.append(("slower", f"{base['seconds']:.4f} s -> {new['seconds']:.4f} s"))
    if "held" in base and new["held"] > 1.2 * base["held"] and "seconds" in base:
        found.append(("held longer", f"{base['held']:.4f} s -> {new['held']:.4f} s"))
    if base.get("overlap") != new.get("overlap"):
        found.append(("overlap", f"{base['overlap']} -> {new['overlap']}"))
    return found


EDGE = {  # path -> parameter -> values
    "/claims": {"status": ["", ",", "open,closed", "new", "bogus", "Open"], "branch": ["", "0", "2", "-1", "99", "x"],
                "handler": ["", "me", "none", "7", "0", "abc"], "priority_min": ["0", "9", "-1", "5", "", "1.5"],
                "reported_from": ["2024-06-29", "2023-12-31", "0001-01-01", "9999-12-31", "", "20240601", "x"],
                "reported_to": ["2024-06-29", "2023-12-31", "0001-01-01", "9999-12-31", ""],
                "reserve_min": ["0", "1000", "1000.001", "-1", "NaN", "1e9", ""], "reserve_max": ["0", "5000", ""],
                "q": ["", "strasse", "%", "_", "É", "c-0001", "%00"], "tag": ["Legal,photo", "legal", "none", ""],
                "unpaid": ["yes", "no", "maybe"], "sort": ["reserve", "-priority", "priority", "-title", "paid", "--paid",
                                                           "x", ""],
                "page": ["0", "1", "2", "999999", "-1"], "page_size": ["1", "0", "100", "1000", "7"]},
    "/claims/counts": {"x": ["1"]},
    "/claims/42": {"x": [""]}, "/claims/2401": {"x": [""]}, "/claims/999999": {"x": [""]},
    "/claims/161/payments": {"kind": ["", "expense", "recovery", "x"], "from": ["2024-01-01", "2030-01-01", "", "x"]},
    "/claims/42/timeline": {"limit": ["0", "1", "", "1000", "-1"]}, "/claims/2450/timeline": {"limit": ["5"]},
    "/claims/200/timeline": {"limit": ["99"]}, "/claims/333/timeline": {"limit": ["99"]},
    "/policies": {"product": ["", "MOT-2", "TRV-1", "x"], "active_on": ["2024-06-29", "2019-01-01", "", "x"],
                  "customer": ["0", "33", "600", "-1"], "q": ["p2020", "%", ""], "limit_min": ["0", "5000", "50000.01"],
                  "page": ["2", "45", "9999"], "page_size": ["1", "100"]},
    "/policies/17": {"x": [""]}, "/policies/50": {"x": [""]}, "/policies/1000": {"x": [""]}, "/policies/0": {"x": [""]},
    "/customers": {"q": ["", "GROSS", "ø", "%", "zzz"], "city": ["", "bonn", "Bonn,Bonn", "x", "Z%C3%BCrich"],
                   "vip": ["yes", "no", "", "x"], "has_claims": ["yes", "no", ""], "page": ["2", "30", "31", "99"],
                   "page_size": ["1", "100"]},
    "/customers/33": {"x": [""]}, "/customers/600": {"x": [""]}, "/customers/9999": {"x": [""]},
    "/handlers": {"branch": ["", "EMP", "AAC", "x", "bon"], "active": ["", "true", "no", "x"]},
    "/handlers/me/worklist": {"top": ["0", "1", "", "1000", "-1", "x"]},
    "/products": {"discontinued": ["yes", "no", "", "x"]},
    "/reports/monthly": {"year": ["", "2023", "1999", "0", "10000", "2022"], "branch": ["", "1", "4", "0", "-1"]},
    "/reports/branches": {"from": ["", "2024-06-30", "2024-01-01", "2030-01-01", "x"],
                          "to": ["", "2024-06-30", "2023-01-01", "1990-01-01"]},
    "/reports/payees": {"minimum": ["0", "-5", "100000", "", "1e8"], "top": ["0", "1", "1000", ""]},
    "/reports/payments.csv": {"from": ["2024-06-30", "2030-01-01"], "to": ["2024-06-01", "2024-05-31", ""],
                              "kind": ["recovery", "expense,recovery", "x", ""]},
    "/reports/products.html": {"x": [""]},
}


def edge_steps(paths):
    """Every value with two users; combinations; every path with more users, none, unknown ones."""
    steps, rng = [], random.Random(1)
    for path in paths:
        for name, values in EDGE.get(path, {}).items():
            for value in values:
                for user in ("1", "8"):
                    steps.append({"method": "GET", "path": f"{path}?{name}={value}", "headers": {"X-User": user}})
        names = list(EDGE.get(path, {}))
        for _ in range(12 if len(names) > 1 else 0):  # several parameters at once
            chosen = rng.sample(names, rng.randint(2, min(4, len(names))))
            query = "&".join(f"{name}={rng.choice(EDGE[path][name])}" for name in chosen)
            steps.append({"method": "GET", "path": f"{path}?{query}",
                          "headers": {"X-User": rng.choice("1 2 3 7 9 10 16".split())}})
        for user in ("", "0", "3", "7", "9", "13", "15", "20", "38", "40", "x", "99999999999"):
            steps.append({"method": "GET", "path": path, "headers": {"X-User": user, "X-Language": "fr"}})
    return steps


def steps_of(patch, requests):
    steps = [requests[name] for name in patch["requests"]]
    if not patch["wrong"]:
        chosen = [requests[name]["path"].split("?")[0] for name in patch["requests"]]
        near = [p for p in EDGE if any(p == c or re.sub(r"\d+", "N", p) == re.sub(r"\d+", "N", c) for c in chosen)]
        return edge_steps(near) + (patch.get("sequence") or []) + list(requests.values())
    return steps + (patch.get("variation") or []) + (patch.get("sequence") or [])


def main(wanted):
    ensure_template()
    requests = parse_requests()
    ok = bad = 0
    for line in open(os.path.join(ROOT, "patches.jsonl"), encoding="utf8"):
        patch = json.loads(line)
        if wanted and patch["id"] not in wanted:
            continue
        work = os.path.join(ROOT, "work", APP)
        shutil.rmtree(os.path.join(ROOT, "work"), ignore_errors=True)
        shutil.copytree(PRISTINE, work, ignore=shutil.ignore_patterns("__pycache__"))
        diff = os.path.join(ROOT, "patches", APP, patch["id"] + ".patch")
        applied = subprocess.run(["git", "apply", "-p1", diff], cwd=work, capture_output=True, text=True,
                                 env=dict(os.environ, GIT_CEILING_DIRECTORIES=ROOT + "/work"))
        if applied.returncode:
            print(patch["id"], "DOES NOT APPLY", applied.stderr)
            bad += 1
            continue
        touched = re.findall(r"^\+\+\+ b/(\S+)", open(diff, encoding="utf8").read(), flags=re.M)
        outside = [t for t in touched if not t.startswith(APP + "/")]
        if outside:
            found = [("touches", ", ".join(outside))]
        else:
            job = {"steps": steps_of(patch, requests), "timeout": patch.get("timeout", 120)}
            for key in ("time", "overlap"):
                if patch.get(key):
                    job[key] = requests.get(patch[key]) if isinstance(patch[key], str) else patch[key]
            found = differences(run_side(PRISTINE, job, "a"), run_side(work, job, "b"))
            for _ in range(3):  # other work on the machine disturbs times: they must differ every time
                if found and {kind for kind, _text in found} <= {"slower", "held longer"}:
                    short = dict(job, steps=[])
                    found = differences(run_side(PRISTINE, short, "a"), run_side(work, short, "b"))
        good = bool(found) == patch["wrong"]
        ok, bad = ok + good, bad + (not good)
        print(patch["id"], patch["class"], "ok" if good else "NOT PROVED", len(found), found[:3], flush=True)
    print(f"{ok} as claimed, {bad} not")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(child(sys.argv[2], json.load(sys.stdin))))
    else:
        main(sys.argv[1:])
