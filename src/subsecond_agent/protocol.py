"""The vocabulary that the tool and the agent share: environment, header, spool lines, span names.

The one agent module that the tool may import; it imports nothing at all. Attribute names follow the
stable OpenTelemetry semantic conventions (https://opentelemetry.io/docs/specs/semconv/); what has no
name there is `subsecond.*`.

Spool: a folder (mode 0700, made by the tool). Each process of the app appends JSON lines to its own
file `<pid>-<start in ns>.jsonl`, one `os.write` a line. A line is one of

hello  `{"type": "hello", "version", "pid", "argv", "python", "executable", "server", "libraries": {name: version},
       "hooks": {name: "installed" | "waiting" | "off: why"}}` at the first request of the process.
note   `{"type": "note", "version", "pid", "hook", "message"}`: the agent's own mishap; that hook is off from then on.
mapper `{"type": "mapper", "version", "pid", "entities": [...]}`: what stands in SQLAlchemy's mapper, after the first
       deep request of a process, anew when more has come. An entity: `{"name": "module:Class", "table", "parent":
       name | null, "columns": [{"key", "name", "table", "type", "nullable", "unique", "primary_key", "indexed",
       "references": ["table.column"], "deferred"}], "relations": [{"key", "target": "module:Class", "uselist",
       "lazy", "direction": "MANYTOONE" ..., "keys": [[local, remote], ...], "secondary": table | null, "viewonly",
       "ordered", "innerjoin"}]}`.
trace  one request, written after the last byte of the response has gone:
       `{"type": "trace", "version", "id", "mark", "mode", "steering", "pid", "first", "start", "seconds",
       "cpu_seconds", "gc_seconds", "method", "path", "query", "route", "status", "error", "trial",
       "dropped", "counts": {...}, "waits": {...}, "texts": [...], "frames": [...], "stacks": [...],
       "spans": [...]}`
       late spans (work that went on after the response) follow in further lines of the same `id`
       with `"late": true`: "type", "version", "id", "mark", "mode", "pid", "late", and from "dropped" on the
       same, for themselves alone.

    mark         str | null: what the tool sent in the header, to find its own request again
    steering     "ok" (header accepted) | "absent" | "refused" (wrong token, expired, foreign peer)
    first        bool: the first request that this process served
    start        int: UNIX time in ns; seconds, cpu_seconds, gc_seconds: float (CPU, collections: the whole process)
    error        str | null: type of an exception that left the application
    trial        null | {"id", "state", "acted": [int, ...], "refused": [str | null, ...]}: one of each for each fix of
                 the trial's file. state: "ok" | "unknown" (no such file) | "malformed: why" | "refused: why"; the last
                 three leave the request untouched. acted: how often the fix acted; refused: why it would not, or would
                 no longer, act (it raised, the function is not pure, the request writes, no such model ...)
    dropped      int: spans left out, when a request has more than 100,000 (counts and waits are still exact)
    counts       {COUNT_QUERIES: int, ...}: exact integers, in all modes
    waits        {WAIT_DATABASE: seconds, ...}: summed, in all modes
    texts        list[str]: statement texts, without the values
    frames       list[[file, line, function]]: own frames, absolute paths
    stacks       list[list[int]]: chains of frames (index into frames), innermost first
    spans        list[[name, parent, start_us, duration_us, stack, attributes]]; parent: index into
                 spans or -1 (the request); stack: index into stacks or -1; times in microseconds from
                 the request's start; empty in mode "timed".
    job          only of a worker's job: {"name", "queue": str | null}; its method is "JOB", its path and route its name
    deep         only in mode "deep":
                 {"reads": [...], "untracked": int, "parameters": [...], ...}
                 reads: what statements of one text and call site fetched of one entity or, with entity null, as plain
                 rows, against what was read of it: {"span": first such span or -1, "statements": int, "entity":
                 "module:Class" | null, "relation": "Model.relation" | null, "rows": int, "objects": objects that
                 first came with these rows, "again": rows that led to an object of another statement, "columns":
                 {name: objects of which it was read} for each column fetched, "long": {name: characters (bytes) of a
                 typical value} of those with a thousand or more, "relations": {name: objects of which it was
                 accessed}, "read_at": {name: stack of the first reading}, "clusters": [...], "others": objects in
                 clusters that are left out}
                 cluster: objects of which the same columns were read: {"columns": [name, ...], "objects": int,
                 "values": {name: {"distinct": int | null, "alone": bool, "type", "missing": bool, "low", "high",
                 "some": [at most 50 values]}}, "keys": primary keys, where they are at most 200}. alone: no value of
                 this column occurs in another cluster. Values as JSON (dates, decimals: text), only in the spool.
                 untracked: objects and rows beyond 200,000 that were not followed
                 parameters: {"in": "args" | "form" | "files" | "values" | "json", "name": str | null (all), "present":
                 bool, "stack", "times"}: what the app asked its request for
                 functions: own functions that were called: {"file", "line", "function", "module", "stack" of the first
                 call, "places": places it was called from (at most 20 counted), "calls", "generator": bool (then calls
                 are not counted), "distinct": different arguments, "unlike": calls whose arguments cannot be compared,
                 "arguments": the 20 most frequent [{"hash", "calls", "queries", "http", "logs", "result": hash where
                 it was always the same | null}], "entity_bound": a result holds an object of a mapped class, "ran":
                 [[first, last], ...] lines, "missed": the same of lines that did not run | null where not known}.
                 Hashes are keyed, the same in all processes of a run; one that begins with "~" holds an object of
                 which only its identity is known, and is comparable within its request only
                 why: null | why no functions are told, or not all of their calls
    profile      only in mode "profiling", where spans are empty as in "timed":
                 {"how": "timer" | "thread", "period": seconds, "seconds": CPU seconds seen, "stacks": [[stack, library
                 | null, CPU seconds], ...]}; library: the package that computed below the innermost own frame

Trials: a header that ends in `:<trial id>` switches virtual fixes on for that request. What they are stands in
`<spool>/trials/<id>.json`, written whole (a rename) by the tool, folder 0700, file 0600:
`{"version": 1, "fixes": [{"fix": name, "shadow": false, parameter: value, ...}, ...]}`. It is read once per process:
another content needs another id. `shadow`: do all the work of the hook, but still send the statement or call the
function. Names and parameters: `virtual_fixes/`. Only GET and HEAD requests.

Connections: each process writes what SQLAlchemy is about to connect to into `<spool>/connect-<pid>.json` (0600), once
per distinct target, the file whole each time: `{"version": 1, "pid", "connections": [{"system", "driver", "host",
"port", "dbname", "user", "password", "path", "redirected": bool}, ...]}`; a value is null where the driver is left to
its own default; `path` is absolute, of SQLite only (`:memory:` as it is), the others of the rest only. The port is a
number.
With ENV_REDIRECT, a file (0600, its folder the tool's own) `{"version": 1, "database": [{"from": {...}, "to": {...}},
...]}` says where connections go instead. `from`: `{"host", "port", "dbname"}` or `{"path"}` with the values of
connect-*.json; `to`: the same keys and, if they differ, `"user"` and `"password"`. What no entry fits goes where the
app says, with `"redirected": false`. A file that cannot be used lets no connection be made at all: an arm must never
reach what it does not own.
"""

VERSION = 1

ENV_SPOOL = "SUBSECOND_SPOOL"
"""Path of the spool folder. The agent does nothing at all unless this is set."""
ENV_TOKEN = "SUBSECOND_TOKEN"
"""Secret of this run, 32 hex digits. Without it the agent records and cannot be steered."""
ENV_EXPIRES = "SUBSECOND_EXPIRES"
"""UNIX time in seconds after which the token is worth nothing."""
ENV_CODE = "SUBSECOND_CODE"
"""JSON `{"root": folder, "code": [package name or folder, ...], "app": module or null}`: what own code is."""

ENV_JOBS = "SUBSECOND_JOBS"
"""JSON list of `module:function`: functions of a worker whose calls are roots like requests."""

ENV_REDIRECT = "SUBSECOND_REDIRECT"
"""Path of the file that says where the connections of this arm go."""
ENV_REVERSED = "SUBSECOND_REVERSED"
"""`1`: SQLite hands out backwards what no ORDER BY puts in order (`PRAGMA reverse_unordered_selects`)."""

HEADER = "X-Subsecond"
"""`<token>:<mode>:<mark>[:<trial id>]`; the mark matches `[A-Za-z0-9._-]{1,64}`, the trial's id `[a-z0-9-]{1,40}`.
Taken out before the app sees it."""

TRIALS = "trials"
"""Folder of the trials' files, in the spool folder."""
TRIAL_VERSION = 1

MODE_TIMED = "timed"
"""Clock, process CPU, counts and summed waits: the only mode whose seconds count as the request's."""
MODE_RECORDING = "recording"
"""Adds spans with call sites."""
MODE_DEEP = "deep"
"""Adds what is too dear for any clock: columns read, calls of functions, lines run. Its seconds count for nothing."""
MODE_PROFILING = "profiling"
"""As timed, and a sampler says which lines took the CPU; its own seconds count for nothing."""
MODES = (MODE_TIMED, MODE_RECORDING, MODE_DEEP, MODE_PROFILING)

SPAN_QUERY = "query"
SPAN_CHECKOUT = "checkout"
"""A connection of a pool, from the asking for it to its return."""
SPAN_SESSION = "session"
"""A unit of work of an ORM; its stack is the place that opened it."""
SPAN_TRANSACTION = "transaction"
SPAN_LOG = "log"
SPAN_HTTP = "http"
"""A call of another service."""
SPAN_KEY_VALUE = "key_value"
"""A command, or a pipeline of them, sent to a key-value store."""

COUNT_QUERIES = "queries"
COUNT_ROWS = "rows"
COUNT_CHECKOUTS = "checkouts"
COUNT_SESSIONS = "sessions"
COUNT_TRANSACTIONS = "transactions"
COUNT_LOGS = "logs"
COUNT_HTTP = "http_calls"
COUNT_KEY_VALUE = "key_value_calls"
COUNT_OPENED = "connections_opened"
"""Of SQLite; in front of PostgreSQL a proxy counts them."""
COUNT_RAW = "raw_statements"
"""Statements of SQLite sent past SQLAlchemy, on connections of the app's own."""

WAIT_DATABASE = "database"
"""Time inside the driver: statements, begin, commit, rollback."""
WAIT_CPU = "database_cpu"
"""Part of WAIT_DATABASE in which this thread computed (the driver, SQLite); measured in requests of a trial only."""
WAIT_POOL = "pool"
WAIT_LOGS = "logs"
WAIT_HTTP = "http"
"""From sending a request to another service to having read its answer, as far as the app read it."""
WAIT_KEY_VALUE = "key_value"

DB_SYSTEM = "db.system.name"
DB_TEXT = "db.query.text"
"""In a spool line: an index into texts. In a trace of the tool: the text."""
DB_OPERATION = "db.operation.name"
DB_ROWS = "db.response.returned_rows"
DB_POOL = "db.client.connection.pool.name"
DB_POOL_SIZE = "db.client.connection.max"
"""How many connections the pool may hand out: size and overflow; absent where it has no limit."""
DB_WAIT = "db.client.connection.wait_time"
"""Seconds from asking for a connection to having it."""
THREAD = "subsecond.thread"
"""Of a check-out: number of the thread or greenlet it was made in; missing where that is the request's own."""
ERROR_TYPE = "error.type"
HTTP_METHOD = "http.request.method"
HTTP_STATUS = "http.response.status_code"
SERVER_ADDRESS = "server.address"
SERVER_PORT = "server.port"
URL_PATH = "url.path"
"""Without the query string: that holds values."""
DB_BATCH = "db.operation.batch.size"
"""Commands of a pipeline."""
KEY_HASH = "subsecond.key_value.key"
"""Keyed hash of a command's first key, the same in all processes of a run."""
KEY_HIT = "subsecond.key_value.hit"
"""bool, of commands that read a key: was there something?"""
PARAMETERS = "subsecond.db.parameters"
"""List of the values' `repr` (each capped at 200 characters; of an executemany a list of such lists, at most 20),
named ones in the order in which the text first names them; only in the spool, the tool keeps a keyed hash of it."""
FINGERPRINT = "subsecond.db.fingerprint"
"""Written by the tool: the statement without what changes from run to run."""
OFFSET = "subsecond.db.offset"
"""Written by the tool: rows that the statement was told to skip."""
VALUES = "subsecond.db.values"
"""Number of values bound to the statement."""
EXECUTEMANY = "subsecond.db.executemany"
"""Number of parameter sets of one `executemany`."""
LAZY_LOAD = "subsecond.orm.lazy_load"
"""`Model.relation` whose attribute access sent this statement."""
EAGER_LOAD = "subsecond.orm.eager_load"
"""`Model.relation` that a loader option or a relationship's own `lazy=` fetched with the parents."""
COLUMN_LOAD = "subsecond.orm.column_load"
"""`Model`: refresh of expired attributes or a deferred column."""
FIRST_USE = "subsecond.session.first_use"
"""Seconds from a session's opening to the moment it asks for its first connection; missing when it never does."""
OPEN = "subsecond.open"
"""true: had not ended when the response was over; its duration runs to there."""
OUTCOME = "subsecond.transaction.outcome"
"""commit | rollback | open"""
END_SECONDS = "subsecond.transaction.end_seconds"
"""What its COMMIT or ROLLBACK took, a part of its duration; missing while it is open."""
LOG_LEVEL = "log.severity"
LOG_LOGGER = "log.logger"
LOG_TEMPLATE = "log.template"
"""The message before its arguments are put in."""
