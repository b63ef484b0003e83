"""The canonical entities as frozen pydantic models, and the descriptions that mappings are checked against.

Every field is optional: a record seen in one system shows only part of it. Absent (not observed) and None (empty) are
told apart by `model_fields_set`. The models validate and normalise at the edges (imports, tests, the console); the hot
path works on plain canonical values with the same parsers and builds no model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

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


@dataclass(frozen=True, slots=True)
class CanonicalField:
    """One field of an entity, or member of a group.

    choices: the canonical values of a choice. target: the entity a reference points to.
    """

    name: str
    type: str
    choices: tuple[str, ...] = ()
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Entity:
    """What an entity has: its plain fields, and its groups with their members."""

    name: str
    fields: Mapping[str, CanonicalField]
    groups: Mapping[str, Mapping[str, CanonicalField]] = field(default_factory=dict)


MODELS: Final[Mapping[str, type[_Value]]] = {"customer": Customer, "contact": Contact}


@cache
def entities() -> Mapping[str, Entity]:
    """The built-in entities by name."""
    return {name: _describe(name, model) for name, model in MODELS.items()}


def _describe(name: str, model: type[_Value]) -> Entity:
    fields: dict[str, CanonicalField] = {}
    groups: dict[str, Mapping[str, CanonicalField]] = {}
    for field_name, info in model.model_fields.items():
        group = _group_of(info.annotation)
        if group is None:
            fields[field_name] = _field_of(field_name, info.annotation, info.metadata)
        else:
            groups[field_name] = _describe(field_name, group).fields
    return Entity(name, fields, groups)


def _group_of(annotation: Any) -> type[_Value] | None:
    for part in get_args(annotation):
        if isinstance(part, type) and issubclass(part, _Value):
            return part
    return None


def _field_of(name: str, annotation: Any, metadata: list[Any]) -> CanonicalField:
    kind = next(mark for mark in metadata if isinstance(mark, Kind))
    choices = tuple(word for part in get_args(annotation) if get_origin(part) is Literal for word in get_args(part))
    return CanonicalField(name, kind.name, choices, kind.target)
