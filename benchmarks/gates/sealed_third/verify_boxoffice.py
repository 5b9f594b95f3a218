"""Proves the patches: base against patched, one patch at a time.

  python verify_boxoffice.py            every patch, one line each, summary at the end
  python verify_boxoffice.py r007 ...   some of them (with details)
  python verify_boxoffice.py --base     start base twice and compare it with itself (over everything)

For each patch: copy the app, `git apply`, databases from a filled template, then a child process for base and one for patched.
A child answers a plan with Flask's test client: all of requests.http (GETs, everything, GETs again), `variation`
(list of requests) and `sequence` (lists of requests) of the patch, for right patches also the edge values of edges().
A request is {"m","p","h","j"} or "GET /path" or ["GET /path", {headers}, json].
"""
import hashlib, json, os, pickle, re, shutil, subprocess, sys, threading, time
from pathlib import Path

HERE = Path(__file__).resolve().parent
APP = HERE / "apps" / "boxoffice"
TMP = Path(os.environ["VERIFY_FOLDER"])
ROOT_URL = os.environ["VERIFY_DATABASE_URL"]
TEMPLATE = "boxoffice_c_template"
PLAIN = re.sub(r"^postgresql\+\w+://", "postgresql://", ROOT_URL)


def url_of(name, plain=False):
    head, _, tail = (PLAIN if plain else ROOT_URL).partition("?")
    head = re.sub(r"(://[^/]*)(/.*)?$", lambda m: m.group(1) + "/" + name, head)
    return head + ("?" + tail if tail else "")


# ---------------------------------------------------------------- plans

def norm(request):
    if isinstance(request, dict):
        return request
    if isinstance(request, str):
        request = [request]
    method, path = request[0].split(" ", 1)
    return {"m": method, "p": path, "h": request[1] if len(request) > 1 else {}, "j": request[2] if len(request) > 2 else None}


def http_file(app=APP):
    found = []
    for block in re.split(r"^### ", (app / "requests.http").read_text(), flags=re.M)[1:]:
        name, rest = block.split("\n", 1)
        head, _, body = rest.strip().partition("\n\n")
        lines = head.split("\n")
        method, url = lines[0].split(" ", 1)
        headers = dict(line.split(": ", 1) for line in lines[1:])
        headers.pop("Content-Type", None)
        found.append({"name": name.strip(), "m": method, "p": url.split("{{host}}")[1], "h": headers,
                      "j": json.loads(body) if body.strip() else None})
    return found


STAFF, FIN, ORG, CUST = {"X-User": "1"}, {"X-User": "4"}, {"X-User": "8"}, {"X-User": "25"}
DATES = ["", "2024-07-15", "2024-06-30", "2024-01-01", "2031-12-31", "x", "2024-02-30"]
NUMBERS = ["", "0", "-1", "20", "100.00", "49.90", "9999999999", "1e3", "abc", "NaN", "0.005"]
INTS = ["", "0", "1", "-1", "3", "7", "25", "999999", "99999999999", "x", "1.0"]
FLAGS = ["", "1", "0", "maybe"]
EDGES = [
    ("/events", [{}, STAFF, {"X-User": "9", "X-Language": "de"}], dict(
        status=["", "draft", "draft,cancelled", "archived,,published", "published,published", "nope"],
        genre=["", "Jazz", "jazz", "JAZZ", "none"], city=["", "Köln", "köln", "Nowhere"], sort=["", "date", "-date", "title", "-title", "price", "-price", "x"],
        q=["", "äther", "ÄTHER", "%", "_", "große", "GROSSE", "night", "<", " jam "], age=INTS[:7], available=FLAGS,
        min_price=NUMBERS, max_price=NUMBERS, page=INTS, page_size=["1", "7", "100", "1000", "0", "x"], **{"from": DATES, "to": DATES})),
    ("/venues", [{}], dict(city=["", "Köln", "köln", "Nowhere", "London"], min_capacity=INTS + ["250", "800", "801"], busy=FLAGS)),
    ("/programme", [{}, {"X-Language": "de"}, {"X-Language": "DE "}], dict(day=DATES + ["2024-07-14", "2024-07-16", "2024-07-20", "2024-08-02"], city=["", "Köln", "New York", "Nowhere"])),
    ("/orders", [STAFF, CUST, {}, {"X-User": "0"}, {"X-User": "295"}, FIN], dict(
        status=["", "paid", "reserved,refunded", "nope"], event=INTS, user=INTS, channel=["", "web", "WEB", "api"], min_total=NUMBERS, max_total=NUMBERS,
        placed_from=DATES, placed_to=DATES, has_promo=FLAGS, note=["", "VIP", "vip", "%", "_", "ö", "call"], sort=["", "placed", "-placed", "total", "-total", "id"],
        page=INTS[:8] + ["10000", "10001"], page_size=["1", "100", "101", "0"])),
    ("/promo-codes", [STAFF, CUST, {}], dict(active_on=DATES + ["2024-07-14", "2024-07-16", "2024-06-01"], kind=["", "percent", "amount", "x"], exhausted=FLAGS,
        prefix=["", "sum", "Ä", "ä", "%", "_", "VIP"], page=["1", "2", "9"], page_size=["5", "100"])),
    ("/promo-codes/welcome/quote", [{}], dict(total=NUMBERS + ["19.99", "20.00", "20.20", "0.04"], event=[])),
    ("/promo-codes/Tenner/quote?total=8", [{}], dict(event=INTS)), ("/promo-codes/unused/quote?total=60.12", [{}], dict(event=INTS)),
    ("/reports/sales", [FIN, STAFF, CUST, {}], dict(group=["", "event", "genre", "day", "channel", "x"], min_revenue=NUMBERS, **{"from": DATES, "to": DATES})),
    ("/reports/attendance", [STAFF, CUST], dict(limit=["", "1", "5", "200", "0", "201"], min_rate=["", "0", "50", "75.5", "100", "-1", "x"], **{"from": DATES, "to": DATES})),
    ("/reports/customers", [FIN, CUST], dict(limit=["", "0", "1", "500", "501", "-1"], min_orders=["", "0", "1", "5", "10000"])),
    ("/reports/sales.csv", [FIN, CUST, {}], dict(**{"from": DATES, "to": DATES[:3]})),
    ("/payouts", [FIN, ORG, {"X-User": "18"}, {"X-User": "1"}, CUST, {}], dict(organiser=INTS, status=["", "paid", "held,open", "x"], year=INTS + ["2023", "2024"],
        min_net=NUMBERS + ["93.00"], page=INTS[:5], page_size=["1", "4", "100"])),
]


def edges():
    """Every parameter with every value alone, for every user, and some paths by number."""
    plan = []
    for path, users, params in EDGES:
        glue = "&" if "?" in path else "?"
        for number, headers in enumerate(users):
            plan.append({"m": "GET", "p": path, "h": headers, "j": None})
            for name, values in params.items():
                for value in values if number == 0 else values[number % 3:: 3]:
                    plan.append({"m": "GET", "p": f"{path}{glue}{name}={value}".replace("%", "%25") if "%" in value else f"{path}{glue}{name}={value}", "h": headers, "j": None})
    for number in [0, 999999, 99999999999, *range(1, 171, 4), 17, 34]:
        plan.append(norm(["GET /events/%d" % number, {"X-User": "10"} if number % 3 else {"X-Language": "de"}]))
        plan.append(norm("GET /events/%d/availability" % number))
        if number % 3 == 0:
            plan.append(norm("GET /events/%d/availability?only_available=1&max_price=15" % number))
    for number in range(0, 14):
        for extra in ("", "?upcoming=0", "?upcoming=1", "?upcoming=51"):
            plan.append(norm(["GET /venues/%d%s" % (number, extra), {"X-Language": "de"} if number % 2 else {}]))
    for number in [0, 99999999999, *range(1, 2801, 70)]:
        plan.append(norm(["GET /orders/%d" % number, [STAFF, FIN, {"X-User": "19"}, {}][number % 4 if number % 3 == 0 else 0]]))
    plan += [norm(r) for r in json.loads((HERE / "edge_writes.json").read_text())]
    return plan


# ---------------------------------------------------------------- child

def child(appdir, plan_file, out_file):
    plan = pickle.loads(Path(plan_file).read_bytes())
    sys.path.insert(0, appdir)
    os.chdir(appdir)
    import psycopg
    real_connect = psycopg.connect
    count = {}

    def bump(key, by=1):
        count[key] = count.get(key, 0) + by
    for name in ("execute", "executemany"):
        def wrapped(self, *args, _real=getattr(psycopg.Cursor, name), **kw):
            bump("statements")
            result = _real(self, *args, **kw)
            if self.description is not None:
                bump("rows", max(self.rowcount, 0))
            return result
        setattr(psycopg.Cursor, name, wrapped)
    connect0 = psycopg.Connection.connect.__func__

    def connect1(cls, *args, **kw):
        bump("connects")
        return connect0(cls, *args, **kw)
    psycopg.Connection.connect = classmethod(connect1)
    psycopg.connect = psycopg.Connection.connect
    from sqlalchemy import event, pool
    from sqlalchemy.engine import Engine
    from boxoffice.wsgi import app
    held = {}

    def out(dbapi, record, proxy):
        bump("checkouts")
        held[id(record)] = time.perf_counter()

    def back(dbapi, record):
        count["held"] = count.get("held", 0) + time.perf_counter() - held.pop(id(record), time.perf_counter())
    event.listen(pool.Pool, "checkout", out)
    event.listen(pool.Pool, "checkin", back)
    event.listen(Engine, "before_cursor_execute", lambda *a: bump("seen"))
    db = real_connect(url_of(plan["db"], plain=True), autocommit=True)
    raw = db.cursor()

    def dump():
        raw_execute = psycopg.Cursor.execute
        tables = [r[0] for r in raw.execute("SELECT tablename FROM pg_tables WHERE schemaname='public' ORDER BY 1").fetchall()]
        return {t: hashlib.sha1(repr(sorted(map(repr, raw.execute(f'SELECT * FROM "{t}"').fetchall()))).encode()).hexdigest() for t in tables}

    def answer(request, client):
        kw = {"json": request["j"]} if request["j"] is not None else {}
        if isinstance(request["j"], str) and request["j"].startswith("raw:"):
            kw = {"data": request["j"][4:], "content_type": "application/json"}
        count.clear()
        start = time.perf_counter()
        try:
            response = client.open(request["p"], method=request["m"], headers=request["h"], **kw)
            body = response.get_data(as_text=True)
            taken = time.perf_counter() - start
            headers = {k: v for k, v in response.headers.items() if k not in ("Content-Length", "Date")}
            if response.is_json:
                body = json.dumps(json.loads(body), sort_keys=True)
            got = [response.status_code, headers, body if response.status_code < 500 else "error"]
        except Exception as error:  # the test client passes them on
            taken, got = time.perf_counter() - start, [500, {}, "error"]
            count["raised"] = repr(error)[:200]
        return {"answer": got, "count": dict(count), "time": taken}

    client = app.test_client()
    app.testing = False
    results = []

    def run(label, request, wait=True):
        got = answer(request, client)
        row = {"label": label, "request": f"{request['m']} {request['p']} {request['h'] or ''} {request['j'] or ''}", **got}
        if request["m"] != "GET":
            row["dump"] = dump()
        results.append(row)
        if wait:
            time.sleep(min(0.05, 0.6 * got["time"]))  # leave the processor to others
    gets = [r for r in plan["http"] if r["m"] == "GET"]
    run("warm", gets[0])
    for rounds in range(plan.get("times", 1)):
        for request in gets:
            run("http", request)
    # the same pool, overlapping requests
    together, barrier = [None] * 8, threading.Barrier(8)

    def one(number):
        mine = app.test_client()
        barrier.wait()
        together[number] = [answer(gets[(number * 3 + i) % len(gets)], mine)["answer"] for i in range(3)]
    threads = [threading.Thread(target=one, args=(n,), daemon=True) for n in range(8)]
    [t.start() for t in threads]
    deadline = time.time() + 25
    [t.join(max(0.1, deadline - time.time())) for t in threads]
    hung = sum(t.is_alive() for t in threads)
    for _ in range(2):
        if not hung and not plan.get("short"):
            for request in plan["http"]:
                run("http2", request)
    if not hung:
        for request in plan.get("variation", []):
            run("variation", request)
        for number, steps in enumerate(plan.get("sequence", [])):
            for request in steps:
                run(f"sequence{number}", request)
        for request in plan.get("edges", []):
            run("edge", request)
        for request in plan.get("timed", []):
            for _ in range(20):
                run("timed", request)
    Path(out_file).write_bytes(pickle.dumps({"results": results, "together": together, "hung": hung, "dump": None if hung else dump()}))
    os._exit(0)


# ---------------------------------------------------------------- parent

def sql(*statements):
    import psycopg
    with psycopg.connect(PLAIN, autocommit=True) as conn:
        for statement in statements:
            conn.execute(statement)


def template():
    import psycopg
    with psycopg.connect(PLAIN, autocommit=True) as conn:
        if conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone():
            return
        conn.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'UTF8'")
    subprocess.run([sys.executable, "-m", "boxoffice.fill"], cwd=APP, check=True, env={**os.environ, "BOXOFFICE_DATABASE_URL": url_of(TEMPLATE)})


def run_child(appdir, plan, tag):
    TMP.mkdir(exist_ok=True)
    db = f"boxoffice_c_{tag}"
    sql(f"DROP DATABASE IF EXISTS {db} WITH (FORCE)", f"CREATE DATABASE {db} TEMPLATE {TEMPLATE}")
    plan_file, out_file = TMP / f"{tag}.plan", TMP / f"{tag}.out"
    plan_file.write_bytes(pickle.dumps({**plan, "db": db}))
    out_file.unlink(missing_ok=True)
    env = {**os.environ, "BOXOFFICE_DATABASE_URL": url_of(db), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": plan.get("seed", "1")}
    try:
        done = subprocess.run(["nice", "-n", "15", sys.executable, __file__, "--child", str(appdir), str(plan_file), str(out_file)],
                              env=env, capture_output=True, text=True, timeout=plan.get("timeout", 240))
        error = done.stderr.strip().split("\n")[-1]
    except subprocess.TimeoutExpired:
        error = "hangs (time-out)"
    sql(f"DROP DATABASE IF EXISTS {db} WITH (FORCE)")
    return pickle.loads(out_file.read_bytes()) if out_file.exists() else {"failed": error}


def best(results, label, key):
    found = {}
    for row in results:
        if row["label"] == label:
            value = row["time"] if key == "time" else row["count"].get(key, 0)
            found.setdefault(row["request"], []).append(value)
    return {request: min(values) for request, values in found.items()}


def differences(base, patched, slow=1.2):
    if "failed" in patched:
        return [f"import/start: {patched['failed']}"]
    found = []
    if patched["hung"] or base["together"] != patched["together"]:
        bad = sum(a != b for a, b in zip(base["together"], patched["together"]))
        found.append(f"overlap: {patched['hung']} of 8 threads hang, {bad} answer otherwise")
    for a, b in zip(base["results"], patched["results"]):
        for what in ("status", "headers", "body"):
            x, y = (r["answer"][("status", "headers", "body").index(what)] for r in (a, b))
            if x != y:
                found.append(f"{a['label']} {what}: {a['request']}: {str(x)[:90] if what != 'body' else ''} {str(y)[:90] if what != 'body' else ''}{b['count'].get('raised', '')}")
        if a.get("dump") != b.get("dump"):
            found.append(f"{a['label']} rows of {[t for t in a['dump'] if a['dump'][t] != b['dump'].get(t)]} after {a['request']}")
        for key in ("statements", "checkouts", "rows", "connects"):
            if b["count"].get(key, 0) > a["count"].get(key, 0) and a["label"] != "warm" and (a["answer"][0] < 500):
                found.append(f"{a['label']} more {key}: {a['request']}: {a['count'].get(key, 0)} -> {b['count'].get(key, 0)}")
        if b["count"].get("seen", 0) < b["count"].get("statements", 0) - (a["count"].get("statements", 0) - a["count"].get("seen", 0)):
            found.append(f"{a['label']} hidden statements: {a['request']}: {b['count'].get('seen', 0)} seen of {b['count'].get('statements', 0)}")
    for key in ("time", "held"):  # the best of 20
        first, second = best(base["results"], "timed", key), best(patched["results"], "timed", key)
        for request in first:
            if second.get(request, 0) > first[request] * slow:
                found.append(f"timed {key}: {request}: {first[request] * 1000:.1f} -> {second[request] * 1000:.1f} ms")
    if base["dump"] != patched["dump"] and not patched["hung"]:
        found.append("rows at the end")
    return found


def plan_of(patch):
    http = http_file()
    plan = {"http": http, "variation": [norm(r) for r in patch.get("variation", [])],
            "sequence": [[norm(r) for r in steps] for steps in patch.get("sequence", [])]}
    if not patch["wrong"]:
        plan["edges"] = edges()
    if patch.get("timed") or not patch["wrong"]:
        plan["timed"] = [r for r in http if r["name"] in patch["requests"] and r["m"] == "GET"]
    plan["timeout"] = patch.get("timeout", 240)
    return plan


def slower_at_first(base, patched, requests):
    """A right patch is timed with care only when the best of the rounds is not clearly as fast."""
    if "failed" in patched:
        return False
    wanted = [f"{r['m']} {r['p']} {r['h'] or ''} {r['j'] or ''}" for r in requests]
    for label in ("http", "http2"):
        first, second = best(base["results"], label, "time"), best(patched["results"], label, "time")
        if any(second[r] > first[r] * 1.1 for r in wanted):
            return True
    return False


BASES = {}


def check(patch):
    work = TMP / "app"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(APP, work, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["git", "apply", "-p1", str(HERE / patch["file"])], cwd=work, check=True,
                   env={**os.environ, "GIT_CEILING_DIRECTORIES": str(TMP)})
    outside = [str(p.relative_to(work)) for p in work.rglob("*") if p.is_file() and p.relative_to(work).parts[0] != "boxoffice"
               and (not (APP / p.relative_to(work)).exists() or p.read_bytes() != (APP / p.relative_to(work)).read_bytes())]
    if outside:
        return [f"touches {outside}"]
    plan = plan_of(patch)
    full = {**plan, "timed": []}
    patched = run_child(work, full, "patched")
    key = hashlib.sha1(json.dumps({**plan, "timed": None, "timeout": None}).encode()).hexdigest()
    if key not in BASES:
        BASES[key] = run_child(APP, full, "base")
        assert "failed" not in BASES[key], BASES[key]
    found = differences(BASES[key], patched)
    if not patch["wrong"] and not slower_at_first(BASES[key], patched, plan["timed"]):
        return found
    for _ in range(3):  # time: base and patched one after the other, slower every time
        if not plan.get("timed") or "failed" in patched or patched["hung"]:
            break
        short = {**plan, "edges": [], "sequence": [], "variation": [], "short": True}
        times = [line for line in differences(run_child(APP, short, "base"), run_child(work, short, "patched")) if line.startswith("timed")]
        if not times:
            break
    else:
        found += times
    return found


def main(args):
    template()
    patches = [json.loads(line) for line in (HERE / "patches.jsonl").read_text().splitlines()]
    if args == ["--base"]:
        plan = plan_of({"wrong": False})
        a, b = run_child(APP, plan, "base"), run_child(APP, {**plan, "seed": "77"}, "patched")
        for row in a["results"]:
            if row["label"] == "http2" and not (200 <= row["answer"][0] < 300 and len(row["answer"][2]) > 3):
                print("not 2xx:", row["request"], row["answer"])
        print(len(a["results"]), "requests; differences with itself:", differences(a, b) or "none")
        statuses = {}
        for row in a["results"]:
            statuses.setdefault(row["answer"][0], []).append(row["request"])
        print({status: (len(rows), rows[0]) for status, rows in statuses.items()})
        return
    wrong_ok = right_ok = 0
    bad = []
    for patch in sorted((p for p in patches if not args or p["id"] in args or p["slug"] in args or ("right" in args and not p["wrong"]) or ("wrong" in args and p["wrong"])), key=lambda p: (p["wrong"], p["id"])):
        found = check(patch)
        fine = bool(found) == patch["wrong"]
        wrong_ok += fine and patch["wrong"]
        right_ok += fine and not patch["wrong"]
        if not fine:
            bad.append(patch["id"])
        print(patch["id"], patch["slug"], "wrong" if patch["wrong"] else "right", "ok " if fine else "BAD", patch["class"], "|", len(found), "differences", flush=True)
        for line in found[:3]:
            print("      ", line[:260], flush=True)
    print(f"wrong shown: {wrong_ok}, right without difference: {right_ok}, not as said: {bad}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
    main(sys.argv[1:])
