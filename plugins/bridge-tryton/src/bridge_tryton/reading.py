"""Reading: pages of changes, single records, records by key, all ids."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.ports.errors import CursorExpired, Unsupported
from bridge.ports.records import ChangePage, NativeRecord, ObjectSpec, TableSpec, Tombstone

from bridge_tryton import client as shapes
from bridge_tryton.client import Client
from bridge_tryton.keys import search_for
from bridge_tryton.layout import Layout, Lines, Row
from bridge_tryton.models import Described, Models, require_fields
from bridge_tryton.places import PARTY
from bridge_tryton.settings import Settings

IDS = 10_000
"""Ids in one page of `refs`."""

KEYS = 200
"""Keys in one search: each is a term of its own where the key stands in a text."""

BY_ID = [["id", "ASC"]]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a reading stands.

    since: what changed at or after this is read; None reads everything. began: the server's time when this reading
    began, where the next one will start (less the overlap). after: the last id of the page before; pages go by id,
    because a record may have changed by its own stamp or by that of a row of it. again: this is the second look after
    a reading of several pages, for records that were edited behind its back.
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
        self._own: tuple[int, ...] | None = None
        self._layouts: dict[ObjectSpec, Layout] = {}

    def layout(self, spec: ObjectSpec) -> Layout:
        """The layout of a specification. Raises NoSuchObject, Unsupported where Tryton has not what it names."""
        found = self._layouts.get(spec)
        if found is None:
            self._models.want(spec)
            described = self._models.of(spec.object)
            require_fields(spec, self._models, self._client.system)
            lines = tuple(self._lines(spec, table, described) for table in spec.tables)
            found = Layout(spec, _kinds(described), lines=lines, own=self._companies(spec))
            found.below = {
                name: {"__model__": str(described[name]["relation"]),
                       **_kinds(self._models.of(str(described[name]["relation"])))}
                for name in (*found.tables, *found.parents)
            }  # fmt: skip
            self._layouts[spec] = found
        return found

    def _companies(self, spec: ObjectSpec) -> tuple[int, ...]:
        """The companies are parties, too."""
        if spec.object != PARTY:
            return ()
        if self._own is None:
            rows = self._client.call(
                "company.company", "search_read", [], 0, None, None, ["party"], answers=shapes.rows
            )
            self._own = tuple(sorted(int(row["party"]) for row in rows))
        return self._own

    def _lines(self, spec: ObjectSpec, table: TableSpec, described: Described) -> Lines:
        """The layout of the rows of a table. Raises Unsupported where there is no such table."""
        relation = described.get(table.path, {})
        if relation.get("type") != "one2many":
            raise Unsupported(f"{spec.object} has no rows {table.path}", system=self._client.system)
        model = str(relation["relation"])
        rows = ObjectSpec(f"{spec.entity}.{table.path}", model, table.key, table.fields)
        require_fields(rows, self._models, self._client.system)
        return Lines(table, Layout(rows, _kinds(self._models.of(model))), self._client.system)

    def changes(self, layout: Layout, cursor: str | None, limit: int) -> ChangePage:
        """The next page. Tryton has no feed of deletes: those are found by comparing ids (`refs`). A party that was
        replaced by another says so itself."""
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
        merged = [row for row in rows if row.get("replaced_by")]
        stones = tuple(Tombstone(str(row["id"]), row["write_date"], str(row["replaced_by"])) for row in merged)
        records = tuple(layout.record(row) for row in rows if not row.get("replaced_by"))
        return ChangePage(records, stones, position.encode(), more)

    def refs(self, layout: Layout) -> Iterator[Sequence[str]]:
        """All ids, in pages."""
        after = 0
        while True:
            domain = [["id", ">", after], *layout.domain()]
            ids = self._client.call(layout.model, "search", domain, 0, IDS, BY_ID, answers=shapes.ids)
            if ids:
                yield [str(one) for one in ids]
            if len(ids) < IDS:
                return
            after = int(ids[-1])

    def fetch(self, layout: Layout, native_ids: Sequence[str]) -> dict[str, NativeRecord]:
        """These records as they are now."""
        return {str(row["id"]): layout.record(row) for row in self.rows_of(layout, native_ids)}

    def rows_of(self, layout: Layout, native_ids: Sequence[str]) -> list[Row]:
        """The raw rows of these ids."""
        ids = sorted({int(one) for one in native_ids if one.isascii() and one.isdecimal() and len(one) < 10})
        found: list[Row] = []
        for start in range(0, len(ids), self._settings.page):
            found += self.rows(layout, [["id", "in", ids[start : start + self._settings.page]]])
        return found

    def find(self, layout: Layout, keys: Sequence[str]) -> dict[str, list[NativeRecord]]:
        """The records that carry these keys."""
        found: dict[str, list[NativeRecord]] = {key: [] for key in keys}
        wanted = list(found)
        for start in range(0, len(wanted), KEYS):
            for row in self.rows(layout, search_for(layout.spec.key, wanted[start : start + KEYS])):
                record = layout.record(row)
                if record.key in found and not row.get("replaced_by"):
                    found[record.key].append(record)
        return found

    def rows(self, layout: Layout, domain: list[Any], limit: int | None = None) -> list[Row]:
        """Raw rows by id."""
        rows: list[Row] = self._client.call(
            layout.model, "search_read", domain, 0, limit, BY_ID, layout.names(), answers=shapes.rows
        )
        return rows


def _kinds(described: Described) -> dict[str, str]:
    return {name: str(one.get("type")) for name, one in described.items()}


def _text(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%S") if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC) if text else None
