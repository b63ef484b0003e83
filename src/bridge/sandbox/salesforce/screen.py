"""What people do in the org's own screens, and what seeds put in: the control plane's side of the org."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from bridge.sandbox.salesforce.custom import define
from bridge.sandbox.salesforce.errors import SalesforceError
from bridge.sandbox.salesforce.fields import SObject
from bridge.sandbox.salesforce.furniture import set_statuses, standard_book
from bridge.sandbox.salesforce.ids import long_id
from bridge.sandbox.salesforce.options import statuses_of
from bridge.sandbox.salesforce.pipeline import CONVERTED
from bridge.sandbox.salesforce.store import Store, Values
from bridge.sandbox.salesforce.values import stamp
from bridge.sandbox.salesforce.writing import Writer


class Screen:
    """One person at the screen: the clerk."""

    def __init__(self, store: Store, writer: Writer, clerk: str) -> None:
        self._store, self._writer, self._clerk = store, writer, clerk

    def seed(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Fill the org: "order_statuses", "objects" (custom objects and fields), "records"."""
        if "order_statuses" in data:
            set_statuses(self._store, statuses_of(data["order_statuses"]), self._clerk)
        for given in data.get("objects", ()):
            define(self._store, given)
        ids: list[str] = []
        for record in data.get("records", ()):
            at = datetime.fromisoformat(record["modified"]) if record.get("modified") else None
            id_ = long_id(record["id"]) if record.get("id") else ""
            if id_ is None:
                raise ValueError(f"{record['id']} is no id")
            values = record["values"]
            enter = partial(self._enter, record["object"], values, id_=id_, at=at)
            ids.append(self._allowed(enter))
        return {"ids": ids}

    def insert(self, object_name: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Make a record, with those below it. {"late": seconds} commits late."""
        given = dict(values)
        return self._late(given, lambda: {"id": self._enter(object_name, given)})

    def edit(self, object_name: str, id_: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Change a record. {"IsDeleted": false} takes it out of the recycle bin; {"late": seconds} commits late;
        {"merge": other id} merges the other record into this one; {"convert": true} converts a lead."""
        definition, changes = self._there(object_name), dict(values)
        return self._late(changes, lambda: self._edit(definition, id_, changes))

    def delete(self, object_name: str, id_: str) -> dict[str, Any]:
        """Delete a record."""
        self._allowed(lambda: self._writer.delete(self._there(object_name), id_, by=self._clerk))
        return {"id": long_id(id_)}

    def _edit(self, definition: SObject, id_: str, changes: Values) -> dict[str, Any]:
        loser = changes.pop("merge", None)
        if changes.pop("convert", False):
            return self._convert(id_)
        if changes.get("IsDeleted") is False:
            self._writer.restore(definition, id_, by=self._clerk)
            return {"id": long_id(id_)}
        if loser:
            self._writer.delete(definition, str(loser), by=self._clerk, master=long_id(id_))
        self._writer.update(definition, id_, changes, by=self._clerk)
        return {"id": long_id(id_)}

    def _enter(self, object_name: str, values: Mapping[str, Any], *, id_: str = "", at: datetime | None = None) -> str:
        """Make a record and, where the name of a child relationship holds a list, those below it."""
        definition = self._there(object_name)
        lists = {name: values[name] for name in values if isinstance(values[name], list)}
        own = {name: value for name, value in values.items() if name not in lists}
        if definition.name == "Pricebook2" and own.pop("IsStandard", False):
            book = standard_book(self._store)
            self._writer.update(definition, book, own, by=self._clerk)
            return book
        status = self._held_back(definition, own) if lists else None
        made = self._writer.insert(definition, own, by=self._clerk, id_=id_, at=at)
        stamped = [(definition.name, made)]
        for name, rows in lists.items():
            below = self._store.child(definition, name)
            if below is None:
                raise ValueError(f"{definition.name} has no rows called {name}")
            child, field = below
            for row in rows:
                body = self._completed(child, {**row, field.name: made})
                stamped.append((child.name, self._writer.insert(child, body, by=self._clerk)))
        if status is not None:
            self._writer.update(definition, made, {"Status": status}, by=self._clerk)
        if at is not None and lists:
            for name, one in stamped:
                moment = stamp(at)
                self._store.amend(name, one, {"LastModifiedDate": moment, "SystemModstamp": moment})
        return made

    def _held_back(self, definition: SObject, own: Values) -> str | None:
        """An order gets its lines as a draft in the standard book, and its status after them."""
        if definition.name != "Order":
            return None
        own.setdefault("Pricebook2Id", standard_book(self._store))
        drafts = [row["ApiName"] for row in self._store.seen("OrderStatus") if row["StatusCode"] == "Draft"]
        wanted = own.get("Status")
        own["Status"] = wanted if wanted in drafts else drafts[0]
        return None if wanted in (None, *drafts) else str(wanted)

    def _completed(self, child: SObject, row: Values) -> Values:
        """A price stands in the standard book and is in use; a line is known by its product."""
        if child.name == "PricebookEntry":
            return {"Pricebook2Id": standard_book(self._store), "IsActive": True, **row}
        if child.name == "OrderItem" and "Product2Id" in row:
            product, order = row.pop("Product2Id"), self._store.newest("Order", row["OrderId"])
            book = order.values["Pricebook2Id"] if order else None
            currency = order.values.get("CurrencyIsoCode") if order else None
            for entry in self._store.newest_below("PricebookEntry", "Product2Id", long_id(product)):
                if entry["Pricebook2Id"] == book and entry.get("CurrencyIsoCode") == currency:
                    return {"UnitPrice": entry["UnitPrice"], **row, "PricebookEntryId": entry["Id"]}
            raise ValueError(f"product {product} has no price in the book of the order")
        return row

    def _convert(self, id_: str) -> dict[str, Any]:
        """A lead becomes an account with a contact."""
        row = self._store.newest("Lead", id_)
        if row is None or row.values.get("IsDeleted") or row.values.get("IsConverted"):
            raise ValueError(f"there is no lead {id_} to convert")
        lead, leads = row.values, self._store.objects["lead"]
        account = self._enter("Account", {"Name": lead["Company"]})
        person = {name: lead[name] for name in ("FirstName", "LastName", "Email", "Phone", "Title")}
        contact = self._enter("Contact", {**person, "AccountId": account})
        told = {"ConvertedAccountId": account, "ConvertedContactId": contact}
        done = {"Status": CONVERTED, "IsConverted": True, "ConvertedDate": self._store.moment()[:10]}
        self._store.put(leads, {**lead, **told, **done}, by=self._clerk)
        return {"id": lead["Id"], **told}

    def _there(self, name: str) -> SObject:
        definition = self._store.definition(name)
        if definition is None:
            raise KeyError(name)
        return definition

    def _late(self, values: Values, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        self._store.late = float(values.pop("late", 0))
        try:
            return dict(self._allowed(act))
        finally:
            self._store.late = 0.0

    def _allowed(self, act: Callable[[], Any]) -> Any:
        """All or nothing; in the control plane a refusal is a plain sentence."""
        with self._store.transaction() as take_back:
            try:
                return act()
            except (SalesforceError, ValueError) as error:
                take_back()
                if isinstance(error, SalesforceError):
                    raise ValueError(f"{error.code}: {error.message}") from None
                raise
