"""A mapping as a table: row = canonical field, column = system. How it is drawn is the caller's business."""

from __future__ import annotations

from typing import Final

from bridge.mapping.compiled import EntityMap
from bridge.mapping.units import Column, Unit

FIXED: Final = ("field", "type", "direction", "conflict", "notes")

Row = dict[str, str]


def rows(emap: EntityMap) -> list[Row]:
    """One row for each field and each member of a group; the keys are `field`, `type`, the systems, and the rest."""
    found: list[Row] = []
    for unit in (*emap.units, *emap.cells):
        found.append(_unit_row(emap, unit))
        for member in unit.members:
            found.append(_member_row(emap, unit, member))
    return found


def columns(emap: EntityMap) -> list[str]:
    """The keys of the rows in the order in which they are shown."""
    return ["field", "type", *emap.systems, "direction", "conflict", "notes"]


def _unit_row(emap: EntityMap, unit: Unit) -> Row:
    row = {"field": unit.name, "type": unit.kind}
    for system in emap.systems:
        column = unit.columns.get(system)
        whole = column is not None and not column.homes
        row[system] = _place(column) if column is not None and whole else ""
    row["direction"] = _direction(emap, unit)
    row["conflict"] = str(unit.policy)
    row["notes"] = ", ".join(_notes(unit))
    return row


def _place(column: Column) -> str:
    """As the mapping file says it: native fields, or what is so for every record of the system."""
    always = [f"= {value}" for values in column.named.values() for value in values]
    return "+".join(column.paths) or next(iter(always), "")


def _member_row(emap: EntityMap, unit: Unit, member: str) -> Row:
    kinds = {known.name: known.type for known in unit.fields}
    row = {"field": f"{unit.name}.{member}", "type": kinds[member]}
    for system in emap.systems:
        column = unit.columns.get(system)
        row[system] = "+".join(path for path in column.paths if column.member_at(path) == member) if column else ""
    return {**row, "direction": "", "conflict": "", "notes": ""}


def _direction(emap: EntityMap, unit: Unit) -> str:
    mapped = [system for system in emap.systems if system in unit.columns]
    reads = [system for system in mapped if system in unit.reads]
    writes = [system for system in mapped if system in unit.writes]
    return "both" if reads == writes == mapped else f"{' '.join(reads)} -> {' '.join(writes)}"


def _notes(unit: Unit) -> list[str]:
    found: list[str] = []
    if unit.required:
        found.append("required")
    if unit.record_ref:
        found.append(f"refers to {unit.record_ref.entity}")
    if unit.empty == "keeps":
        found.append("empty keeps")
    if unit.on_create_only:
        found.append(f"on create only: {' '.join(sorted(unit.on_create_only & unit.writes))}")
    if unit.moves:
        found.append("moves")
    if unit.owners:
        found.append("says who owns")
    if unit.control:
        found.append("control total")
    if any(column.choices for column in unit.columns.values()):
        found.append("values")
    lossy = sorted(system for system, column in unit.columns.items() if column.lossy)
    if lossy:
        found.append(f"lossy in {' '.join(lossy)}")
    return found
