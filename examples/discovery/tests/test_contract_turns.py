"""Who gets the next connection of a worker."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from discovery.turns import Turns


def start(turns: Turns, number: int, order: list[int], errors: list[BaseException]) -> threading.Thread:
    """A thread that takes a turn and writes its number down; returns when it holds one or waits for one."""

    def run() -> None:
        try:
            with turns.turn():
                order.append(number)
        except TimeoutError as error:
            errors.append(error)

    before = len(turns._waiting)
    thread = threading.Thread(target=run)
    thread.start()
    while thread.is_alive() and len(turns._waiting) == before:
        time.sleep(0.001)
    return thread


def test_the_longest_waiting_is_next() -> None:
    turns, order = Turns(1, 30.0), list[int]()
    with turns.turn():
        threads = [start(turns, number, order, []) for number in range(20)]
        assert order == []
    for thread in threads:
        thread.join()
    assert order == list(range(20))


def test_a_turn_that_ends_is_not_lost_to_a_newcomer() -> None:
    """Handed over, not put down: a newcomer finds nothing free although the one who was woken has not run yet."""
    turns = Turns(1, 30.0)
    turns._enter()
    gate = turns._enter()
    assert gate is not None
    turns._leave()
    newcomer = turns._enter()
    assert newcomer is not None
    assert newcomer.locked()
    assert not gate.locked()


def test_never_more_than_the_count_at_once() -> None:
    turns, inside, most = Turns(3, 30.0), [0], [0]
    changing = threading.Lock()

    def run() -> None:
        for _ in range(50):
            with turns.turn():
                with changing:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                time.sleep(0.0002)
                with changing:
                    inside[0] -= 1

    threads = [threading.Thread(target=run) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 3
    assert turns._free == 3
    assert not turns._waiting


def test_waiting_ends_after_the_timeout_and_leaves_no_trace() -> None:
    turns, errors = Turns(1, 0.05), list[BaseException]()
    with turns.turn():
        start(turns, 1, [], errors).join()
    assert len(errors) == 1
    assert "0.05 s" in str(errors[0])
    assert not turns._waiting
    with turns.turn():
        assert turns._free == 0
    assert turns._free == 1


def test_an_error_in_the_block_gives_the_turn_back() -> None:
    turns = Turns(1, 0.05)
    with pytest.raises(ValueError, match="broken"), turns.turn():
        raise ValueError("broken")
    assert turns._free == 1


@pytest.mark.parametrize("handed_over", [False, True])
def test_a_killed_waiter_passes_its_turn_on(handed_over: bool) -> None:
    """Killed while it waits, or just after the turn was handed to it."""
    turns = Turns(1, 30.0)
    turns._enter()

    class Gate:
        def acquire(self, timeout: float) -> bool:
            if handed_over:
                turns._leave()
            raise KeyboardInterrupt

        def release(self) -> None: ...

    gate = Gate()
    turns._waiting.append(gate)  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        turns._wait(gate)  # type: ignore[arg-type]
    assert not turns._waiting
    assert turns._free == (1 if handed_over else 0)
