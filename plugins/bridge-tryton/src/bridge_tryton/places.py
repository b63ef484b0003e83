"""Where a path of the mapping lies in Tryton. Pure.

Of a party:   `delivery.X` is a field of its first address that is for deliveries only, `address.X` one of the first
              other address; `email`, `phone`, `mobile`, `fax` and `website` are the first contact mechanism of that
              type; `identifier.eu_vat` is the identifier of that type.
Of a product: `template.X` is a field of its template, where name, price and unit are kept; `code` is the variant's;
              `identifier.ean` as above.
All else:     a field of the record itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bridge.ports.errors import ConfigError
from bridge.ports.records import FieldSpec

PARTY: Final = "party.party"
PRODUCT: Final = "product.product"
TEMPLATE: Final = "product.template"
SALE: Final = "sale.sale"
ADDRESSES: Final = "addresses"
CONTACTS: Final = "contact_mechanisms"
IDENTIFIERS: Final = "identifiers"

_ROLES: Final = ("address", "delivery")
_KINDS: Final = ("email", "phone", "mobile", "fax", "website")

PARENT: Final[Mapping[str, Mapping[str, str]]] = {PRODUCT: {"template": TEMPLATE}}
"""Object -> reference that is read and written with it -> its model."""

ACTED: Final[Mapping[str, str]] = {SALE: "state"}
"""Object -> the field that is moved by buttons, and not written."""


@dataclass(frozen=True, slots=True)
class Place:
    """table: the rows, or the reference, that the field is on ("" for the record itself). role: which of the rows.
    name: the field there."""

    spec: FieldSpec
    table: str
    role: str
    name: str

    @property
    def joined(self) -> bool:
        """Whether it is on one of several rows."""
        return bool(self.role)


def place_of(model: str, spec: FieldSpec) -> Place:
    """Where a field lies. Raises ConfigError for a dotted path that leads nowhere."""
    head, dot, name = spec.path.partition(".")
    if model in (PARTY, PRODUCT) and head == "identifier" and dot:
        return Place(spec, IDENTIFIERS, name, "code")
    if model == PARTY:
        if head in _ROLES and dot:
            return Place(spec, ADDRESSES, head, name)
        if spec.path in _KINDS:
            return Place(spec, CONTACTS, head, "value")
    if not dot:
        return Place(spec, "", "", spec.path)
    if head in PARENT.get(model, {}) and "." not in name:
        return Place(spec, head, "", name)
    raise ConfigError(f"{spec.path}: {model} has no such joined field (see the README of bridge-tryton).")


def sub_record(place: Place, children: object) -> Mapping[str, Any] | None:
    """The row of a role among those of a record: the first that is in use."""
    if not isinstance(children, list):
        return None
    used = [one for one in children if one.get("active", 1)]
    if place.table != ADDRESSES:
        return min((one for one in used if one.get("type") == place.role), key=_order, default=None)
    delivery = place.role == "delivery"
    fitting = [one for one in used if bool(one.get("delivery") and not one.get("invoice")) == delivery]
    return min(fitting, key=_order, default=None)


def _order(row: Mapping[str, Any]) -> tuple[bool, int, int]:
    sequence = row.get("sequence")
    return (sequence is not None, int(sequence or 0), int(row["id"]))
