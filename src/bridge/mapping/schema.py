"""The JSON Schema of a mapping file, for completion and checking in editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.canonical.models import Entity, entities
from bridge.canonical.types import FIELD_TYPES
from bridge.mapping.file import MappingFile
from bridge.mapping.transforms import TRANSFORMS
from bridge.mapping.words import TABLES

_ID = "https://json-schema.org/draft/2020-12/schema"


def mapping_schema(known: Mapping[str, Entity] | None = None) -> dict[str, Any]:
    """The schema as plain data. known: entities to complete the names of (the built-in ones by default)."""
    schema = MappingFile.model_json_schema(by_alias=True, mode="validation")
    names = known or entities()
    schema["$schema"] = _ID
    schema["title"] = "bridge mapping file"
    schema["properties"]["entity"]["examples"] = sorted(names)
    fields = sorted({name for entity in names.values() for name in entity.fields})
    groups = sorted({name for entity in names.values() for name in entity.groups})
    schema["properties"]["fields"]["properties"] = {name: {"$ref": "#/$defs/FieldLine"} for name in fields}
    schema["properties"]["groups"]["properties"] = {name: {"$ref": "#/$defs/GroupSection"} for name in groups}
    tables = sorted({name for entity in names.values() for name in entity.tables})
    schema["properties"]["rows"]["properties"] = {name: {"$ref": "#/$defs/RowsSection"} for name in tables}
    line = schema["$defs"]["FieldLine"]["properties"]
    line["type"]["examples"] = sorted(FIELD_TYPES)
    line["transform"]["examples"] = sorted(TRANSFORMS)
    line["ref"]["examples"] = [*TABLES, "record customer"]
    _drop_defaults(schema)
    return schema


def _drop_defaults(node: Any) -> None:
    """Defaults are shown in the form of the models, which is not that of the file: leave them out."""
    if isinstance(node, dict):
        if "type" in node or "anyOf" in node or "$ref" in node or "pattern" in node or "enum" in node:
            node.pop("default", None)
        for inner in node.values():
            _drop_defaults(inner)
    elif isinstance(node, list):
        for inner in node:
            _drop_defaults(inner)
