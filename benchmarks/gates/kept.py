"""The base of an application's patches, running: kept from one patch to the next as long as nothing tells it from new.

A base that has answered a write, or whose data changed, is not kept. One that has answered for an earlier patch is
started afresh, and told what this patch's base was told so far, before it is sent a write or its counts are taken:
what it remembers is then what a base of this patch alone would remember.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.gates.ground import Ground
from subsecond.harness.arms import Arm, arm
from subsecond.harness.checkout import Checkout, checkout
from subsecond.harness.clones import Connection
from subsecond.harness.scout import Scouted
from subsecond.harness.send import RequestFailed
from subsecond.harness.session import looked_up
from subsecond.model.target import RequestSpec
from subsecond.prove.sides import Asked, Side, Sides

READS = ("GET", "HEAD")


class KeptBase:
    """One application's base. Used as a context; `arm` starts it when there is none that may be used."""

    def __init__(self, place: Ground) -> None:
        self._stack, self._running = ExitStack(), ExitStack()
        self.checkout: Checkout = self._stack.enter_context(checkout(place.target, place.base))
        self.ground = looked_up(self.checkout.target)
        self.scouted: Scouted | None = None
        self.old = False
        """Whether the arm has answered for an earlier patch."""
        self.written = False
        self._server = place.server
        self._arm: Arm | None = None
        self._state: Sequence[tuple[int, int]] = ()

    def __enter__(self) -> KeptBase:
        return self

    def __exit__(self, *problem: object) -> None:
        self.drop()
        self._stack.close()

    def arm(self, seen: Sequence[Connection]) -> Arm:
        """The running base."""
        if self._arm is None:
            made = arm(self.ground, seen, watched=True, say=lambda line: None)
            self._arm = self._running.enter_context(made)
            self.old = self.written = False
            self._state = self._files()
        return self._arm

    def ready(self, only: Sequence[str]) -> None:
        """Before a patch that is about these requests (none: all): where one of them writes, nothing is kept.

        The boot gate sends it to the user's database, of which both sides' copies have to be made afterwards. Of a
        server's database it cannot be seen whether it is as it was.
        """
        wanted = [spec for spec in self.ground.plan.timed if not only or spec.name in only]
        if self._server or any(spec.method not in READS for spec in wanted):
            self.drop()

    def settle(self) -> None:
        """After a patch: the arm is kept where its data are as they were."""
        if self._arm is not None and (self._server or self.written or self._files() != self._state):
            self.drop()
        self.old = self._arm is not None

    def drop(self) -> None:
        """End the arm."""
        self._running.close()
        self._arm = None
        self.old = False

    def _files(self) -> list[tuple[int, int]]:
        """Size and time of change of its database's files."""
        assert self._arm is not None
        paths = [Path(one.path) for one in self._arm.databases.values() if one.path]
        stats = [path.stat() for one in paths for path in sorted(one.parent.glob(f"{one.name}*"))]
        return [(each.st_size, each.st_mtime_ns) for each in stats]


class KeptSides(Sides):
    """The product's two sides, the base of which is the kept one."""

    def __init__(self, kept: KeptBase, candidate: Checkout, stack: ExitStack) -> None:
        super().__init__(kept.checkout, candidate, stack, lambda line: None)
        self._kept = kept
        self._scouted = kept.scouted
        self._grounds["base"] = kept.ground
        self._told: list[RequestSpec] = []

    def arm(self, side: Side) -> Arm:
        """The kept one, or the candidate's own."""
        if side == "candidate":
            return super().arm(side)
        self._kept.scouted = self.scouted
        return self._kept.arm(self.seen)

    def end(self, side: Side) -> None:
        """The base's data were changed: it is not kept."""
        if side == "base":
            self._kept.drop()
            self._told.clear()
        else:
            super().end(side)

    def ask(self, side: Side, spec: RequestSpec, *, counted: bool = False) -> Asked | RequestFailed:
        """As the product asks; an old base is made new before what would tell."""
        if side == "base":
            self.arm(side)
            telling = counted or spec.method not in READS
            if telling and self._kept.old:
                self._kept.arm(self.seen).restart()
                self._kept.old = False
                for earlier in self._told:
                    super().ask(side, earlier)
            self._kept.written = self._kept.written or telling
            self._told.append(spec)
        return super().ask(side, spec, counted=counted)
