"""Fixer: a log record that is written each time round a loop is written once, after it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

import libcst as cst

from subsecond.fix.fixer import Code, Draft, RefusedError, fixer
from subsecond.fix.source import Edits, Function, Source, below, code, every, parsed, targets
from subsecond.model.audit import Audit
from subsecond.model.finding import Finding
from subsecond_agent import protocol

LEVELS = ("debug", "info")
"""What is louder is meant for somebody."""
_PLAIN = frozenset(
    "len str repr int float bool round sum min max sorted list tuple dict set type id abs format isoformat strftime "
    "keys values items get upper lower title strip join total_seconds dumps count index split".split()
)
"""Calls that give a value and do nothing else; an argument that calls another may be there for what it does."""
_LEAVING = (cst.Return, cst.Raise, cst.Yield, cst.Await)
_WORD = re.compile(r"[^\W\d_]{3,}")
_UNKNOWN_READERS = (
    "whether anybody looks for its text is not known: write alerts = [] in the configuration if nobody does, or the "
    "texts that a monitor looks for"
)


@fixer
class OneLogRecord:
    """N records a loop become one, with their number and the text of one of them (catalogue F20).

    What must hold: the call is a statement of its own, of level DEBUG or INFO, in a loop of the same function; the
    logger is the same each time round; its arguments do nothing but give a value; no `return`, `raise`, `yield` or
    `await` leaves the loop before the record; no field of it (`extra=`, `exc_info=`) is read elsewhere; and nobody
    looks for its text, which only the user knows (`alerts`).
    """

    kinds: ClassVar[tuple[str, ...]] = ("excessive-logging",)

    def draft(self, finding: Finding, audit: Audit, code: Code) -> Draft:
        source = parsed(finding.file, code.text(finding.file))
        function = source.function(finding.function, finding.line)
        call = _chosen(source, function, finding)
        loop = _loop(source, call, finding)
        _steady_logger(source, call, loop)
        text = _text(source, call)
        for argument in call.args:
            _plain(source, argument.value)
        _unread(source, call, text, code.alerts)
        edits, counter = Edits(source), source.free("records")
        statement = source.parent(call)
        assert isinstance(statement, cst.Expr)
        edits.insert(loop, [f"{counter} = 0"])
        edits.restate(statement, f"{counter} += 1")
        shown = repr(text) if text is not None else repr(_short(call))
        edits.append(loop, [f"if {counter}:", f'    {_name(call)}("%d times: %s", {counter}, {shown})'])
        written = _written(finding)
        return Draft(
            files={source.file: edits.result()},
            summary=f"The record at {source.where(call)} is written once after the loop, with its number",
            promised={request: {protocol.COUNT_LOGS: number - 1} for request, number in written.items() if number > 1},
        )


def _chosen(source: Source, function: Function | cst.Module, finding: Finding) -> cst.Call:
    """The call at the finding's line, or the only one in a loop of the function."""
    found = [
        one
        for one in below(function, cst.Call)
        if isinstance(one.func, cst.Attribute)
        and one.func.attr.value in (*LEVELS, "log", "warning", "error", "critical", "exception")
        and _loops(source, one)
    ]
    at = [one for one in found if source.holds(one, finding.line)] or found
    if len(at) != 1:
        what = "no call of a logger stands" if not at else f"{len(at)} calls of a logger stand"
        raise RefusedError(
            f"{finding.file}:{finding.line}: {what} in a loop of {finding.function}; where the loop is its caller's, "
            "write the record there"
        )
    [call] = at
    assert isinstance(call.func, cst.Attribute)
    if call.func.attr.value not in LEVELS:
        raise RefusedError(f"{source.where(call)}: .{call.func.attr.value}() is meant to be read")
    if not isinstance(source.parent(call), cst.Expr):
        raise RefusedError(f"{source.where(call)}: the call is no statement of its own")
    return call


def _loops(source: Source, call: cst.Call) -> list[cst.For | cst.While]:
    """The loops of its own function around a call, the innermost first."""
    found = []
    for one in source.above(call):
        if isinstance(one, Function | cst.Lambda | cst.ClassDef):
            break
        if isinstance(one, cst.For | cst.While):
            found.append(one)
    return found


def _loop(source: Source, call: cst.Call, finding: Finding) -> cst.For | cst.While:
    """The outermost one. Raises RefusedError where something may leave it before its end, beside a `break`."""
    loop = _loops(source, call)[-1]
    for one in every(loop):
        if isinstance(one, _LEAVING) or (isinstance(one, cst.For | cst.CompFor) and one.asynchronous is not None):
            word = type(one).__name__.lower()
            raise RefusedError(f"{source.where(one)}: {word}: {finding.function} may leave the loop before the record")
    return loop


def _steady_logger(source: Source, call: cst.Call, loop: cst.For | cst.While) -> None:
    name = _name(call).partition(".")[0]
    if not re.fullmatch(r"[\w.]+", _name(call)) or name in targets(loop):
        raise RefusedError(f"{source.where(call)}: the logger {_name(call)} may be another each time round")


def _name(call: cst.Call) -> str:
    return code(call.func)


def _text(source: Source, call: cst.Call) -> str | None:
    """The message with its places for values; None where it is made by other code. Raises RefusedError for fields."""
    for argument in call.args:
        if argument.keyword is not None or argument.star:
            field = argument.keyword.value if argument.keyword else code(argument.value)
            raise RefusedError(f"{source.where(call)}: {field} is a field of the record, which somebody may read")
    if not call.args:
        raise RefusedError(f"{source.where(call)}: the call has no message")
    return _template(call.args[0].value)


def _template(value: cst.BaseExpression) -> str | None:
    if isinstance(value, cst.SimpleString):
        plain = value.evaluated_value
        return plain if isinstance(plain, str) else None
    if isinstance(value, cst.FormattedString):
        return "".join(
            part.value if isinstance(part, cst.FormattedStringText) else "{" + code(part.expression) + "}"
            for part in value.parts
            if isinstance(part, cst.FormattedStringText | cst.FormattedStringExpression)
        )
    if isinstance(value, cst.ConcatenatedString):
        left, right = _template(value.left), _template(value.right)
        return None if left is None or right is None else left + right
    if isinstance(value, cst.BinaryOperation) and isinstance(value.operator, cst.Modulo):
        return _template(value.left)
    if isinstance(value, cst.Call) and isinstance(value.func, cst.Attribute) and value.func.attr.value == "format":
        return _template(value.func.value)
    return None


def _short(call: cst.Call) -> str:
    return code(call.args[0].value)[:60]


def _plain(source: Source, value: cst.BaseExpression) -> None:
    """Raises RefusedError where making a value may do something besides."""
    for one in every(value):
        if isinstance(one, cst.NamedExpr | cst.Await | cst.Yield):
            raise RefusedError(f"{source.where(one)}: an argument does more than give a value: {code(one)[:60]}")
        if isinstance(one, cst.Call):
            name = code(one.func).rpartition(".")[2]
            if name not in _PLAIN:
                raise RefusedError(f"{source.where(one)}: an argument calls {code(one.func)}(), which may do something")


def _unread(source: Source, call: cst.Call, text: str | None, alerts: Sequence[str] | None) -> None:
    """Raises RefusedError where somebody may look for the record's text."""
    where = source.where(call)
    if alerts is None:
        raise RefusedError(f"{where}: {_UNKNOWN_READERS}")
    for alert in alerts:
        if text is None:
            raise RefusedError(f'{where}: the text is made elsewhere, and a monitor looks for "{alert}"')
        words = {word.lower() for word in _WORD.findall(text)}
        if alert in text or words & {word.lower() for word in _WORD.findall(alert)}:
            raise RefusedError(f'{where}: a monitor looks for "{alert}", which this record may hold')


def _written(finding: Finding) -> dict[str, int]:
    """Records of the finding's own line by request, where all of them come from it."""
    lines = [line for line in finding.evidence if re.match(r"\d+ × at ", line)]
    saves = [one.saves for one in finding.experiments]
    if len(lines) != 1 or not saves:
        return {}
    return {request: counts.get(protocol.COUNT_LOGS, 0) for request, counts in saves[0].items()}
