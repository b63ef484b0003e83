"""Records as a system has them, and the pages, specifications and results in which they travel.

A *native value* is always plain: text, int, bool, None, or a list of these. Adapters turn the vendor's wire types into
it: non-integer numbers become decimal text without exponent or trailing zeros ("12.5", never a float), instants become
UTC text "2026-01-31T08:00:00Z" (with microseconds where the vendor has them), calendar dates "2026-01-31". An empty
value is None whatever the vendor writes (Odoo's false, ERPNext's ""). So two native values are equal exactly when
`==` says so, and they survive JSON unchanged.

*Rows*: a record may have rows of its own (the lines of an order). They travel in the same flat values, so that all that
is said of a value holds for every cell: at the table's path stands the list of the row keys, and at
`table[key].field` each cell. A key is what bridge stored with the row, or, for a row that was not made by bridge,
`system-id` with the row's native id; so it never changes while the row is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Final, Literal, TypeAlias

from bridge.ports.values import value

NativeValue = None | bool | int | str | list[str]


@value(frozen=True, slots=True)
class FieldSpec:
    """One native field that a mapping uses.

    path: the native field as the mapping file spells it; for a joined document the adapter's own dotted form
        ("Address.Billing.city").
    ref: None for a plain field; "record" where the value is the native id of another record of the same system; or
        "table.attribute" for a small table the adapter resolves itself: `country.iso2` means that the adapter presents
        and accepts "DE" whatever the system stores. Known tables: country.iso2, currency.code, user.email,
        language.code, state.code, unit.name, tax.name, tag.name (a list of names; unknown tags are made).
    type: what the mapping takes the field for (text, longtext, email, phone, url, integer, decimal, boolean, date,
        datetime, choice, multichoice); used where `setup` has to make a field, never to convert.
    """

    path: str
    ref: str | None = None
    type: str = "text"


@value(frozen=True, slots=True)
class TableSpec:
    """The rows of a record that a mapping uses.

    path: the native table as the mapping file spells it ("OrderItems", "order_line", "items").
    key: the native field of a row that stores its key, or "external id" where the adapter keeps it beside the row.
    fields: of a row; each path is that inside the row.
    """

    path: str
    key: str
    fields: tuple[FieldSpec, ...]


def row_path(table: str, key: str, field: str) -> str:
    """The path of one cell: row_path("items", "k1", "qty") is "items[k1].qty"."""
    return f"{table}[{key}].{field}"


def split_row_path(path: str) -> tuple[str, str, str] | None:
    """The table, key and field of a cell's path; None for a path of the record itself."""
    table, opened, rest = path.partition("[")
    key, closed, field = rest.partition("].")
    return (table, key, field) if opened and closed else None


@value(frozen=True, slots=True)
class Condition:
    """One term of a `where`: all terms must hold. A term with "=" is also set on every record that is created."""

    path: str
    op: Literal["=", "!=", "in", "not in", "is set", "is not set"]
    value: str | bool | int | tuple[str, ...] | None = None


@value(frozen=True, slots=True)
class ObjectSpec:
    """What of a native object a mapping needs: handed to every adapter call.

    object: the native object ("Account", "res.partner", "Customer").
    key: the native field that stores bridge's golden id, or "external id" where the adapter keeps it beside the
        record (Odoo's ir.model.data).
    fields: the native fields to read; writes may name these only.
    where: the records that belong to the entity.
    tables: the rows that belong to each record.
    new: what every record that is created gets, beside what `where` demands; all with "=".
    sums: paths of quantities that are moved, never set: an update of these names its movement (`UpdateItem.reference`).
    """

    entity: str
    object: str
    key: str
    fields: tuple[FieldSpec, ...]
    where: tuple[Condition, ...] = ()
    tables: tuple[TableSpec, ...] = ()
    new: tuple[Condition, ...] = ()
    sums: tuple[str, ...] = ()

    @property
    def given(self) -> tuple[Condition, ...]:
        """What every new record gets: the "=" terms of `where`, and `new`."""
        return (*(one for one in self.where if one.op == "="), *self.new)


@value(frozen=True, slots=True)
class NativeRecord:
    """A record as a system holds it at one moment.

    values: path -> native value, for exactly the paths of the specification that the system let us read; a missing
        path means "not observed", None means "empty".
    version: an opaque token that moves when the record changes (coarse where the vendor's stamps are).
    modified: when the system says the record last changed, aware UTC; None if it does not say.
    key: the golden id found in the key field, if any.
    archived: true where the system hides the record from its users without having deleted it.
    said: what the system answered of which all this is made, as bytes: where they are the same, so is the record, and
        it need not be looked into. Empty where an adapter does not tell; then the values themselves are compared.
    """

    native_id: str
    values: Mapping[str, NativeValue]
    version: str
    modified: datetime | None = None
    key: str | None = None
    archived: bool = False
    said: bytes = field(default=b"", compare=False)

    def __repr__(self) -> str:  # no personal data in a traceback or log; a native id may be a name
        return f"NativeRecord(key={self.key!r}, version={self.version!r}, {len(self.values)} values)"


@value(frozen=True, slots=True)
class Tombstone:
    """The system says that a record is gone. `merged_into` names the winner where it was merged into another."""

    native_id: str = field(repr=False)
    deleted_at: datetime | None = None
    merged_into: str | None = field(default=None, repr=False)


@value(frozen=True, slots=True)
class BadRow:
    """One row that could not be taken in: where it stands, which column is wrong, and why. Never what stands there.

    place: file and line ("customers.csv:17"). id: the native id, where it can be told.
    """

    place: str
    column: str
    reason: str
    id: str = field(default="", repr=False)

    @property
    def why(self) -> str:
        """The column, where one is to blame, and the reason."""
        return f"{self.column}: {self.reason}" if self.column else self.reason

    def __str__(self) -> str:
        return f"{self.place} {self.why}" if self.column else f"{self.place}: {self.reason}"


@value(frozen=True, slots=True)
class ChangePage:
    """One page of changes.

    cursor: where the next page starts; opaque text, safe to store and to replay (at least once).
    more: true if another page is waiting now.
    bad: rows that the source holds and cannot give, because something in them is wrong.
    """

    records: tuple[NativeRecord, ...]
    tombstones: tuple[Tombstone, ...]
    cursor: str = field(repr=False)
    more: bool
    bad: tuple[BadRow, ...] = ()


@value(frozen=True, slots=True)
class CreateItem:
    """One record to create. `key` is the golden id: stored in the key field, and what makes a repeat safe.

    A quantity that adds up (a stock level) is booked as a movement of the value given, with the key as its reference.
    why: what it is for ("restore": a deleted record is made again), for those who show it; adapters have no use for it.
    """

    key: str
    values: Mapping[str, NativeValue]
    why: str = field(default="", compare=False)

    def __repr__(self) -> str:
        return f"CreateItem({self.key!r}, {len(self.values)} values)"


@value(frozen=True, slots=True)
class UpdateItem:
    """Fields to change in one record. `expected` is the version last seen; honoured where the system can.

    deltas: path -> what to add, for quantities that add up. A system that books movements as documents books these
    under `reference`, once and for all, and does not look at `expected`; any other takes `values`, with the sum, and
    notes `reference` with them where it can.
    why: what it is for (archive, restore), for those who show it.
    """

    native_id: str
    values: Mapping[str, NativeValue]
    expected: str | None = None
    key: str | None = None
    deltas: Mapping[str, str] = field(default_factory=dict)
    reference: str = ""
    why: str = field(default="", compare=False)

    def __repr__(self) -> str:
        return f"UpdateItem({self.key!r}, {len(self.values)} values)"


@value(frozen=True, slots=True)
class DeleteItem:
    """One record to delete. `expected` as in UpdateItem."""

    native_id: str = field(repr=False)
    expected: str | None = None


ReadBack: TypeAlias = tuple[NativeRecord | None, frozenset[str]]
"""A record as it is right after bridge wrote it, None where it could not be read; and `WriteResult.edited`."""

NOT_READ: Final[ReadBack] = (None, frozenset())


@value(frozen=True, slots=True)
class WriteResult:
    """What became of one item of a batch. Every item of every batch gets exactly one, in the order given.

    ok: written; `stored` is what the system *holds now* as read back or as it answered, never what was sent; None only
        where the record could be written but not be read back (the engine then reads it before it trusts it).
    failed: surely not written; `error` says why.
    unknown: may or may not be written; looked up before it is repeated.
    edited: paths of `stored` that stand where somebody else wrote last: what they show and was not sent was put there
        between the write and its being read back. Empty where the system does not tell who wrote.
    """

    outcome: Literal["ok", "failed", "unknown"]
    native_id: str | None = field(default=None, repr=False)
    stored: NativeRecord | None = None
    error: BaseException | None = field(default=None, compare=False)
    created: bool | None = None
    edited: frozenset[str] = field(default=frozenset(), repr=False)
