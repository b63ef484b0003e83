"""Keys of records that users made and bridge has linked: noted in ir.model.data, or in a field of the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bridge.adapters.odoo.client import Client
from bridge.adapters.odoo.drafts import Cells
from bridge.adapters.odoo.importing import Importer, Outcome, in_halves
from bridge.adapters.odoo.layout import Layout
from bridge.adapters.odoo.reading import Reader
from bridge.ports.errors import Rejected
from bridge.ports.records import UpdateItem


class Keys:
    """Notes the keys of one batch of updates."""

    def __init__(
        self,
        client: Client,
        reader: Reader,
        layout: Layout,
        importer: Importer,
        module: str,
        path_of: Callable[[str], str],
    ) -> None:
        self._client, self._reader, self._layout = client, reader, layout
        self._importer, self._module, self._path_of = importer, module, path_of
        self._noted: set[int] = set()

    def learn(self, items: Sequence[UpdateItem]) -> None:
        """Ask which records have their keys already; before the last look at them, so that nothing comes between that
        and the write."""
        wanted = [int(one.native_id) for one in items if one.key and one.native_id.isdecimal()]
        external = wanted and self._layout.external
        self._noted = set(self._reader.keys_of(self._layout, wanted)) if external else set()

    def note(
        self, items: Sequence[UpdateItem], places: Sequence[int], rows: Mapping[str, Any], outcome: Outcome
    ) -> None:
        """Note the keys that are missing. rows: the records as they are, by native id."""
        keyed = [place for place in places if items[place].key]
        if not keyed or outcome.ended is not None:
            return
        if self._layout.external:
            self._attach([place for place in keyed if int(items[place].native_id) not in self._noted], items, outcome)
            return
        name = self._layout.spec.key
        cells: dict[int, Cells] = {
            place: {".id": items[place].native_id, name: str(items[place].key)}
            for place in keyed
            if rows[items[place].native_id].get(name) != items[place].key
        }
        self._importer.run(cells, outcome, self._path_of)

    def _attach(self, places: list[int], items: Sequence[UpdateItem], outcome: Outcome) -> None:
        """Make external ids in one call. One that is refused belongs to another record."""

        def send(part: list[int]) -> None:
            lacking = [
                {
                    "module": self._module,
                    "name": items[place].key,
                    "model": self._layout.model,
                    "res_id": int(items[place].native_id),
                }
                for place in part
            ]
            self._client.call("ir.model.data", "create", positional=(lacking,), vals_list=lacking, writing=True)
            self._noted.update(int(items[place].native_id) for place in part)

        in_halves(places, items, outcome, send, (Rejected,), self._client.system)
