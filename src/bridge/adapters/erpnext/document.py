"""How ERPNext's several documents look like one record: the layout that an object specification asks for.

| path | stands for |
| --- | --- |
| `tax_id` | a field of the document itself |
| `Address.Billing.city` | a field of the Address of that type behind a Dynamic Link to the document |
| `Address.city` | the same as `Address.Billing.city` |
| `links.Customer` | the first Customer that the document (a Contact, an Address) is linked to |
| `email_id`, `phone`, `mobile_no` of Contact | the primary rows of its child tables |
| `Item_Price.Standard_Selling` | the price of an Item in that list (see `prices`) |
| `barcodes.barcode` | a field of the first row of a table of the document |
| `_user_tags` | the document's tags |

An address is chosen by its type; of several, the preferred one (`is_primary_address` for Billing, `is_shipping_address`
for Shipping), then the oldest. Disabled addresses are passed over. Contact.* is not offered on a Customer: contacts are
an entity of their own, and `Customer.email_id` is a copy that goes stale (recording 367).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from bridge.adapters.erpnext.client import Row
from bridge.adapters.erpnext.items import ItemPart, ItemTable, item_table
from bridge.adapters.erpnext.meta import Meta, MetaField, Metas
from bridge.adapters.erpnext.prices import PRICE, RATE, list_of
from bridge.adapters.erpnext.site import Site
from bridge.adapters.erpnext.values import from_wire, instant
from bridge.ports.errors import KeyFieldMissing
from bridge.ports.records import FieldSpec, NativeRecord, NativeValue, ObjectSpec, row_path

Kind = Literal["own", "address", "link", "channel", "tags", "price", "first"]

TAGS = MetaField("_user_tags", "Tags", "Data")
CHANNELS = frozenset({"email_id", "phone", "mobile_no"})
PREFERRED = {"Billing": "is_primary_address", "Shipping": "is_shipping_address"}
ADDRESS = "Address"
WRITER = "modified_by"
ITEM_DOCTYPE = "Item"
_DEFAULT_ROLE = "Billing"


@dataclass(frozen=True, slots=True)
class Part:
    """One path and where its value lives.

    role: the type of the address, or the list of the price. target: the doctype a link row points to. table: the table
    in whose first row it is, target then the doctype of its rows.
    """

    path: str
    kind: Kind
    field: MetaField
    ref: str | None = None
    role: str = ""
    target: str = ""
    table: str = ""


@dataclass(frozen=True)
class Layout:
    """The parts of one specification. unknown: paths that the site does not have."""

    spec: ObjectSpec
    meta: Meta
    address: Meta | None
    price: Meta | None
    parts: tuple[Part, ...]
    unknown: tuple[str, ...] = ()
    has_key: bool = True
    by_path: Mapping[str, Part] = field(default_factory=dict)
    items: tuple[ItemTable, ...] = ()

    @cached_property
    def roles(self) -> tuple[str, ...]:
        """Which joined documents belong to a record: addresses by their types, or prices by their lists."""
        return tuple(dict.fromkeys(part.role for part in self.parts if part.kind in ("address", "price")))

    @property
    def joins(self) -> str:
        """The doctype of those joined documents: an Item has no addresses, and nothing else has prices."""
        return PRICE if self.price is not None else ADDRESS

    @cached_property
    def tables(self) -> Mapping[str, str]:
        """The tables of which the first row belongs to a record, each with the doctype of its rows."""
        return {part.table: part.target for part in self.parts if part.kind == "first"}

    @cached_property
    def targets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part.target for part in self.parts if part.kind == "link"))

    @cached_property
    def columns(self) -> list[str]:
        """The columns to ask of the document itself."""
        own = [part.field.name for part in self.parts if part.kind in ("own", "channel", "tags")]
        key = [self.spec.key] if self.has_key else []
        state = ["docstatus"] if self.meta.submittable else []
        state += ["amended_from"] if self.meta.submittable and "amended_from" in self.meta.fields else []
        return list(dict.fromkeys(["name", "modified", WRITER, "creation", *state, *key, *own]))

    @cached_property
    def address_columns(self) -> list[str]:
        """The columns to ask of the addresses, and the customer at the other end of the link (recordings 121, 122)."""
        own = [part.field.name for part in self.parts if part.kind == "address"]
        fixed = ["name", "modified", WRITER, "creation", "address_type", *PREFERRED.values(), "disabled"]
        return [*dict.fromkeys([*fixed, *own]), "`tabDynamic Link`.link_name"]


def layout_of(spec: ObjectSpec, metas: Metas, system: str = "") -> Layout:
    """The layout of a specification on this site. Raises NotFound if the site has no such doctype."""
    meta = metas.of(spec.object)
    address = metas.of(ADDRESS) if any(one.path.startswith(f"{ADDRESS}.") for one in spec.fields) else None
    priced = meta.doctype == ITEM_DOCTYPE and any(list_of(one.path) for one in spec.fields)
    price = metas.of(PRICE) if priced else None
    found = {one.path: _part(one, meta, metas, address, price) for one in spec.fields}
    parts = tuple(part for part in found.values() if part is not None)
    return Layout(
        spec=spec,
        meta=meta,
        address=address,
        price=price,
        parts=parts,
        unknown=tuple(path for path, part in found.items() if part is None),
        has_key=spec.key in meta.fields and meta.fields[spec.key].stored,
        by_path={part.path: part for part in parts},
        items=tuple(item_table(table, meta, metas, system) for table in spec.tables),
    )


def _part(one: FieldSpec, meta: Meta, metas: Metas, address: Meta | None, price: Meta | None) -> Part | None:
    head, _, rest = one.path.partition(".")
    if not rest:
        return _own_part(one, meta)
    if head == "links":
        table = meta.fields.get("links")
        if table is None or table.options != "Dynamic Link":
            return None
        link = MetaField("link_name", "Link Name", "Link", options=rest, length=140)
        return Part(one.path, "link", link, one.ref, target=rest)
    if price is not None and (listed := list_of(one.path)):
        return Part(one.path, "price", price.fields[RATE], one.ref, role=listed)
    table = meta.fields.get(head)
    if table is not None and table.fieldtype == "Table" and head != "links":
        inner = metas.of(table.options).fields.get(rest)
        if inner is None or not inner.stored:
            return None
        return Part(one.path, "first", inner, one.ref, target=table.options, table=head)
    if head == ADDRESS and address is not None and meta.doctype != ADDRESS:
        role, _, name = rest.rpartition(".")
        known = address.fields.get(name)
        if known is None or not known.stored or (role and role not in address_types(address)):
            return None
        return Part(one.path, "address", known, one.ref, role=role or _DEFAULT_ROLE)
    return None


def _own_part(one: FieldSpec, meta: Meta) -> Part | None:
    if one.path == TAGS.name:
        return Part(one.path, "tags", TAGS, one.ref)
    known = meta.fields.get(one.path)
    if known is None or not known.stored:
        return None
    channel = meta.doctype == "Contact" and one.path in CHANNELS
    return Part(one.path, "channel" if channel else "own", known, one.ref)


def address_types(address: Meta) -> tuple[str, ...]:
    """The types an Address may have on this site."""
    known = address.fields.get("address_type")
    return tuple(known.options.split("\n")) if known is not None else ()


def require_key(layout: Layout, system: str) -> None:
    """Raises KeyFieldMissing where the key field is missing: without it no create is safe to repeat."""
    if not layout.has_key:
        raise KeyFieldMissing(f"{layout.spec.object} has no field {layout.spec.key}", system=system)


def require_row_keys(layout: Layout, system: str) -> None:
    """Raises KeyFieldMissing where rows lack the field of their keys: no write would know them again."""
    for one in layout.items:
        if not one.has_key:
            raise KeyFieldMissing(f"{one.doctype} has no field {one.table.key}", system=system)


def choose(addresses: Sequence[Row], role: str) -> Row | None:
    """The one address of this type that stands for the record (see the module's text)."""
    flag = PREFERRED.get(role, "")
    fit = [row for row in addresses if row.get("address_type") == role and not row.get("disabled")]
    return min(fit, key=lambda row: (not row.get(flag), str(row["creation"]), str(row["name"])), default=None)


def version_of(row: Row, chosen: Mapping[str, Row | None]) -> str:
    """The document's `modified` as it stands, and a digest of the addresses' where the record has any part of them."""
    stamp = str(row["modified"])
    if not chosen:
        return stamp
    rest = "\n".join(f"{role}\t{one['name']}\t{one['modified']}" for role, one in sorted(chosen.items()) if one)
    return f"{stamp}|{hashlib.sha256(rest.encode()).hexdigest()[:16]}"


def own_stamp(version: str) -> str:
    """The `modified` of the document itself within a version, for the server's own lock."""
    return version.partition("|")[0]


@dataclass(frozen=True, slots=True)
class Joined:
    """What belongs to one document.

    addresses: by type, or for an Item its prices by list. links: the first link row's name by doctype. items: rows by
    key. first: the first row by table.
    """

    addresses: Mapping[str, Row | None] = field(default_factory=dict)
    links: Mapping[str, str | None] = field(default_factory=dict)
    items: Mapping[str, Mapping[str, Row]] = field(default_factory=dict)
    first: Mapping[str, Row] = field(default_factory=dict)


def record_of(layout: Layout, row: Row, joined: Joined, site: Site) -> NativeRecord:
    """One native record out of its rows. A column that the site withholds (permission level) is not observed."""
    values: dict[str, NativeValue] = {}
    for part in layout.parts:
        if part.kind in ("address", "price"):
            values[part.path] = _shown(part, (joined.addresses.get(part.role) or {}).get(part.field.name), site)
        elif part.kind == "link":
            values[part.path] = _shown(part, joined.links.get(part.target), site)
        elif part.kind == "first":
            values[part.path] = _shown(part, (joined.first.get(part.table) or {}).get(part.field.name), site)
        elif part.kind == "tags":
            values[part.path] = tag_names(row.get(TAGS.name))
        elif part.field.name in row:
            values[part.path] = _shown(part, row[part.field.name], site)
    for one in layout.items:
        rows = joined.items.get(one.table.path, {})
        values[one.table.path] = list(rows)
        for row_key, item in rows.items():
            for cell in one.parts:
                values[row_path(one.table.path, row_key, cell.path)] = _shown(cell, item.get(cell.field.name), site)
    stamps = [row["modified"], *(one["modified"] for one in joined.addresses.values() if one)]
    key = row.get(layout.spec.key) if layout.has_key else None
    return NativeRecord(
        native_id=str(row["name"]),
        values=values,
        version=version_of(row, joined.addresses),
        modified=max(instant(str(stamp), site.zone) for stamp in stamps),
        key=str(key) if key else None,
    )


def edited_paths(layout: Layout, row: Row, joined: Joined, user: str) -> frozenset[str]:
    """The paths of a record that stand where somebody else than this user wrote last. Rows go with their document:
    whoever saves it stamps them all."""
    document = _by_another(row, user)
    joins = {role for role, one in joined.addresses.items() if one and _by_another(one, user)}
    paths = {part.path for part in layout.parts if (part.role in joins if part.role else document)}
    for one in layout.items if document else ():
        paths.add(one.table.path)
        for key in joined.items.get(one.table.path, {}):
            paths |= {row_path(one.table.path, key, cell.path) for cell in one.parts}
    return frozenset(paths)


def _by_another(row: Row, user: str) -> bool:
    return bool(user and row.get(WRITER) and row[WRITER] != user)


def tag_names(raw: Any) -> list[str] | None:
    """The names in `_user_tags` (",Big,Export"), sorted; None if there are none."""
    names = sorted({name.strip() for name in str(raw or "").split(",") if name.strip()})
    return names or None


def _shown(part: Part | ItemPart, raw: Any, site: Site) -> NativeValue:
    value = from_wire(part.field.fieldtype, raw, site.zone)
    if value is None or part.ref is None or part.ref == "record":
        return value
    return site.present(part.ref, str(value))
