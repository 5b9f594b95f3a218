"""The sealed corpus of patches: sealed, in an order that is a sample at any length, and counted as its README says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from benchmarks.gates import corpus, score
from benchmarks.gates.__main__ import HERE

EVERY = corpus.patches()


def test_the_corpus_is_as_it_was_sealed() -> None:
    assert list(corpus.seals().values()) == [(folder / "SEAL").read_text().strip() for folder in corpus.SETS]
    assert len(EVERY) == len({one.id for one in EVERY}) == 681 + 160 + 60 + 44


def test_any_first_part_of_the_order_is_a_sample_of_all() -> None:
    for start, end, size in ((0, 681, 100), (0, 681, 300), (681, 841, 60), (841, 901, 30), (901, 945, 22)):
        own = EVERY[start:end]
        part, whole = (Counter((one.app, one.wrong) for one in some) for some in (own[:size], own))
        for stratum, number in whole.items():
            assert abs(part[stratum] - number * size / len(own)) < 0.35 * number * size / len(own) + 2, stratum


def test_the_changed_lines_are_those_of_the_base() -> None:
    for one in [*EVERY[:60], *EVERY[-20:]]:
        for file, line in one.changed():
            path = corpus.homes()[one.app] / file
            if path.exists():
                assert 0 <= line <= len(path.read_text().splitlines()) + 1, (one.id, file, line)
    taken = next(one for one in EVERY if one.id == "c153")
    [(file, line)] = taken.changed()
    text = (corpus.homes()[taken.app] / file).read_text().splitlines()
    assert "Prescription.drug == drug" in text[line - 1]


def test_no_verdict_is_neither_caught_nor_passed(tmp_path: Path) -> None:
    some = [one for one in EVERY if one.wrong][:4]
    verdicts = dict(zip((one.id for one in some), ("failed", "no verdict", "passed", "failed"), strict=True))
    said = {"gate": "contract", "why": "w", "seconds": 1.0, "gates_at": "x"}
    first = {name: {"id": name, "verdict": verdict, **said} for name, verdict in verdicts.items()}
    later = {some[2].id: {**first[some[2].id], "verdict": "refused"}}
    second = {some[3].id: first.pop(some[3].id)}
    found = score.figures(
        EVERY,
        {
            "first_contact": first,
            "second_contact": second,
            **{name: {} for name in score.CONTACTS[2:]},
            "after_mending": later,
        },
    )
    wrong = found["wrong"]
    assert (wrong["tried"], wrong["caught_first_contact"], wrong["caught"]) == (4, 2, 3)
    assert [(one["wrong"], one["caught"]) for one in found["contacts"].values()] == [(3, 1), (1, 1), *[(0, 0)] * 9]
    assert [one["id"] for one in wrong["no_verdict"]] == [some[1].id]
    assert wrong["missed"] == []
    assert score.read(tmp_path / "none.jsonl") == {}


def test_what_is_published_is_what_was_seen() -> None:
    rounds = {name: score.read(HERE / f"{name}.jsonl") for name in score.ROUNDS}
    met = {known for name in score.CONTACTS for known in rounds[name]}
    assert len(met) == sum(len(rounds[name]) for name in score.CONTACTS)
    assert set(rounds["after_mending"]) <= met <= {one.id for one in EVERY}
    assert set(score.REASONS) <= met
