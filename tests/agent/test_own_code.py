"""Whose code a file is: the rule, tried on real folders."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from subsecond_agent import own_code
from subsecond_agent.own_code import INFRASTRUCTURE, OTHER, OTHER_TEMPLATE, OWN, TEMPLATE


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with its environment inside, and nothing known about it but its folder."""
    for file in (
        "shop/views.py",
        "shop/templates/list.html",
        "app.py",
        ".venv/pyvenv.cfg",
        ".venv/bin/gunicorn",
        ".venv/lib/python3.11/site-packages/flask/app.py",
        ".venv/lib/python3.11/site-packages/companylib/work.py",
        ".venv/lib/python3.11/site-packages/companylib/page.html",
        ".venv/lib/python3.11/site-packages/single.py",
        ".venv/src/checkout/code.py",
        "node_modules/x/tool.py",
    ):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    configure(monkeypatch, root=str(tmp_path))
    monkeypatch.setattr(own_code, "local_packages", [own_code.AGENT])
    return tmp_path


def configure(monkeypatch: pytest.MonkeyPatch, **given: Any) -> None:
    monkeypatch.setattr(own_code, "settings", own_code.read_settings(json.dumps(given)))
    monkeypatch.setattr(own_code, "kinds", {})
    monkeypatch.setattr(own_code, "web_apps", [])


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("shop/views.py", OWN),
        ("app.py", OWN),
        ("shop/templates/list.html", TEMPLATE),
        (".venv/lib/python3.11/site-packages/flask/app.py", INFRASTRUCTURE),
        (".venv/lib/python3.11/site-packages/companylib/work.py", OTHER),
        (".venv/lib/python3.11/site-packages/companylib/page.html", OTHER_TEMPLATE),
        (".venv/lib/python3.11/site-packages/single.py", OTHER),
        (".venv/bin/gunicorn", INFRASTRUCTURE),
        ("node_modules/x/tool.py", OTHER),
    ],
)
def test_a_project_with_an_environment_inside(project: Path, file: str, kind: int) -> None:
    assert own_code.decide(str(project / file)) == kind


@pytest.mark.parametrize(
    "file", ["<string>", "<template>", "<frozen importlib._bootstrap>", "", json.__file__, os.__file__]
)
def test_never_own(project: Path, file: str) -> None:
    assert own_code.decide(file) == INFRASTRUCTURE


def test_the_agent_is_never_own(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, root="/")
    assert own_code.decide(own_code.__file__) == INFRASTRUCTURE
    assert own_code.decide(os.path.join(own_code.AGENT, "wsgi.py")) == own_code.ENTRY


def test_code_given_is_all_there_is(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = project / ".venv/lib/python3.11/site-packages/companylib"
    monkeypatch.setitem(sys.modules, "companylib", SimpleNamespace(__path__=[str(package)]))  # type: ignore[arg-type]
    configure(monkeypatch, root=str(project), code=["companylib", "shop/templates"])
    assert own_code.decide(str(package / "work.py")) == OWN
    assert own_code.decide(str(project / "shop/templates/list.html")) == TEMPLATE
    assert own_code.decide(str(project / "shop/views.py")) == OTHER


def test_the_app_s_package_even_when_installed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = project / ".venv/lib/python3.11/site-packages/companylib"
    monkeypatch.setitem(sys.modules, "companylib", SimpleNamespace(__path__=[str(package)]))  # type: ignore[arg-type]
    configure(monkeypatch, root="/nowhere", app="companylib.web:create_app()")
    assert own_code.decide(str(package / "work.py")) == OWN
    assert own_code.decide(str(package.parent / "single.py")) == OTHER


def test_an_installed_app_behind_a_starting_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = project / ".venv/lib/python3.11/site-packages/companylib"
    monkeypatch.setitem(sys.modules, "companylib", SimpleNamespace(__path__=[str(package)]))  # type: ignore[arg-type]
    configure(monkeypatch, root=str(project), app="app:app")
    assert own_code.classify(str(package / "work.py")) == OTHER
    own_code.learn("companylib.web")
    assert own_code.kinds == {}  # what was decided before is decided anew
    assert own_code.classify(str(package / "work.py")) == OWN
    assert own_code.classify(str(package / "page.html")) == TEMPLATE
    assert own_code.classify(str(project / "app.py")) == OWN
    own_code.learn("flask.app")
    assert own_code.classify(str(package.parent / "flask/app.py")) == INFRASTRUCTURE


def test_packages_installed_from_a_folder(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = project / ".venv/lib/python3.11/site-packages"
    for name, origin, record in (
        ("companylib-1.dist-info", {"url": f"file://{tmp_path}", "dir_info": {}}, "companylib/work.py,sha,1\n"),
        ("edited-1.dist-info", {"url": f"file://{tmp_path}/elsewhere", "dir_info": {"editable": True}}, ""),
        ("wheel-1.dist-info", {"url": "file:///x/single.whl", "archive_info": {}}, "single.py,sha,1\n"),
        ("broken-1.dist-info", [], ""),
    ):
        (site / name).mkdir()
        (site / name / "direct_url.json").write_text(json.dumps(origin))
        (site / name / "RECORD").write_text(record)
    monkeypatch.setattr(sys, "path", [str(site), str(project / "gone")])
    monkeypatch.setattr(own_code, "local_packages", [])
    configure(monkeypatch, root="/nowhere")
    assert own_code.decide(str(site / "companylib/work.py")) == OWN
    assert own_code.decide(str(tmp_path / "elsewhere/lib/code.py")) == OWN
    assert own_code.decide(str(site / "single.py")) == OTHER


def test_a_root_reached_through_a_link(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = project.with_name(project.name + "-link")
    link.symlink_to(project)
    configure(monkeypatch, root=str(link))
    assert own_code.decide(str(project / "app.py")) == OWN
    configure(monkeypatch, root=str(project))
    assert own_code.decide(str(link / "app.py")) == OWN


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"root": 3, "code": "x", "app": 1}', '{"code": [1, "a"]}'])
def test_malformed_settings_are_as_none(text: str | None) -> None:
    settings = own_code.read_settings(text)
    assert settings["root"] == os.getcwd()
    assert settings["code"] in ([], ["a"])
    assert settings["app"] == ""


def test_many_names_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_code, "MAX_KINDS", 10)
    monkeypatch.setattr(own_code, "kinds", {})
    for number in range(100):
        own_code.classify(f"<generated {number}>")
    assert len(own_code.kinds) <= 11
