"""Reading: pages of changes, single records, records by key, all ids."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.adapters.odoo import shapes
from bridge.adapters.odoo.client import Client
from bridge.adapters.odoo.documents import ALSO, renamed
from bridge.adapters.odoo.layout import EXTERNAL, Layout, Lines, ambiguous
from bridge.adapters.odoo.models import Described, Models
from bridge.adapters.odoo.settings import Settings
from bridge.ports.errors import CursorExpired, Transient, Unsupported
from bridge.ports.records import ChangePage, NativeRecord, ObjectSpec, TableSpec

IDS = 10_000
"""Ids in one domain, and ids in one page of `refs`."""

_ALWAYS_ACTIVE = frozenset({"res.partner", "product.product", "product.template"})


@dataclass(frozen=True, slots=True)
class Position:
    """Where a reading stands.

    since: what changed at or after this is read; None reads everything. began: the server's time when this reading
    began, where the next one will start (less the overlap). after: the last id of the page before; pages go by id,
    because write_date comes in whole seconds and is compared differently by 18 and 19. again: this is the second look
    after a reading of several pages, for records that were edited behind its back.
    """

    since: datetime | None = None
    began: datetime | None = None
    after: int = 0
    again: bool = False

    def encode(self) -> str:
        """As a cursor."""
        found = {"since": _text(self.since), "began": _text(self.began), "after": self.after, "again": self.again}
        return json.dumps(found)

    @classmethod
    def decode(cls, cursor: str | None, system: str) -> Position:
        """Of a cursor. Raises CursorExpired for what is none."""
        if cursor is None:
            return cls()
        try:
            found = json.loads(cursor)
            return cls(_moment(found["since"]), _moment(found["began"]), int(found["after"]), bool(found["again"]))
        except (ValueError, TypeError, KeyError):
            pass
        raise CursorExpired("cannot read the position of the last reading", system=system)


class Reader:
    """Reads of one system."""

    def __init__(self, client: Client, models: Models, settings: Settings) -> None:
        self._client, self._models, self._settings = client, models, settings

    def layout(self, spec: ObjectSpec) -> Layout:
        """The layout of a specification; Odoo's types are asked for only where they matter."""
        if not ambiguous(spec) and not spec.tables and spec.object in _ALWAYS_ACTIVE:
            return Layout(spec)
        described = self._models.of(spec.object)
        kinds = {name: str(one.get("type")) for name, one in described.items()}
        lines = tuple(self._lines(spec, table, described) for table in spec.tables)
        also = tuple(name for name in ALSO.get(spec.object, ()) if name in described)
        return Layout(spec, kinds, "active" in described, renamed(spec.object, described), also, lines)

    def _lines(self, spec: ObjectSpec, table: TableSpec, described: Described) -> Lines:
        """The layout of the rows of a table. Raises Unsupported where there is no such table."""
        relation = described.get(table.path, {})
        if relation.get("type") != "one2many":
            raise Unsupported(f"{spec.object} has no rows {table.path}", system=self._client.system)
        if table.key == EXTERNAL:
            words = f"{table.path}: the key of a row is kept in a field of it, as x_bridge_line"
            raise Unsupported(words, system=self._client.system)
        model = str(relation["relation"])
        fields = self._models.of(model)
        kinds = {name: str(one.get("type")) for name, one in fields.items()}
        also = tuple(name for name in ALSO.get(model, ()) if name in fields)
        key = table.key if table.key in fields else EXTERNAL  # without its field a row can be read, not written
        rows = ObjectSpec(f"{spec.entity}.{table.path}", model, key, table.fields)
        layout = Layout(rows, kinds, has_active=False, renamed=renamed(model, fields), also=also)
        return Lines(table, layout, str(relation.get("relation_field") or "order_id"), self._client.system)

    def changes(self, layout: Layout, cursor: str | None, limit: int) -> ChangePage:
        """The next page. Odoo has no feed of deletes: those are found by comparing ids (`refs`)."""
        position = Position.decode(cursor, self._client.system)
        if position.began is None:
            position = Position(position.since, self._client.now(), 0)
        size = max(1, min(limit, self._settings.page))
        domain = [["id", ">", position.after], *layout.domain()]
        if position.since is not None:
            domain += layout.since(position.since)
        rows = self.rows(layout, domain, limit=size + 1)
        more = len(rows) > size
        rows = rows[:size]
        if more:
            position = replace(position, after=int(rows[-1]["id"]))
        elif position.after and not position.again:
            position, more = Position(position.began, position.began, 0, again=True), True
        else:
            assert position.began is not None
            position = Position(position.began - timedelta(seconds=self._settings.overlap))
        keys = self._keys(layout, rows)
        met = tuple(layout.met(row, keys.get(int(row["id"]))) for row in rows)
        return ChangePage(met, (), position.encode(), more)

    def refs(self, layout: Layout) -> Iterator[Sequence[str]]:
        """All ids, in pages."""
        after = 0
        while True:
            domain = [["id", ">", after], *layout.domain()]
            ids = self._client.call(layout.model, "search", domain=domain, limit=IDS, order="id", answers=shapes.ids)
            if ids:
                yield [str(one) for one in ids]
            if len(ids) < IDS:
                return
            after = int(ids[-1])

    def fetch(self, layout: Layout, native_ids: Sequence[str]) -> dict[str, NativeRecord]:
        """These records as they are now."""
        return {record.native_id: record for record in self.records(layout, self.rows_of(layout, native_ids))}

    def rows_of(self, layout: Layout, native_ids: Sequence[str], *, writers: bool = False) -> list[dict[str, Any]]:
        """The raw rows of these ids; writers: with who wrote them last."""
        ids = sorted({int(one) for one in native_ids if one.isdecimal()})
        rows: list[dict[str, Any]] = []
        for start in range(0, len(ids), self._settings.page):
            rows += self.rows(layout, [["id", "in", ids[start : start + self._settings.page]]], writers=writers)
        return rows

    def find(self, layout: Layout, keys: Sequence[str]) -> dict[str, list[NativeRecord]]:
        """The records that carry these keys."""
        found: dict[str, list[NativeRecord]] = {key: [] for key in keys}
        wanted = list(found)
        for start in range(0, len(wanted), IDS):
            part = wanted[start : start + IDS]
            if layout.external:
                ids = self.ids_by_key(layout, part)
                held = {int(one.native_id): one for one in self._records_of(layout, ids)}
                for key, number in ids.items():
                    if number in held:
                        found[key].append(held[number])
            else:
                for record in self.records(layout, self.rows(layout, [[layout.spec.key, "in", part]])):
                    if record.key in found:
                        found[record.key].append(record)
        return found

    def ids_by_key(self, layout: Layout, keys: Sequence[str]) -> dict[str, int]:
        """Key -> id, by the external ids of bridge's own module."""
        domain = [
            ["module", "=", self._settings.module],
            ["model", "=", layout.model],
            ["name", "in", list(keys)],
        ]
        rows = self._client.call(
            "ir.model.data", "search_read", domain=domain, fields=["name", "res_id"], order="id", answers=shapes.rows
        )
        return {str(row["name"]): int(row["res_id"]) for row in rows}

    def rows(
        self, layout: Layout, domain: list[Any], limit: int | None = None, *, writers: bool = False
    ) -> list[dict[str, Any]]:
        """Raw rows by id."""
        answer = self._client.call(
            layout.model,
            "web_search_read",
            domain=domain,
            specification=layout.specification(writers=writers),
            limit=limit,
            order="id",
            answers=shapes.page,
        )
        rows: list[dict[str, Any]] = answer.get("records")
        if not isinstance(rows, list):
            raise Transient("answered a reading without records", system=self._client.system)
        return rows

    def records(self, layout: Layout, rows: Sequence[Mapping[str, Any]]) -> list[NativeRecord]:
        """Rows as records, with their keys."""
        keys = self._keys(layout, rows)
        return [layout.record(row, keys.get(int(row["id"]))) for row in rows]

    def _keys(self, layout: Layout, rows: Sequence[Mapping[str, Any]]) -> dict[int, str]:
        return self.keys_of(layout, [int(row["id"]) for row in rows]) if layout.external and rows else {}

    def _records_of(self, layout: Layout, ids: Mapping[str, int]) -> list[NativeRecord]:
        by_id = {number: key for key, number in ids.items()}
        rows = self.rows_of(layout, [str(number) for number in by_id])
        return [layout.record(row, by_id[int(row["id"])]) for row in rows]

    def keys_of(self, layout: Layout, ids: list[int]) -> dict[int, str]:
        """Id -> key, by the external ids of bridge's own module."""
        domain = [["module", "=", self._settings.module], ["model", "=", layout.model], ["res_id", "in", ids]]
        rows = self._client.call(
            "ir.model.data",
            "search_read",
            domain=domain,
            fields=["name", "res_id"],
            order="id desc",
            answers=shapes.rows,
        )
        return {int(row["res_id"]): str(row["name"]) for row in rows}


def _text(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%S") if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC) if text else None
