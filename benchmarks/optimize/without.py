"""What the exported application must not tell: files that are left out, words that are changed, what is checked."""

from __future__ import annotations

import re

LEFT_OUT = (
    # the quick version, with its migration, its response cache, what was measured and written about both
    "discovery/optimized/", "migrations/versions/0003_indexes.py", "discovery/keyvalue/responses.py",
    "discovery/keyvalue/searches.py", "discovery/bench/", "results/", "README.md", "RESULTS.md", "CONTRACT.md",
    # tests compare both versions, or count what the slow one does
    "tests/",
    # the surroundings, which run beside the application and are not its code
    "discovery/ground/", "discovery/external/", "discovery/__main__.py",
    # written anew
    "subsecond.toml", ".gitignore",
)  # fmt: skip
EDITS: tuple[tuple[str, str, str], ...] = (
    (
        "discovery/__init__.py",
        ": one web API twice, as a hurried team left it (`legacy`) and after the work (`optimized`).",
        ": a web API that finds rooms and desks.",
    ),
    ("discovery/legacy/__init__.py", "The first version of the application.", "The application."),
    ("discovery/settings.py", "the constants that both versions share", "constants"),
    ("discovery/settings.py", 'Version = Literal["legacy", "optimized"]', 'Version = Literal["legacy"]'),
    ("discovery/settings.py", "each worker process, in both versions.", "each worker process."),
    ("discovery/settings.py", '    "optimized": 8102,\n', ""),
    ("discovery/parts.py", "What both versions have besides their own two", "What there is besides the two"),
    ("discovery/booking/__init__.py", "one code for both versions, on the engine", "on the engine"),
    ("discovery/models.py", "declarative models, used by every version of the application.", "declarative models."),
    ("discovery/openapi/document.py", " Both versions, legacy and optimized, answer exactly this.", ""),
    (
        "discovery/openapi/operations.py",
        '\n            note="A worker of the optimized version goes on with the old value for up to five minutes.",',
        "",
    ),
    (
        "discovery/crm_sync/__main__.py",
        '{settings.database_url("legacy"), settings.database_url("optimized")}',
        '{settings.database_url("legacy")}',
    ),
    ("discovery/crm_sync/worker.py", "the queues of both versions' databases in one process", "the queues"),
    ("discovery/admin/configuration.py", " Legacy reads the table with every request;\n", ""),
    (
        "discovery/admin/configuration.py",
        "optimized remembers it for five minutes, so a change shows there within that time.",
        "",
    ),
    (
        "discovery/keyvalue/versions.py",
        "changed when, so that no kept answer is given that a change made wrong.\n\nA hash in the store holds a",
        "changed when: a hash in the store holds a",
    ),
    (
        "discovery/keyvalue/versions.py",
        " An answer carries the marks under\nwhich it was made, and is good as long as they are the same.",
        "",
    ),
    (
        "discovery/keyvalue/versions.py",
        " Never raises: where the store does not answer, an answer that it still\n    holds goes by itself within "
        "`responses.SECONDS`.",
        " Never raises.",
    ),
    (
        "discovery/keyvalue/versions.py",
        "SECONDS = 3600  # for which marks are kept; an answer made before is gone long since",
        "SECONDS = 3600  # for which marks are kept",
    ),
    (
        "discovery/keyvalue/versions.py",
        'NEVER = "-"  # stands for the mark of what was not changed lately\n',
        "",
    ),
    (
        "discovery/keyvalue/versions.py",
        '''


def stamp(marks: Mapping[str, str], city_id: int | None) -> str:
    """The marks that an answer depends on: for a city, or for all of them together (None)."""
    names = (ANYWHERE,) if city_id is None else (EVERYWHERE, str(city_id))
    return " ".join(marks.get(name, NEVER) for name in names)
''',
        "\n",
    ),
    ("discovery/keyvalue/versions.py", "from collections.abc import Mapping\n", ""),
    ("discovery/keyvalue/__init__.py", "answers of discovery, counts of requests", "counts of requests"),
)
TOLD = re.compile(r"optimi[sz]|both versions|two versions|keyvalue\.responses|keyvalue\.searches", re.IGNORECASE)
"""What must be nowhere in the outcome."""
