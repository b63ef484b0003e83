"""People at work in each system, in the same words whatever the system: what they do, and what they see there.

A desk makes and edits records by the control plane or by the vendor's own API, never by bridge's code, and reads them
from the sandbox's dump: what is checked is what the systems hold, not what bridge believes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

import requests

from reliability.crash.servers import Control

READING = re.compile(
    r"(token|login|authenticate|version_info|describe|query|queryAll|deleted|retrieve|read|get\w*|search\w*|fields_get"
    r"|web_search_read|frappe\.desk\.form\.load\.getdoctype|frappe\.auth\.get_logged_user)( .*)?"
)
"""Operations in a call log that only read; every other one counts as a write. "deleted Account" asks Salesforce for its
log of deletes, which is done now and then: in a slow run it falls into the look for echoes."""


@dataclass(frozen=True, slots=True)
class Row:
    """A record as a person sees it: its id, and its fields in the words of this package, always as text."""

    id: str
    values: Mapping[str, str]


class Desk(Protocol):
    """What people can do in a system.

    customer: name, tax_id, website, notes. contact: email, job_title, customer (the name of it). order: reference,
    status (draft, confirmed), notes, lines ("SKU-1 3, SKU-2 1"). level: sku, on_hand.
    """

    control: Control

    def make(self, kind: str, **values: str) -> str:
        """Make a record; answers its id."""

    def edit(self, kind: str, id_: str, field: str, value: str) -> None:
        """Change one field of a record."""

    def delete(self, kind: str, id_: str) -> None:
        """Throw a record away."""

    def move(self, sku: str, by: int) -> None:
        """Goods come in, or go out (below zero)."""

    def rows(self, kind: str) -> list[Row]:
        """All records of a kind."""


class _Sheet:
    """What all desks share: plain objects with plain fields."""

    objects: Mapping[str, tuple[str, Mapping[str, str]]] = {}
    """kind -> native object, and field -> native field."""

    def __init__(self, control: Control) -> None:
        self.control = control

    def dump(self) -> dict[str, dict[str, dict[str, Any]]]:
        found: dict[str, dict[str, dict[str, Any]]] = self.control.ask("GET", "dump")
        return found

    def native(self, kind: str, values: Mapping[str, str]) -> dict[str, Any]:
        _, fields = self.objects[kind]
        return {fields[field]: value for field, value in values.items() if field in fields}

    def edit(self, kind: str, id_: str, field: str, value: str) -> None:
        self.control.edit(self.objects[kind][0], id_, **self.native(kind, {field: value}))

    def delete(self, kind: str, id_: str) -> None:
        self.control.ask("POST", "delete", object=self.objects[kind][0], id=id_)

    def plain(self, kind: str, row: Mapping[str, Any]) -> dict[str, str]:
        return {field: plain(row.get(native)) for field, native in self.objects[kind][1].items()}


def plain(value: Any) -> str:
    """A value without mark-up and blanks around it; nothing is the empty text."""
    return "" if value is None or value is False else re.sub(r"<[^>]*>", "", str(value)).strip()


def number(value: Any) -> str:
    """A quantity without trailing zeros."""
    return format(Decimal(str(value or 0)).normalize() + 0, "f")


class SalesforceDesk(_Sheet):
    """The front office."""

    objects = {
        "customer": ("Account", {"name": "Name", "tax_id": "VAT__c", "website": "Website", "notes": "Description"}),
        "contact": ("Contact", {"email": "Email", "job_title": "Title"}),
        "order": ("Order", {"reference": "PoNumber", "notes": "Description", "status": "Status"}),
    }

    def make(self, kind: str, **values: str) -> str:
        given = self.native(kind, values)
        if kind == "contact":
            given |= {"FirstName": "Eva", "LastName": values["family"], "AccountId": values["customer_id"]}
        if kind == "order":
            return self._order(given, values)
        return self.control.make(self.objects[kind][0], **given)

    def edit(self, kind: str, id_: str, field: str, value: str) -> None:
        if (kind, field) == ("order", "status"):
            value = {"confirmed": "Activated"}[value]
        super().edit(kind, id_, field, value)

    def _order(self, given: dict[str, Any], values: Mapping[str, str]) -> str:
        dump = self.dump()
        codes = {id_: row["ProductCode"] for id_, row in dump["Product2"].items()}
        prices = {codes[row["Product2Id"]]: id_ for id_, row in dump["PricebookEntry"].items()}
        dates = {"EffectiveDate": "2026-01-01", "EndDate": "2026-01-20", "Status": "Draft"}
        book = next(iter(dump["Pricebook2"]))
        made = self.control.make("Order", AccountId=values["customer_id"], Pricebook2Id=book, **dates, **given)
        for sku, quantity in lines_of(values["lines"]).items():
            self.control.make("OrderItem", OrderId=made, PricebookEntryId=prices[sku], Quantity=quantity, UnitPrice="9")
        return made

    def move(self, sku: str, by: int) -> None:
        (level,) = [row for row in self.rows("level") if row.values["sku"] == sku]
        left = number(Decimal(level.values["on_hand"]) + by)
        self.control.edit("Stock_Level__c", level.id, On_Hand__c=left)

    def rows(self, kind: str) -> list[Row]:
        dump = self.dump()
        if kind == "level":
            codes = {id_: row["ProductCode"] for id_, row in dump["Product2"].items()}
            return [
                Row(id_, {"sku": codes[row["Product__c"]], "on_hand": number(row["On_Hand__c"])})
                for id_, row in dump["Stock_Level__c"].items()
            ]
        found = [Row(id_, self.plain(kind, row)) for id_, row in dump[self.objects[kind][0]].items()]
        if kind == "contact":
            names = {id_: row["Name"] for id_, row in dump["Account"].items()}
            above = {id_: names.get(row["AccountId"], "") for id_, row in dump["Contact"].items()}
            return [Row(row.id, {**row.values, "customer": above[row.id]}) for row in found]
        if kind == "order":
            codes = {id_: row["ProductCode"] for id_, row in dump["Product2"].items()}
            lines: dict[str, list[str]] = {row.id: [] for row in found}
            for item in dump["OrderItem"].values():
                lines[item["OrderId"]].append(f"{codes[item['Product2Id']]} {number(item['Quantity'])}")
            words = {"Draft": "draft", "Activated": "confirmed"}
            return [
                Row(row.id, {**row.values, "lines": ", ".join(sorted(lines[row.id])),
                             "status": words.get(row.values["status"], row.values["status"])})
                for row in found
            ]  # fmt: skip
        return found


class OdooDesk(_Sheet):
    """The back office with the warehouse."""

    objects = {
        "customer": ("res.partner", {"name": "name", "tax_id": "vat", "website": "website", "notes": "comment"}),
        "contact": ("res.partner", {"email": "email", "job_title": "function"}),
        "order": ("sale.order", {"reference": "client_order_ref", "notes": "note", "status": "state"}),
    }

    def call(self, model: str, method: str, given: list[Any] | None = None, **named: Any) -> Any:
        """One call of a user by Odoo's own API. given: ids, or the values of what is created."""
        args = ["acme", 2, "admin", model, method, [given] if given is not None else [], named]
        body = {"jsonrpc": "2.0", "params": {"service": "object", "method": "execute_kw", "args": args}}
        answer = self.control.session.post(f"{self.control.url}/jsonrpc", json=body, timeout=60).json()
        assert "error" not in answer, f"{method} {model}: {answer['error']['data']['message']}"
        return answer.get("result")

    def make(self, kind: str, **values: str) -> str:
        assert kind == "customer", "no story makes this in Odoo"
        return self.control.make("res.partner", is_company=True, **self.native(kind, values))

    def edit(self, kind: str, id_: str, field: str, value: str) -> None:
        if kind == "order":
            self.call("sale.order", "write", [int(id_)], vals=self.native(kind, {field: value}))
        else:
            super().edit(kind, id_, field, value)

    def move(self, sku: str, by: int) -> None:
        place = self._place()
        (other,) = self.call("stock.location", "search", domain=[["usage", "=", "inventory"]], limit=1)
        (product,) = self.call("product.product", "search", domain=[["default_code", "=", sku]])
        (kind,) = self.call("stock.picking.type", "search", domain=[["code", "=", "internal"]])
        source, target = (other, place) if by > 0 else (place, other)
        ends = {"location_id": source, "location_dest_id": target}
        move = {"name": "moved", "product_id": product, "product_uom_qty": float(abs(by)), **ends}
        made = self.call("stock.picking", "create", [{"picking_type_id": kind, **ends, "move_ids": [[0, 0, move]]}])
        for method in ("action_confirm", "action_assign", "button_validate"):
            self.call("stock.picking", method, made)

    def _place(self) -> int:
        (place,) = self.call("stock.location", "search", domain=[["complete_name", "=", "WH/Stock"]])
        return int(place)

    def rows(self, kind: str) -> list[Row]:
        dump = self.dump()
        skus = {id_: row["default_code"] for id_, row in dump["product.product"].items()}
        if kind == "level":
            place = self._place()
            return [
                Row(id_, {"sku": skus[str(row["product_id"])], "on_hand": number(row["quantity"])})
                for id_, row in dump["stock.quant"].items()
                if row["location_id"] == place
            ]
        rows = dump[self.objects[kind][0]]
        if kind != "order":
            rows = {id_: row for id_, row in rows.items() if row["is_company"] is (kind == "customer")}
        found = [Row(id_, self.plain(kind, row)) for id_, row in rows.items()]
        if kind == "contact":
            names = {id_: row["name"] for id_, row in dump["res.partner"].items()}
            return [Row(r.id, {**r.values, "customer": names.get(str(rows[r.id]["parent_id"]), "")}) for r in found]
        if kind == "order":
            lines: dict[str, list[str]] = {row.id: [] for row in found}
            for item in dump["sale.order.line"].values():
                line = f"{skus[str(item['product_id'])]} {number(item['product_uom_qty'])}"
                lines[str(item["order_id"])].append(line)
            words = {"draft": "draft", "sale": "confirmed"}
            return [
                Row(row.id, {**row.values, "lines": ", ".join(sorted(lines[row.id])),
                             "status": words.get(row.values["status"], row.values["status"])})
                for row in found
            ]  # fmt: skip
        return found


class ErpNextDesk(_Sheet):
    """Finance, with a shop of its own."""

    objects = {
        "customer": (
            "Customer",
            {"name": "customer_name", "tax_id": "tax_id", "website": "website", "notes": "customer_details"},
        ),
        "contact": ("Contact", {"email": "email_id", "job_title": "designation"}),
        "order": ("Sales Order", {"reference": "po_no", "notes": "terms", "status": "docstatus"}),
    }

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """One request of a user by ERPNext's own API."""
        answer = requests.request(
            method,
            f"{self.control.url}/api/resource/{path}",
            json=body or None,
            headers={"Authorization": "token key:secret"},
            timeout=60,
        )
        assert answer.ok, f"{method} {path}: {answer.text[:500]}"
        return answer.json()["data"]

    def make(self, kind: str, **values: str) -> str:
        given = self.native(kind, values)
        if kind == "customer":
            return self.control.make("Customer", customer_type="Company", **given)
        if kind == "contact":
            return self.control.make(
                "Contact",
                first_name="Eva",
                last_name=values["family"],
                designation=values["job_title"],
                email_ids=[{"email_id": values["email"], "is_primary": 1}],
                links=[{"link_doctype": "Customer", "link_name": values["customer_id"]}],
            )
        items = [
            {"item_code": sku, "qty": float(quantity), "rate": 9, "delivery_date": "2026-01-20"}
            for sku, quantity in lines_of(values["lines"]).items()
        ]
        dates = {"transaction_date": "2026-01-01", "delivery_date": "2026-01-20"}
        about = {"customer": values["customer_id"], "company": "Acme", "currency": "EUR", **dates}
        return str(self.ask("POST", "Sales Order", items=items, **about, **given)["name"])

    def edit(self, kind: str, id_: str, field: str, value: str) -> None:
        if kind == "order":
            status = {"status": {"confirmed": 1}.get(value)} if field == "status" else {field: value}
            self.ask("PUT", f"Sales Order/{id_}", **self.native(kind, status))
        else:
            super().edit(kind, id_, field, value)

    def move(self, sku: str, by: int) -> None:
        end = "t_warehouse" if by > 0 else "s_warehouse"
        item = {"item_code": sku, "qty": float(abs(by)), end: "Stores - AC", "allow_zero_valuation_rate": 1}
        kind = "Material Receipt" if by > 0 else "Material Issue"
        self.ask("POST", "Stock Entry", stock_entry_type=kind, docstatus=1, company="Acme", items=[item])

    def rows(self, kind: str) -> list[Row]:
        dump = self.dump()
        if kind == "level":
            return [
                Row(id_, {"sku": row["item_code"], "on_hand": number(row["actual_qty"])})
                for id_, row in dump["Bin"].items()
                if row["warehouse"] == "Stores - AC"
            ]
        rows = dump[self.objects[kind][0]]
        found = [Row(id_, self.plain(kind, row)) for id_, row in rows.items()]
        if kind == "contact":
            names = {id_: row["customer_name"] for id_, row in dump["Customer"].items()}
            above = {
                id_: [names.get(link["link_name"], "") for link in row["links"] if link["link_doctype"] == "Customer"]
                for id_, row in rows.items()
            }
            return [Row(row.id, {**row.values, "customer": ", ".join(above[row.id])}) for row in found]
        if kind == "order":
            words = {"0": "draft", "1": "confirmed"}
            return [
                Row(row.id, {**row.values, "status": words.get(row.values["status"], row.values["status"]),
                             "lines": ", ".join(sorted(f"{item['item_code']} {number(item['qty'])}"
                                                       for item in rows[row.id]["items"]))})
                for row in found
            ]  # fmt: skip
        return found


def lines_of(text: str) -> dict[str, str]:
    """The lines of an order: "SKU-1 3, SKU-2 1" -> SKU -> quantity."""
    return dict(line.split(" ") for line in text.split(", "))  # type: ignore[misc]


DESKS: Mapping[str, type[SalesforceDesk | OdooDesk | ErpNextDesk]] = {
    "crm": SalesforceDesk,
    "erp": OdooDesk,
    "fin": ErpNextDesk,
}
