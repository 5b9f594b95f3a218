"""An experiment that would prove a finding: a virtual fix with parameters, before it is run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Fidelity = Literal["measured", "lower bound", "upper bound", "estimate"]
"""How a trial's gain stands to that of the real fix (reference: measuring, section 6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learn:
    """A parameter that is read from the recording when its trial begins: it may hold the user's data.

    `statements`: hashes of the texts whose fingerprint this is. `keys`: the values these statements were sent with,
    a list for each where they are several. `model`: the class whose table they read. `function`: `module:qualname` of
    the innermost function of the chain that is called in a loop (else of the innermost one). `place`, `places`: the
    absolute file and the function of each of `functions`. `kept-values`, `kept-keys`: of the rows of `entity` that the
    deep run saw this statement fetch, the values of `column` (the primary keys) of those that were used; `rejected`
    are the sets of columns by which the others were looked at and put aside.
    """

    what: Literal["statements", "keys", "model", "function", "place", "places", "kept-values", "kept-keys"]
    fingerprint: str = ""
    chain: tuple[tuple[str, int], ...] = ()
    """File and line of own frames, innermost first."""
    functions: tuple[tuple[str, str], ...] = ()
    """(file, function) as a trace's frames name them."""
    entity: str = ""
    column: str = ""
    rejected: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One way to prove a finding.

    `fix` names a virtual fix of the agent (`eager-load`), or `index`, which the tool builds on the arm's copy of the
    database; `parameters` are the fix's own, as JSON; `learn` those that the recording gives. `saves` holds for
    each request which counts fall by how much (`{"detail": {"queries": 19}}`, names of the protocol's counts), as
    the recording promises it; a fix that saves no integer promises nothing.
    """

    fix: str
    parameters: dict[str, Any] = field(default_factory=dict)
    learn: dict[str, Learn] = field(default_factory=dict)
    saves: dict[str, dict[str, int]] = field(default_factory=dict)
    fidelity: Fidelity = "measured"
    if_more_rows: bool = False
    """Worth a trial only where the way before it fetched more rows than the app does now."""
    note: str = ""
    """What a reader must know of its gain, such as "if this function cost nothing"."""
