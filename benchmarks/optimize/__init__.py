"""A real application taken from slow to quick by `subsecond optimize`, by an assistant or by the fixers alone."""

import sys
from pathlib import Path

# The example's contract tests have helpers that are used here as they are: the running platform, facts, requests.
TESTS = str(Path(__file__).resolve().parents[2] / "examples" / "discovery" / "tests")
if TESTS not in sys.path:
    sys.path.insert(0, TESTS)
