"""`[report]` of the configuration: people and names, and errors that name the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from subsecond.errors import SubsecondError
from subsecond.model.target import Person
from subsecond.target import naming_of


def test_people_and_names(tmp_path: Path) -> None:
    (tmp_path / "subsecond.toml").write_text(
        'app = "shop:app"\n[report.people]\nReader = "Borrows books"\nClerk = { requests = ["loans"] }\n'
        '[report.names]\n"127.0.0.1:9" = "Rates"\n[report.descriptions]\napp = "The shop"\n'
    )
    naming = naming_of(tmp_path)
    reader, clerk = Person(name="Reader", description="Borrows books"), Person(name="Clerk", requests=("loans",))
    assert naming.people == (reader, clerk)
    assert naming.names == (("127.0.0.1:9", "Rates"),) and naming.descriptions == (("app", "The shop"),)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[report.poeple]\nA = 'b'", 'unknown key "report.poeple"; did you mean "people"?'),
        ("[report.people]\nA = 3", "report.people.A = 3 is a number; wanted a description in quotes"),
        ("[report.people]\nA = { role = 'x' }", 'unknown key "report.people.A.role"'),
        ("[report.names]\napp = ''", "report.names.app = '': it is empty"),
        ("report = 'x'", "report = 'x' is text; wanted a table"),
    ],
)
def test_an_error_names_the_key(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "subsecond.toml").write_text(text)
    with pytest.raises(SubsecondError) as caught:
        naming_of(tmp_path)
    assert told in caught.value.message
