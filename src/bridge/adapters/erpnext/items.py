"""The rows of a document that a mapping names (the items of an order): how they lie, how they read, what is sent.

Sources: recordings of ERPNext 15 by number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bridge.adapters.erpnext.client import Row
from bridge.adapters.erpnext.meta import Meta, MetaField, Metas
from bridge.ports.errors import Rejected, Unsupported, VersionConflict
from bridge.ports.records import FieldSpec, NativeValue, TableSpec, split_row_path

DOCSTATUS: Final = "docstatus"
DRAFT, SUBMITTED, CANCELLED = 0, 1, 2
SALES_ORDER: Final = "Sales Order"
BY_METHOD: Final = frozenset({SALES_ORDER, "Purchase Order"})
"""Documents whose items are changed by `update_child_qty_rate` once they are submitted; a PUT is refused (181, 186)."""


@dataclass(frozen=True, slots=True)
class ItemPart:
    """One field of a row and where it is."""

    path: str
    field: MetaField
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class ItemTable:
    """One table of a document. parts: what the site lets us read of a row."""

    table: TableSpec
    doctype: str
    parts: tuple[ItemPart, ...]
    unknown: tuple[str, ...]
    has_key: bool = True

    @property
    def columns(self) -> list[str]:
        """The columns to ask of the rows."""
        key = [self.table.key] if self.has_key else []
        return list(dict.fromkeys(["name", "parent", "idx", *key, *(part.field.name for part in self.parts)]))

    def keyed(self, rows: Sequence[Row], system: str) -> dict[str, Row]:
        """key -> row, in the order of the document. A copied row that carries another's key counts as a new one."""
        found: dict[str, Row] = {}
        for row in sorted(rows, key=lambda row: int(row["idx"])):
            key = row.get(self.table.key)
            own = f"{system}-{row['name']}"
            found[str(key) if key and str(key) not in found else own] = row
        return found

    def cells(self, values: Mapping[str, NativeValue]) -> dict[str, dict[str, NativeValue]]:
        """key -> what is written of the row."""
        found: dict[str, dict[str, NativeValue]] = {}
        for path, value in values.items():
            cell = split_row_path(path)
            if cell is not None and cell[0] == self.table.path:
                found.setdefault(cell[1], {})[cell[2]] = value
        return found


def item_table(table: TableSpec, meta: Meta, metas: Metas, system: str) -> ItemTable:
    """The layout of a table. Raises Unsupported where the doctype has none of that name."""
    known = meta.fields.get(table.path)
    if known is None or known.fieldtype != "Table" or not known.options:
        raise Unsupported(f"{meta.doctype} has no rows {table.path}", system=system)
    child = metas.of(known.options)
    found = {one.path: _part(one, child) for one in table.fields}
    parts = tuple(part for part in found.values() if part is not None)
    return ItemTable(
        table,
        known.options,
        parts,
        tuple(path for path, part in found.items() if part is None),
        table.key in child.fields,
    )


def _part(one: FieldSpec, child: Meta) -> ItemPart | None:
    known = child.fields.get(one.path)
    return ItemPart(one.path, known, one.ref) if known is not None and known.stored else None


def new_row(doctype: str, wire: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """A row to add. document: what is known of the record: a Sales Order wants the delivery date on each item (147)."""
    row = {name: value for name, value in wire.items() if value is not None}
    if doctype == "Sales Order Item":
        row.setdefault("delivery_date", document.get("delivery_date") or document.get("transaction_date"))
        if row.get("rate") == 0:
            row["price_list_rate"] = 0  # else the list price takes its place (152, 174)
    return {name: value for name, value in row.items() if value is not None}


def changed_rows(
    one: ItemTable,
    held: Mapping[str, Mapping[str, Any]],
    keys: Sequence[str] | None,
    wires: Mapping[str, Mapping[str, Any]],
    document: Mapping[str, Any],
    system: str,
) -> list[dict[str, Any]]:
    """The whole table as it shall be: a PUT replaces it by the list it is given (177, 178).

    held: key -> row as it is, whole. keys: the rows that shall be there, None for those that are. wires: what changes.
    Raises VersionConflict where a row that is to be changed has gone.
    """
    wanted = list(held)
    if keys is not None:
        wanted = [*(key for key in held if key in keys), *(key for key in keys if key not in held)]
    if any(key not in wanted for key in wires):
        raise VersionConflict("does not have one of the rows any more", system=system)
    rows: list[dict[str, Any]] = []
    for key in wanted:
        if key in held:
            row = {**held[key], **wires.get(key, {})}
            if wires.get(key, {}).get("rate") == 0:
                row["price_list_rate"] = 0
            rows.append(row)
        elif key in wires:
            rows.append({one.table.key: key, **new_row(one.doctype, wires[key], document)})
        else:
            raise Rejected("wants a row of which nothing is known", fields=(one.table.path,), system=system)
    return rows


def by_method(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows as `update_child_qty_rate` takes them (186)."""
    names = ("item_code", "qty", "rate", "delivery_date", "conversion_factor", "uom", "schedule_date")
    found = []
    for row in rows:
        one = {name: row[name] for name in names if row.get(name) is not None}
        if row.get("name"):
            one["docname"] = row["name"]
        found.append({"conversion_factor": 1, **one})
    return found
