"""What a person types for a unit -> its canonical value, checked as what comes from a system is."""

from __future__ import annotations

import json
from collections.abc import Mapping

from bridge.canonical.models import CanonicalField
from bridge.canonical.types import FIELD_TYPES, Hints
from bridge.canonical.values import InvalidValue, Normal
from bridge.mapping.source import suggest
from bridge.mapping.units import Unit
from bridge.ports.work import Canonical


def typed(unit: Unit, text: str) -> Canonical:
    """The canonical value of what was typed; nothing at all is the empty value.

    A list is written with commas, a group as JSON: {"street": "Weg 1", "city": "Ulm"}. Raises InvalidValue with what
    was expected.
    """
    if not text.strip():
        return None
    if not unit.members:
        return _one(unit.fields[0], text) if unit.fields else text
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        example = json.dumps(dict.fromkeys(unit.members[:2], "…"), ensure_ascii=False)
        raise InvalidValue("group", f"{unit.name} is a group: write JSON, as {example}")
    members: Mapping[str, CanonicalField] = {field.name: field for field in unit.fields}
    for name in said:
        if name not in members:
            raise InvalidValue("group", f"{unit.name} has no '{name}'{suggest(name, members)}")
    found = {name: _one(members[name], str(said[name])) if said.get(name) else None for name in unit.members}
    if all(value is None for value in found.values()):
        return None
    return found  # type: ignore[return-value]  # a group is a mapping of plain values


def _one(field: CanonicalField, text: str) -> Normal:
    if field.type == "list":
        value: Normal = FIELD_TYPES["list"].parser(Hints())([part.strip() for part in text.split(",")])
    else:
        value = FIELD_TYPES[field.type].parser(Hints())(text)
    if field.choices and value is not None and value not in field.choices:
        known = ", ".join(field.choices)
        raise InvalidValue("choice", f"{field.name} is one of {known}{suggest(str(value), field.choices)}")
    return value
