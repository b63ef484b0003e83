"""`load` and `export_data`: rows of texts by external id, all or nothing, messages per row in place of an error."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

from bridge.sandbox.odoo.access import check_access
from bridge.sandbox.odoo.cells import Cell, CellError, read_cell
from bridge.sandbox.odoo.errors import OdooError, vendor_name
from bridge.sandbox.odoo.grouping import Grouping
from bridge.sandbox.odoo.models import Field
from bridge.sandbox.odoo.reading import model_method, named_as

Message = dict[str, Any]
_OLD_ID = re.compile(r"([^/])(\.id|:id)$")
_PREFIX = re.compile(r"^The operation cannot be completed: ")


@named_as("BaseModel")
class Importing(Grouping):
    """Adds the import and the export of rows."""

    @model_method
    def load(self, fields: list[str], data: list[list[Any]]) -> dict[str, Any]:
        """Create or update by external id (`id`) or database id (`.id`). An error in any row saves nothing at all."""
        check_access(self._env, self._model.name, "write")
        paths = [_path(name) for name in fields]
        for path in paths:
            if path[0] not in ("id", ".id") and path[0] not in self._model.fields:
                raise ValueError(f"Invalid field name {path[0]!r}")
        mark = self._env.store.savepoint()
        limit = self._env.context.get("_import_limit")
        below = {name for name, item in self._model.fields.items() if item.type == "one2many"}
        records = list(_group([len(path) > 1 and path[0] in below for path in paths], data))
        taken = records[:limit] if limit else records
        ids: list[int] = []
        messages: list[Message] = []
        for number, (first, last, rows) in enumerate(taken):
            place = {"rows": {"from": first, "to": last}, "record": number}
            before = self._env.store.savepoint()
            try:
                ids.append(self._load_record(paths, rows))
            except CellError as error:
                self._env.store.rollback(before)
                messages.append({**place, "type": "error", **error.message})
            except (OdooError, ValueError) as error:
                self._env.store.rollback(before)
                messages.append({**place, "type": "error", "message": self._load_text(error)})
        nextrow = records[limit][0] if limit and len(records) > limit else 0
        if messages:
            self._env.store.rollback(mark)
            return {"ids": False, "messages": messages, "nextrow": nextrow}
        return {"ids": ids, "messages": [], "nextrow": nextrow}

    def _load_text(self, error: Exception) -> str:
        if vendor_name(error).startswith("builtins."):
            return f"Unknown error during import: {type(error)}: {error}"
        text = _PREFIX.sub("", str(error))
        return repr(text) if self._env.version == "18" and text == "Contacts require a name" else text

    def _load_record(self, paths: list[tuple[str, ...]], rows: list[list[Any]]) -> int:
        xmlid, dbid, vals = "", 0, {}
        nested: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        for index, path in enumerate(paths):
            cell = rows[0][index]
            if path == ("id",):
                xmlid = str(cell or "").strip()
            elif path == (".id",):
                dbid = self._known_id(cell)
            elif self._model.fields[path[0]].type == "one2many" and len(path) > 1:
                nested.setdefault(path[0], []).append((path[1:], index))
            else:
                vals[path[0]] = read_cell(Cell(self._env, self._model.fields[path[0]], path, cell))
        for name, columns in nested.items():
            vals[name] = [[0, 0, self._nested_values(self._model.fields[name], columns, row)] for row in rows]
            vals[name] = [command for command in vals[name] if command[2]]
        record = self._save(dbid or self._by_xmlid(xmlid), vals)
        if xmlid:
            self._bind(xmlid, record)
        return record

    def _nested_values(self, field: Field, columns: list[tuple[tuple[str, ...], int]], row: list[Any]) -> Any:
        target = self._env.model(field.relation)
        if not any(row[index] for _, index in columns):
            return {}
        cells = [Cell(self._env, target.fields[path[0]], path, row[index]) for path, index in columns]
        return {cell.field.name: read_cell(cell) for cell in cells}

    def _known_id(self, cell: Any) -> int:
        if not cell:
            return 0
        table = self._env.store.tables[self._model.name]
        number = int(cell) if str(cell).strip().isdigit() else None
        if number not in table:
            raise CellError({"field": ".id", "message": f"Unknown database identifier '{cell}'"})
        return number or 0

    def _save(self, record: int, vals: dict[str, Any]) -> int:
        if not record:
            return self._create([vals])[0]
        self._browse([record])._write(vals)
        return record

    def _by_xmlid(self, xmlid: str) -> int:
        found = find_xmlid(self._env, *split_xmlid(xmlid)) if xmlid else None
        return found[1] if found and found[0] == self._model.name else 0

    def _bind(self, xmlid: str, record: int) -> None:
        """Remember the external id; a known one is stamped again."""
        store = self._env.store
        module, name = split_xmlid(xmlid)
        for key in store.where("ir.model.data", "name", [name]):
            if store.tables["ir.model.data"][key]["module"] == module:
                store.update("ir.model.data", key, {"res_id": record, "write_date": store.stamp})
                return
        vals = {"module": module, "name": name, "model": self._model.name, "res_id": record}
        self._other("ir.model.data")._create([vals])

    def export_data(self, fields_to_export: list[str]) -> dict[str, Any]:
        """Rows of texts. Asking for `id` gives external ids to records that have none (module __export__)."""
        paths = [_path(name) for name in fields_to_export]
        return {"datas": [[self._export_cell(record, path) for path in paths] for record in self._existing()]}

    def _export_cell(self, record: int, path: tuple[str, ...]) -> Any:
        if path[0] == ".id":
            return str(record)
        if path[0] == "id":
            return self._export_xmlid(record)
        item = self._model.fields[path[0]]
        value = self._env.column(self._model.name, record, item)
        if item.relation:
            ids = list(value or ()) if item.is_list else [value] if value else []
            others = self._other(item.relation)
            rest = path[1:] or ("display_name",)
            return ",".join(str(others._export_cell(other, rest)) for other in ids)
        return "" if value is None else value if item.type in ("integer", "float", "boolean") else str(value)

    def _export_xmlid(self, record: int) -> str:
        known: str = self._browse([record]).get_metadata()[0]["xmlid"]
        if known:
            return known
        suffix = hashlib.blake2b(f"{self._model.name},{record}".encode(), digest_size=4).hexdigest()
        xmlid = f"__export__.{self._model.table}_{record}_{suffix}"
        self._bind(xmlid, record)
        return xmlid


def split_xmlid(xmlid: str) -> tuple[str, str]:
    """Module and name; without a dot it belongs to the module __import__."""
    module, dot, name = xmlid.partition(".")
    return (module, name) if dot else ("__import__", xmlid)


def find_xmlid(env: Any, module: str, name: str) -> tuple[str, int] | None:
    """Model and id behind an external id."""
    table = env.store.tables["ir.model.data"]
    for key in env.store.where("ir.model.data", "name", [name]):
        if table[key]["module"] == module:
            return table[key]["model"], table[key]["res_id"]
    return None


def _path(name: str) -> tuple[str, ...]:
    """The parts of a column's name: "parent_id/id", "country_id/.id", and the older "parent_id:id", "country_id.id"."""
    return tuple(_OLD_ID.sub(lambda found: f"{found[1]}/{found[2].lstrip(':')}", name).split("/"))


def _starts_record(row: list[Any], deep: list[bool]) -> bool:
    return any(cell for cell, below in zip(row, deep, strict=False) if not below)


def _group(deep: list[bool], data: list[list[Any]]) -> Iterator[tuple[int, int, list[list[Any]]]]:
    """Rows of one record together: a row with cells of a one2many only belongs to the record above it."""
    start = 0
    while start < len(data):
        end = start + 1
        while end < len(data) and any(deep) and not _starts_record(data[end], deep):
            end += 1
        yield start, end - 1, data[start:end]
        start = end
