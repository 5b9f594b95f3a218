"""The example's own virtual environment: made once, noticed when half made, made again for another lock."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from discovery.ground import environment  # noqa: E402
from discovery.ground.failure import Failure  # noqa: E402


def test_a_half_made_environment_is_noticed_and_made_again(tmp_path: Path) -> None:
    folder, lock = tmp_path / "venv", tmp_path / "requirements.lock"
    lock.write_text("no-hash-for-this==1.0\n")
    with pytest.raises(Failure) as caught:
        environment.ensure(folder, lock)
    assert "requirements.lock" in caught.value.line
    assert environment.interpreter(folder).exists(), "the installation failed, not the making"
    assert not environment.is_ready(folder, lock)

    (folder / "left-over").touch()
    lock.write_text("# nothing\n")
    assert environment.ensure(folder, lock)
    assert not (folder / "left-over").exists()
    assert not environment.ensure(folder, lock), "a whole one is kept"

    lock.write_text("# something else\n")
    assert not environment.is_ready(folder, lock)
    lock.write_text("# nothing\n")
    assert environment.is_ready(folder, lock)
    environment.interpreter(folder).unlink()
    assert not environment.is_ready(folder, lock)


def test_an_old_python_gets_one_line(tmp_path: Path) -> None:
    """Python itself cannot be made old, so its version is."""
    code = "import sys; sys.version_info = (3, 10, 0); from discovery.__main__ import main; sys.exit(main(['status']))"
    done = subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "3.11" in done.stderr


def test_the_lock_names_no_place_and_has_hashes() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert "://" not in text
    assert "find-links" not in text
    assert "index-url" not in text
    pins = [line for line in text.splitlines() if "==" in line and not line.lstrip().startswith("#")]
    assert len(pins) > 20
    assert text.count("--hash=sha256:") > 5 * len(pins)
