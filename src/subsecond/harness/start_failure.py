"""Why an app did not come up, in one line: what it did instead, what it printed, how to mend it."""

from __future__ import annotations

import re
import signal

from subsecond import durations
from subsecond.errors import SubsecondError, did_you_mean
from subsecond.harness.ready import HOST, Readiness
from subsecond.harness.server import source_of
from subsecond.model.target import Target
from subsecond.store import FOLDER

KEPT_LOG = "app.log"
_LONGER = 'longer: ready = "120s"'


def misspelt(target: Target, said: str) -> str:
    """`; did you mean "shop"?` where what the log says of the app's own name is one letter from what is there."""
    module, _, attribute = (target.app or "").partition(":")
    top = module.partition(".")[0]
    if top and re.search(rf"(No module named|Could not import) '{re.escape(top)}[.']", said):
        here = [path.stem for path in target.cwd.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()]
        return did_you_mean(top, [name for name in here if name != top])
    name = re.match(r"\w+", attribute)
    if name and f"'{name[0]}'" in said and "attribute" in said:
        return did_you_mean(name[0], re.findall(r"^(?:def )?(\w+)(?=\s*[=(:])", source_of(target), re.M))
    return ""


def not_started(result: Readiness, port: int, code: int | None, said: str | None, left: bool) -> SubsecondError:
    """The error. `code`: exit code if it ended; `said`: first failure of its log; `left`: processes remain."""
    if result.state == "ended":
        text = _ended(result.seconds, code or 0, said, left)
    else:
        text = _alive(result, port) + (f"; it printed: {said}" if said else "")
    return SubsecondError("app-start-failed", f"{text}; its log: {FOLDER}/{KEPT_LOG}")


def _ended(seconds: float, code: int, said: str | None, left: bool) -> str:
    if code == 0 and left:
        return "the start command put the app into the background; start it in the foreground (without --daemon)"
    return f"the app ended after {durations.text(seconds)} ({exit_text(code)}): {said or 'it printed nothing'}"


def _alive(result: Readiness, port: int) -> str:
    took = durations.text(result.seconds)
    if result.state == "silent":
        return f"the app accepts connections on port {port} but answered nothing in {took} ({_LONGER})"
    if result.state == "broken":
        return f"the app broke the connection of the first request {result.detail} times in {took}, without an answer"
    if result.state == "elsewhere":
        return f"the app listens on {result.detail}, not on {HOST}:{port}; write {{port}} where its port belongs in run"
    if result.state == "not-http":
        return f"what answers on port {port} does not speak HTTP: {result.detail}"
    return f"the app lives but listens on no port after {took} ({_LONGER})"


def exit_text(code: int) -> str:
    """`exit code 3`, or `killed by SIGKILL` for the negative codes of `subprocess`."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
