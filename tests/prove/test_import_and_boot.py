"""The two gates that need no contract: real crashes under a real gunicorn with gevent workers."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest

from subsecond.errors import SubsecondError
from tests.prove.conftest import BASE, Prove, git

MANAGER = "import multiprocessing\nCONFIG = multiprocessing.Manager().dict()\n"
LISTENER = textwrap.dedent(
    """
    import logging, multiprocessing
    from logging.handlers import QueueHandler, QueueListener
    lines = multiprocessing.Queue()
    listener = QueueListener(lines, logging.StreamHandler())
    listener.start()
    logging.getLogger().addHandler(QueueHandler(lines))
    logging.getLogger().warning("ready")
    listener.stop()
    """
)
LOCKED = BASE.replace("app = ", "import threading\nlock = threading.Lock()\napp = ").replace(
    "    time.sleep(0.05)\n", "    with lock:\n        time.sleep(0.2)\n"
)


def change(repository: Path, text: str) -> None:
    (repository / "shop.py").write_text(text)


def test_a_harmless_change_passes_and_leaves_nothing_behind(repository: Path, prove: Prove) -> None:
    change(repository, BASE.replace("[1, 2]", "list((1, 2))"))
    before = git(repository, "status", "--porcelain")
    proof = prove("import", "boot")
    assert [(one.gate, one.verdict) for one in proof.gates] == [("import", "passed"), ("boot", "passed")]
    assert proof.verdict == "passed"
    assert git(repository, "status", "--porcelain") == before
    assert not list((repository / ".subsecond").glob("tree-*"))
    assert git(repository, "worktree", "list").count("\n") == 1


def test_an_object_shared_between_processes_breaks_the_import_under_gevent(repository: Path, prove: Prove) -> None:
    change(repository, MANAGER + BASE)
    proof = prove()
    assert [(one.gate, one.verdict) for one in proof.gates] == [("import", "failed")]
    assert "BlockingIOError" in proof.gates[0].why
    assert "shop.py, line 2" in proof.gates[0].why


def test_the_same_line_is_found_by_the_boot_gate_alone(repository: Path, prove: Prove) -> None:
    change(repository, MANAGER + BASE)
    found = prove("boot").gates[0]
    assert found.verdict == "failed"
    assert "BlockingIOError" in found.why  # the first traceback, not "Worker failed to boot"


@pytest.mark.parametrize("gate", ["import", "boot"])
def test_a_boot_that_hangs_in_silence_fails(repository: Path, prove: Prove, gate: str) -> None:
    change(repository, LISTENER + BASE)
    found = prove(gate, ready="5s").gates[0]
    assert found.verdict == "failed"
    assert "5" in found.why


def test_a_lock_made_before_gevent_patches_stops_the_second_of_overlapping_requests(
    repository: Path, prove: Prove
) -> None:
    change(repository, LOCKED)
    assert prove("import", "boot").verdict == "passed"  # without --preload it is harmless
    found = prove("boot", flags="--preload").gates[0]
    assert found.verdict == "failed"
    assert "overlapping" in found.why


def test_code_from_elsewhere_is_no_verdict(repository: Path, prove: Prove, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "helper.py").write_text("VALUE = 1\n")
    (repository / "helper.py").write_text("VALUE = 2\n")
    change(repository, f"import sys; sys.path.insert(0, {str(elsewhere)!r})\nimport helper\n{BASE}")
    found = prove("import").gates[0]
    assert found.verdict == "no verdict"
    assert "helper" in found.why and str(elsewhere) in found.why


def test_ignored_files_are_copied_where_the_target_names_them(repository: Path, prove: Prove) -> None:
    (repository / ".env").write_text("x")
    change(repository, f"open(__file__.replace('shop.py', '.env')).close()\n{BASE}")
    assert prove("import").verdict == "failed"
    assert prove("import", copy=[".env"]).verdict == "passed"


def test_a_revision_is_judged_as_it_was_committed(repository: Path, prove: Prove) -> None:
    git(repository, "checkout", "-q", "-b", "broken")
    change(repository, MANAGER + BASE)
    git(repository, "commit", "-q", "-am", "broken")
    git(repository, "checkout", "-q", "main")
    assert prove("import").verdict == "passed"
    assert prove("import", candidate="broken").verdict == "failed"


@pytest.mark.parametrize(("base", "slug"), [("nowhere", "no-revision"), ("--exec=x", "no-revision")])
def test_a_revision_that_is_none(repository: Path, base: str, slug: str) -> None:
    from subsecond import workflow
    from subsecond.target import load

    target = load(repository, {"app": "shop:app", "python": sys.executable, "get": ["/rooms"]})
    with pytest.raises(SubsecondError) as caught:
        workflow.prove(target, base, None, wanted=(), only=(), say=lambda line: None)
    assert caught.value.slug == slug


def test_a_folder_without_git(tmp_path: Path) -> None:
    from subsecond import workflow
    from subsecond.target import load

    (tmp_path / "shop.py").write_text(BASE)
    target = load(tmp_path, {"app": "shop:app", "python": sys.executable, "get": ["/rooms"]})
    with pytest.raises(SubsecondError) as caught:
        workflow.prove(target, "HEAD", None, wanted=(), only=(), say=lambda line: None)
    assert caught.value.slug == "not-a-repository"
