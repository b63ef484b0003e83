"""Creating records: documents by insert_many, then their addresses, each refusal narrowed down to its item.

insert_many takes all of its documents or none (recordings 091, 092), so a refused run is halved until the bad document
stands alone. A key that exists already refuses the run too (UniqueValidationError): the records that carry the keys are
then looked up and given as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from bridge.adapters.erpnext.client import Client
from bridge.adapters.erpnext.document import Layout, require_key, require_row_keys
from bridge.adapters.erpnext.drafts import Draft, Drafts, Wire
from bridge.adapters.erpnext.errors import NOTHING_NAMED, Naming
from bridge.adapters.erpnext.items import new_row
from bridge.adapters.erpnext.ledger import Ledger, concerns_item
from bridge.adapters.erpnext.prices import new_price
from bridge.adapters.erpnext.reading import Reader
from bridge.adapters.erpnext.rows import TABLE_OF, with_channels, with_first, with_links
from bridge.adapters.erpnext.tags import Tags
from bridge.ports.errors import AlreadyExists, BridgeError, InDoubt, MissingReference, NotFound, Rejected
from bridge.ports.records import CreateItem, ReadBack, WriteResult


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One document to insert and the item it is for.

    role: the type of the address or the list of the price; empty for the item's own document.
    """

    place: int
    document: Wire
    naming: Naming
    role: str = ""


class Creator:
    """Creates records of one layout."""

    def __init__(self, client: Client, reader: Reader, layout: Layout, batch: int) -> None:
        self._client = client
        self._reader = reader
        self._layout = layout
        self._batch = batch
        self._drafts = Drafts(reader.site, layout, client.system)
        self._found: dict[str, ReadBack] = {}

    def create(self, items: Sequence[CreateItem]) -> list[WriteResult]:
        """See `Adapter.create`."""
        require_key(self._layout, self._client.system)
        require_row_keys(self._layout, self._client.system)
        ledger = Ledger(len(items), self._client.system)
        drafts = self._checked(items, ledger)
        sheets = [self._sheet(place, draft) for place, draft in drafts.items()]
        for start in range(0, len(sheets), self._batch):
            run = sheets[start : start + self._batch]
            names: dict[int, str] = {}
            self._insert(run, items, ledger, names)
            self._insert_joined(names, drafts, ledger)
            self._tag(names, drafts, ledger)
            self._read_back(ledger)
            if ledger.trouble is not None:
                break
        return ledger.results()

    def _checked(self, items: Sequence[CreateItem], ledger: Ledger) -> dict[int, Draft]:
        drafts: dict[int, Draft] = {}
        for place, item in enumerate(items):
            try:
                draft = self._drafts.of(item.values, item.key, creating=True)
                for role in draft.addresses:
                    self._drafts.new_address(draft, role, "")  # refuses before anything is sent
                drafts[place] = draft
            except Rejected as error:
                ledger.failed(place, error)
        return drafts

    def _sheet(self, place: int, draft: Draft) -> _Sheet:
        document = {name: value for name, value in draft.own.items() if value is not None}
        for table in ("email_ids", "phone_nos"):
            wanted = {one: value for one, value in draft.channels.items() if TABLE_OF[one] == table}
            if lines := with_channels(table, [], wanted):
                document[table] = lines
        for table, wanted in draft.first.items():
            if lines := with_first([], {name: value for name, value in wanted.items() if value is not None}):
                document[table] = lines
        if lines := with_links([], draft.links):
            document["links"] = lines
        for one in self._layout.items:
            rows = draft.items.get(one.table.path, {})
            if rows:
                document[one.table.path] = [
                    {one.table.key: key, **new_row(one.doctype, wire, document)} for key, wire in rows.items()
                ]
                if any(row.get("rate") == 0 for row in document[one.table.path]):
                    document["ignore_pricing_rule"] = 1
        return _Sheet(place, {"doctype": self._layout.meta.doctype, **document}, draft.naming)

    def _insert(
        self, run: Sequence[_Sheet], items: Sequence[CreateItem], ledger: Ledger, names: dict[int, str]
    ) -> None:
        """Insert a run; `names` gets the names by place. Where it is refused, the bad documents are found one by one.

        The halves of a run that holds a bad one are tried from the left. Once the left one is taken, the bad one is in
        the right one, which need not be tried to know it; what stands right of a left one that is refused is tried
        again with all that is left. So a bad document costs log2 of the run and two calls, not twice as many.
        """
        bad, error = self._try(run, items, ledger, names)
        while bad:
            segment, rest = bad, list[_Sheet]()
            while len(segment) > 1:
                middle = len(segment) // 2
                refused, told = self._try(segment[:middle], items, ledger, names)
                if refused:
                    segment, rest, error = refused, [*segment[middle:], *rest], told
                else:
                    segment, error = segment[middle:], None
            if error is None:  # known to be bad, but not why
                segment, error = self._try(segment, items, ledger, names)
            if segment and error is not None:
                ledger.failed(segment[0].place, self._explained(segment[0], error))
            bad, error = self._try(rest, items, ledger, names)

    def _try(
        self, run: Sequence[_Sheet], items: Sequence[CreateItem], ledger: Ledger, names: dict[int, str]
    ) -> tuple[list[_Sheet], BridgeError | None]:
        """Insert a run in one call. Answers the sheets among which a bad one is, and the refusal; none if all is done.

        All is done, too, where the batch has met trouble: the ledger then knows what became of the run.
        """
        if ledger.trouble is not None or not run:
            return [], None
        try:
            inserted = self._send(run)
        except AlreadyExists as error:
            try:
                rest = self._settle_existing(run, items, ledger)
            except BridgeError as trouble:  # refused, and not to be looked up now: this run is surely not written
                ledger.stop(trouble)
                return [], None
            return (list(run), error) if len(rest) == len(run) else self._try(rest, items, ledger, names)
        except BridgeError as error:
            if concerns_item(error):
                return list(run), error
            _stopped(run, error, ledger)
            return [], None
        for sheet, name in zip(run, inserted, strict=True):
            names[sheet.place] = name
            ledger.written(sheet.place, name, created=True)
        return [], None

    def _explained(self, sheet: _Sheet, error: BridgeError) -> BridgeError:
        if isinstance(error, NotFound):
            # an order with an unknown item or customer (recordings 159, 162): nothing else can be missing in a create
            return MissingReference("does not have a record that this one refers to", system=self._client.system)
        name = sheet.document.get(self._layout.meta.naming_field or "")
        if isinstance(error, AlreadyExists) and name is not None:
            return AlreadyExists(error.message, native_id=str(name), system=error.system, vendor_code=error.vendor_code)
        return error

    def _settle_existing(self, run: Sequence[_Sheet], items: Sequence[CreateItem], ledger: Ledger) -> list[_Sheet]:
        """Give the records whose keys exist already; what is left has to be inserted."""
        found = self._reader.find(self._layout, [items[sheet.place].key for sheet in run])
        rest = []
        for sheet in run:
            records = found[items[sheet.place].key]
            if records:
                ledger.written(sheet.place, records[0].native_id, created=False)
            else:
                rest.append(sheet)
        return rest

    def _insert_joined(self, names: dict[int, str], drafts: dict[int, Draft], ledger: Ledger) -> None:
        sheets = []
        for place, name in names.items():
            for role in drafts[place].addresses:
                document = self._drafts.new_address(drafts[place], role, name)
                if document is not None:
                    naming = self._drafts.address_naming(drafts[place], role)
                    sheets.append(_Sheet(place, document, naming, role))
            for listed, rate in drafts[place].prices.items():
                if rate is not None:
                    sheets.append(_Sheet(place, new_price(name, listed, rate), NOTHING_NAMED, listed))
        for start in range(0, len(sheets), self._batch):
            self._insert_parts(sheets[start : start + self._batch], names, ledger)

    def _insert_parts(self, run: Sequence[_Sheet], names: dict[int, str], ledger: Ledger) -> None:
        """Insert addresses or prices. An item whose address fails is not done, though its own document stands: the key
        makes the repeat find it, and the address is then written as an update."""
        if not run:
            return
        error = ledger.trouble
        if error is None:
            try:
                self._send(run)
                return
            except BridgeError as refused:
                error = refused
            if concerns_item(error) and len(run) > 1:
                middle = len(run) // 2
                self._insert_parts(run[:middle], names, ledger)
                self._insert_parts(run[middle:], names, ledger)
                return
            if not concerns_item(error):
                ledger.stop(error)
        for sheet in run:
            ledger.failed(sheet.place, InDoubt.partly(error, self._client.system), names[sheet.place])

    def _tag(self, names: dict[int, str], drafts: dict[int, Draft], ledger: Ledger) -> None:
        tags = Tags(self._client, self._layout.meta.doctype)
        for place, name in names.items():
            wanted = drafts[place].tags
            if not wanted or ledger.trouble is not None:
                continue
            try:
                tags.set(name, [], wanted)
            except BridgeError as error:
                ledger.failed(place, InDoubt.partly(error, self._client.system), name)
                if not concerns_item(error):
                    ledger.stop(error)

    def _send(self, run: Sequence[_Sheet]) -> list[str]:
        naming = run[0].naming if len(run) == 1 else NOTHING_NAMED
        return self._client.insert_many([sheet.document for sheet in run], naming)

    def _read_back(self, ledger: Ledger) -> None:
        missing = [name for name in ledger.written_ids().values() if name not in self._found]
        with suppress(BridgeError):  # written, but not to be read now: the engine reads it before it trusts it
            self._found.update(self._reader.read_back(self._layout, missing))
        ledger.read_back(self._found)


def _stopped(run: Sequence[_Sheet], error: BridgeError, ledger: Ledger) -> None:
    """A lost answer leaves the whole run unknown; everything else leaves it undone."""
    ledger.stop(error)
    if isinstance(error, InDoubt):
        for sheet in run:
            ledger.failed(sheet.place, error)
