"""Small words of an OpenAPI document: schemas of values, of objects, of answers."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
ID: Schema = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
KNOWN_ID: Schema = ID | {"examples": [1]}
DATE: Schema = {"type": "string", "format": "date", "examples": ["2026-10-14"]}
DATE_IN: Schema = DATE | {"pattern": "^(20[0-9]{2}|2100)-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"}
CLOCK: Schema = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "examples": ["09:30"]}
MOMENT: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$",
                  "description": "Local time of the location, without a zone."}  # fmt: skip
MONEY: Schema = {"type": "string", "pattern": r"^\d+\.\d\d$", "examples": ["12.50"]}
MONEY_IN: Schema = {"type": "string", "pattern": r"^[0-9]{1,5}(\.[0-9]{1,2})?$", "examples": ["12.50"]}
ATTRIBUTES: Schema = {
    "type": "object",
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    "description": "Free facts about the item.",
}


def ref(name: str) -> Schema:
    """A schema among the components."""
    return {"$ref": f"#/components/schemas/{name}"}


def maybe(schema: Schema) -> Schema:
    """The schema, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def several(schema: Schema) -> Schema:
    """A list of such values."""
    return {"type": "array", "items": schema}


def fields(**properties: Schema) -> Schema:
    """An object with exactly these fields."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def accepted(needed: dict[str, Schema], optional: dict[str, Schema], *, least: int = 0) -> Schema:
    """An object that a client sends: some fields must be there, others may, no further ones."""
    schema = fields(**needed) | {"properties": needed | optional}
    if least:
        schema["minProperties"] = least
    return schema


def page_of(name: str, schema: Schema) -> Schema:
    """A page of a longer list."""
    return fields(page=ID, page_size=ID, total=COUNT, pages=COUNT, **{name: several(schema)})


def json_content(schema: Schema) -> dict[str, Any]:
    """The content of a body or an answer."""
    return {"application/json": {"schema": schema}}
