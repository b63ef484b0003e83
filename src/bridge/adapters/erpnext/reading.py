"""Whole records by set-based calls: the documents, then all their addresses in one call, all their links in another."""

from __future__ import annotations

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.adapters.erpnext.amending import amended
from bridge.adapters.erpnext.client import Client, Filter, Row
from bridge.adapters.erpnext.conditions import filter_of
from bridge.adapters.erpnext.document import Joined, Layout, choose, edited_paths, record_of, require_key
from bridge.adapters.erpnext.items import ItemTable
from bridge.adapters.erpnext.meta import Meta
from bridge.adapters.erpnext.prices import PRICE, columns, current
from bridge.adapters.erpnext.site import Site
from bridge.ports.records import NativeRecord, ReadBack

_STAMPS = 20_000
"""Records whose stamps are kept: many times the largest batch of writes."""


@dataclass(frozen=True, slots=True)
class Stamps:
    """`modified` of a document, and of each address that has a part in its record."""

    own: str
    addresses: Mapping[str, str]


class Reader:
    """Reads documents of one site.

    page: the largest number of rows asked for at once. clock: this machine's time in seconds since 1970.
    """

    def __init__(self, client: Client, site: Site, page: int, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self.site = site
        self._page = page
        self._clock = clock
        self._stamps: OrderedDict[tuple[str, str], tuple[str, Stamps]] = OrderedDict()

    def fetch(self, layout: Layout, names: Sequence[str], *, within: bool = False) -> dict[str, NativeRecord]:
        """These records by name, wherever they are; with `within` only those that the specification's where takes.

        Names are compared exactly: the server would also find "case co" under "Case Co" (recording 374).
        """
        found: dict[str, NativeRecord] = {}
        for rows in self._named(layout, names, within=within):
            found.update({record.native_id: record for record in self.complete(layout, rows)})
        return found

    def read_back(self, layout: Layout, names: Sequence[str]) -> dict[str, ReadBack]:
        """These records as they are right after bridge wrote them."""
        found: dict[str, ReadBack] = {}
        for rows in self._named(layout, names):
            joined = self.joined(layout, [str(row["name"]) for row in rows])
            for row, record in zip(rows, self._whole(layout, rows, joined), strict=True):
                edited = edited_paths(layout, row, joined[record.native_id], self.site.user)
                found[record.native_id] = (record, edited)
        return found

    def _named(self, layout: Layout, names: Sequence[str], *, within: bool = False) -> Iterator[list[Row]]:
        for chunk in chunks(names, self._page):
            filters: list[Filter] = [["name", "in", list(chunk)]]
            rows = self._rows(layout, filters + (self.where(layout) if within else []))
            asked = set(chunk)
            yield [row for row in rows if row["name"] in asked]

    def find(self, layout: Layout, keys: Sequence[str]) -> dict[str, list[NativeRecord]]:
        """The records that carry these golden ids, compared exactly."""
        require_key(layout, self._client.system)
        found: dict[str, list[NativeRecord]] = {key: [] for key in keys}
        for chunk in chunks(list(found), self._page):
            rows = self._rows(layout, [[layout.spec.key, "in", list(chunk)]])
            for record in self.complete(layout, rows):
                if record.key in found:
                    found[record.key].append(record)
        return found

    def refs(self, layout: Layout) -> Iterator[list[str]]:
        """All names that the where takes, in the server's own order of names, so that no row slips through."""
        after: list[Filter] = []
        while True:
            filters = self.where(layout) + after
            rows = self._client.rows(layout.meta.doctype, ["name"], filters, limit=self._page)
            names = [str(row["name"]) for row in rows]
            if names:
                yield names
            if len(names) < self._page:
                return
            after = [["name", ">", names[-1]]]

    def page(
        self, layout: Layout, filters: Sequence[Filter], either: Sequence[Filter], order: str, limit: int
    ) -> list[Row]:
        """One page of the documents' own rows, those that the where takes."""
        return self._client.rows(
            layout.meta.doctype,
            layout.columns,
            [*self.where(layout), *filters],
            either=either,
            order=order,
            limit=limit,
        )

    def complete(self, layout: Layout, rows: Sequence[Row]) -> list[NativeRecord]:
        """The rows with all that belongs to them."""
        return self._whole(layout, rows, self.joined(layout, [str(row["name"]) for row in rows]))

    def _whole(self, layout: Layout, rows: Sequence[Row], joined: Mapping[str, Joined]) -> list[NativeRecord]:
        records = self.assemble(layout, rows, joined)
        for row, record in zip(rows, records, strict=True):
            parts = joined[record.native_id].addresses.values()
            stamps = Stamps(str(row["modified"]), {str(one["name"]): str(one["modified"]) for one in parts if one})
            self._stamps[_doctype(layout), record.native_id] = (record.version, stamps)
        while len(self._stamps) > _STAMPS:
            self._stamps.popitem(last=False)
        return records

    def assemble(self, layout: Layout, rows: Sequence[Row], joined: Mapping[str, Joined]) -> list[NativeRecord]:
        """The rows as records, with what was found to belong to them; an order that is being amended as it was."""
        shown = amended(self._client, layout.meta, rows).rows
        return [record_of(layout, row, joined[str(row["name"])], self.site) for row in shown]

    def stamps(self, layout: Layout, record: NativeRecord) -> Stamps | None:
        """The stamps of the rows that this very version of a record was made of, if it was fetched lately."""
        version, stamps = self._stamps.get((_doctype(layout), record.native_id), ("", None))
        return stamps if version == record.version else None

    def joined(self, layout: Layout, names: Sequence[str]) -> dict[str, Joined]:
        """What belongs to these documents: at most one call for each kind of it."""
        addresses = self._joined_documents(layout, names) if names else {}
        links = self._links(layout, names) if layout.targets and names else {}
        items = {one.table.path: self.items(layout, one, names, one.columns) for one in layout.items} if names else {}
        tables = {table: self.lines(layout, table, child, names) for table, child in layout.tables.items() if names}
        return {
            name: Joined(
                addresses={role: self._chosen(layout, addresses.get(name, ()), role) for role in layout.roles},
                links={target: links.get((name, target)) for target in layout.targets},
                items={table: rows.get(name, {}) for table, rows in items.items()},
                first={table: rows[name][0] for table, rows in tables.items() if name in rows},
            )
            for name in names
        }

    def items(
        self, layout: Layout, one: ItemTable, names: Sequence[str], columns: list[str]
    ) -> dict[str, dict[str, Row]]:
        """Document -> key -> row, for all these documents at once (recording 391)."""
        found: dict[str, list[Row]] = defaultdict(list)
        for chunk in chunks(names, self._page):
            rows = self._client.rows(
                one.doctype,
                columns,
                [
                    ["parenttype", "=", _doctype(layout)],
                    ["parentfield", "=", one.table.path],
                    ["parent", "in", list(chunk)],
                ],
                order="parent asc, idx asc",
                parent=_doctype(layout),
            )
            for row in rows:
                found[str(row["parent"])].append(row)
        return {name: one.keyed(rows, self._client.system) for name, rows in found.items()}

    def lines(self, layout: Layout, table: str, child: str, names: Sequence[str]) -> dict[str, list[Row]]:
        """Document -> all rows of a table of it, whole, in their order."""
        found: dict[str, list[Row]] = defaultdict(list)
        for chunk in chunks(names, self._page):
            rows = self._client.rows(
                child,
                ["*"],
                [["parenttype", "=", _doctype(layout)], ["parentfield", "=", table], ["parent", "in", list(chunk)]],
                order="parent asc, idx asc",
                parent=_doctype(layout),
            )
            for row in sorted(rows, key=lambda row: int(row["idx"])):
                found[str(row["parent"])].append(row)
        return found

    def owners(self, layout: Layout, addresses: Sequence[str]) -> list[tuple[str, str]]:
        """Each of these addresses (prices) with each document of the layout's doctype that it belongs to."""
        if layout.price is not None:
            priced = self._client.rows(PRICE, ["name", "item_code"], [["name", "in", list(addresses)]])
            return [(str(row["name"]), str(row["item_code"])) for row in priced]
        rows = self._client.rows(
            "Dynamic Link",
            ["parent", "link_name"],
            [
                ["parenttype", "=", "Address"],
                ["parent", "in", list(addresses)],
                ["link_doctype", "=", _doctype(layout)],
            ],
            order="parent asc, idx asc",
            parent="Address",
        )
        return list(dict.fromkeys((str(row["parent"]), str(row["link_name"])) for row in rows))

    def existing(self, layout: Layout, names: Sequence[str]) -> set[str]:
        """Which of these names there are now, compared exactly."""
        found: set[str] = set()
        for chunk in chunks(names, self._page):
            rows = self._client.rows(_doctype(layout), ["name"], [["name", "in", list(chunk)]])
            found |= {str(row["name"]) for row in rows}
        return found & set(names)

    def where(self, layout: Layout) -> list[Filter]:
        """The where of a specification as filters."""
        return [filter_of(layout, condition, self.site, self._client.system) for condition in layout.spec.where]

    def _rows(self, layout: Layout, filters: Sequence[Filter]) -> list[Row]:
        return self._client.rows(_doctype(layout), layout.columns, filters)

    def _chosen(self, layout: Layout, rows: Sequence[Row], role: str) -> Row | None:
        if layout.price is None:
            return choose(rows, role)
        return current(rows, role, datetime.fromtimestamp(self._clock(), self.site.zone).date().isoformat())

    def _joined_documents(self, layout: Layout, names: Sequence[str]) -> Mapping[str, list[Row]]:
        if not layout.roles:
            return {}
        return self._addresses(layout, names) if layout.price is None else self._prices(layout, layout.price, names)

    def _prices(self, layout: Layout, price: Meta, names: Sequence[str]) -> Mapping[str, list[Row]]:
        filters: list[Filter] = [["item_code", "in", list(names)], ["price_list", "in", list(layout.roles)]]
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self._client.rows(PRICE, columns(price.fields), filters, order=""):
            found[str(row["item_code"])].append(row)
        return found

    def _addresses(self, layout: Layout, names: Sequence[str]) -> Mapping[str, list[Row]]:
        rows = self._client.rows(
            "Address",
            layout.address_columns,
            [
                ["Dynamic Link", "link_doctype", "=", _doctype(layout)],
                ["Dynamic Link", "link_name", "in", list(names)],
                ["Address", "address_type", "in", list(layout.roles)],
            ],
            order="",
        )
        found: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            found[str(row["link_name"])].append(row)
        return found

    def _links(self, layout: Layout, names: Sequence[str]) -> Mapping[tuple[str, str], str]:
        doctype = _doctype(layout)
        rows = self._client.rows(
            "Dynamic Link",
            ["parent", "link_doctype", "link_name", "idx"],
            [["parenttype", "=", doctype], ["parent", "in", list(names)], ["link_doctype", "in", list(layout.targets)]],
            order="parent asc, idx asc",
            parent=doctype,
        )
        found: dict[tuple[str, str], str] = {}
        for row in sorted(rows, key=lambda row: int(row["idx"])):
            found.setdefault((str(row["parent"]), str(row["link_doctype"])), str(row["link_name"]))
        return found


def chunks(things: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The things in runs of at most `size`."""
    for start in range(0, len(things), size):
        yield things[start : start + size]


def _doctype(layout: Layout) -> str:
    return layout.meta.doctype
