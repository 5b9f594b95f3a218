"""A proof for a reader at a terminal: one line a gate, what stands behind it below."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from subsecond.errors import printable
from subsecond.model.proof import Proof

_STYLES = {"passed": "green", "failed": "red", "no verdict": "yellow", "not applicable": "dim"}


def proof_text(proof: Proof) -> RenderableType:
    """The whole proof."""
    lines: list[Text] = []
    for one in proof.gates:
        line = Text(f"{one.gate:<10}")
        line.append(f"{one.verdict:<15}", _STYLES[one.verdict])
        line.append(printable(one.why))
        line.append(f"  {one.seconds:.1f} s", "dim")
        lines.append(line)
        lines += [Text(f"{'':<25}{printable(each)}", "dim") for each in one.evidence]
    end = Text(f"{proof.candidate} against {proof.base}: ")
    end.append(proof.verdict, f"bold {_STYLES[proof.verdict]}")
    return Group(*lines, end)
