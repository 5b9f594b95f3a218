"""The call site of what just happened: the user's own frames, innermost first.

This is the agent's hottest code. It walks `f_back` and looks each file name up in one dict (75 ns a frame measured;
keyed by code object it was five times slower, since its hash is computed anew at each look-up).
"""

from __future__ import annotations

import sys

from .own_code import ENTRY, OTHER, OTHER_TEMPLATE, OWN, TEMPLATE, classify, kinds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any


def chain(frame: FrameType | None) -> list[Any]:
    """Own frames from `frame` outwards to the request's entry, as [code, line, code, line, ...].

    Where no frame is own, the frames of other libraries that are no infrastructure. Empty when there are none either.
    """
    own: list[Any] = []
    other: list[Any] = []
    kind_of = kinds.get
    while frame is not None:
        code = frame.f_code
        kind = kind_of(code.co_filename)
        if kind:
            if kind == OWN:
                own.append(code)
                own.append(frame.f_lineno)
            elif kind == ENTRY:
                break
            elif kind == OTHER:
                other.append(code)
                other.append(frame.f_lineno)
            elif kind == TEMPLATE:
                own.append(code)
                own.append(template_line(frame))
            elif kind == OTHER_TEMPLATE:
                other.append(code)
                other.append(template_line(frame))
        elif kind is None:
            classify(code.co_filename)
            continue
        frame = frame.f_back
    if own:
        return own
    return other or beyond_greenlet(frame)


def template_line(frame: FrameType) -> int:
    """Jinja compiles a template to Python with its own line numbers; the template knows the way back."""
    template = frame.f_globals.get("__jinja_template__")
    line: int = frame.f_lineno
    return line if template is None else template.get_corresponding_lineno(line)


def beyond_greenlet(frame: FrameType | None) -> list[Any]:
    """SQLAlchemy's async engine runs the statement in a greenlet, where the stack ends: go on in its parent's."""
    greenlet = sys.modules.get("greenlet")
    if frame is not None or greenlet is None:
        return []
    parent = greenlet.getcurrent().parent
    found: list[Any] = []
    while parent is not None and not found:
        start = parent.gr_frame
        found = within(start) if start is not None else []
        parent = parent.parent
    return found


def within(frame: FrameType | None) -> list[Any]:
    """Own frames of a stack that stands still."""
    found: list[Any] = []
    while frame is not None:
        kind = classify(frame.f_code.co_filename)
        if kind == ENTRY:
            break
        if kind in (OWN, TEMPLATE):
            found += (frame.f_code, frame.f_lineno)
        frame = frame.f_back
    return found
