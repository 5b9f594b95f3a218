"""Starting an app: the ways it goes well, and all the ways it does not."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from subsecond.errors import SubsecondError
from subsecond.harness import app_log, processes, ready, requests, run_folder
from subsecond.harness.app import RunningApp, inject_folder, running
from subsecond.harness.environment import probe
from subsecond.harness.send import Client
from subsecond.harness.server import choose
from subsecond.model.target import Target
from subsecond.store import from_json
from subsecond_agent import protocol
from tests.harness.conftest import GUNICORN, MakeTarget


@contextmanager
def started(target: Target) -> Iterator[RunningApp]:
    facts = probe(target)
    with running(target, facts, choose(target, facts), requests.of_target(target).timed[0]) as app:
        yield app


def refused(target: Target) -> SubsecondError:
    with pytest.raises(SubsecondError) as caught, started(target):
        pass
    assert "\n" not in caught.value.message
    return caught.value


def echo(app: RunningApp) -> dict[str, dict[str, str]]:
    answer = Client(10).send("GET", app.url + "/echo")
    return from_json(answer.body, dict, "echo")


def test_the_chosen_server_runs_the_app_with_the_agent_s_environment(make_target: MakeTarget, project: Path) -> None:
    target = make_target(run=None, env=["COLOUR=red"], code=["shop"])
    with started(target) as app:
        said = echo(app)
        env = said["env"]
        assert said["cwd"] == str(project)
        assert env["COLOUR"] == "red"
        assert env["PYTHONPATH"].split(os.pathsep)[0] == str(inject_folder())
        assert env[protocol.ENV_TOKEN] == app.token
        assert len(bytes.fromhex(app.token)) == 16
        assert float(env[protocol.ENV_EXPIRES]) > time.time()
        assert from_json(env[protocol.ENV_CODE], dict, "") == {"root": str(project), "code": ["shop"], "app": "shop"}
        assert env["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)
        assert Path(env[protocol.ENV_SPOOL]) == app.spool
        assert app.spool.stat().st_mode & 0o777 == 0o700
        assert app.spool.parent.stat().st_mode & 0o777 == 0o700
        assert os.getpgid(app.pid) == app.pid
        assert app.ended() is None
        members = processes.members(app.pid)
        assert len(members) >= 2  # gunicorn's master and its worker
    assert processes.members(app.pid, app.spool) == []
    assert not app.spool.exists()
    assert "Booting worker" in (project / ".subsecond" / "app.log").read_text()


def test_a_virtual_environment_is_told_to_the_app(make_target: MakeTarget) -> None:
    with started(make_target()) as app:
        env = echo(app)["env"]
        assert env["VIRTUAL_ENV"] == sys.prefix if sys.prefix != sys.base_prefix else True
        assert app.command[0] == sys.executable


def test_an_answer_of_500_is_an_answer(make_target: MakeTarget) -> None:
    with started(make_target("GET /fail\n")) as app:
        assert Client(10).send("GET", app.url + "/fail").status == 500


def test_readiness_asks_without_the_token(make_target: MakeTarget, project: Path) -> None:
    text = (
        "# @name login\n# @setup\nPOST /token\n###\nGET /list?a={{login.response.body.x}}\n"
        "Authorization: Bearer {{login.response.body.x}}\n"
    )
    with started(make_target(text, run=GUNICORN + " --access-logfile -")):
        pass
    log = (project / ".subsecond" / "app.log").read_text()
    assert '"GET / HTTP/1.1" 404' in log
    assert "POST" not in log


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("import no_such_module\n", ["No module named 'no_such_module'", "(shop.py, line 1)"]),
        ("def broken(:\n", ["SyntaxError"]),
        ("other = 1\n", ["Failed to find attribute 'app' in 'shop'"]),
        ("import os\nos._exit(7)\n", ["answered nothing in 3", "exited with code 7"]),
    ],
    ids=["import error", "syntax error", "wrong name", "worker exits at once"],
)
def test_an_app_that_does_not_start(make_target: MakeTarget, project: Path, source: str, parts: list[str]) -> None:
    (project / "shop.py").write_text(source)
    error = refused(make_target(run=GUNICORN, ready="3s"))
    assert error.slug == "app-start-failed"
    assert error.exit_code == 2
    for part in [*parts, "its log: .subsecond/app.log"]:
        assert part in error.message


def test_a_module_that_is_not_there_under_the_development_server(make_target: MakeTarget) -> None:
    error = refused(make_target(run="{python} -m flask --app shap:app run --port {port}"))
    assert "Could not import 'shap'" in error.message
    assert "exit code 2" in error.message


@pytest.mark.parametrize(("app", "meant"), [("shap:app", "shop"), ("shop:aap", "app")])
def test_a_misspelt_app(make_target: MakeTarget, app: str, meant: str) -> None:
    assert f'did you mean "{meant}"?' in refused(make_target(app=app, run=GUNICORN)).message


def test_the_first_traceback_is_told_not_the_last(make_target: MakeTarget, project: Path) -> None:
    (project / "shop.py").write_text(
        "try:\n    {}['stock']\nexcept KeyError as problem:\n    raise RuntimeError('cannot serve') from problem\n"
    )
    assert "KeyError: 'stock' (shop.py, line 2)" in refused(make_target(run="python shop.py {port}")).message


def test_an_app_that_exits_at_once_without_a_word(make_target: MakeTarget, project: Path) -> None:
    (project / "shop.py").write_text("import os\nos._exit(7)\n")
    assert "(exit code 7): it printed nothing" in refused(make_target(run="python shop.py {port}")).message
    (project / "shop.py").write_text("import os\nos.kill(os.getpid(), 9)\n")
    assert "(killed by SIGKILL): it printed nothing" in refused(make_target(run="python shop.py {port}")).message


def test_an_app_that_listens_elsewhere(make_target: MakeTarget, project: Path) -> None:
    (project / "shop.py").write_text(
        "import socket, time\ns = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()\n"
        "u = socket.socket(socket.AF_UNIX); u.bind('shop.sock'); u.listen(); time.sleep(60)\n"
    )
    error = refused(make_target(run="python shop.py {port}", ready="3s"))
    assert "the app listens on 127.0.0.1:" in error.message
    assert "unix:shop.sock" in error.message
    assert "write {port} where its port belongs in run" in error.message


def test_an_app_that_never_answers(make_target: MakeTarget, project: Path) -> None:
    (project / "shop.py").write_text(
        "import socket, sys, time\ns = socket.socket(); s.bind(('127.0.0.1', int(sys.argv[1]))); s.listen()\n"
        "print('cannot reach the database', flush=True)\ntime.sleep(60)\n"
    )
    error = refused(make_target(run="python shop.py {port}", ready="1s"))
    assert "accepts connections on port" in error.message
    assert "answered nothing in 1" in error.message
    assert "it printed: cannot reach the database" in error.message


def test_an_app_that_listens_nowhere(make_target: MakeTarget, project: Path) -> None:
    (project / "shop.py").write_text("import time; time.sleep(60)")
    assert "listens on no port after" in refused(make_target(run="python shop.py {port}", ready="1s")).message


def test_an_app_that_dies_of_its_first_request(make_target: MakeTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready, "BROKEN_SECONDS", 0.5)
    monkeypatch.setattr(ready, "BREAKS", 2)
    error = refused(make_target("GET /die\n", run=GUNICORN))
    assert "broke the connection of the first request 2 times" in error.message
    assert "was sent SIGKILL" in error.message


def test_what_is_no_http(make_target: MakeTarget, project: Path) -> None:
    (project / "shop.py").write_text(
        "import socket, sys\ns = socket.socket(); s.bind(('127.0.0.1', int(sys.argv[1]))); s.listen()\n"
        "while True:\n    c, _ = s.accept(); c.sendall(b'220 mail'); c.close()\n"
    )
    assert "does not speak HTTP: b'220 mail'" in refused(make_target(run="python shop.py {port}")).message


def test_an_app_that_goes_into_the_background(make_target: MakeTarget) -> None:
    error = refused(make_target(run=GUNICORN.replace("gunicorn", "gunicorn --daemon", 1)))
    assert "put the app into the background" in error.message
    assert processes.members(None, Path("/nowhere")) == []


def test_a_port_that_is_taken(make_target: MakeTarget) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        error = refused(make_target(run=f"python -m flask --app shop run --port {port}"))
    assert error.slug == "port-in-use"
    assert f"port {port}" in error.message


def test_a_fixed_port_that_is_free(make_target: MakeTarget) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
    with started(make_target(run=f"python -m flask --app shop run --port {port}")) as app:
        assert app.port == port


def test_fifty_megabytes_of_output(make_target: MakeTarget, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_log, "LARGEST_BYTES", 20_000_000)
    (project / "shop.py").write_text(
        "import sys\nfor i in range(500):\n    sys.stdout.write('x' * 99_999 + '\\n')\n1/0\n"
    )
    error = refused(make_target(run="python shop.py {port}"))
    assert "exit code 1" in error.message
    assert len(error.message) < 1000
    assert (project / ".subsecond" / "app.log").stat().st_size < 1_000_000


def test_a_log_that_grows_is_cut_back_to_its_head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_log, "LARGEST_BYTES", 3000)
    monkeypatch.setattr(app_log, "HEAD_BYTES", 1000)
    log = tmp_path / "log"
    with log.open("a", buffering=1) as out:
        out.write("first\n" + "x" * 4000 + "\n")
        app_log.trim(log)
        assert log.stat().st_size == 1000
        out.write("last\n")
    assert log.read_text().startswith("first\n")
    assert log.read_text().endswith("xlast\n")


def test_a_program_that_cannot_be_run(make_target: MakeTarget, project: Path) -> None:
    script = project / "start.sh"
    script.write_text("#!/no/such/shell\n")
    script.chmod(0o755)
    error = refused(make_target(run="./start.sh {port}"))
    assert "start.sh cannot be run" in error.message


def test_an_exception_of_the_caller_ends_the_app(make_target: MakeTarget) -> None:
    manager = started(make_target())
    app = manager.__enter__()
    assert manager.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None) is False
    assert processes.members(app.pid, app.spool) == []


def test_an_app_that_will_not_end_is_killed(
    make_target: MakeTarget, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes.end, "__kwdefaults__", {"seconds": 0.5})
    (project / "shop.py").write_text(
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        + (project / "shop.py").read_text()
        + "\nif __name__ == '__main__':\n    import sys\n    app.run(port=int(sys.argv[1]))\n"
    )
    with started(make_target(run="python shop.py {port}")) as app:
        assert app.ended() is None
    assert processes.members(app.pid, app.spool) == []


TOOL = """
import sys, time
from pathlib import Path
from subsecond.target import load
from subsecond.harness import requests, run_folder
from subsecond.harness.app import running
from subsecond.harness.environment import probe
from subsecond.harness.server import choose

run = "gunicorn -k gthread --no-control-socket --graceful-timeout 1 -b 127.0.0.1:{port} {app}"
target = load(Path(sys.argv[1]), {"app": "shop:app", "run": run, "python": sys.executable, "get": ["/echo"]})
facts = probe(target)
first = requests.of_target(target).timed[0]
with run_folder.lock(target.root), running(target, facts, choose(target, facts), first) as app:
    print(app.pid, app.spool, flush=True)
    time.sleep(60)
"""


@contextmanager
def tool_at_work(project: Path) -> Iterator[tuple[subprocess.Popen[str], int, Path]]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    tool = subprocess.Popen([sys.executable, "-c", TOOL, str(project)], stdout=subprocess.PIPE, text=True, env=env)
    try:
        assert tool.stdout is not None
        pid, _, spool = tool.stdout.readline().strip().partition(" ")
        yield tool, int(pid), Path(spool)
    finally:
        tool.kill()
        tool.wait()


def gone(pid: int, spool: Path, seconds: float = 8.0) -> bool:
    deadline = time.monotonic() + seconds
    while processes.members(pid, spool) or spool.exists():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_when_the_tool_is_ended(project: Path, number: int) -> None:
    with tool_at_work(project) as (tool, pid, spool):
        assert processes.members(pid, spool)
        tool.send_signal(number)
        tool.wait(10)
        assert gone(pid, spool)


def test_the_next_command_ends_what_a_killed_tool_and_its_killed_watcher_left(project: Path) -> None:
    with tool_at_work(project) as (tool, pid, spool):
        assert run_folder.clean_leftovers(project) == []  # its tool is alive
        for watcher in watchers_of(tool.pid):
            os.kill(watcher, signal.SIGKILL)
        tool.kill()
        tool.wait()
        time.sleep(0.3)
        left = processes.members(pid, spool)
        assert left
        assert run_folder.clean_leftovers(project) == [
            f"{len(left)} process(es) of an earlier run that was killed were still there: ended"
        ]
        assert gone(pid, spool, 0)
        assert run_folder.clean_leftovers(project) == []


def watchers_of(tool: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and b"processes.py" in _command_line(entry) and _parent(entry) == tool:
            found.append(int(entry.name))
    assert found
    return found


def _command_line(entry: Path) -> bytes:
    try:
        return (entry / "cmdline").read_bytes()
    except OSError:
        return b""


def _parent(entry: Path) -> int:
    return int((entry / "stat").read_text().rpartition(")")[2].split()[1])


def test_one_audit_of_a_target_at_a_time(project: Path) -> None:
    with tool_at_work(project) as (tool, _, _):
        with pytest.raises(SubsecondError) as caught, run_folder.lock(project):
            pass
        assert caught.value.slug == "already-running"
        assert f"process {tool.pid} is at work on {project}" in caught.value.message
        tool.kill()
        tool.wait()
        with run_folder.lock(project):
            pass


def test_a_reused_process_number_is_left_alone(project: Path) -> None:
    """A left-over's ids now belong to somebody else: the start time tells."""
    with subprocess.Popen(["sleep", "30"], start_new_session=True) as other:
        folder = run_folder.make(project)
        folder.remember(other.pid)
        ids = (folder.path / "pids.json").read_text()
        old = ids.replace(str(processes.started(other.pid)), "1").replace(str(os.getpid()), "999999999")
        (folder.path / "pids.json").write_text(old)
        assert run_folder.clean_leftovers(project) == []
        assert not folder.path.exists()
        assert other.poll() is None
        other.kill()


def test_an_answer_whose_body_takes_its_time_is_an_answer(
    make_target: MakeTarget, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready, "DRAIN_SECONDS", 0.3)
    (project / "shop.py").write_text(
        "import time\nfrom flask import Flask\napp = Flask(__name__)\n"
        "@app.get('/echo')\ndef slow():\n"
        "    def parts():\n        yield 'x'\n        time.sleep(1)\n        yield 'y'\n"
        "    return parts()\n"
    )
    with started(make_target(get=["/echo"])) as app:
        assert Client(5.0).send("GET", f"{app.url}/echo").body == b"xy"


def test_a_port_told_by_the_environment(make_target: MakeTarget) -> None:
    run = f"PORT={{port}} sh -c 'exec {sys.executable} -m flask --app shop run --port $PORT'"
    with started(make_target(run=run)) as app:
        assert echo(app)["env"]["PORT"] == str(app.port)
