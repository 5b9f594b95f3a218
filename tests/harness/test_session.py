"""The app under audit as a stage uses it: logged in, asked, its traces found."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from subsecond.errors import SubsecondError
from subsecond.harness import session
from subsecond.harness.send import Answer, RequestFailed
from subsecond.harness.session import AuditedApp, audited_app
from subsecond.store import from_json
from tests.harness.conftest import GUNICORN, MakeTarget

LOGIN = """\
@user = ada
### login
# @setup
POST /token
Content-Type: application/json

{"user": "{{user}}"}
"""
FORM = """\
### form
# @setup
GET /login
### login
# @setup
POST /login
Content-Type: application/x-www-form-urlencoded

user=ada&csrf={{form.response.body.//input[@name="csrf"]/@value}}
### echo
GET /echo
"""
AUTH = """\
@auth = AUTH
# @name login
# @setup
POST {{auth}}/token
###
GET /echo
X-T: {{login.response.body.token}}
"""
LIST = (
    LOGIN
    + """
### list
GET /list?page=1
  &q=ä&x=100%25
Authorization: Bearer {{login.response.body.$.data.tokens[0]}}
X-Again: {{login.response.headers.x-key}} {{login.response.body.data.tokens.0}}
"""
)


def answered(app: AuditedApp, number: int = 0, mark: str = "m1") -> Answer:
    answer = app.send(app.requests[number], "timed", mark)
    assert isinstance(answer, Answer)
    return answer


def body(answer: Answer) -> dict[str, Any]:
    return from_json(answer.body, dict, "body")


def refused(make_target: MakeTarget, text: str, **options: object) -> str:
    with pytest.raises(SubsecondError) as caught, audited_app(make_target(text, **options)) as app:
        app.send(app.requests[0], "timed", "m1")
    assert "\n" not in caught.value.message
    return str(caught.value)


def test_a_login_whose_answer_the_next_requests_use(make_target: MakeTarget) -> None:
    said: list[str] = []
    with audited_app(make_target(LIST), say=said.append) as app:
        got = body(answered(app))
        assert got["args"] == {"page": "1", "q": "ä", "x": "100%"}
        assert got["headers"]["Authorization"] == "Bearer t0"
        assert got["headers"]["X-Again"] == "k1 t0"
        assert got["headers"]["Cookie"] == "s=1"
        assert [spec.name for spec in app.requests] == ["list"]
        assert any("; flask: start command given" in line for line in said)
        assert "started with flask: start command given" in app.notes()


def test_a_login_by_a_form_with_a_hidden_token(make_target: MakeTarget) -> None:
    with audited_app(make_target(FORM)) as app:
        assert body(answered(app))["headers"]["Cookie"] == "form=1; in=1"


def test_the_agent_is_in_it_and_its_trace_is_found(make_target: MakeTarget) -> None:
    with audited_app(make_target(LIST)) as app:
        hello = app.hello()
        assert hello is not None
        assert hello["version"] == 1
        got = body(answered(app, mark="first.mark"))
        assert "X-Subsecond" not in got["headers"]
        answered(app, mark="second")
        trace = app.trace_of("first.mark")
        assert trace is not None
        assert (trace["mode"], trace["status"], trace["route"]) == ("timed", 200, "/list")
        assert (trace["steering"], trace["pid"]) == ("ok", got["pid"])
        assert app.trace_of("second") is not None
        assert app.trace_of("nobody", 0.1) is None


def test_the_login_is_repeated_on_401(make_target: MakeTarget) -> None:
    with audited_app(make_target(LIST + "\n### forget\nGET /forget\n")) as app:
        assert body(answered(app))["headers"]["Authorization"] == "Bearer t0"
        answered(app, 1, "m2")
        assert body(answered(app, 0, "m3"))["headers"]["Authorization"] == "Bearer t2"
        trace = app.trace_of("m3")
        assert trace is not None
        assert trace["status"] == 200


def test_a_login_at_another_process(
    make_target: MakeTarget, project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The auth service listens elsewhere on this machine; the app takes its token."""
    from tests.harness.test_send import request_of, server

    seen: list[bytes] = []

    def serve(connection: Any, number: int) -> None:
        seen.append(request_of(connection))
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"token": "ab"}')

    with server(serve) as auth:
        text = AUTH.replace("AUTH", auth)
        with audited_app(make_target(text)) as app:
            assert body(answered(app))["headers"]["X-T"] == "ab"
    assert len(seen) == 1
    assert seen[0].startswith(b"POST /token")
    assert b"x-subsecond" not in seen[0].lower()  # the token of this run is nobody else's


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LIST.replace('"user"', '"password"').replace("ada", "wrong"),
         'requests.http, line 4: the setup request login was answered 403: {"error":"wrong password"}'),
        (LIST.replace("data.tokens[0]", "data.token"),
         "the answer of \"login\" has no 'token' at $.data.token (there is: none, tokens)"),
        (LIST.replace("data.tokens[0]", "data.tokens"), "is a list, not a text or a number"),
        (LIST.replace("data.tokens[0]", "data.none"), "is null, not a text or a number"),
        (FORM.replace('@name="csrf"', "@name='crsf'"),
         "the answer of \"form\" has no //input[@name='crsf']/@value (there is: user, csrf)"),
        (LIST.replace("headers.x-key", "headers.X-Kay"), 'has no header X-Kay; did you mean "X-Key"?'),
        ("# @name login\n# @setup\nPOST http://127.0.0.1:9/token\n###\nGET /echo\n", "nobody answers at 127.0.0.1:9"),
    ],
)  # fmt: skip
def test_a_login_that_fails_says_where(make_target: MakeTarget, text: str, message: str) -> None:
    assert message in refused(make_target, text)


def test_requests_that_fail_do_not_end_the_audit(make_target: MakeTarget) -> None:
    text = "GET /echo\n###\nGET /die\n###\nGET /half\n###\nGET /slow?s=1.5\n###\nGET /fail\n"
    with audited_app(make_target(text, run=GUNICORN, timeout="1s")) as app:
        outcomes = [app.send(spec, "timed", f"m{number}") for number, spec in enumerate(app.requests)]
        echo, die, half, slow, fail = outcomes
        assert isinstance(die, RequestFailed)
        assert "did its worker die?" in die.why
        assert isinstance(half, RequestFailed)
        assert "did its worker die?" in half.why
        assert isinstance(slow, RequestFailed)
        assert "no whole answer within 1 s" in slow.why
        assert isinstance(fail, Answer)
        assert fail.status == 500
        assert isinstance(echo, Answer)
        assert echo.status == 200


def test_the_end_of_the_app_itself_is_told(make_target: MakeTarget) -> None:
    with audited_app(make_target("GET /echo\n###\nGET /die\n")) as app:
        outcome = app.send(app.requests[1], "timed", "m1")
        assert isinstance(outcome, RequestFailed)
        assert "the app ended (killed by SIGKILL)" in outcome.why


def test_an_app_without_the_agent_is_told(
    make_target: MakeTarget, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "HELLO_SECONDS", 0.5)
    script = project / "start.sh"
    script.write_text(f"#!/bin/sh\nunset PYTHONPATH\nexec {sys.executable} -m flask --app shop run --port $1\n")
    script.chmod(0o755)
    assert "no-agent: the app answers, but the agent is not in it" in refused(
        make_target, "GET /echo\n", run="./start.sh {port}"
    )


def test_an_agent_that_switched_itself_off_is_told(make_target: MakeTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "HELLO_SECONDS", 0.2)
    with audited_app(make_target()) as app:
        note = {"type": "note", "version": 1, "pid": 1, "hook": "flask", "message": "KeyError: 'x'"}
        app.spool.hellos.clear()
        with (app.spool.folder / "1-1.jsonl").open("w") as out:
            out.write(json.dumps(note) + "\n")
        with pytest.raises(SubsecondError, match="agent, hook flask: KeyError: 'x'"):
            app.require_agent()


def test_a_spool_that_the_app_may_not_use_is_told(make_target: MakeTarget, project: Path) -> None:
    """As where the server changes its user: the agent can only say so in the app's log."""
    (project / "shop.py").write_text(
        "import os\nos.chmod(os.environ['SUBSECOND_SPOOL'], 0o755)\n"
        "from flask import Flask\napp = Flask(__name__)\n@app.get('/echo')\ndef echo():\n    return ''\n"
    )
    said = refused(make_target, "GET /echo\n")
    assert "no-agent: " in said and "records nothing: spool folder" in said and "must be 700" in said
    assert "\n" not in said


def test_a_second_audit_of_the_target_is_refused(make_target: MakeTarget) -> None:
    target = make_target()
    with audited_app(target), pytest.raises(SubsecondError) as caught, audited_app(target):
        pass
    assert caught.value.slug == "already-running"
    assert str(os.getpid()) in caught.value.message
