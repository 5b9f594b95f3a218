"""Who may steer: the run's token, from this machine, in time. Everybody else gets his answer, recorded as any."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.agent import served as running
from tests.agent.served import TOKEN, Served

pytestmark = pytest.mark.xdist_group("agent-steering")


def asked(shop: Served) -> list[dict[str, object]]:
    """Traces of `ask`'s requests; another one's, as the one for readiness, may come late."""
    return [trace for trace in shop.lines("trace") if trace["path"] == "/core"]


def ask(shop: Served, value: str) -> dict[str, object]:
    """The trace of a request with this header; a refused one has no mark to find it by."""
    before = len(asked(shop))
    status, body = shop.get("/core", {"X-Subsecond": value})
    assert (status, body[:10]) == (200, b'["author 1')
    deadline = time.monotonic() + 5
    while len(asked(shop)) <= before:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return asked(shop)[-1]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "nonsense",
        f"{'f' * 32}:timed:m1",
        f"{TOKEN[:-1]}:timed:m1",
        f"{TOKEN}x:timed:m1",
        "\xe9:timed:m1",
        f"{TOKEN}:fast:m1",
        f"{TOKEN}:timed:",
        f"{TOKEN}:timed:{'m' * 65}",
        f"{TOKEN}:timed:../../etc",
        f"{TOKEN}:timed:m1:",
        f"{TOKEN}:timed:m1:UP",
        f"{TOKEN}:timed:m1:a/b",
        f"{TOKEN}:timed:m1:a:b",
        f"{TOKEN}:timed:m1:{'x' * 41}",
        TOKEN,
    ],
)
def test_refused(shop: Served, value: str) -> None:
    trace = ask(shop, value)
    assert (trace["steering"], trace["mode"], trace["mark"]) == ("refused", "recording", None)


def test_accepted(shop: Served) -> None:
    trace = ask(shop, f"{TOKEN}:timed:{'M.1_a-' + 'x' * 58}")
    assert (trace["steering"], trace["mode"], trace["mark"]) == ("ok", "timed", "M.1_a-" + "x" * 58)


def test_without_a_header(shop: Served) -> None:
    shop.get("/ready")
    trace = shop.wait(lambda line: line.get("path") == "/ready")
    assert (trace["steering"], trace["mode"], trace["mark"]) == ("absent", "recording", None)


@pytest.mark.parametrize("value", [f"{TOKEN}:recording:m9", "wrong"])
def test_the_app_never_sees_the_header(shop: Served, value: str) -> None:
    seen = shop.json("/headers", {"X-Subsecond": value, "X-Other": "kept"})
    assert "X-Other" in seen
    assert not [name for name in seen if "ubsecond" in name.lower()]


def test_expired(serve: Callable[..., Served]) -> None:
    late = serve("sync", SUBSECOND_EXPIRES=str(time.time() - 1))
    assert ask(late, f"{TOKEN}:timed:m1")["steering"] == "refused"


@pytest.mark.parametrize("expires", ["", "soon"])
def test_a_token_without_an_end_is_worth_nothing(serve: Callable[..., Served], expires: str) -> None:
    endless = serve("sync", SUBSECOND_EXPIRES=expires)
    assert ask(endless, f"{TOKEN}:timed:m1")["steering"] == "refused"


def test_no_token_no_steering(serve: Callable[..., Served]) -> None:
    served = serve("sync", SUBSECOND_TOKEN="")
    trace = ask(served, ":timed:m1")
    assert (trace["steering"], trace["mode"]) == ("absent", "recording")
    assert not [name for name in served.json("/headers", {"X-Subsecond": "x"}) if "ubsecond" in name.lower()]


def test_foreign_peers_are_refused(serve: Callable[..., Served], tmp_path: Path) -> None:
    """A middleware that tells the app another peer, as a proxy's does, stands for one that comes from elsewhere."""
    (tmp_path / "far.py").write_text(
        "from shop import app as shop\n"
        "def app(environ, start_response):\n"
        "    environ['REMOTE_ADDR'] = environ.pop('HTTP_X_PEER', '192.0.2.7')\n"
        "    return shop(environ, start_response)\n"
    )
    far = serve("sync", "far:app", PYTHONPATH=f"{running.AGENT / 'inject'}:{tmp_path}:{running.APPS}")
    assert ask(far, f"{TOKEN}:timed:m1")["steering"] == "refused"
    for peer in ("::1", "::ffff:127.0.0.1", "127.9.9.9", "10.127.0.1"):
        far.get("/columns", {"X-Subsecond": f"{TOKEN}:timed:peer", "X-Peer": peer})
    far.wait(lambda line: line.get("path") == "/columns" and line["steering"] == "refused")
    asked = [trace["steering"] for trace in far.lines("trace") if trace["path"] == "/columns"]
    assert asked == ["ok", "ok", "ok", "refused"]


def test_a_unix_socket_counts_as_this_machine(
    serve: Callable[..., Served], shop_database: Path, tmp_path: Path
) -> None:
    place = tmp_path / "s"
    base = serve("sync")
    environment = running.agent_environment(base.spool, running.APPS, SHOP_DB=f"sqlite:///{shop_database}")
    port = running.free_port()
    command = [*running.gunicorn("sync", "shop:app", port), "-b", f"unix:{place}"]
    served = running.start(command, port, running.APPS, environment, tmp_path / "log")
    try:
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(place))
        connection.request("GET", "/core", headers={"X-Subsecond": f"{TOKEN}:timed:unix"})
        assert connection.getresponse().status == 200
        trace = served.wait(lambda line: line.get("mark") == "unix")
        assert (trace["steering"], trace["mode"]) == ("ok", "timed")
    finally:
        served.stop()
