"""What a change promises: it is kept where that is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """`counts`: request -> count -> by how much it falls; `faster`: requests that become so. Never both."""

    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    faster: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """What has to be seen, for whoever writes the change."""
        return [
            *(
                f"{request}: at least {least(by)} {name} fewer"
                for request, of in self.counts.items()
                for name, by in of.items()
            ),
            *(f"{request}: faster beyond the noise, with parameters never asked before" for request in self.faster),
        ]


def least(promised: int) -> int:
    """How many of a promised number have to be saved: half of them, since a trial is not the change itself."""
    return -(-promised // 2)
