"""What a file says of its columns. Pure."""

from __future__ import annotations

from typing import Final

from bridge.adapters.files.index import File
from bridge.adapters.files.layout import BESIDE, Layout
from bridge.adapters.files.style import Column
from bridge.ports.adapter import NativeField, NativeSchema
from bridge.ports.records import ObjectSpec

_TYPES: Final = {"number": "decimal", "list": "multichoice"}


def described(system: str, plan: Layout, spec: ObjectSpec, file: File) -> NativeSchema:
    """The columns of the file, as declared or as the mapping takes them."""
    refs = {one.path for one in spec.fields if one.ref == "record"}
    names = [name for name in file.names[""] if not (plan.shared and name in plan.shared.columns)]
    fields = {name: _native(name, plan.types.get(name, Column()), name in refs, plan) for name in names}
    for table in spec.tables:
        known = plan.tables[table.path]
        fields[table.path] = NativeField(table.path, "other")
        own = file.names.get(table.path if known.path else "", [])
        for one in table.fields:
            path = f"{table.path}[].{one.path}"
            if one.path in own or plan.format.nested:
                fields[path] = _native(path, known.types.get(one.path, Column()), one.ref == "record", plan)
    missing = spec.key != BESIDE and spec.key not in file.names[""]
    problem = f"{plan.path.name} has no column {spec.key}; `bridge setup {system}` adds it"
    required = tuple(path for path, field in fields.items() if field.required)
    return NativeSchema(spec.object, fields, key_problem=problem if missing else None, required=required)


def _native(path: str, column: Column, reference: bool, plan: Layout) -> NativeField:
    kind = "reference" if reference or column.type == "reference" else _TYPES.get(column.type, column.type)
    fixed = path in plan.id
    return NativeField(path, kind, length=column.length, required=column.required, updateable=not fixed, unique=fixed)
