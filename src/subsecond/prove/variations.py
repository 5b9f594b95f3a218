"""Requests near a known one: other values of its parameters, taken from the catalogue and from the base's answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, zip_longest
from types import MappingProxyType
from typing import Any

from subsecond.model.target import RequestSpec
from subsecond.prove import plausible
from subsecond.prove.plausible import DATE, quoted

Query = tuple[tuple[str, str], ...]
ABSENT = None
"""In place of a value: the parameter is left out."""

ABSENCE = ("", "%20", "null", "None", "undefined")
ZEROS = ("0", "00", "%200", "-0", "0.0", "false", "False", "no", "[]", "{}")
NUMBERS = (
    "1", "-1", "+1", "%2B1", "1e3", "1_000", "%D9%A1", "nan", "inf", "2147483647", "2147483648",
    "9223372036854775808", "12345678901234567890", "1.5",
)  # fmt: skip
TEXTS = ("%25", "_", "%5C", "%27", "%22", ";", "%00", "%F0%9F%98%80", "e%CC%81", "%D7%A9", "%C3%89", "a" * 300)
LISTS = (",", "1,2", "1,1", "a,,b")
DATES = ("2024-02-29", "2023-02-29", "1970-01-01", "9999-12-31", "2024-13-01", "2024-02-29T00:00:00Z")
CATALOGUE = (*ABSENCE, *ZEROS, *NUMBERS, *TEXTS, *LISTS, *DATES)
BRIEF = ("", "null", "0", "00", "false", "-1", "1", "x", "_", "%25", "%C3%89")
"""Of a parameter that no request gives and the app was only seen to ask for: there may be a dozen on each request."""
PATH_VALUES = ("0", "-1", "2147483647", "2147483648", "9223372036854775808", "x", "1.5", "%00", "%20")
"""Reference: fixing and proving, section 6. Percent-encoded, as they stand in an address."""
BODY = "the body"
"""In place of a parameter's name: the whole body. No parameter is called so, and no header (`X-Tenant:`)."""
BODY_VALUES: tuple[Any, ...] = (None, 0, -1, 99999, "", "x", True, 1.5, "1", [])
ADDED_VALUES: tuple[Any, ...] = (None, 1, "", "x", [])
MOST_BODIES = 120
STEPS = (-1, 1, 2, 3, 5, 0.01, 0.25, 0.5)
"""Beside a given number: bounds are met, and halves rounded one way or the other."""
_PLAIN_NUMBER = re.compile(r"-?\d{1,6}(\.\d{1,2})?\Z")
MANY = ("100", "500", "1000")
"""Of what is called a size or a limit: rows that a page of the usual length leaves out are answered too. Some
where more is refused, the last where it is cut to what there may be."""
HEADER_VALUES = ("", "0", "1", "x")
LANGUAGES = ("xx,{}", "{};q=0.1,en", "en;q=0.1,{}", "{};q=0", "{}-XX", "*", "en, {}")
"""Weights and orders of RFC 9110, section 12.5.4, around the language that is asked for."""
_GENERAL = re.compile(
    r"accept|content-|user-agent\Z|host\Z|connection\Z|cache-control\Z|pragma\Z|referer\Z|origin\Z|if-", re.I
)
"""Headers that say nothing of who asks or for what."""
_IDENTIFIER = re.compile(r"\d{1,18}\Z|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_SIZE = re.compile(r"size|limit|per_?page|\bcount\Z|\btop\Z", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """A changed request: `changes` holds the new raw value of each changed parameter, None where it is left out.

    A name is that of a parameter, a place in the path (`/2`), a header with a colon (`X-Tenant:`), or `BODY`.
    """

    spec: RequestSpec
    changes: tuple[tuple[str, str | None], ...]

    def __str__(self) -> str:
        parts = [f"{name} left out" if value is None else f"{name}={value}" for name, value in self.changes]
        return f"{self.spec.name} with {', '.join(parts)}"


def query_of(spec: RequestSpec) -> Query:
    """The parameters of the address as they stand there, percent-encoding and `{{variables}}` kept."""
    text = spec.url.partition("#")[0].partition("?")[2]
    return tuple((name, value) for name, _, value in (part.partition("=") for part in text.split("&") if part))


def path_parts(spec: RequestSpec) -> Query:
    """The parts of the path that look like an identifier: numbers and UUIDs, named `/2` by their place."""
    of = told(spec)
    return tuple((f"/{place}", of(part)) for place, part in _parts(spec) if _IDENTIFIER.match(of(part)))


def _parts(spec: RequestSpec) -> list[tuple[int, str]]:
    """What stands between the slashes of the address, with its place; nothing of `http://host`."""
    parts = spec.url.partition("#")[0].partition("?")[0].split("/")
    return list(enumerate(parts))[3 if "://" in spec.url.partition("?")[0] else 0 :]


def told(spec: RequestSpec) -> Callable[[str], str]:
    """The value of a part that is nothing but a variable of the file: a number, a date; any other may be a secret."""
    known = {
        f"{{{{{name}}}}}": value for name, value in spec.variables if _IDENTIFIER.match(value) or DATE.match(value)
    }
    return lambda part: known.get(part, part)


def named_headers(spec: RequestSpec) -> Query:
    """The headers that tell one user's or tenant's answer from another's, their names with a colon."""
    return tuple((f"{name}:", value) for name, value in spec.headers if not _GENERAL.match(name))


def with_changes(spec: RequestSpec, changes: Mapping[str, str | None]) -> Variation:
    """The request with some parameters changed, added or left out; the others keep their place."""
    if BODY in changes:
        spec = replace(spec, body=changes[BODY])
    spec = _with_headers(spec, {name[:-1]: value for name, value in changes.items() if name.endswith(":")})
    parts = spec.url.partition("?")[0].split("/")
    for name, part in changes.items():
        if name.startswith("/"):
            parts[int(name[1:])] = part or ""
    path = "/".join(parts)
    kept: list[tuple[str, str | None]] = [(name, changes.get(name, value)) for name, value in query_of(spec)]
    known = {name for name, _ in kept}
    kept += [(name, value) for name, value in changes.items() if name not in known and in_query(name)]
    text = "&".join(f"{name}={value}" for name, value in kept if value is not None)
    return Variation(spec=replace(spec, url=f"{path}?{text}" if text else path), changes=tuple(changes.items()))


def by_turns(spec: RequestSpec, columns: Iterable[Iterable[Mapping[str, str | None]]]) -> Iterator[Variation]:
    """The request with these changes, one of each column after the other: whatever is cut off has had some."""
    for turn in zip_longest(*columns):
        yield from (with_changes(spec, changes) for changes in turn if changes is not None)


def in_query(name: str) -> bool:
    return not name.startswith("/") and not name.endswith(":") and name != BODY


def _with_headers(spec: RequestSpec, changes: Mapping[str, str | None]) -> RequestSpec:
    if not changes:
        return spec
    lower = {name.lower() for name in changes}
    kept = [(name, value) for name, value in spec.headers if name.lower() not in lower]
    return replace(spec, headers=(*kept, *((name, value) for name, value in changes.items() if value is not None)))


def harmless(spec: RequestSpec, parameters: Sequence[str], body: bytes) -> Iterator[Variation]:
    """Requests of the same sort, as other users send them: each parameter left out, other plausible values.

    `body`: of the base's answer to the request itself.
    """
    for name, value in path_parts(spec):
        for other in plausible.near(value):
            yield with_changes(spec, {name: other})
    for name, value in named_headers(spec):
        if value.isdecimal():
            for other in plausible.near(value):
                yield with_changes(spec, {name: other})
    yield from others_of(spec, parameters, body)


def others_of(spec: RequestSpec, parameters: Sequence[str], body: bytes) -> Iterator[Variation]:
    """Parameters of the address left out and with other plausible values; each has its turn."""
    of = told(spec)
    given = {name: of(value) for name, value in query_of(spec)}
    for name in filter(in_query, parameters):
        if name in given:
            yield with_changes(spec, {name: ABSENT})
    columns = []
    for name in filter(in_query, parameters):
        own = given.get(name)
        values = dict.fromkeys((*plausible.near(own), *plausible.lists(own), *plausible.seen(name, own, body)))
        columns.append([{name: value} for value in values if value != own])
    yield from by_turns(spec, columns)


def edges(
    spec: RequestSpec, parameters: Sequence[str], literals: Sequence[str] = (), seen: Sequence[str] = (), *,
    words: Mapping[str, Sequence[str]] = MappingProxyType({}), keys: Sequence[str] = (),
) -> Iterator[Variation]:  # fmt: skip
    """One parameter at a time through the catalogue, then another case of its value, another name, a doubled one.

    `literals` are tried for each parameter, `words` of its name for that one. `seen`: parameters that the app was only
    seen to ask for, with few values each. `keys` are added to a JSON object that has them not.
    """
    of = told(spec)
    given = {name: of(value) for name, value in query_of(spec)}
    for name, _ in path_parts(spec):
        for value in PATH_VALUES:
            yield with_changes(spec, {name: value})
    for name, value in path_texts(spec):
        for other in dict.fromkeys((value.swapcase(), f"{value}x", *map(quoted, filter(_word, literals)))):
            yield with_changes(spec, {name: other})
    yield from _headers(spec, parameters)
    yield from _bodies(spec, keys, words)
    for name in filter(in_query, parameters):
        if name in given:
            yield with_changes(spec, {name: ABSENT})
        for value in dict.fromkeys([*CATALOGUE, *map(quoted, [*literals, *words.get(name, ())])]):
            yield with_changes(spec, {name: value})
        if own := given.get(name):
            if _PLAIN_NUMBER.match(own):
                yield from (with_changes(spec, {name: f"{float(own) + step:g}"}) for step in STEPS)
            if own.swapcase() != own and "%" not in own and "{{" not in own:
                yield with_changes(spec, {name: own.swapcase()})
            yield with_changes(spec, {name: f"{own}&{name}=1"})
            yield with_changes(spec, {name: ABSENT, name.upper(): own})
    for name in filter(in_query, seen):
        values = [*BRIEF, *(MANY if _SIZE.search(name) else ()), *map(quoted, words.get(name, ()))]
        yield from (with_changes(spec, {name: value}) for value in values)
    yield with_changes(spec, {"unknown_parameter": "1"})


def path_texts(spec: RequestSpec) -> Query:
    """The other parts of the path: which of them is a parameter only the app knows."""
    known = {name for name, _ in path_parts(spec)}
    return tuple((f"/{n}", part) for n, part in _parts(spec) if part and f"/{n}" not in known and _plain(part))


def _word(literal: str) -> bool:
    """Whether a literal could be a part of a path; numbers are tried where numbers stand."""
    return bool(literal) and not literal[0].isdecimal() and "/" not in literal


def _plain(part: str) -> bool:
    return "{{" not in part and ":" not in part


def _headers(spec: RequestSpec, parameters: Sequence[str]) -> Iterator[Variation]:
    """Who asks: nobody, somebody else, in another case. What a variable fills in is a secret, and only left out."""
    given = dict(named_headers(spec))
    for name in dict.fromkeys([*given, *(name for name in parameters if name.endswith(":"))]):
        value = given.get(name, "")
        if name in given:
            yield with_changes(spec, {name: ABSENT})
        if "{{" in value:
            continue
        others = [*HEADER_VALUES, *(plausible.near(value) if value.isdecimal() else (value.swapcase(),))]
        if name.lower() == "accept-language:":
            others += (form.format(value or "de") for form in LANGUAGES)
        for other in dict.fromkeys(others):
            if other != value:
                yield with_changes(spec, {name: other})


def _bodies(spec: RequestSpec, keys: Sequence[str], words: Mapping[str, Sequence[str]]) -> Iterator[Variation]:
    """A JSON body with one thing changed: a value, a key left out or added, a list empty or doubled. `words` by key."""
    if spec.body is None or "{{" in spec.body:
        return
    try:
        tree = json.loads(spec.body)
    except (ValueError, RecursionError):
        return
    made = dict.fromkeys(json.dumps(one) for one in islice(_altered(tree, words), MOST_BODIES))
    if isinstance(tree, dict):
        added = {key: (*ADDED_VALUES, *words.get(key, ())) for key in keys if key not in tree}
        more = [{**tree, key: value} for key, values in added.items() for value in values]
        made |= dict.fromkeys(map(json.dumps, more))
    for text in (*made, "", "{}", "[]", "null"):
        if text != spec.body:
            yield with_changes(spec, {BODY: text})


def _altered(tree: Any, words: Mapping[str, Sequence[str]], own: str = "") -> Iterator[Any]:
    """`own`: the key that the tree is the value of."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield {name: inner for name, inner in tree.items() if name != key}
            yield from ({**tree, key: other} for other in _altered(value, words, key))
    elif isinstance(tree, list):
        yield []
        yield tree + tree
        for place, value in enumerate(tree[:2]):
            yield from ([*tree[:place], other, *tree[place + 1 :]] for other in _altered(value, words, own))
    else:
        others: list[Any] = []
        if isinstance(tree, str):
            others = [*words.get(own, ()), *plausible.near(tree)]
        elif isinstance(tree, int) and not isinstance(tree, bool):
            others = [int(value) for value in plausible.near(str(tree))]
        yield from (value for value in (*others, *BODY_VALUES) if json.dumps(value) != json.dumps(tree))


def pairs(spec: RequestSpec, parameters: Sequence[str]) -> Iterator[Variation]:
    """Two parameters at once through the values that mean "nothing" somewhere."""
    names = [name for name in parameters if in_query(name)]
    for position, name in enumerate(names):
        for other in names[position + 1 :]:
            for value in ("", "0", ABSENT):
                for second in ("", "0", "1"):
                    yield with_changes(spec, {name: value, other: second})


def alone(spec: RequestSpec, parameters: Sequence[str]) -> Iterator[Variation]:
    """Each given parameter without the others, and none: the rows that those leave out, on long pages too; there
    also with what means "nothing"."""
    given = list(dict.fromkeys(name for name, _ in query_of(spec)))
    long = [{name: many} for name in parameters if _SIZE.search(name) for many in MANY]
    for kept in [*given, None]:
        changes: dict[str, str | None] = {name: ABSENT for name in given if name != kept}
        yield from (with_changes(spec, {**changes, **more}) for more in ({}, *long))
    for name in given:
        for value in ("0", ""):
            yield from (with_changes(spec, {name: value, **more}) for more in long if name not in more)


def conditional(spec: RequestSpec, headers: Sequence[tuple[str, str]]) -> Iterator[Variation]:
    """Asked again by who has the answer already, as its `headers` allow: RFC 9110, section 13."""
    told = {name.lower(): value for name, value in headers}
    if tag := told.get("etag"):
        for value in (tag, f"W/{tag.removeprefix('W/')}", "*", f'"x", {tag}', '"x"'):
            yield with_changes(spec, {"If-None-Match:": value})
    if when := told.get("last-modified"):
        yield with_changes(spec, {"If-Modified-Since:": when})
