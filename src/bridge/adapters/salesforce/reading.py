"""Reading records: by id, by key, all ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bridge.adapters.salesforce import soql
from bridge.adapters.salesforce.client import Client, Json
from bridge.adapters.salesforce.describe import MOVEMENT, Described, Describes
from bridge.adapters.salesforce.layout import Children, Layout, by_asked_id, layout_of, require_key, require_movement
from bridge.ports.errors import Unsupported
from bridge.ports.records import NativeRecord, ObjectSpec, ReadBack, TableSpec


class Reader:
    """Reads of one org. page: rows per query."""

    def __init__(self, client: Client, describes: Describes, page: int) -> None:
        self._client = client
        self._describes = describes
        self._page = page

    def layout(self, spec: ObjectSpec) -> Layout:
        """The specification laid over the live describe. Raises NotFound for an unknown object."""
        described = self._describes.of(spec.object)
        children = tuple(self._children(spec, table, described) for table in spec.tables)
        return layout_of(spec, described, self._client.system, children)

    def _children(self, spec: ObjectSpec, table: TableSpec, described: Described) -> Children:
        """The layout of the rows of a table. Raises Unsupported where there is no such relationship."""
        relation = described.child(table.path)
        if relation is None:
            words = f"has no rows {table.path} below {spec.object}, or does not show them to us"
            raise Unsupported(words, system=self._client.system)
        rows = ObjectSpec(f"{spec.entity}.{table.path}", str(relation["childSObject"]), table.key, table.fields)
        layout = layout_of(rows, self._describes.of(rows.object), self._client.system)
        return Children(table, layout, str(relation["field"]))

    def refs(self, layout: Layout) -> Iterator[Sequence[str]]:
        """Every id of the object, in the order of the ids: each page starts behind the last id of the one before.

        So a page never depends on a locator, which the server may drop.
        """
        terms, behind = layout.terms(), ""
        while True:
            query = soql.select(["Id"], layout.object, *terms, behind, order="Id", limit=self._page)
            rows, done = self._client.query(query)
            if not rows:
                return
            ids = [str(row["Id"]) for row in rows]
            yield ids
            if done and len(ids) < self._page:
                return
            behind = f"Id > {soql.text(ids[-1])}"

    def fetch(self, layout: Layout, native_ids: Sequence[str]) -> dict[str, NativeRecord]:
        """These records as they are now; what cannot be an id is missing like what is deleted."""
        asked = [native_id for native_id in dict.fromkeys(native_ids) if soql.is_id(native_id)]
        return by_asked_id([layout.record(row) for row in self.raw(layout, asked)], asked)

    def read_back(self, layout: Layout, native_ids: Sequence[str]) -> dict[str, ReadBack]:
        """These records as they are right after bridge wrote them."""
        user, _ = self._client.user()
        asked = [native_id for native_id in dict.fromkeys(native_ids) if soql.is_id(native_id)]
        rows = self.raw(layout, asked, writers=bool(user))
        edited = {str(row["Id"]): layout.edited(row, user) for row in rows}
        found = by_asked_id([layout.record(row) for row in rows], asked)
        return {one: (record, edited[record.native_id]) for one, record in found.items()}

    def raw(self, layout: Layout, native_ids: Sequence[str], *, writers: bool = False) -> list[Json]:
        """The rows of these ids as Salesforce answers them; writers: with who wrote them last."""
        asked = [native_id for native_id in dict.fromkeys(native_ids) if soql.is_id(native_id)]
        queries = soql.lists(layout.selected(writers=writers), layout.object, "Id", asked)
        return [row for query in queries for row in self._client.rows(query)]

    def booked(self, layout: Layout, references: Sequence[str]) -> set[str]:
        """Those of these movements that are the last ones of their records. Raises KeyFieldMissing."""
        require_movement(layout, self._client.system)
        queries = soql.lists(["Id", MOVEMENT], layout.object, MOVEMENT, list(dict.fromkeys(references)))
        return {str(row[MOVEMENT]) for query in queries for row in self._client.rows(query)} & {*references}

    def find(self, layout: Layout, keys: Sequence[str]) -> dict[str, list[NativeRecord]]:
        """The records with these keys. Raises KeyFieldMissing where the key field is missing."""
        require_key(layout, self._client.system)
        found: dict[str, list[NativeRecord]] = {key: [] for key in keys}
        asked = [key for key in found if key]
        for query in soql.lists(layout.selected(), layout.object, layout.spec.key, asked):
            for row in self._client.rows(query):
                record = layout.record(row)
                # SOQL compares texts without regard to case
                if record.key in found:
                    found[record.key].append(record)
        return found
