"""Tooling queries: custom fields, and the definitions of fields and objects, as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bridge.sandbox.kernel import Clock
from bridge.sandbox.salesforce.fields import Field, SObject
from bridge.sandbox.salesforce.ids import PREFIXES, make_id
from bridge.sandbox.salesforce.query import Queries
from bridge.sandbox.salesforce.store import Row, Store, Values

_STANDING = 10_000
"""Numbers of the custom fields that are there from the beginning lie above those that are made later."""


class Catalogue:
    """Answers tooling queries from the org's objects as they are at that moment."""

    def __init__(self, clock: Clock, base: Callable[[], str]) -> None:
        self._clock, self._base = clock, base

    def run(self, text: str, objects: Mapping[str, SObject], made: Mapping[str, tuple[SObject, Field]]) -> Any:
        """The answer to a query. made: by id the custom fields that were made, visible to the user or not."""
        store = _Definitions(self._clock, _tables())
        for values in _entities(objects):
            store.hold("EntityDefinition", values["DurableId"], values)
        for values in _fields(objects):
            store.hold("FieldDefinition", values["DurableId"], values)
        for values in _customs(objects, made):
            store.hold("CustomField", values["Id"], values)
        return Queries(store, lambda: f"{self._base()}/tooling").run(text, deleted=False, page=2000, resource="query")


class _Definitions(Store):
    """Rows that are found by their durable ids, which are names."""

    def hold(self, object_name: str, key: str, values: Values) -> None:
        self.rows[object_name.lower()][key] = Row(values)

    def get(self, object_name: str, id_: object) -> Values | None:
        row = self.rows[object_name.lower()].get(str(id_))
        return row.values if row else None


def _tables() -> dict[str, SObject]:
    named = ("DurableId", "QualifiedApiName", "DeveloperName", "Label")
    entity = Field("EntityDefinitionId", length=255, target="EntityDefinition", relation="EntityDefinition")
    tables = [
        SObject("EntityDefinition").add(
            [Field("Id"), *map(Field, named), Field("KeyPrefix"), Field("NamespacePrefix")]
        ),
        SObject("FieldDefinition").add(
            [
                Field("Id"),
                *map(Field, named),
                entity,
                Field("DataType"),
                Field("Length", "int"),
                Field("IsIndexed", "boolean"),
                Field("NamespacePrefix"),
            ]
        ),
        SObject("CustomField").add(
            [Field("Id", "id"), Field("DeveloperName"), Field("TableEnumOrId"), entity, Field("NamespacePrefix")]
        ),
    ]
    return {one.name.lower(): one for one in tables}


def _entities(objects: Mapping[str, SObject]) -> Iterator[Values]:
    for one in objects.values():
        yield {
            "Id": "000000000000000AAA",
            "DurableId": one.name,
            "QualifiedApiName": one.name,
            "DeveloperName": one.name.removesuffix("__c"),
            "Label": one.label or one.name,
            "KeyPrefix": one.prefix or None,
            "NamespacePrefix": None,
        }


def _fields(objects: Mapping[str, SObject]) -> Iterator[Values]:
    for one in objects.values():
        for field in one.fields.values():
            yield {
                "Id": "000000000000000AAA",
                "DurableId": f"{one.name}.{field.name}",
                "QualifiedApiName": field.name,
                "DeveloperName": field.name.removesuffix("__c"),
                "Label": field.title,
                "EntityDefinitionId": one.name,
                "DataType": field.type,
                "Length": field.length,
                "IsIndexed": field.unique or field.external or field.name in ("Id", "SystemModstamp"),
                "NamespacePrefix": None,
            }


def _customs(objects: Mapping[str, SObject], made: Mapping[str, tuple[SObject, Field]]) -> Iterator[Values]:
    later = {(definition.name, field.name) for definition, field in made.values()}
    standing = [
        (one, field)
        for one in objects.values()
        for field in one.fields.values()
        if field.name.endswith("__c") and (one.name, field.name) not in later
    ]
    numbered = {make_id(PREFIXES["CustomField"], _STANDING + place): pair for place, pair in enumerate(standing)}
    for id_, (definition, field) in {**numbered, **made}.items():
        yield {
            "Id": id_,
            "DeveloperName": field.name.removesuffix("__c"),
            "TableEnumOrId": definition.name,
            "EntityDefinitionId": definition.name,
            "NamespacePrefix": None,
        }
