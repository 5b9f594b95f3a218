"""`subsecond fix F1`: the patch, or the refusal, from the files of the last audit."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from subsecond import store
from subsecond.cli.fix import command
from subsecond.model.audit import Audit
from tests.fix import library
from tests.fix.trying import FILE, finding, whole

BODY = """
    def answer(session):
        books = session.query(Book).all()
        return [session.get(Author, book.author_id) for book in books]  # here
    """


def test_patch_or_refusal_and_nothing_is_changed(tmp_path: Path) -> None:
    text = whole(BODY)
    (tmp_path / FILE).write_text(text)
    one = finding(text, "n-plus-one-query")
    store.write_outcome(tmp_path, Audit(findings=(one,)), [], entities=library.ENTITIES)
    done = CliRunner().invoke(command, ["f1", "--cwd", str(tmp_path)], standalone_mode=False)
    assert done.return_value == 0
    assert "+    return [author_by_id.get(book.author_id) for book in books]" in done.output
    assert (tmp_path / FILE).read_text() == text

    store.write_outcome(tmp_path, Audit(findings=(one,)), [])
    refused = CliRunner().invoke(command, ["F1", "--json", "--cwd", str(tmp_path)], standalone_mode=False)
    assert refused.return_value == 1
    said = json.loads(refused.output)
    assert said["patch"] is None and "mapper was not recorded" in said["refusal"]
