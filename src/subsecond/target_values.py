"""Values of a configuration that every key is made of: texts without control characters, lists, tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from subsecond import target_errors
from subsecond.errors import SubsecondError, did_you_mean


def text_of(source: target_errors.Source, key: str, value: object) -> str:
    if not isinstance(value, str):
        raise target_errors.wrong(source, key, value, "text in quotes")
    if not value.strip():
        raise target_errors.bad(source, key, value, "it is empty; give a value or leave the key out")
    check_characters(source, key, value)
    return value


def check_characters(source: target_errors.Source, key: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:  # a byte of the command line that is no UTF-8; nothing of it could be sent or written
        raise target_errors.bad(source, key, value, "it is not UTF-8 text") from None
    if "\0" in value:
        raise target_errors.bad(source, key, value, "it holds a zero byte")


def texts_of(source: target_errors.Source, key: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, Sequence) or not all(isinstance(item, str) for item in value):
        raise target_errors.wrong(source, key, value, "text or a list of texts")
    return tuple(text_of(source, key, item) for item in value)


def any_table(source: target_errors.Source, key: str, value: object) -> list[tuple[str, object]]:
    if not isinstance(value, Mapping):
        raise target_errors.wrong(source, key, value, "a table")
    for name in value:
        check_characters(source, key, name)
    return list(value.items())


def table_of(source: target_errors.Source, key: str, value: object, known: Sequence[str]) -> dict[str, object]:
    table = dict(any_table(source, key, value))
    for name in table:
        if name not in known:
            raise SubsecondError(
                "config-unknown-key",
                f'{source.name}: unknown key "{key}.{name}"{did_you_mean(name, known)} (known: {", ".join(known)})',
            )
    return table
