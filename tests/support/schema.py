"""Checks JSON against a schema of etc/schema/: the part of JSON Schema (draft 2020-12) that our schemas use.

It is stricter than the draft: an object that lists its properties has no others. A reader of ours may meet a newer
version with more keys, but what this version writes is all in its schema.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from linkymonitor.system.resources import shipped

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_ANNOTATIONS = {"$schema", "$id", "title", "description"}
_KNOWN = _ANNOTATIONS | {
    *("type", "const", "enum", "pattern", "format", "minimum", "maximum", "items", "prefixItems", "minItems"),
    *("maxItems", "properties", "required", "patternProperties", "additionalProperties"),
}


def schema(name: str) -> dict[str, Any]:
    """Return the schema *name* of etc/schema/."""
    return json.loads(shipped(f"etc/schema/{name}-1.json").read_text("utf-8"))


def faults(value: Any, wanted: dict[str, Any], place: str = "$") -> list[str]:
    """Return what of *value* is not as *wanted* has it."""
    return list(_faults(value, wanted, place))


def _is(value: Any, name: str) -> bool:
    return isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def _faults(value: Any, wanted: dict[str, Any], place: str) -> Iterator[str]:
    assert wanted.keys() <= _KNOWN, f"{place}: {wanted.keys() - _KNOWN} is not checked"
    types = wanted.get("type")
    names = [types] if isinstance(types, str) else types
    if names and not any(_is(value, name) for name in names):
        yield f"{place}: {value!r} is no {' or '.join(names)}"
        return
    if "const" in wanted and (value != wanted["const"] or type(value) is not type(wanted["const"])):
        yield f"{place}: {value!r} is not {wanted['const']!r}"
    if "enum" in wanted and value not in wanted["enum"]:
        yield f"{place}: {value!r} is none of {wanted['enum']}"
    if isinstance(value, str):
        if "pattern" in wanted and not re.search(wanted["pattern"], value):
            yield f"{place}: {value!r} has another form than {wanted['pattern']}"
        if wanted.get("format") == "date-time" and datetime.fromisoformat(value).tzinfo is None:
            yield f"{place}: {value!r} has no time zone"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if not wanted.get("minimum", value) <= value <= wanted.get("maximum", value):
            yield f"{place}: {value!r} is out of its range"
    elif isinstance(value, list):
        yield from _faults_of_array(value, wanted, place)
    elif isinstance(value, dict):
        yield from _faults_of_object(value, wanted, place)


def _faults_of_array(value: list[Any], wanted: dict[str, Any], place: str) -> Iterator[str]:
    if not wanted.get("minItems", 0) <= len(value) <= wanted.get("maxItems", len(value)):
        yield f"{place}: {len(value)} items"
    first = wanted.get("prefixItems", [])
    for number, item in enumerate(value):
        yield from _faults(
            item, first[number] if number < len(first) else wanted.get("items", {}), f"{place}[{number}]"
        )


def _faults_of_object(value: dict[str, Any], wanted: dict[str, Any], place: str) -> Iterator[str]:
    for name in wanted.get("required", []):
        if name not in value:
            yield f"{place}.{name}: missing"
    known, patterns = wanted.get("properties", {}), wanted.get("patternProperties", {})
    for name, item in value.items():
        parts = [part for pattern, part in patterns.items() if re.search(pattern, name)]
        if name in known:
            parts.append(known[name])
        if not parts and "additionalProperties" in wanted:
            parts = [wanted["additionalProperties"]]
        if not parts and (known or patterns):
            yield f"{place}.{name}: not in the schema"
        for part in parts:
            yield from _faults(item, part, f"{place}.{name}")
