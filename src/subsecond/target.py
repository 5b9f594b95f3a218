"""Configuration -> Target, with errors that help.

One folder is looked at, not its parents: `subsecond.toml` (keys at the top level), else `[tool.subsecond]`
in `pyproject.toml`. What the command line gives wins.
"""

from __future__ import annotations

import difflib
import re
import shutil
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subsecond import durations
from subsecond.errors import SubsecondError, did_you_mean
from subsecond.model.target import Naming, Person, Target

OWN_FILE = "subsecond.toml"
PROJECT_FILE = "pyproject.toml"
COMMAND_LINE = "command line"
LONGEST_SHOWN = 100
_APP = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(\(.*\))?\Z")
_JOB = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\Z")
_ALLOW = re.compile(r"[A-Z]+ /\S*\Z")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_APP_IN_SOURCE = re.compile(
    r"^(app|application|api)\b[^=\n]*=\s*(Flask|FastAPI|Starlette|Quart|create_app|get_\w+)\(", re.M
)


@dataclass(frozen=True, slots=True)
class _Source:
    """One place that gives values: how to name it, what its relative paths start from."""

    name: str
    base: Path
    project: Path
    """Looked in as well: `--cwd examples/shop requests.http`."""


def load(folder: Path, options: Mapping[str, object]) -> Target:
    """The target that `folder`'s configuration and `options` describe.

    `options` holds what the command line gave, with the keys of the configuration file (None and empty
    lists count as not given); its relative paths start at the working folder, those of a file at `folder`.
    Raises SubsecondError for an unknown key, a wrong type, a file that is not there, or no app at all.
    """
    root = folder.absolute()
    if not root.is_dir():
        raise SubsecondError("no-folder", f"{folder} is not a folder")
    _check_characters(_Source(COMMAND_LINE, root, root), "cwd", str(root))
    found, source, notes = _read(root)
    values = _converted(found, source)
    given = {key: value for key, value in options.items() if value is not None and value not in ((), [])}
    for key, value in _converted(given, _Source(COMMAND_LINE, Path.cwd(), root)).items():
        values[key] = {**values.get(key, {}), **value} if isinstance(value, dict) else value
    if not values.get("app") and not values.get("run"):
        raise SubsecondError("no-app", _no_app(root, source))
    return _target(root, values, source.name, notes)


def goal_of(folder: Path) -> float | None:
    """The goal in seconds that `folder`'s configuration sets, None where it sets none."""
    found, source, _ = _read(folder.absolute())
    goal: float | None = _converted(found, source).get("goal")
    return goal


def naming_of(folder: Path) -> Naming:
    """What `folder`'s configuration says of people and names, for the report's diagrams."""
    found, source, _ = _read(folder.absolute())
    naming: Naming = _converted(found, source).get("report", Naming())
    return naming


def _target(root: Path, values: dict[str, Any], source: str, notes: tuple[str, ...]) -> Target:
    for key in ("env", "headers"):
        values[key] = tuple(values.get(key, {}).items())
    values.setdefault("name", _project_name(root) or root.name or "app")
    values.setdefault("cwd", root)
    renamed = {_FIELDS.get(key, key): value for key, value in values.items()}
    return Target(root=root, source=source, notes=notes, **renamed)


def _read(root: Path) -> tuple[dict[str, object], _Source, tuple[str, ...]]:
    own, project = root / OWN_FILE, root / PROJECT_FILE
    table = _toml(project).get("tool", {}) if project.is_file() else {}
    inner = table.get("subsecond") if isinstance(table, dict) else None
    where = f"{PROJECT_FILE}, [tool.subsecond]"
    if own.is_file():
        notes = (f"{OWN_FILE} is used; {where} is ignored",) if inner is not None else ()
        return _toml(own), _Source(OWN_FILE, root, root), notes
    if inner is None:
        return {}, _Source("the command line", root, root), ()
    if not isinstance(inner, dict):
        raise _wrong(_Source(where, root, root), "tool.subsecond", inner, "a table")
    return inner, _Source(where, root, root), ()


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise SubsecondError("config-unreadable", f"{path}: cannot be read as UTF-8 text: {error}") from None
    except (ValueError, RecursionError) as error:  # also numbers of thousands of digits, brackets hundreds deep
        raise SubsecondError("config-unreadable", f"{path.name}: not valid TOML: {error}") from None


def _project_name(root: Path) -> str | None:
    path = root / PROJECT_FILE
    project = _toml(path).get("project") if path.is_file() else None
    name = project.get("name") if isinstance(project, dict) else None
    return name if isinstance(name, str) and name else None


def _converted(values: Mapping[str, object], source: _Source) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in values.items():
        convert = _KEYS.get(key)
        if convert is None:
            raise SubsecondError(
                "config-unknown-key",
                f'{source.name}: unknown key "{key}"{did_you_mean(key, _KEYS)} (known: {", ".join(sorted(_KEYS))})',
            )
        result[key] = convert(source, key, value)
    return result


def _wrong(source: _Source, key: str, value: object, wanted: str) -> SubsecondError:
    kinds = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a table"}
    came = kinds.get(type(value), type(value).__name__)
    return SubsecondError(
        "config-wrong-type", f"{source.name}: {key} = {_shown(value, repr)} is {came}; wanted {wanted}"
    )


def _bad(source: _Source, key: str, value: object, mend: str) -> SubsecondError:
    return SubsecondError("config-bad-value", f"{source.name}: {key} = {_shown(value, str)!r}: {mend}")


def _shown(value: object, form: Callable[[object], str]) -> str:
    try:
        text = form(value)
    except ValueError:  # Python refuses to write integers of thousands of digits
        return "…"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _text(source: _Source, key: str, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong(source, key, value, "text in quotes")
    if not value.strip():
        raise _bad(source, key, value, "it is empty; give a value or leave the key out")
    _check_characters(source, key, value)
    return value


def _check_characters(source: _Source, key: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:  # a byte of the command line that is no UTF-8; nothing of it could be sent or written
        raise _bad(source, key, value, "it is not UTF-8 text") from None
    if "\0" in value:
        raise _bad(source, key, value, "it holds a zero byte")


def _texts(source: _Source, key: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, Sequence) or not all(isinstance(item, str) for item in value):
        raise _wrong(source, key, value, "text or a list of texts")
    return tuple(_text(source, key, item) for item in value)


def _pairs(separator: str) -> Callable[[_Source, str, object], dict[str, str]]:
    def convert(source: _Source, key: str, value: object) -> dict[str, str]:
        if isinstance(value, Mapping):
            for name, inner in value.items():
                if not isinstance(inner, str):
                    raise _wrong(source, f"{key}.{name}", inner, "text in quotes")
                _check_characters(source, key, name + inner)
            return dict(value)
        pairs: dict[str, str] = {}
        for line in _texts(source, key, value):
            name, found, inner = line.partition(separator)
            if not found or not name.strip():
                raise _bad(source, key, line, f"wanted NAME{separator}VALUE")
            pairs[name.strip()] = inner.strip() if separator == ":" else inner
        return pairs

    return convert


def _env(source: _Source, key: str, value: object) -> dict[str, str]:
    variables = _pairs("=")(source, key, value)
    for name in variables:
        if not name or "=" in name:
            raise _bad(source, key, name, "it is no variable's name")
    return variables


def _headers(source: _Source, key: str, value: object) -> dict[str, str]:
    headers = _pairs(":")(source, key, value)
    for name, inner in headers.items():
        if not _HEADER_NAME.match(name):
            raise _bad(source, key, name, "it is no header's name; letters, digits and hyphens, such as X-Tenant")
        if re.search(r"[\r\n]", inner):
            raise _bad(source, f"{key}.{name}", inner, "a header's value is one line")
    return headers


def _duration(source: _Source, key: str, value: object) -> float:
    if source.name == COMMAND_LINE and isinstance(value, (int, float)) and not isinstance(value, bool):
        value = f"{value}s"
    if not isinstance(value, str):
        raise _wrong(source, key, value, durations.WANTED)
    result = durations.seconds(value)
    if not result:
        raise _bad(source, key, value, f"wanted {durations.WANTED}")
    return result


def _staleness(source: _Source, key: str, value: object) -> float:
    return 0.0 if value in ("0", "0s", 0) and value is not False else _duration(source, key, value)


def _count(source: _Source, key: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(source, key, value, "a whole number")
    if value < 1:
        raise _bad(source, key, value, "wanted 1 or more")
    return value


def _app(source: _Source, key: str, value: object) -> str:
    text = _text(source, key, value).strip()
    if not _APP.match(text):
        module = text.partition(":")[0].removesuffix(".py").strip("./").replace("/", ".") or "module"
        raise _bad(source, key, text, f'wanted module:attribute, such as "{module}:app"')
    return text


def _allow(source: _Source, key: str, value: object) -> tuple[str, ...]:
    lines = _texts(source, key, value)
    for line in lines:
        if not _ALLOW.match(line):
            raise _bad(source, key, line, "wanted METHOD /path, such as 'POST /api/list'")
    return lines


def _jobs(source: _Source, key: str, value: object) -> tuple[str, ...]:
    lines = _texts(source, key, value)
    for line in lines:
        if not _JOB.match(line):
            raise _bad(source, key, line, 'wanted module:function, such as "shop.tasks:send_mail"')
    return lines


def _paths_of_get(source: _Source, key: str, value: object) -> tuple[str, ...]:
    lines = _texts(source, key, value)
    for line in lines:
        if not line.startswith("/") or any(c.isspace() for c in line):
            raise _bad(source, key, line, "wanted a path of the app that begins with / and holds no blanks (%20)")
    return lines


def _data(source: _Source, key: str, value: object) -> str:
    text = _text(source, key, value)
    if text not in ("copy", "disposable"):
        known = ("copy", "disposable")
        raise _bad(source, key, text, f'wanted "copy" or "disposable"{did_you_mean(text, known)}')
    return text


def _naming(source: _Source, key: str, value: object) -> Naming:
    table = _table(source, key, value, ("people", "names", "descriptions"))
    names, descriptions = (
        {
            name: _text(source, f"{key}.{part}.{name}", text)
            for name, text in _any_table(source, f"{key}.{part}", table.get(part, {}))
        }
        for part in ("names", "descriptions")
    )
    people = [
        _person(source, f"{key}.people.{name}", name, said)
        for name, said in _any_table(source, f"{key}.people", table.get("people", {}))
    ]
    return Naming(people=tuple(people), names=tuple(names.items()), descriptions=tuple(descriptions.items()))


def _person(source: _Source, key: str, name: str, said: object) -> Person:
    """`Member = "Books rooms"`, or a table with `description` and the `requests` that are theirs."""
    if isinstance(said, str):
        return Person(name=name, description=_text(source, key, said))
    if not isinstance(said, Mapping):
        raise _wrong(source, key, said, "a description in quotes, or a table with description and requests")
    table = _table(source, key, said, ("description", "requests"))
    return Person(
        name=name,
        description=_text(source, f"{key}.description", table["description"]) if "description" in table else "",
        requests=_texts(source, f"{key}.requests", table.get("requests", ())),
    )


def _any_table(source: _Source, key: str, value: object) -> list[tuple[str, object]]:
    if not isinstance(value, Mapping):
        raise _wrong(source, key, value, "a table")
    for name in value:
        _check_characters(source, key, name)
    return list(value.items())


def _table(source: _Source, key: str, value: object, known: Sequence[str]) -> dict[str, object]:
    table = dict(_any_table(source, key, value))
    for name in table:
        if name not in known:
            raise SubsecondError(
                "config-unknown-key",
                f'{source.name}: unknown key "{key}.{name}"{did_you_mean(name, known)} (known: {", ".join(known)})',
            )
    return table


def _path(source: _Source, key: str, value: object) -> Path:
    text = str(value) if isinstance(value, Path) else _text(source, key, value)
    try:
        path = source.base / Path(text).expanduser()
        other = source.project / Path(text).expanduser()
        return other if not path.exists() and other.exists() else path
    except (OSError, RuntimeError) as problem:  # a name too long for the system; ~nobody
        raise _bad(source, key, text, f"no such path can be: {getattr(problem, 'strerror', None) or problem}") from None


def _folder(source: _Source, key: str, value: object) -> Path:
    path = _path(source, key, value)
    if not path.is_dir():
        raise _bad(source, key, value, f"there is no such folder{_near(path)}")
    return path


def _python(source: _Source, key: str, value: object) -> Path:
    text = str(value) if isinstance(value, Path) else _text(source, key, value)
    path = _path(source, key, text)
    if "/" not in text and not path.is_file():
        path = Path(shutil.which(text) or path)
    if path.is_dir():
        inner = path / "bin" / "python"
        raise _bad(source, key, text, f"it is a folder; wanted the interpreter, such as {inner}")
    if not path.is_file():
        raise _bad(
            source, key, text, "there is no such file; wanted the interpreter of the app, such as .venv/bin/python"
        )
    return path  # not resolved: the link's own place is what makes it a virtual environment


def _request_files(source: _Source, key: str, value: object) -> tuple[Path, ...]:
    items = [value] if isinstance(value, (str, Path)) else value
    if not isinstance(items, Sequence):
        raise _wrong(source, key, value, "a file name or a list of them")
    paths = tuple(_path(source, key, item) for item in items)
    for path, item in zip(paths, items, strict=True):
        if not path.is_file():
            raise SubsecondError(
                "no-requests-file", f"{source.name}: the requests file {str(item)!r} does not exist{_near(path)}"
            )
    return paths


def _near(path: Path) -> str:
    try:
        here = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return f"; there is no folder {path.parent}"
    near = difflib.get_close_matches(path.name, here, n=3, cutoff=0.5)
    near += [name for name in sorted(here) if path.suffix and name.endswith(path.suffix) and name not in near][:3]
    return f"; near it: {', '.join(near)}" if near else f"; nothing with a like name in {path.parent}"


def _no_app(root: Path, source: _Source) -> str:
    found = next((f"{path.stem}:{hit.group(1)}" for path in _sources(root) if (hit := _app_in(path))), None)
    seen = f"; {found.partition(':')[0]}.py looks like it: subsecond audit {found}" if found else ""
    where = (
        f"{source.name} names no app"
        if source.name != "the command line"
        else f"no app given, and {root} has no configuration"
    )
    return (
        f'{where}: give MODULE:APP on the command line, or `app = "module:app"` in {OWN_FILE} '
        f"or in [tool.subsecond] of {PROJECT_FILE} (parent folders are not searched){seen}"
    )


def _sources(root: Path) -> list[Path]:
    return sorted(root.glob("*.py"))[:50]


def _app_in(path: Path) -> re.Match[str] | None:
    try:
        return _APP_IN_SOURCE.search(path.read_text(encoding="utf-8", errors="replace")[:100_000])
    except OSError:
        return None


_FIELDS = {
    "goal": "goal_seconds",
    "ready": "ready_seconds",
    "timeout": "timeout_seconds",
    "report": "naming",
    "budget": "budget_seconds",
    "rtt": "rtt_seconds",
    "max_stale": "max_stale_seconds",
}
_KEYS: dict[str, Callable[[_Source, str, object], Any]] = {
    "name": _text,
    "app": _app,
    "run": _text,
    "python": _python,
    "cwd": _folder,
    "env": _env,
    "requests": _request_files,
    "get": _paths_of_get,
    "headers": _headers,
    "allow": _allow,
    "code": _texts,
    "workers": _texts,
    "jobs": _jobs,
    "goal": _duration,
    "budget": _duration,
    "rtt": _duration,
    "data": _data,
    "copy": _texts,
    "copy_database": _text,
    "max_stale": _staleness,
    "migrate": _text,
    "migrate_down": _text,
    "repeat": _count,
    "ready": _duration,
    "timeout": _duration,
    "report": _naming,
}
