"""A trial: the virtual fixes that one request asks for, from the file that the tool wrote.

Whatever is wrong with a trial (no such file, a malformed one, one that others may have written), the request runs
untouched and its trace says so.
"""

from __future__ import annotations

import json
import os

from . import guard, spool, virtual_fixes
from .protocol import TRIAL_VERSION, TRIALS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .span import Record
    from .virtual_fix import VirtualFix

    Wanted = tuple[Any, dict[str, Any], bool]  # class, parameters, shadow

METHODS = ("GET", "HEAD")
MAX_FILE = 4_000_000  # bytes: 100,000 keys of a batch, and what else there is
MAX_FIXES = 200


class TrialError(Exception):
    """The request runs untouched; the text is the trial's `state`."""


class Files:
    """What this process has read."""

    read: dict[str, list[Wanted] | str] = {}
    """Trial's id -> its fixes, or the state of a file that is no good."""


class Trial:
    """What runs in one request."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = "ok"
        self.fixes: list[VirtualFix] = []
        self.acting: dict[str, list[VirtualFix]] = {}

    def named(self, name: str) -> list[VirtualFix]:
        """Fixes of one name; none once the request is over."""
        return self.acting.get(name, [])

    def start(self, record: Record, wanted: list[Wanted]) -> None:
        """Make the request's own fixes and let each prepare itself."""
        for kind, parameters, shadow in wanted:
            fix = kind(record, parameters, shadow)
            self.fixes.append(fix)
            try:
                virtual_fixes.install(fix.NAME)
                fix.apply()
            except Exception as mishap:
                fix.failed(mishap)
            self.acting.setdefault(fix.NAME, []).append(fix)

    def end(self) -> None:
        """Give back what the fixes took. A second call finds nothing to do."""
        if not self.acting:
            return
        self.acting = {}
        for fix in reversed(self.fixes):
            try:
                fix.undo()
            except Exception as mishap:
                fix.failed(mishap)

    def told(self) -> dict[str, Any]:
        """The trace's field `trial`."""
        return {
            "id": self.name,
            "state": self.state,
            "acted": [fix.acted for fix in self.fixes],
            "refused": [fix.refused for fix in self.fixes],
        }


def begin(record: Record) -> None:
    """Switch on what the request's header asks for. Raises nothing: a bad trial is a state, not a mishap of the app."""
    trial = record.trial = Trial(record.trial_id or "")
    try:
        method = record.environ.get("REQUEST_METHOD", "")
        if method not in METHODS:
            trial.state = f"refused: a {method} request may change data; only GET and HEAD run a trial"
            return
        found = wanted_by(trial.name)
        if isinstance(found, str):
            trial.state = found
        else:
            trial.start(record, found)
    except Exception as mishap:
        trial.end()
        trial.state = "refused: " + guard.describe(mishap)


def wanted_by(name: str) -> list[Wanted] | str:
    """The fixes of a trial's file, read once; a text says why there are none. An unknown one is looked for again."""
    known = Files.read.get(name)
    if known is None:
        try:
            known = checked(content(name))
        except FileNotFoundError:
            return "unknown"
        except TrialError as why:
            known = str(why)
        Files.read[name] = known
    return known


def content(name: str) -> bytes:
    """Bytes of a trial's file, which nobody but this user may have written. Raises TrialError, FileNotFoundError."""
    folder = os.path.join(spool.folder, TRIALS)
    if not os.path.lexists(folder):
        raise FileNotFoundError(folder)
    for place in (spool.folder, folder):
        why = spool.unsafe(place)
        if why:
            raise TrialError(f"refused: folder {os.path.basename(place)}: {why}")
    return spool.private_file(os.path.join(folder, name + ".json"), MAX_FILE, refused)


def refused(why: str) -> TrialError:
    return TrialError("refused: " + why)


def checked(data: bytes) -> list[Wanted]:
    """A trial's content -> its fixes, each with all its parameters. Raises TrialError."""
    try:
        whole = json.loads(data)
    except ValueError as mishap:
        raise TrialError(f"malformed: no JSON: {mishap}") from None
    if not isinstance(whole, dict) or whole.get("version") != TRIAL_VERSION:
        raise TrialError(f"malformed: not a trial of version {TRIAL_VERSION}")
    fixes = whole.get("fixes")
    if set(whole) != {"version", "fixes"} or not isinstance(fixes, list) or not 0 < len(fixes) <= MAX_FIXES:
        raise TrialError(f"malformed: wants version and a list of 1 to {MAX_FIXES} fixes, nothing else")
    return [checked_fix(number, fix) for number, fix in enumerate(fixes)]


def checked_fix(number: int, fix: Any) -> Wanted:
    name = fix.get("fix") if isinstance(fix, dict) else None
    kind = virtual_fixes.fix_class(name) if isinstance(name, str) else None
    if kind is None:
        raise TrialError(f"malformed: fix {number}: there is no virtual fix {name!r}"[:200])
    where = f"malformed: fix {number} ({name}): "
    shadow = fix.get("shadow", False)
    if not isinstance(shadow, bool):
        raise TrialError(where + "shadow is true or false")
    given = {parameter: value for parameter, value in fix.items() if parameter not in ("fix", "shadow")}
    for parameter, value in given.items():
        check = kind.PARAMETERS.get(parameter)
        if check is None:
            raise TrialError(where + f"no parameter {parameter!r}"[:100])
        expected = check(value)
        if expected:
            raise TrialError(where + f"{parameter} wants {expected}")
    missing = [parameter for parameter in kind.PARAMETERS if parameter not in given and parameter not in kind.OPTIONAL]
    if missing:
        raise TrialError(where + f"lacks {', '.join(missing)}")
    return kind, {**kind.OPTIONAL, **given}, shadow
