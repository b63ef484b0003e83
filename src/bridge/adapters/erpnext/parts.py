"""Writing the documents that belong to a record: the addresses of a Customer, the prices of an Item."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from bridge.adapters.erpnext.client import Client, Row
from bridge.adapters.erpnext.document import ADDRESS, Layout
from bridge.adapters.erpnext.drafts import Draft, Drafts
from bridge.adapters.erpnext.prices import PRICE, RATE, new_price

Held = Mapping[str, Row | None]
"""What the site holds of them just before the write: the address by type, the price by list."""


class Parts:
    """Writes the addresses and prices of records of one layout, each under the lock on its own `modified`."""

    def __init__(self, client: Client, layout: Layout, drafts: Drafts) -> None:
        self._client, self._layout, self._drafts = client, layout, drafts

    def check(self, draft: Draft, held: Held) -> None:
        """Refuse an address that could not be written before its customer is. Raises Rejected."""
        for role in draft.addresses:
            if held.get(role) is None:
                self._drafts.new_address(draft, role, "")
            elif not self._emptied(draft, role, held):
                self._drafts.refuse_missing(role, draft.addresses[role], creating=False)

    def steps(self, owner: str, draft: Draft, held: Held) -> Iterator[Callable[[], None]]:
        """The writes, each a call at most."""
        yield from (partial(self._write_address, owner, draft, role, held) for role in draft.addresses)
        yield from (partial(self._write_price, owner, draft, listed, held) for listed in draft.prices)

    def _write_address(self, owner: str, draft: Draft, role: str, held: Held) -> None:
        address = held.get(role)
        naming = self._drafts.address_naming(draft, role)
        if address is None:
            document = self._drafts.new_address(draft, role, owner)
            if document is not None:
                self._client.insert(ADDRESS, document, naming)
            return
        changes = {name: value for name, value in draft.addresses[role].items() if (address.get(name) or None) != value}
        if self._emptied(draft, role, held):
            # an address must have a street and a town, and orders may refer to it: it is put out of use, not deleted
            changes = {"disabled": 1}
        if changes:
            self._client.put(ADDRESS, str(address["name"]), {**changes, "modified": address["modified"]}, naming)

    def _emptied(self, draft: Draft, role: str, held: Held) -> bool:
        """Whether nothing of what the mapping sees of an address would be left."""
        address = held.get(role) or {}
        seen = [part.field.name for part in self._layout.parts if part.kind == "address" and part.role == role]
        after = {**{name: address.get(name) for name in seen}, **draft.addresses[role]}
        return all(value in (None, "") for value in after.values())

    def _write_price(self, owner: str, draft: Draft, listed: str, held: Held) -> None:
        """A price that is emptied is deleted: nothing refers to it, and a rate of zero would sell for nothing."""
        price, rate = held.get(listed), draft.prices[listed]
        if price is None:
            if rate is not None:
                self._client.insert(PRICE, new_price(owner, listed, rate))
        elif rate is None:
            self._client.delete(PRICE, str(price["name"]))
        else:
            self._client.put(PRICE, str(price["name"]), {RATE: rate, "modified": price["modified"]})
