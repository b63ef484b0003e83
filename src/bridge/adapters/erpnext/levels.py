"""Stock levels: what lies of an item in a warehouse, as ERPNext keeps it in a Bin.

A Bin comes with the first movement, or at zero with the first order (recording 223), and only ERPNext itself may write
it (225, 226). So the id of a level is made of the two, "item @ warehouse", and a level without a Bin is one of zero.
Bin.modified moves with every change of stock: the same reading serves as for any other document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from bridge.adapters.erpnext.changes import Changes
from bridge.adapters.erpnext.client import Client, Filter
from bridge.adapters.erpnext.document import Joined, Layout, record_of
from bridge.adapters.erpnext.reading import Reader, chunks
from bridge.adapters.erpnext.site import Site
from bridge.ports.records import ChangePage, NativeRecord

BIN: Final = "Bin"
ITEM: Final = "item_code"
WAREHOUSE: Final = "warehouse"
BETWEEN: Final = " @ "
_NEVER: Final = "1970-01-01 00:00:00.000000"

Level = tuple[str, str]
"""Item and warehouse."""


def level_of(native_id: str) -> Level | None:
    """The level of an id; None for what is none."""
    item, between, warehouse = native_id.rpartition(BETWEEN)
    return (item, warehouse) if between and item and warehouse else None


def name_of(level: Level) -> str:
    """The id of a level."""
    return f"{level[0]}{BETWEEN}{level[1]}"


class LevelReader:
    """Reads of the stock levels of one site. The layout has to name item and warehouse."""

    def __init__(self, client: Client, reader: Reader, changes: Changes, site: Site, page: int) -> None:
        self._client, self._reader, self._changes, self._site, self._page = client, reader, changes, site, page

    def page(self, layout: Layout, cursor: str | None, limit: int) -> ChangePage:
        """The next page of levels whose Bin has moved."""
        found = self._changes.page(layout, cursor, limit)
        return replace(found, records=tuple(_named(record) for record in found.records), tombstones=())

    def refs(self, layout: Layout) -> Iterator[list[str]]:
        """The ids of all levels that have a Bin. One that has none is one of zero: `fetch` shows it."""
        after: list[Filter] = []
        while True:
            filters = [*self._reader.where(layout), *after]
            rows = self._client.rows(BIN, ["name", ITEM, WAREHOUSE], filters, limit=self._page)
            if rows:
                yield [name_of((str(row[ITEM]), str(row[WAREHOUSE]))) for row in rows]
            if len(rows) < self._page:
                return
            after = [["name", ">", str(rows[-1]["name"])]]

    def fetch(self, layout: Layout, native_ids: Sequence[str]) -> dict[str, NativeRecord]:
        """These levels as they are now."""
        return self.read(layout, [level for one in native_ids if (level := level_of(one)) is not None])

    def read(self, layout: Layout, levels: Iterable[Level]) -> dict[str, NativeRecord]:
        """id -> level."""
        wanted = dict.fromkeys(levels)
        found: dict[str, NativeRecord] = {}
        for chunk in chunks([name_of(one) for one in wanted], self._page):
            part = [level for one in chunk if (level := level_of(one)) is not None]
            filters: list[Filter] = [
                [ITEM, "in", sorted({item for item, _ in part})],
                [WAREHOUSE, "in", sorted({warehouse for _, warehouse in part})],
            ]
            held = {
                (str(row[ITEM]), str(row[WAREHOUSE])): row
                for row in self._client.rows(BIN, [*dict.fromkeys([*layout.columns, ITEM, WAREHOUSE])], filters)
            }
            for level in part:
                row = held.get(level) or self._nothing(layout, level)
                record = record_of(layout, row, Joined({}, {}), self._site)
                found[name_of(level)] = replace(record, native_id=name_of(level))
        return found

    def _nothing(self, layout: Layout, level: Level) -> dict[str, object]:
        numbers = {part.field.name: 0 for part in layout.parts if part.field.fieldtype == "Float"}
        return {"name": name_of(level), "modified": _NEVER, **numbers, ITEM: level[0], WAREHOUSE: level[1]}


def _named(record: NativeRecord) -> NativeRecord:
    return replace(record, native_id=name_of((str(record.values[ITEM]), str(record.values[WAREHOUSE]))))
