"""The specifications of the shipped mappings, and records that use every path of them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from bridge.mapping import load_mappings
from bridge.ports.records import CreateItem, FieldSpec, NativeValue, ObjectSpec

_MAPPINGS = Path(__file__).resolve().parents[3] / "mappings"
NASTY = 'O\'Neil & "Söhne" \\ a/b, 工 🚀'


@cache
def specs() -> dict[str, ObjectSpec]:
    """Entity -> specification for Odoo; the customer with its owner, whose line a site takes the # from."""
    maps = load_mappings(_MAPPINGS, {"crm": "salesforce", "erp": "odoo", "fin": "erpnext"})
    found = {entity: one.spec("erp") for entity, one in maps.items()}
    customer = found["customer"]
    return {**found, "customer": replace(customer, fields=(*customer.fields, FieldSpec("user_id", "user.email")))}


def writable(entity: str) -> tuple[str, ...]:
    """The paths that the mapping writes to: the credit limit comes from Odoo alone."""
    return tuple(one.path for one in specs()[entity].fields if one.path != "credit_limit")


def customer(n: int, **changes: NativeValue) -> dict[str, NativeValue]:
    """All writable values of customer n."""
    values: dict[str, NativeValue] = {
        "name": f"{NASTY} {n}",
        "ref": f"{123456789012345678 + n}",
        "vat": f"BE{n:010}",
        "email": f"jane+{n}@example.com",
        "phone": f"+49 30 {n:06}",
        "website": f"https://www{n}.example.com",
        "parent_id": None,
        "category_id": ["Gold, old", f"Tag {n % 3}"],
        "user_id": "limited@example.com",
        "comment": f"<p>Note {n}</p>",
        "street": f"Straße {n}",
        "street2": None,
        "city": "San José",
        "zip": "00123",
        "state_id": "CA",
        "country_id": "US",
        "delivery.street": f"Quai «{n}»",
        "delivery.street2": "Dock/3",
        "delivery.city": "Lüttich",
        "delivery.zip": "4000",
        "delivery.state_id": None,
        "delivery.country_id": "BE",
    }
    return {**values, **{path.replace("__", "."): value for path, value in changes.items()}}


def item(n: int, **changes: NativeValue) -> CreateItem:
    """Customer n, to be created."""
    return CreateItem(f"{n:032x}", customer(n, **changes))
