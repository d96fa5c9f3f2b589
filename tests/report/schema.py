"""The part of JSON Schema that `report.schema.json` uses, checked without a library."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}
KNOWN = {
    "$schema", "title", "description", "type", "properties", "required", "additionalProperties",
    "items", "enum", "const", "pattern", "minItems", "maxItems",
}  # fmt: skip


def faults(value: Any, schema: dict[str, Any], place: str = "$") -> Iterator[str]:
    """Every place where a value is not what its schema says, or has a key it does not name."""
    unknown = set(schema) - KNOWN
    assert not unknown, f"the checker does not know {unknown}"
    if "const" in schema and value != schema["const"]:
        yield f"{place}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place}: {value!r} is none of {schema['enum']}"
    if "type" in schema and not _is(value, schema["type"]):
        yield f"{place}: {value!r} is no {schema['type']}"
        return
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{place}: {value!r} does not match {schema['pattern']}"
    if isinstance(value, list):
        yield from _array(value, schema, place)
    if isinstance(value, dict):
        yield from _object(value, schema, place)


def keys(schema: dict[str, Any], place: str = "$") -> Iterator[str]:
    """A line for every key: its place, its type, and whether it is always there."""
    required = schema.get("required", ())
    for name, part in schema.get("properties", {}).items():
        types = part.get("type", part.get("const", "any"))
        told = types if isinstance(types, list) else [types]
        always = "always" if name in required else "may be"
        yield f"{place}.{name}: {'|'.join(map(str, told))}, {always}"
        yield from keys(part, f"{place}.{name}")
    for step in ("items", "additionalProperties"):
        if isinstance(schema.get(step), dict):
            yield from keys(schema[step], f"{place}[]")


def _is(value: Any, types: str | list[str]) -> bool:
    names = [types] if isinstance(types, str) else types
    if isinstance(value, bool):
        return "boolean" in names
    return any(isinstance(value, TYPES[name]) for name in names)


def _array(value: list[Any], schema: dict[str, Any], place: str) -> Iterator[str]:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        yield f"{place}: {len(value)} items"
    for i, item in enumerate(value):
        yield from faults(item, schema.get("items", {}), f"{place}[{i}]")


def _object(value: dict[str, Any], schema: dict[str, Any], place: str) -> Iterator[str]:
    known = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{place}: {name} is missing"
    more = schema.get("additionalProperties", not known)
    for name, item in value.items():
        if name in known:
            yield from faults(item, known[name], f"{place}.{name}")
        elif more is False:
            yield f"{place}: {name} is not in the schema"
        elif isinstance(more, dict):
            yield from faults(item, more, f"{place}.{name}")
