"""Fields and entities that a site declares in its configuration: `x_segment: text`, or a whole entity `ticket`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from bridge.canonical.models import CanonicalField, Entity, entities
from bridge.canonical.types import FIELD_TYPES

PREFIX: Final = "x_"
TABLE: Final = "[]"
"""Marks the name of a table, whose rows a custom field belongs to: `lines[].x_serial`."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*((\[\])?\.[a-z][a-z0-9_]*)?")
_TYPE: Final = re.compile(r"(?P<type>[a-z ]+?)\s*(\((?P<words>[^()]*)\))?")


class BadDeclaration(ValueError):
    """A custom field that cannot be: the message says which and why."""


def known_entities(custom_fields: Mapping[str, Mapping[str, str]]) -> dict[str, Entity]:
    """The built-in entities with a site's own fields added, and the site's own entities.

    custom_fields: entity -> field name -> type. In a built-in entity own names begin with x_; an entity of the site's
    own is free. "group.member" declares the member of a group, "lines[].x_serial" a field of the rows of a table.
    Types are those of `FIELD_TYPES`, and "choice(a, b)", "reference(entity)". Raises BadDeclaration.
    """
    known = dict(entities())
    for entity, declared in custom_fields.items():
        built_in = entity in known
        base = known.get(entity) or Entity(entity, {})
        fields = dict(base.fields)
        groups = {name: dict(members) for name, members in base.groups.items()}
        tables = {name: dict(cells) for name, cells in base.tables.items()}
        for name, type_text in declared.items():
            _check_name(entity, name, built_in)
            holder, _, member = name.rpartition(".")
            added = _declared(entity, member, type_text)
            if holder.endswith(TABLE):
                tables.setdefault(holder.removesuffix(TABLE), {})[member] = added
            else:
                (groups.setdefault(holder, {}) if holder else fields)[member] = added
        known[entity] = Entity(entity, fields, groups, tables)
    return known


def _check_name(entity: str, name: str, built_in: bool) -> None:
    if not _NAME.fullmatch(name):
        raise BadDeclaration(f"{entity}.{name}: a name is made of a-z, 0-9 and _, and begins with a letter")
    if built_in and not name.rpartition(f"{TABLE}.")[2].startswith(PREFIX):
        raise BadDeclaration(f"{entity}.{name}: an own field of a built-in entity begins with {PREFIX}")


def _declared(entity: str, name: str, type_text: str) -> CanonicalField:
    parts = _TYPE.fullmatch(type_text.strip())
    type_name = parts["type"] if parts else type_text
    if parts is None or type_name not in FIELD_TYPES:
        raise BadDeclaration(f"{entity}.{name}: unknown type '{type_text}'; known: {', '.join(sorted(FIELD_TYPES))}")
    words = tuple(word.strip() for word in (parts["words"] or "").split(",") if word.strip())
    if type_name == "choice" and words:
        return CanonicalField(name, type_name, choices=words)
    if type_name == "reference":
        if len(words) != 1:
            raise BadDeclaration(f"{entity}.{name}: say which entity it points to, as in reference(customer)")
        return CanonicalField(name, type_name, target=words[0])
    if words:
        raise BadDeclaration(f"{entity}.{name}: the type '{type_name}' takes nothing in brackets")
    return CanonicalField(name, type_name)
