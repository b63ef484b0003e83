"""Tables in memory in place of the client: for what depends on rows, stamps and order of writes, not on HTTP."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from bridge.adapters.erpnext.meta import STANDARD, Meta, MetaField
from bridge.ports.errors import AlreadyExists, BridgeError, NotFound, PermissionDenied, Rejected, VersionConflict

T = TypeVar("T")

BERLIN = ZoneInfo("Europe/Berlin")


def fields(**types: str) -> dict[str, MetaField]:
    """Fields by name, each of a type, "Data" where it says so."""
    return {**STANDARD, **{name: MetaField(name, name.title(), kind, length=140) for name, kind in types.items()}}


CUSTOMER = Meta(
    "Customer", fields(customer_name="Data", custom_bridge_id="Data", tax_id="Data", disabled="Check", group="Data")
)
CONTACT = Meta(
    "Contact",
    {
        **fields(first_name="Data", custom_bridge_id="Data", email_id="Data", phone="Data", mobile_no="Data"),
        "links": MetaField("links", "Links", "Table", options="Dynamic Link"),
    },
)
ADDRESS = Meta(
    "Address",
    {
        **fields(pincode="Data"),
        "city": MetaField("city", "City/Town", "Data", length=140, required=True),
        "address_line1": MetaField("address_line1", "Address Line 1", "Data", length=240, required=True),
        "address_type": MetaField("address_type", "Address Type", "Select", options="Billing\nShipping\nOther"),
    },
)


class Metas:
    """The three doctypes."""

    def of(self, doctype: str) -> Meta:
        return {"Customer": CUSTOMER, "Address": ADDRESS, "Contact": CONTACT}[doctype]


class Place:
    """A site in Berlin whose tables show names as they are."""

    zone = BERLIN
    user = "bridge@acme.example"

    def present(self, table: str, name: str) -> str:
        return name

    def accept(self, table: str, word: str) -> str | None:
        return None if word == "nobody" else word


class Session:
    """What the feed asks of a session."""

    clock_skew = 0.0


@dataclass
class Tables:
    """Doctypes with their rows, and a clock that tells the site's time."""

    now: datetime = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)
    rows_of: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    denied: set[str] = field(default_factory=set)
    before: dict[str, list[Exception | None]] = field(default_factory=dict)
    after: dict[str, list[Exception | None]] = field(default_factory=dict)
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    system: str = "fin"
    session: Session = field(default_factory=Session)

    def stamp(self, ago: float = 0.0) -> str:
        local = (self.now - timedelta(seconds=ago)).astimezone(BERLIN).replace(tzinfo=None)
        return local.isoformat(sep=" ", timespec="microseconds")

    def add(self, doctype: str, name: str, stamp: str | None = None, **values: Any) -> dict[str, Any]:
        at = stamp or self.stamp()
        row = {"name": name, "creation": at, "modified": at, **values}
        self.rows_of.setdefault(doctype, []).append(row)
        return row

    def customer(self, name: str, stamp: str | None = None, **values: Any) -> dict[str, Any]:
        return self.add("Customer", name, stamp, customer_name=name, custom_bridge_id=None, **values)

    def address(self, name: str, *owners: str, stamp: str | None = None, **values: Any) -> dict[str, Any]:
        row = self.add("Address", name, stamp, **{"address_type": "Billing", "disabled": 0, "city": "Bonn", **values})
        for owner in owners:
            self.add(
                "Dynamic Link", f"{name}>{owner}", parent=name, parenttype="Address", link_doctype="Customer",
                link_name=owner, idx=1,
            )  # fmt: skip
        return row

    def drop(self, doctype: str, name: str, links: Sequence[str] = ()) -> None:
        self.rows_of[doctype] = [row for row in self.rows_of[doctype] if row["name"] != name]
        data = str({"links": [{"link_doctype": "Customer", "link_name": one} for one in links]}).replace("'", '"')
        self.add("Deleted Document", f"d-{name}-{self.stamp()}", deleted_doctype=doctype, deleted_name=name, data=data)

    # writing: faults are armed by call, before it or after it was done

    def insert_many(self, documents: Sequence[dict[str, Any]], naming: object = None) -> list[str]:
        return self._guarded("insert_many", lambda: [self._insert(one) for one in documents])

    def insert(self, doctype: str, document: dict[str, Any], naming: object = None) -> dict[str, Any]:
        return self._guarded("insert", lambda: self.find(doctype, self._insert({**document, "doctype": doctype})))

    def put(self, doctype: str, name: str, changes: dict[str, Any], naming: object = None) -> dict[str, Any]:
        return self._guarded("put", lambda: self._put(doctype, name, changes))

    def delete(self, doctype: str, name: str, naming: object = None) -> None:
        self._guarded("delete", lambda: self.drop(doctype, self.find(doctype, name)["name"]))

    def method(self, name: str, body: dict[str, Any], *, writing: bool = False, naming: object = None) -> None:
        self.sent.append((name, body))

    def find(self, doctype: str, name: str) -> dict[str, Any]:
        for row in self.rows_of.get(doctype, []):
            if row["name"] == name:
                return row
        raise NotFound("missing", system="fin")

    def lines(self, doctype: str, parent: str) -> list[dict[str, Any]]:
        return [row for row in self.rows_of.get(doctype, []) if row.get("parent") == parent]

    def _guarded(self, call: str, work: Callable[[], T]) -> T:
        self.asked.append(call)
        before = self.before.get(call, [])
        if before and (fault := before.pop(0)) is not None:
            raise fault
        kept = copy.deepcopy(self.rows_of)
        try:
            done = work()
        except BridgeError:
            self.rows_of = kept
            raise
        after = self.after.get(call, [])
        if after and (fault := after.pop(0)) is not None:
            raise fault
        return done

    def _insert(self, document: dict[str, Any]) -> str:
        doctype = document["doctype"]
        key = document.get("custom_bridge_id")
        if key and any(row.get("custom_bridge_id") == key for row in self.rows_of.get(doctype, [])):
            raise AlreadyExists("unique", system="fin")
        if "bad" in str(document.get("tax_id") or document.get("city") or ""):
            raise Rejected("bad", system="fin")
        base = str(document.get("customer_name") or document.get("first_name") or document.get("address_title"))
        name, more = base, 0
        while any(row["name"] == name for row in self.rows_of.get(doctype, [])):
            name, more = f"{base} - {more + 1}", more + 1
        plain = {column: value for column, value in document.items() if not isinstance(value, list)}
        del plain["doctype"]
        self.add(doctype, name, **{"disabled": 0, **plain})
        self._put_lines(doctype, name, document)
        return name

    def _put(self, doctype: str, name: str, changes: dict[str, Any]) -> dict[str, Any]:
        row = self.find(doctype, name)
        if changes.get("modified", row["modified"]) != row["modified"]:
            raise VersionConflict("stale", system="fin")
        if "bad" in str(changes.get("tax_id") or changes.get("city") or ""):
            raise Rejected("bad", system="fin")
        self.now += timedelta(milliseconds=1)
        plain = {column: value for column, value in changes.items() if not isinstance(value, list)}
        row.update({**plain, "modified": self.stamp()})
        self._put_lines(doctype, name, changes)
        return row

    def _put_lines(self, doctype: str, name: str, document: dict[str, Any]) -> None:
        for table, child in (("links", "Dynamic Link"), ("email_ids", "Contact Email"), ("phone_nos", "Contact Phone")):
            if table not in document:
                continue
            others = [row for row in self.rows_of.get(child, []) if row["parent"] != name]
            self.rows_of[child] = others
            for at, line in enumerate(document[table], start=1):
                fixed = {"parent": name, "parenttype": doctype, "parentfield": table, "idx": at}
                self.add(child, **{"name": f"{name}:{table}:{at}", **line, **fixed})

    def rows(
        self,
        doctype: str,
        columns: Sequence[str],
        filters: Sequence[Sequence[Any]] = (),
        *,
        either: Sequence[Sequence[Any]] = (),
        order: str = "name asc",
        limit: int = 0,
        parent: str | None = None,
    ) -> list[dict[str, Any]]:
        self.asked.append(doctype)
        if doctype in self.denied:
            raise PermissionDenied("denied", system="fin")
        rows = [dict(row) for row in self.rows_of.get(doctype, [])]
        if any("tabDynamic Link" in column for column in columns):
            links = self.rows_of.get("Dynamic Link", [])
            rows = [{**link, **row} for row in rows for link in links if link["parent"] == row["name"]]
        rows = [row for row in rows if all(_holds(row, one) for one in filters)]
        rows = [row for row in rows if not either or any(_holds(row, one) for one in either)]
        for term in reversed([term.split() for term in order.split(", ") if term]):
            rows.sort(key=lambda row: str(row[term[0]]), reverse=term[1] == "desc")
        return rows[:limit] if limit else rows


def _holds(row: dict[str, Any], condition: Sequence[Any]) -> bool:
    name, op, value = condition[-3:]
    held = row.get(name)
    if op == "in":
        return held in value
    if op == "is":
        return bool(held) == (value == "set")
    return {"=": held == value, "!=": held != value, ">": str(held) > str(value), ">=": str(held) >= str(value)}[op]
