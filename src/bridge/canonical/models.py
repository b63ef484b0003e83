"""The canonical entities as frozen pydantic models, and the descriptions that mappings are checked against.

Every field is optional: a record seen in one system shows only part of it. Absent (not observed) and None (empty) are
told apart by `model_fields_set`. The models validate and normalise at the edges (imports, tests, the console); the hot
path works on plain canonical values with the same parsers and builds no model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import core_schema

from bridge.canonical.types import FIELD_TYPES, Hints


@dataclass(frozen=True, slots=True)
class Kind:
    """Marks a model field with its type and makes pydantic parse it; `target` is the entity a reference points to."""

    name: str
    target: str | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        parse = FIELD_TYPES[self.name].parser(Hints())
        return core_schema.no_info_before_validator_function(parse, handler(source))


Text = Annotated[str | None, Kind("text")]
LongText = Annotated[str | None, Kind("longtext")]
TaxId = Annotated[str | None, Kind("tax id")]
Email = Annotated[str | None, Kind("email")]
Phone = Annotated[str | None, Kind("phone")]
Url = Annotated[str | None, Kind("url")]
Money = Annotated[str | None, Kind("money")]
Country = Annotated[str | None, Kind("country")]
Region = Annotated[str | None, Kind("region")]
Currency = Annotated[str | None, Kind("currency")]
Language = Annotated[str | None, Kind("language")]
Tags = Annotated[list[str] | None, Kind("list")]
CustomerId = Annotated[str | None, Kind("reference", "customer")]
CustomerKind = Annotated[Literal["company", "person"] | None, Kind("choice")]
CustomerStatus = Annotated[Literal["active", "blocked"] | None, Kind("choice")]
ContactId = Annotated[str | None, Kind("reference", "contact")]
ProductId = Annotated[str | None, Kind("reference", "product")]
LocationId = Annotated[str | None, Kind("reference", "location")]
ProductKind = Annotated[Literal["stocked", "service"] | None, Kind("choice")]
LocationKind = Annotated[Literal["internal", "customer", "supplier", "transit"] | None, Kind("choice")]
OrderStatus = Annotated[
    Literal["draft", "confirmed", "partly shipped", "shipped", "invoiced", "closed", "cancelled"] | None, Kind("choice")
]
MovementKind = Annotated[Literal["receipt", "issue", "transfer", "count"] | None, Kind("choice")]
UnitOfMeasure = Annotated[str | None, Kind("unit")]
Barcode = Annotated[str | None, Kind("gtin")]
Quantity = Annotated[str | None, Kind("decimal")]
Day = Annotated[str | None, Kind("date")]
Instant = Annotated[str | None, Kind("datetime")]
YesNo = Annotated[bool | None, Kind("boolean")]


class _Value(BaseModel):
    # Their validators are built with the first one that is made: a run makes none, it only asks what fields there are.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """The names of the fields that are set, without their values: these are personal data."""
        return [(None, name) for name in sorted(self.model_fields_set)]


class Address(_Value):
    """A postal address, decided as one. street: one to several lines, separated by line ends."""

    street: LongText = None
    city: Text = None
    postcode: Text = None
    region: Region = None
    country: Country = None


class PersonName(_Value):
    """A person's name, decided as one: never the given name of one spelling with the family name of another."""

    given_name: Text = None
    family_name: Text = None


class Customer(_Value):
    """A company or person that is sold to."""

    number: Text = None
    kind: CustomerKind = None
    name: Text = None
    legal_name: Text = None
    tax_id: TaxId = None
    email: Email = None
    phone: Phone = None
    website: Url = None
    currency: Currency = None
    language: Language = None
    payment_terms: Text = None
    credit_limit: Money = None
    status: CustomerStatus = None
    parent: CustomerId = None
    owner: Email = None
    tags: Tags = None
    notes: LongText = None
    billing_address: Address | None = None
    shipping_address: Address | None = None


class Contact(_Value):
    """A person at a customer."""

    customer: CustomerId = None
    name: PersonName | None = None
    job_title: Text = None
    email: Email = None
    phone: Phone = None
    mobile: Phone = None
    role: Text = None


class Product(_Value):
    """Something that is bought, stocked or sold. list_price: for one `unit`, in the company's currency."""

    sku: Text = None
    name: Text = None
    description: LongText = None
    kind: ProductKind = None
    barcode: Barcode = None
    unit: UnitOfMeasure = None
    list_price: Money = None
    tax_code: Text = None
    weight: Quantity = None
    active: YesNo = None


class OrderLine(_Value):
    """One line of an order. unit_price: for one `unit`, before discount; discount_percent: 0 to 100."""

    product: ProductId = None
    description: LongText = None
    quantity: Quantity = None
    unit: UnitOfMeasure = None
    unit_price: Money = None
    discount_percent: Quantity = None
    tax_code: Text = None


class Order(_Value):
    """What a customer has ordered. The totals are control totals: every system's own sum, compared and never sent."""

    number: Text = None
    customer: CustomerId = None
    contact: ContactId = None
    order_date: Day = None
    requested_date: Day = None
    status: OrderStatus = None
    currency: Currency = None
    payment_terms: Text = None
    customer_reference: Text = None
    notes: LongText = None
    net_total: Money = None
    tax_total: Money = None
    gross_total: Money = None
    lines: tuple[OrderLine, ...] | None = None
    billing_address: Address | None = None
    shipping_address: Address | None = None


class Location(_Value):
    """A place where stock lies."""

    code: Text = None
    name: Text = None
    kind: LocationKind = None
    active: YesNo = None


class StockLevel(_Value):
    """How much of a product lies at a location, in the product's unit.

    available = on_hand - reserved: what can still be promised. Below zero, more is promised than there is.
    """

    product: ProductId = None
    location: LocationId = None
    on_hand: Quantity = None
    reserved: Quantity = None
    available: Quantity = None


class StockMovement(_Value):
    """One change of a stock level: `quantity` is signed, `reference` names it once and for all."""

    reference: Text = None
    product: ProductId = None
    location: LocationId = None
    quantity: Quantity = None
    kind: MovementKind = None
    reason: Text = None
    moved_at: Instant = None


@dataclass(frozen=True, slots=True)
class CanonicalField:
    """One field of an entity, or member of a group.

    choices: the canonical values of a choice. target: the entity a reference points to.
    computed: of a number that follows from two others: the one less the other. No system's word on it counts.
    """

    name: str
    type: str
    choices: tuple[str, ...] = ()
    target: str | None = None
    computed: tuple[str, str] | None = None


COMPUTED: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {"stock_level": {"available": ("on_hand", "reserved")}}
"""Entity -> field -> the two that it is the difference of. Here alone it is said what is available."""


@dataclass(frozen=True, slots=True)
class Entity:
    """What an entity has: its plain fields, its groups with their members, its tables with the fields of their rows."""

    name: str
    fields: Mapping[str, CanonicalField]
    groups: Mapping[str, Mapping[str, CanonicalField]] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, CanonicalField]] = field(default_factory=dict)


MODELS: Final[Mapping[str, type[_Value]]] = {
    "customer": Customer,
    "contact": Contact,
    "product": Product,
    "order": Order,
    "location": Location,
    "stock_level": StockLevel,
    "stock_movement": StockMovement,
}


@cache
def entities() -> Mapping[str, Entity]:
    """The built-in entities by name."""
    return {name: _describe(name, model) for name, model in MODELS.items()}


def _describe(name: str, model: type[_Value]) -> Entity:
    fields: dict[str, CanonicalField] = {}
    groups: dict[str, Mapping[str, CanonicalField]] = {}
    tables: dict[str, Mapping[str, CanonicalField]] = {}
    for field_name, info in model.model_fields.items():
        parts = get_args(info.annotation)
        group = _value_among(parts)
        row = _value_among([inner for part in parts for inner in get_args(part)])
        if group is not None:
            groups[field_name] = _describe(field_name, group).fields
        elif row is not None:
            tables[field_name] = _describe(field_name, row).fields
        else:
            plain = _field_of(field_name, info.annotation, info.metadata)
            fields[field_name] = replace(plain, computed=COMPUTED.get(name, {}).get(field_name))
    return Entity(name, fields, groups, tables)


def _value_among(parts: Sequence[Any]) -> type[_Value] | None:
    return next((part for part in parts if isinstance(part, type) and issubclass(part, _Value)), None)


def _field_of(name: str, annotation: Any, metadata: list[Any]) -> CanonicalField:
    kind = next(mark for mark in metadata if isinstance(mark, Kind))
    choices = tuple(word for part in get_args(annotation) if get_origin(part) is Literal for word in get_args(part))
    return CanonicalField(name, kind.name, choices, kind.target)
