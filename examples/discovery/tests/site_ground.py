"""A running platform for the tests of site, administration and OpenAPI, and visitors who use it without a browser.

These tests change holidays, items and settings, so the platform is theirs alone.
"""

from __future__ import annotations

import http.client
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

import pytest
from booking_ground import DEMO_PASSWORD, BookingGround
from contract_platform import ROOT, python, started

GROUP = "discovery-site"
"""All of these tests run in one process, which starts the platform once."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one rule of an application."""

    rule: str
    method: str
    endpoint: str

    @property
    def path(self) -> str:
        """The rule with something in the place of its variables: an id is 1."""
        return re.sub(r"<[^>]*>", "site.css", re.sub(r"<int:[^>]*>", "1", self.rule))

    @property
    def template(self) -> str:
        """The rule as OpenAPI writes it."""
        return re.sub(r"<int:[^>]*>", "{id}", self.rule)


def routes(ground: BookingGround) -> list[Route]:
    """All routes of the ground's version."""
    return _routes(ground.version, tuple(ground.environment.items()))


@cache
def _routes(version: str, environment: tuple[tuple[str, str], ...]) -> list[Route]:
    done = subprocess.run(
        [python(), str(ROOT / "tests" / "route_probe.py"), version],
        capture_output=True, text=True, env=dict(environment), timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return [Route(rule, method, endpoint) for rule, methods, endpoint in json.loads(done.stdout) for method in methods]


@dataclass(frozen=True, slots=True)
class Page:
    """What the site answered."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def visible(self) -> str:
        """The text without tags, blanks folded."""
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", self.text)).split())

    def hidden(self, name: str) -> str:
        """The value of the first hidden field of that name."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found, f"no field {name} in:\n{self.visible}"
        return unescape(found[1])


@dataclass
class Visitor:
    """Somebody who fills in forms; keeps cookies, follows no redirects, has no JavaScript."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, form: dict[str, Any] | None = None) -> Page:
        """One request."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if form is not None:
            headers["Content-Type"], body = "application/x-www-form-urlencoded", urlencode(form)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    self.cookies.update({key: morsel.value for key, morsel in SimpleCookie(value).items()})
            return Page(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode())
        finally:
            connection.close()

    def get(self, path: str) -> Page:
        """A page."""
        return self.send("GET", path)

    def post(self, path: str, form: dict[str, Any], page: str = "/login") -> Page:
        """A form with the word that `page` has for it."""
        return self.send("POST", path, {"csrf": self.get(page).hidden("csrf"), **form})

    def log_in(self, user: int, back: str = "/") -> Page:
        """Fills in the login form."""
        form = {"email": f"user{user}@example.com", "password": DEMO_PASSWORD, "next": back}
        answer = self.post("/login", form)
        assert answer.status == 303, answer.visible
        return answer


@pytest.fixture(scope="session")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BookingGround]:
    """The platform, asked in its optimized version; `on("legacy")` gives the other one."""
    with started(tmp_path_factory.mktemp("site")) as (state, environment):
        yield BookingGround(state, environment)


@pytest.fixture(params=["optimized", "legacy"])
def ground(request: pytest.FixtureRequest, playground: BookingGround) -> BookingGround:
    """The platform in each version."""
    return playground.on(request.param)


@pytest.fixture
def visitor(ground: BookingGround) -> Visitor:
    """A new visitor of the version's site."""
    return Visitor(ground.port)
