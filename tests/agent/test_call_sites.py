"""Call sites where the walk is not plain: comprehensions, templates, an app without own frames, a slow __repr__."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.agent.served import AGENT, APPS, Served, spans

pytestmark = pytest.mark.xdist_group("agent-sites")

APP = """
from flask import Flask, render_template
from sqlalchemy import text
from shop import app as shop_app, engine, one_name
app = Flask(__name__, template_folder="pages")

@app.get("/ready")
def ready():
    return "yes"

@app.get("/comprehension")
def comprehension():
    return " ".join([
        one_name(key)
        for key in (1, 2)])

@app.get("/generator")
def generator():
    return " ".join(one_name(key) for key in (1, 2))

@app.get("/template")
def template():
    return render_template("names.html", one_name=one_name)

class Odd:
    def __repr__(self):
        one_name(1)
        raise ValueError("no repr")

@app.get("/odd")
def odd():
    with engine.connect() as connection:
        try:
            connection.exec_driver_sql("SELECT ?", (Odd(),))
        except Exception as error:
            return type(error).__name__
"""


@pytest.fixture(scope="module")
def sites(serve: Callable[..., Served], tmp_path_factory: pytest.TempPathFactory) -> Served:
    folder = tmp_path_factory.mktemp("sites")
    (folder / "sites.py").write_text(APP)
    (folder / "pages").mkdir()
    (folder / "pages/names.html").write_text(
        "<ul>\n{% for key in (1, 2) %}\n\n  <li>{{ one_name(key) }}</li>\n{% endfor %}</ul>\n"
    )
    # named, since the shop is own code too where this project is installed as editable
    code = json.dumps({"root": str(folder), "code": ["sites.py", "pages"], "app": None})
    return serve("sync", "sites:app", cwd=folder, PYTHONPATH=f"{AGENT / 'inject'}:{folder}:{APPS}", SUBSECOND_CODE=code)


def chains(trace: dict[str, object]) -> list[list[list[object]]]:
    frames, stacks, found = trace["frames"], trace["stacks"], trace["spans"]
    assert isinstance(frames, list) and isinstance(stacks, list) and isinstance(found, list)
    return [
        [[Path(frames[i][0]).name, *frames[i][1:]] for i in stacks[span[4]]] for span in found if span[0] == "query"
    ]


def test_a_comprehension_is_named_after_its_function(sites: Served) -> None:
    trace = sites.traced("/comprehension")
    line = APP.splitlines().index("        one_name(key)") + 1
    assert [chain[0] for chain in chains(trace)] == [["sites.py", line, "comprehension"]] * 2


def test_so_is_a_generator_that_its_function_runs(sites: Served) -> None:
    assert [chain[0][2] for chain in chains(sites.traced("/generator"))] == ["generator"] * 2


def test_a_template_s_own_line(sites: Served) -> None:
    trace = sites.traced("/template")
    for chain in chains(trace):
        assert chain[0][:2] == ["names.html", 4]
        assert chain[1][2] == "template"


def test_a_repr_that_raises_and_queries(sites: Served) -> None:
    trace = sites.traced("/odd")
    query = spans(trace, "query")[0]
    assert query["subsecond.db.parameters"] == ["<Odd>"]
    assert trace["counts"]["queries"] == 1
    assert sites.lines("note") == []


def test_an_app_without_own_frames(serve: Callable[..., Served]) -> None:
    """The shop counts as any library then: its frames are the call sites of last resort."""
    code = json.dumps({"root": str(AGENT), "code": [], "app": None})
    trace = serve("sync", SUBSECOND_CODE=code).traced("/books/2")
    assert [query["functions"] for query in spans(trace, "query")][1] == ["author_of", "books"]
