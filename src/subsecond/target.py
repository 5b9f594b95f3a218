"""Configuration -> Target, with errors that help.

One folder is looked at, not its parents: `subsecond.toml` (keys at the top level), else `[tool.subsecond]`
in `pyproject.toml`. What the command line gives wins.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from subsecond import durations, target_errors
from subsecond.errors import SubsecondError, did_you_mean
from subsecond.model.confinement import Allowed
from subsecond.model.target import Naming, Person, Target
from subsecond.target_values import any_table, check_characters, table_of, text_of, texts_of

_APP = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(\(.*\))?\Z")
_JOB = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\Z")
_ALLOW = re.compile(r"[A-Z]+ /\S*\Z")
_MERGED = ("env", "headers")
"""Of these the command line adds to what the file says; any other of the file's values it replaces."""
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")


def load(folder: Path, options: Mapping[str, object]) -> Target:
    """The target that `folder`'s configuration and `options` describe.

    `options` holds what the command line gave, with the keys of the configuration file (None and empty
    lists count as not given); its relative paths start at the working folder, those of a file at `folder`.
    Raises SubsecondError for an unknown key, a wrong type, a file that is not there, or no app at all.
    """
    root = folder.absolute()
    if not root.is_dir():
        raise SubsecondError("no-folder", f"{folder} is not a folder")
    check_characters(target_errors.Source(target_errors.COMMAND_LINE, root, root), "cwd", str(root))
    found, source, notes = _read(root)
    given = {key: value for key, value in options.items() if value is not None and value not in ((), [])}
    replaced = {key for key in given if key not in _MERGED}
    values = _converted(found, source, without=replaced)
    for key, value in _converted(given, target_errors.Source(target_errors.COMMAND_LINE, Path.cwd(), root)).items():
        values[key] = {**values.get(key, {}), **value} if key in _MERGED else value
    if not values.get("app") and not values.get("run"):
        raise SubsecondError("no-app", target_errors.no_app(root, source))
    return _target(root, values, source.name, notes)


def goal_of(folder: Path) -> float | None:
    """The goal in seconds that `folder`'s configuration sets, None where it sets none."""
    found, source, _ = _read(folder.absolute())
    goal: float | None = _one(found, source, "goal")
    return goal


def alerts_of(folder: Path) -> tuple[str, ...] | None:
    """The texts of log records that a monitor looks for, as `folder`'s configuration says; None where it does not."""
    found, source, _ = _read(folder.absolute())
    alerts: tuple[str, ...] | None = _one(found, source, "alerts")
    return alerts


def naming_of(folder: Path) -> Naming:
    """What `folder`'s configuration says of people and names, for the report's diagrams."""
    found, source, _ = _read(folder.absolute())
    naming: Naming | None = _one(found, source, "report")
    return naming or Naming()


def _target(root: Path, values: dict[str, Any], source: str, notes: tuple[str, ...]) -> Target:
    for key in _MERGED:
        values[key] = tuple(values.get(key, {}).items())
    values.setdefault("name", _project_name(root) or root.name or "app")
    values.setdefault("cwd", root)
    renamed = {_FIELDS.get(key, key): value for key, value in values.items()}
    return Target(root=root, source=source, notes=notes, **renamed)


def _read(root: Path) -> tuple[dict[str, object], target_errors.Source, tuple[str, ...]]:
    own, project = root / target_errors.OWN_FILE, root / target_errors.PROJECT_FILE
    table = _toml(project).get("tool", {}) if project.is_file() else {}
    inner = table.get("subsecond") if isinstance(table, dict) else None
    where = f"{target_errors.PROJECT_FILE}, [tool.subsecond]"
    if own.is_file():
        notes = (f"{target_errors.OWN_FILE} is used; {where} is ignored",) if inner is not None else ()
        return _toml(own), target_errors.Source(target_errors.OWN_FILE, root, root), notes
    if inner is None:
        return {}, target_errors.Source("the command line", root, root), ()
    if not isinstance(inner, dict):
        raise target_errors.wrong(target_errors.Source(where, root, root), "tool.subsecond", inner, "a table")
    return inner, target_errors.Source(where, root, root), ()


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise SubsecondError("config-unreadable", f"{path}: cannot be read as UTF-8 text: {error}") from None
    except (ValueError, RecursionError) as error:  # also numbers of thousands of digits, brackets hundreds deep
        raise SubsecondError("config-unreadable", f"{path.name}: not valid TOML: {error}") from None


def _project_name(root: Path) -> str | None:
    path = root / target_errors.PROJECT_FILE
    project = _toml(path).get("project") if path.is_file() else None
    name = project.get("name") if isinstance(project, dict) else None
    return name if isinstance(name, str) and name else None


def _one(found: Mapping[str, object], source: target_errors.Source, key: str) -> Any:
    """One value alone, None where it is not set: whether the app's interpreter is on this machine is not asked."""
    return _converted({key: found[key]}, source)[key] if key in found else None


def _converted(
    values: Mapping[str, object], source: target_errors.Source, without: Collection[str] = ()
) -> dict[str, Any]:
    """The values as the target has them, each checked; of those in `without` only the key is."""
    result: dict[str, Any] = {}
    for key, value in values.items():
        convert = _KEYS.get(key)
        if convert is None:
            raise SubsecondError(
                "config-unknown-key",
                f'{source.name}: unknown key "{key}"{did_you_mean(key, _KEYS)} (known: {", ".join(sorted(_KEYS))})',
            )
        if key not in without:
            result[key] = convert(source, key, value)
    return result


def _pairs(separator: str) -> Callable[[target_errors.Source, str, object], dict[str, str]]:
    def convert(source: target_errors.Source, key: str, value: object) -> dict[str, str]:
        if isinstance(value, Mapping):
            for name, inner in value.items():
                if not isinstance(inner, str):
                    raise target_errors.wrong(source, f"{key}.{name}", inner, "text in quotes")
                check_characters(source, key, name + inner)
            return dict(value)
        pairs: dict[str, str] = {}
        for line in texts_of(source, key, value):
            name, found, inner = line.partition(separator)
            if not found or not name.strip():
                raise target_errors.bad(source, key, line, f"wanted NAME{separator}VALUE")
            pairs[name.strip()] = inner.strip() if separator == ":" else inner
        return pairs

    return convert


def _env(source: target_errors.Source, key: str, value: object) -> dict[str, str]:
    variables = _pairs("=")(source, key, value)
    for name in variables:
        if not name or "=" in name:
            raise target_errors.bad(source, key, name, "it is no variable's name")
    return variables


def _headers(source: target_errors.Source, key: str, value: object) -> dict[str, str]:
    headers = _pairs(":")(source, key, value)
    for name, inner in headers.items():
        if not _HEADER_NAME.match(name):
            raise target_errors.bad(
                source, key, name, "it is no header's name; letters, digits and hyphens, such as X-Tenant"
            )
        if re.search(r"[\r\n]", inner):
            raise target_errors.bad(source, f"{key}.{name}", inner, "a header's value is one line")
    return headers


def _duration(source: target_errors.Source, key: str, value: object) -> float:
    if source.name == target_errors.COMMAND_LINE and isinstance(value, (int, float)) and not isinstance(value, bool):
        value = f"{value}s"
    if not isinstance(value, str):
        raise target_errors.wrong(source, key, value, durations.WANTED)
    result = durations.seconds(value)
    if not result:
        raise target_errors.bad(source, key, value, f"wanted {durations.WANTED}")
    return result


def _staleness(source: target_errors.Source, key: str, value: object) -> float:
    return 0.0 if value in ("0", "0s", 0) and value is not False else _duration(source, key, value)


def _count(source: target_errors.Source, key: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise target_errors.wrong(source, key, value, "a whole number")
    if value < 1:
        raise target_errors.bad(source, key, value, "wanted 1 or more")
    return value


def _app(source: target_errors.Source, key: str, value: object) -> str:
    text = text_of(source, key, value).strip()
    if not _APP.match(text):
        module = text.partition(":")[0].removesuffix(".py").strip("./").replace("/", ".") or "module"
        raise target_errors.bad(source, key, text, f'wanted module:attribute, such as "{module}:app"')
    return text


def _allow(source: target_errors.Source, key: str, value: object) -> tuple[str, ...]:
    lines = texts_of(source, key, value)
    for line in lines:
        if not _ALLOW.match(line):
            raise target_errors.bad(source, key, line, "wanted METHOD /path, such as 'POST /api/list'")
    return lines


def _jobs(source: target_errors.Source, key: str, value: object) -> tuple[str, ...]:
    lines = texts_of(source, key, value)
    for line in lines:
        if not _JOB.match(line):
            raise target_errors.bad(source, key, line, 'wanted module:function, such as "shop.tasks:send_mail"')
    return lines


def _paths_of_get(source: target_errors.Source, key: str, value: object) -> tuple[str, ...]:
    lines = texts_of(source, key, value)
    for line in lines:
        if not line.startswith("/") or any(c.isspace() for c in line):
            raise target_errors.bad(
                source, key, line, "wanted a path of the app that begins with / and holds no blanks (%20)"
            )
    return lines


def _data(source: target_errors.Source, key: str, value: object) -> str:
    text = text_of(source, key, value)
    if text not in ("copy", "disposable"):
        known = ("copy", "disposable")
        raise target_errors.bad(source, key, text, f'wanted "copy" or "disposable"{did_you_mean(text, known)}')
    return text


def _naming(source: target_errors.Source, key: str, value: object) -> Naming:
    table = table_of(source, key, value, ("people", "names", "descriptions"))
    names, descriptions = (
        {
            name: text_of(source, f"{key}.{part}.{name}", text)
            for name, text in any_table(source, f"{key}.{part}", table.get(part, {}))
        }
        for part in ("names", "descriptions")
    )
    people = [
        _person(source, f"{key}.people.{name}", name, said)
        for name, said in any_table(source, f"{key}.people", table.get("people", {}))
    ]
    return Naming(people=tuple(people), names=tuple(names.items()), descriptions=tuple(descriptions.items()))


def _allowed(source: target_errors.Source, key: str, value: object) -> Allowed:
    table = table_of(source, key, value, ("env", "read", "write", "connect"))

    def paths(name: str) -> tuple[Path, ...]:
        found = [_path(source, f"{key}.{name}", one) for one in texts_of(source, f"{key}.{name}", table.get(name, ()))]
        for path in found:
            if not path.exists():
                why = f"it does not exist{target_errors.near(path)}"
                raise target_errors.bad(source, f"{key}.{name}", str(path), why)
        return tuple(path.absolute() for path in found)

    places = texts_of(source, f"{key}.connect", table.get("connect", ()))
    return Allowed(
        env=texts_of(source, f"{key}.env", table.get("env", ())),
        read=paths("read"),
        write=paths("write"),
        connect=tuple(_place(source, f"{key}.connect", one) for one in places),
    )


def _place(source: target_errors.Source, key: str, text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise target_errors.bad(source, key, text, "wanted host:port, such as 127.0.0.1:6379")
    return host.strip("[]"), int(port)


def _person(source: target_errors.Source, key: str, name: str, said: object) -> Person:
    """`Member = "Books rooms"`, or a table with `description` and the `requests` that are theirs."""
    if isinstance(said, str):
        return Person(name=name, description=text_of(source, key, said))
    if not isinstance(said, Mapping):
        raise target_errors.wrong(
            source, key, said, "a description in quotes, or a table with description and requests"
        )
    table = table_of(source, key, said, ("description", "requests"))
    return Person(
        name=name,
        description=text_of(source, f"{key}.description", table["description"]) if "description" in table else "",
        requests=texts_of(source, f"{key}.requests", table.get("requests", ())),
    )


def _path(source: target_errors.Source, key: str, value: object) -> Path:
    text = str(value) if isinstance(value, Path) else text_of(source, key, value)
    try:
        path = source.base / Path(text).expanduser()
        other = source.project / Path(text).expanduser()
        return other if not path.exists() and other.exists() else path
    except (OSError, RuntimeError) as problem:  # a name too long for the system; ~nobody
        raise target_errors.bad(
            source, key, text, f"no such path can be: {getattr(problem, 'strerror', None) or problem}"
        ) from None


def _folder(source: target_errors.Source, key: str, value: object) -> Path:
    path = _path(source, key, value)
    if not path.is_dir():
        raise target_errors.bad(source, key, value, f"there is no such folder{target_errors.near(path)}")
    return path


def _python(source: target_errors.Source, key: str, value: object) -> Path:
    text = str(value) if isinstance(value, Path) else text_of(source, key, value)
    path = _path(source, key, text)
    if "/" not in text and not path.is_file():
        path = Path(shutil.which(text) or path)
    if path.is_dir():
        inner = path / "bin" / "python"
        raise target_errors.bad(source, key, text, f"it is a folder; wanted the interpreter, such as {inner}")
    if not path.is_file():
        raise target_errors.bad(
            source, key, text, "there is no such file; wanted the interpreter of the app, such as .venv/bin/python"
        )
    return path  # not resolved: the link's own place is what makes it a virtual environment


def _request_files(source: target_errors.Source, key: str, value: object) -> tuple[Path, ...]:
    items = [value] if isinstance(value, (str, Path)) else value
    if not isinstance(items, Sequence):
        raise target_errors.wrong(source, key, value, "a file name or a list of them")
    paths = tuple(_path(source, key, item) for item in items)
    for path, item in zip(paths, items, strict=True):
        if not path.is_file():
            raise SubsecondError(
                "no-requests-file",
                f"{source.name}: the requests file {str(item)!r} does not exist{target_errors.near(path)}",
            )
    return paths


_FIELDS = {
    "goal": "goal_seconds",
    "ready": "ready_seconds",
    "timeout": "timeout_seconds",
    "report": "naming",
    "sandbox": "allowed",
    "budget": "budget_seconds",
    "rtt": "rtt_seconds",
    "max_stale": "max_stale_seconds",
}
_KEYS: dict[str, Callable[[target_errors.Source, str, object], Any]] = {
    "name": text_of,
    "app": _app,
    "run": text_of,
    "python": _python,
    "cwd": _folder,
    "env": _env,
    "requests": _request_files,
    "get": _paths_of_get,
    "headers": _headers,
    "allow": _allow,
    "code": texts_of,
    "workers": texts_of,
    "jobs": _jobs,
    "goal": _duration,
    "budget": _duration,
    "rtt": _duration,
    "data": _data,
    "copy": texts_of,
    "copy_database": text_of,
    "max_stale": _staleness,
    "alerts": texts_of,
    "migrate": text_of,
    "migrate_down": text_of,
    "repeat": _count,
    "ready": _duration,
    "timeout": _duration,
    "report": _naming,
    "sandbox": _allowed,
}
