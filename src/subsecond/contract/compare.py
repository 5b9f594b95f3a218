"""Two responses compared field by field: status, headers that matter, presence, type, exact value, order.

What this counts as a difference is DESIGN's *contract* and reference "fixing and proving", section 6.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from subsecond.contract.bodies import kind_of, read

HEADERS = (
    "content-type", "cache-control", "vary", "location", "link", "www-authenticate", "content-language",
    "content-disposition", "retry-after", "access-control-allow-origin",
)  # fmt: skip
"""Headers that a client goes by, beside an app's own (`X-…`). Of `Set-Cookie` the names and attributes count, of `ETag`
that there is one, and whether it is weak."""
_OF_THE_RUN = re.compile(
    r"x-(?:.*-)?(?:id|time|runtime|elapsed|duration|latency|took|(?:trace|span|rate-?limit|quer|sql|cache|served).*)\Z"
)
"""An app's headers that tell how an answer was made: which run, how long, by how many statements."""
LARGEST_MASKED_SHARE = 0.05
"""Reference, section 6: where more leaves than this differ between two runs of the same code, nothing is known."""
MOST_DIFFERENCES = 200
_SALT = secrets.token_bytes(16)
_INDEX = re.compile(r"\[\d+\]")

What = Literal["status", "header", "missing", "added", "type", "value", "order", "length", "bytes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is compared of one response."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place in which two responses differ. `path` is `status`, `header NAME`, or `$.items[3].price`.

    `base` and `candidate` show the two values masked: what is equal stays equal within one process, nothing else
    can be told but type and length; null, true, false, 0 and what is empty stand as they are.
    """

    path: str
    what: What
    base: str
    candidate: str

    @property
    def pattern(self) -> str:
        """The path for all elements of its lists: `$.items[*].price`."""
        return _INDEX.sub("[*]", self.path)

    @property
    def kind(self) -> str:
        """What sort of difference it is, without a value or a place in a list."""
        return f"{self.pattern}: {self.what}"

    def __str__(self) -> str:
        return f"{self.path}: {self.what}: {self.base} became {self.candidate}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All differences (at most 200) and how many leaves were looked at."""

    differences: tuple[Difference, ...] = ()
    leaves: int = 0

    @property
    def equal(self) -> bool:
        return not self.differences


@dataclass(slots=True)
class Noise:
    """What differs between two answers of the same code: named, listed, capped."""

    patterns: set[str] = field(default_factory=set)
    masked: int = 0
    leaves: int = 0

    def learn(self, first: Reply, second: Reply) -> None:
        """Take in two answers of the same code to the same request."""
        found = compare(first, second)
        self.patterns.update(one.pattern for one in found.differences)
        self.masked += len(found.differences)
        self.leaves += found.leaves

    @property
    def share(self) -> float:
        """Of all leaves, those that differed."""
        return self.masked / self.leaves if self.leaves else 0.0

    @property
    def too_much(self) -> bool:
        return self.share > LARGEST_MASKED_SHARE

    def rest(self, found: Comparison) -> Comparison:
        """The comparison without what is known to be noise."""
        kept = tuple(one for one in found.differences if one.pattern not in self.patterns)
        return Comparison(differences=kept, leaves=found.leaves)


def compare(base: Reply, candidate: Reply) -> Comparison:
    """All differences between two responses."""
    found = [*_status(base, candidate), *_headers(base, candidate)]
    one, other = (read(_header(side, "content-type"), side.body) for side in (base, candidate))
    walk = _Walk()
    if one.form != other.form or one.form == "bytes":
        walk.leaves = 1
        if base.body != candidate.body:
            found.append(Difference(path="$", what="bytes", base=shown(base.body), candidate=shown(candidate.body)))
    else:
        walk.nodes("$", one.tree, other.tree)
    return Comparison(differences=(*found, *walk.found)[:MOST_DIFFERENCES], leaves=walk.leaves + 1)


def shown(value: object) -> str:
    """A value for a reader who may not see it: `text(12) #3f1a`, `integer #09bc`, `list(3)`; what is empty as it is."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if not value:  # 0, "", [], {}
        return repr(value)
    if isinstance(value, (list, dict)):
        return f"{kind_of(value)}({len(value)})"
    text = value if isinstance(value, bytes) else repr(value).encode("utf-8", "surrogatepass")
    mark = hashlib.blake2b(text, key=_SALT, digest_size=2).hexdigest()
    size = f"({len(value)})" if isinstance(value, (str, bytes)) else ""
    return f"{kind_of(value)}{size} #{mark}"


def _status(base: Reply, candidate: Reply) -> Iterator[Difference]:
    if base.status != candidate.status:
        yield Difference(path="status", what="status", base=str(base.status), candidate=str(candidate.status))


def _headers(base: Reply, candidate: Reply) -> Iterator[Difference]:
    one, other = _promised(base.headers), _promised(candidate.headers)
    for name in sorted(one.keys() | other.keys()):
        if one.get(name) != other.get(name):
            what: What = "missing" if name not in other else "added" if name not in one else "header"
            yield Difference(
                path=f"header {name}", what=what, base=one.get(name, "none"), candidate=other.get(name, "none")
            )


def _promised(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        lower = name.lower()
        if lower in HEADERS or (lower.startswith("x-") and not _OF_THE_RUN.match(lower)):
            found.setdefault(lower, []).append(value.strip())
        elif lower == "etag":
            found.setdefault(lower, ["weak" if value.strip().startswith("W/") else "given"])
        elif lower == "set-cookie":
            cookie, *attributes = value.split(";")
            kept = sorted(part.strip().lower() for part in attributes if not _dated(part))
            found.setdefault(lower, []).append("; ".join([cookie.partition("=")[0].strip(), *kept]))
    return {name: ", ".join(sorted(values)) for name, values in found.items()}


def _dated(attribute: str) -> bool:
    return attribute.strip().lower().startswith("expires=")


def _header(reply: Reply, wanted: str) -> str | None:
    return next((value for name, value in reply.headers if name.lower() == wanted), None)


@dataclass(slots=True)
class _Walk:
    """Walks two trees at once."""

    found: list[Difference] = field(default_factory=list)
    leaves: int = 0

    def nodes(self, path: str, base: Any, candidate: Any) -> None:
        if len(self.found) >= MOST_DIFFERENCES:
            return
        if kind_of(base) != kind_of(candidate):
            self.leaves += 1
            one, other = (f"{kind_of(node)} {shown(node)}" for node in (base, candidate))
            self.found.append(Difference(path=path, what="type", base=one, candidate=other))
        elif isinstance(base, dict):
            self._objects(path, base, candidate)
        elif isinstance(base, list):
            self._lists(path, base, candidate)
        else:
            self.leaves += 1
            if base != candidate and repr(base) != repr(candidate):  # NaN is equal to NaN here
                self.found.append(Difference(path=path, what="value", base=shown(base), candidate=shown(candidate)))

    def _objects(self, path: str, base: Mapping[str, Any], candidate: Mapping[str, Any]) -> None:
        for key in {**base, **candidate}:
            inner = f"{path}.{key}" if key.isidentifier() else f'{path}["{key}"]'
            if key not in candidate or key not in base:
                self.leaves += 1
                self.found.append(
                    Difference(
                        path=inner, what="added" if key not in base else "missing",
                        base=shown(base[key]) if key in base else "nothing",
                        candidate=shown(candidate[key]) if key in candidate else "nothing",
                    )
                )  # fmt: skip
            else:
                self.nodes(inner, base[key], candidate[key])

    def _lists(self, path: str, base: Sequence[Any], candidate: Sequence[Any]) -> None:
        if base != candidate and len(base) == len(candidate) and _same_members(base, candidate):
            self.leaves += len(base)
            self.found.append(
                Difference(path=path, what="order", base=shown(base), candidate="the same in another order")
            )
            return
        if len(base) != len(candidate):
            self.leaves += 1
            self.found.append(Difference(path=path, what="length", base=str(len(base)), candidate=str(len(candidate))))
        for number, (one, other) in enumerate(zip(base, candidate, strict=False)):
            self.nodes(f"{path}[{number}]", one, other)


def _same_members(base: Sequence[Any], candidate: Sequence[Any]) -> bool:
    return Counter(map(_frozen, base)) == Counter(map(_frozen, candidate))


def _frozen(node: Any) -> Any:
    """A node as something that can be counted, types kept: 1, 1.0 and true are three things."""
    if isinstance(node, dict):
        return "object", frozenset((key, _frozen(value)) for key, value in node.items())
    if isinstance(node, list):
        return "list", tuple(map(_frozen, node))
    return kind_of(node), node
