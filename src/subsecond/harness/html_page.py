"""A value out of a page, for logins by a form: its hidden token is nowhere else."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_PATH = re.compile(
    r"//(?P<tag>[\w-]+)\[@(?P<key>[\w:-]+)=(?P<quote>['\"])(?P<value>.*?)(?P=quote)\]/@(?P<wanted>[\w:-]+)"
)
SUPPORTED = "//input[@name='csrf_token']/@value"
"""The one form of XPath that is understood, as an example."""


def is_path(path: str) -> bool:
    """Whether a path of a `{{variable}}` asks for a part of a page."""
    return path.startswith("/")


def is_supported(path: str) -> bool:
    """Whether it has the form of `SUPPORTED`."""
    return _PATH.fullmatch(path) is not None


def value_at(page: str, path: str) -> str:
    """The attribute asked for, of the first element that fits.

    Raises KeyError, with the values that elements of this tag have instead, where there is none.
    """
    asked = _PATH.fullmatch(path)
    assert asked is not None
    reader = _Elements(asked["tag"].lower())
    reader.feed(page)
    for attributes in reader.found:
        if attributes.get(asked["key"]) == asked["value"] and attributes.get(asked["wanted"]) is not None:
            return str(attributes[asked["wanted"]])
    raise KeyError(*dict.fromkeys(found[asked["key"]] for found in reader.found if found.get(asked["key"])))


class _Elements(HTMLParser):
    def __init__(self, tag: str) -> None:
        super().__init__()
        self.tag = tag
        self.found: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == self.tag:
            self.found.append(dict(attrs))
