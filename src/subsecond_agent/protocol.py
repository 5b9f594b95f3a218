"""The vocabulary that the tool and the agent share: environment, header, spool lines, span names.

The one agent module that the tool may import; it imports nothing at all. Attribute names follow the
stable OpenTelemetry semantic conventions (https://opentelemetry.io/docs/specs/semconv/); what has no
name there is `subsecond.*`.

Spool: a folder (mode 0700, made by the tool). Each process of the app appends JSON lines to its own
file `<pid>-<start in ns>.jsonl`, one `os.write` a line. A line is one of

hello  `{"type": "hello", "version", "pid", "argv", "python", "executable", "server", "libraries": {name: version},
       "hooks": {name: "installed" | "waiting" | "off: why"}}` at the first request of the process.
note   `{"type": "note", "version", "pid", "hook", "message"}`: the agent's own mishap; that hook is off from then on.
trace  one request, written after the last byte of the response has gone:
       `{"type": "trace", "version", "id", "mark", "mode", "steering", "pid", "first", "start", "seconds",
       "cpu_seconds", "gc_seconds", "method", "path", "query", "route", "status", "error",
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
    dropped      int: spans left out, when a request has more than 100,000 (counts and waits are still exact)
    counts       {COUNT_QUERIES: int, ...}: exact integers, in all modes
    waits        {WAIT_DATABASE: seconds, ...}: summed, in all modes
    texts        list[str]: statement texts, without the values
    frames       list[[file, line, function]]: own frames, absolute paths
    stacks       list[list[int]]: chains of frames (index into frames), innermost first
    spans        list[[name, parent, start_us, duration_us, stack, attributes]]; parent: index into
                 spans or -1 (the request); stack: index into stacks or -1; times in microseconds from
                 the request's start; empty in mode "timed".
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

HEADER = "X-Subsecond"
"""`<token>:<mode>:<mark>`; the mark matches `[A-Za-z0-9._-]{1,64}`. Taken out before the app sees it."""

MODE_TIMED = "timed"
"""Clock, process CPU, counts and summed waits: the only mode whose seconds count as the request's."""
MODE_RECORDING = "recording"
"""Adds spans with call sites."""
MODE_DEEP = "deep"
"""Adds what is too dear for any clock: columns read, profiler."""
MODES = (MODE_TIMED, MODE_RECORDING, MODE_DEEP)

SPAN_QUERY = "query"
SPAN_CHECKOUT = "checkout"
"""A connection of a pool, from the asking for it to its return."""
SPAN_SESSION = "session"
"""A unit of work of an ORM; its stack is the place that opened it."""
SPAN_TRANSACTION = "transaction"
SPAN_LOG = "log"

COUNT_QUERIES = "queries"
COUNT_ROWS = "rows"
COUNT_CHECKOUTS = "checkouts"
COUNT_SESSIONS = "sessions"
COUNT_TRANSACTIONS = "transactions"
COUNT_LOGS = "logs"

WAIT_DATABASE = "database"
"""Time inside the driver: statements, begin, commit, rollback."""
WAIT_POOL = "pool"
WAIT_LOGS = "logs"

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
PARAMETERS = "subsecond.db.parameters"
"""List of the values' `repr` (each capped at 200 characters; of an executemany a list of such lists, at most 20),
named ones in the order in which the text first names them; only in the spool, the tool keeps a keyed hash of it."""
FINGERPRINT = "subsecond.db.fingerprint"
"""Written by the tool: the statement without what changes from run to run."""
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
LOG_LEVEL = "log.severity"
LOG_LOGGER = "log.logger"
LOG_TEMPLATE = "log.template"
"""The message before its arguments are put in."""
