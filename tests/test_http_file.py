"""Requests in `.http` files: read as editors read them, errors with line and remedy, written and read back."""

from __future__ import annotations

import string
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subsecond.errors import SubsecondError
from subsecond.harness import requests
from subsecond.harness.readers.http import METHODS, read, text_of
from subsecond.model.target import RequestSpec, Target

FILE = """\
# the shop
@auth = http://127.0.0.1:8110
@city=lisbon

### login
# @setup
POST {{auth}}/token HTTP/1.1
Content-Type: application/json

{"email": "a@b.c",

 "deep": {"a": {"b": 1}}}


@token = {{nobody}}
### list
// @name list of rooms
GET /v1/rooms
    ?city={{city}}
    &page=2
Authorization: Bearer {{login.response.body.$.data.token}}
# a comment among the headers
Accept: application/json

###
/healthz
###

### nothing here
# only a comment
"""


def parsed(text: str) -> list[RequestSpec]:
    return read(text, Path("requests.http"))


def test_a_whole_file() -> None:
    with pytest.raises(SubsecondError, match=r"line 15: .* stands in a body; put a line ### above it"):
        parsed(FILE)
    login, rooms, health = parsed(FILE.replace("@token = {{nobody}}\n", ""))
    variables = (("auth", "http://127.0.0.1:8110"), ("city", "lisbon"))
    assert login == RequestSpec(
        name="login",
        method="POST",
        url="{{auth}}/token",
        headers=(("Content-Type", "application/json"),),
        body='{"email": "a@b.c",\n\n "deep": {"a": {"b": 1}}}',
        setup=True,
        variables=variables,
        file="requests.http",
        line=7,
    )
    assert (rooms.name, rooms.method, rooms.url) == ("list of rooms", "GET", "/v1/rooms?city={{city}}&page=2")
    assert rooms.headers == (
        ("Authorization", "Bearer {{login.response.body.$.data.token}}"),
        ("Accept", "application/json"),
    )
    assert (rooms.body, rooms.setup, rooms.line) == (None, False, 17)
    assert (health.name, health.method, health.url, health.line) == ("GET /healthz", "GET", "/healthz", 25)


def test_windows_line_ends_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "r.http"
    path.write_bytes("\ufeffGET /a\r\nA: b\r\n\r\n".encode())
    (spec,) = requests.read(path)
    assert (spec.url, spec.headers, spec.body) == ("/a", (("A", "b"),), None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("GTE /x", 'line 1: unknown method "GTE"; did you mean "GET"?'),
        ("GET", "line 1: GET without an address"),
        ("\n\nGET v1/rooms", "line 3: the address 'v1/rooms' must begin with \"/\""),
        ("GET /a b", "line 1: a blank in the address"),
        ("GET /a\nAccept text/html", "line 2: 'Accept text/html' is no header; write Name: value"),
        ("GET /a\n{}", "line 2: '{}' is no header"),
        ("@city = x\nGET /a?c={{citi}}", 'line 2: unknown variable "citi"; did you mean "city"?'),
        ("GET /{{x}}", 'line 1: unknown variable "x"; define it above with @x = value'),
        ("GET /a\nX: {{x", 'line 2: a "{{" is not closed'),
        ("POST /a\n\n{{$guid}}", "line 3: {{$guid}} is not supported; known: {{name}}"),
        ("GET /a\nX: {{login.response.body.t}}", 'line 2: "login" is no setup request above'),
        ("### login\nGET /t\n###\nGET /a\nX: {{login.response.body.t}}", "mark the request of that name with # @setup"),
        (
            "### login\n# @setup\nPOST /t\n###\nGET /{{logn.response.body.t}}",
            'line 5: "logn" is no setup request above; did you mean "login"?',
        ),
        (
            "### login\n# @setup\nPOST /t\n###\nGET /{{login.response.body}}",
            "line 5: {{login.response.body}}: say what",
        ),
        (
            "### login\n# @setup\nGET /t\n###\nGET /{{login.response.body./html/body/input}}",
            "of a page only this form is known: //input[@name='csrf_token']/@value",
        ),
        ("### a\nGET /\n### b\nGET /\n# @name a\n", 'line 5: the name "a" stands on line 1 too'),
        ("# @setpu\nPOST /t", 'line 1: unknown mark @setpu; did you mean "setup"?'),
        ("# @name\nGET /", "line 1: # @name without a name"),
        ("@city\nGET /", "line 1: '@city' defines nothing; write @name = value"),
        ("POST /a\n\n< ./body.json", "line 3: a body is not read from a file"),
        ("GET /a\n\n> {% client.test() %}", "line 3: scripts are not run"),
        ("< {% x %}\nGET /a", "line 1: scripts are not run"),
        ("", "it holds no request"),
        ("### only\n# comments\n", "it holds no request"),
    ],
)
def test_errors_name_the_line_and_the_remedy(text: str, message: str) -> None:
    with pytest.raises(SubsecondError) as caught:
        parsed(text)
    assert caught.value.slug == "bad-request-file"
    assert caught.value.message.startswith("requests.http")
    assert message in caught.value.message
    assert "\n" not in caught.value.message


def target(tmp_path: Path, text: str, **more: object) -> Target:
    (tmp_path / "r.http").write_text(text)
    given: dict[str, object] = {"requests": (tmp_path / "r.http",), **more}
    return Target(root=tmp_path, name="t", cwd=tmp_path, **given)  # type: ignore[arg-type]


def refused(tmp_path: Path, text: str, **more: object) -> str:
    with pytest.raises(SubsecondError) as caught:
        requests.of_target(target(tmp_path, text, **more))
    return str(caught.value)


def test_only_reading_methods_are_sent_unless_allowed(tmp_path: Path) -> None:
    text = "@v = v1\n# @setup\nPOST /login\n###\nPOST /{{v}}/list?page=2\n\n{}"
    message = refused(tmp_path, text)
    assert message.startswith("method-not-allowed")
    assert "line 5: POST /v1/list may change data" in message
    assert "--allow 'POST /v1/list'" in message
    assert "(allowed: POST /v2/list)" in refused(tmp_path, text, allow=("POST /v2/list",))
    plan = requests.of_target(target(tmp_path, text, allow=("POST /v1/list",)))
    assert [spec.name for spec in plan.setup + plan.timed] == ["POST /login", "POST /{{v}}/list?page=2"]
    assert plan.notes == ()


def test_what_may_change_data_is_left_out_beside_other_requests_and_that_is_said(tmp_path: Path) -> None:
    text = "GET /a\n###\nPOST /orders\n\n{}\n###\nPOST /orders\n\n[]\n###\nDELETE /orders/1\n###\nGET /b"
    plan = requests.of_target(target(tmp_path, text))
    assert [spec.name for spec in plan.timed] == ["GET /a", "GET /b"]
    (note,) = plan.notes
    assert "line 3: POST /orders may change data, so it is not sent, as are DELETE /orders/1 (" in note
    assert "line 11)" in note
    assert "--allow 'POST /orders'" in note
    plan = requests.of_target(target(tmp_path, text, allow=("POST /orders",)))
    assert [spec.method for spec in plan.timed] == ["GET", "POST", "POST", "GET"]
    assert "line 11: DELETE /orders/1 may change data" in plan.notes[0]


def test_addresses_of_other_machines_are_refused(tmp_path: Path) -> None:
    assert "https://api.shop.com/x is on another machine" in refused(tmp_path, "GET http://api.shop.com/x").replace(
        "http://", "https://"
    )
    assert "only addresses of this machine" in refused(tmp_path, "# @setup\nPOST http://auth.shop.com/t\n###\nGET /")
    assert "https is not spoken" in refused(tmp_path, "GET https://localhost/x")
    assert "must begin with" in refused(tmp_path, "@a = shop\nGET {{a}}/x")


def test_an_absolute_address_of_this_machine_means_the_app_and_that_is_said(tmp_path: Path) -> None:
    plan = requests.of_target(target(tmp_path, "@host = http://localhost:8000\nGET {{host}}/x?y=1"))
    assert len(plan.notes) == 1
    assert "goes to the app under audit instead of localhost:8000" in plan.notes[0]


def test_many_absolute_addresses_are_one_note(tmp_path: Path) -> None:
    text = "@host = http://localhost:8000\nGET {{host}}/x\n###\nGET {{host}}/y\n###\nGET {{host}}/z\n###\nGET /own\n"
    plan = requests.of_target(target(tmp_path, text))
    assert len(plan.notes) == 1
    assert "x and 2 more requests go to the app under audit instead of localhost:8000" in plan.notes[0]


def test_a_login_at_the_apps_own_address_goes_to_the_app_and_one_elsewhere_there(tmp_path: Path) -> None:
    text = (
        "@host = http://localhost:8000\n### login\n# @setup\nPOST {{host}}/login?a=1\n"
        "### key\n# @setup\nPOST http://localhost:8001/key\n### x\nGET {{host}}/x\n"
    )
    plan = requests.of_target(target(tmp_path, text))
    assert [spec.url for spec in plan.setup] == ["/login?a=1", "http://localhost:8001/key"]


def test_a_missing_environment_variable_is_found_before_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_KEY", "x")
    requests.of_target(target(tmp_path, "GET /\nKey: {{$env SHOP_KEY}}"))
    monkeypatch.setenv("SHOP_BYTES", "\udcff")
    assert "SHOP_BYTES is not UTF-8 text" in refused(tmp_path, "GET /\nKey: {{$env SHOP_BYTES}}")
    assert "SHOP_KEYS is not set" in refused(tmp_path, "GET /\nKey: {{$processEnv SHOP_KEYS}}")


def test_variables_in_a_circle(tmp_path: Path) -> None:
    spec = RequestSpec(name="x", method="GET", url="{{a}}", variables=(("a", "{{b}}"), ("b", "{{a}}")))
    with pytest.raises(SubsecondError, match="without an end"):
        requests._check_address(spec)


def test_requests_of_the_command_line(tmp_path: Path) -> None:
    plan = requests.of_target(
        target(tmp_path, "GET /a", get=("/a", "/a", "/a?b=1"), headers=(("Accept", "text/html"),))
    )
    assert [spec.name for spec in plan.timed] == ["GET /a", "GET /a (2)", "GET /a (3)", "GET /a?b=1"]
    assert [spec.headers for spec in plan.timed] == [(), *[(("Accept", "text/html"),)] * 3]


def test_nothing_to_send(tmp_path: Path) -> None:
    assert "r.http lies here" in refused(tmp_path, "GET /", requests=())
    assert "all requests are marked # @setup" in refused(tmp_path, "# @setup\nGET /")


def test_files_of_other_kinds(tmp_path: Path) -> None:
    (tmp_path / "r.har").write_text("{}")
    with pytest.raises(SubsecondError, match=r"no reader for \.har; known: \.http"):
        requests.read(tmp_path / "r.har")
    (tmp_path / "l.http").write_bytes(b"GET /\xff")
    with pytest.raises(SubsecondError, match="not UTF-8"):
        requests.read(tmp_path / "l.http")


NAME = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=12)
LINE = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="{}"), max_size=30)
BODY = st.lists(
    st.text(st.characters(exclude_categories=["C"], exclude_characters="{}"), max_size=20).filter(
        lambda line: not line.startswith(("###", "<", ">", "@"))
    ),
    min_size=1,
    max_size=4,
).map("\n".join)


@st.composite
def spec_lists(draw: st.DrawFn) -> list[RequestSpec]:
    known: dict[str, str] = {}
    specs = []
    for name in draw(st.lists(NAME, min_size=1, max_size=5, unique=True)):
        known.update(draw(st.dictionaries(NAME, LINE, max_size=2)))
        references = [f"{{{{{key}}}}}" for key in known] + [
            f"{{{{{one.name}.response.body.$.a[0].b}}}}" for one in specs if one.setup
        ]
        inner = st.sampled_from(["", *references])
        headers = st.tuples(NAME.filter(lambda key: not key.startswith("-")), st.builds(str.__add__, LINE, inner))
        body = draw(st.none() | st.builds(str.__add__, BODY, inner))
        specs.append(
            RequestSpec(
                name=name,
                method=draw(st.sampled_from(METHODS)),
                url="/" + draw(NAME) + draw(inner) + draw(st.sampled_from(["", "?a=1", "?q=ä&b="])) + draw(inner),
                headers=tuple(draw(st.lists(headers, max_size=3))),
                body=body if body and body.strip() and body.rstrip() == body else None,
                setup=draw(st.booleans()),
                variables=tuple(known.items()),
            )
        )
    return specs


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spec_lists())
def test_what_is_written_is_read_back(specs: list[RequestSpec]) -> None:
    again = parsed(text_of(specs))
    assert [replace(spec, file="", line=0) for spec in again] == specs


def test_what_the_format_cannot_say_is_not_written() -> None:
    with pytest.raises(ValueError, match="###"):
        text_of([RequestSpec(name="a", method="POST", url="/", body="x\n### y")])
    first = RequestSpec(name="a", method="GET", url="/", variables=(("x", "1"),))
    with pytest.raises(ValueError, match="earlier"):
        text_of([first, replace(first, name="b", variables=())])


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://{{host}}/x?y=1", "GET /x?y=1"),
        ("{{ host }}:8000/x", "GET /x"),
        ("http://localhost:8000/x", "GET /x"),
        ("http://localhost:8000", "GET /"),
        ("/x", "GET /x"),
        ("{{host}}?y=1", "GET ?y=1"),
        ("{{host}}{{path}}", "GET {{host}}{{path}}"),
    ],
)
def test_a_request_without_a_title_is_called_by_its_path(url: str, name: str, tmp_path: Path) -> None:
    text = f"@host = localhost\n@path = /x\nGET {url}\n"
    [spec] = read(text, tmp_path / "requests.http")
    assert spec.name == name
    assert read(text_of([spec]), tmp_path / "again.http")[0].name == name
