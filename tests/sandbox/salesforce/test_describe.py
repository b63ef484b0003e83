"""Describes, and custom fields that setup makes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.sandbox.salesforce.talk import Talk

from bridge.sandbox.kernel import serve
from bridge.sandbox.salesforce import build

KEY = {
    "FullName": "Account.Bridge_Id__c",
    "Metadata": {
        "label": "Bridge Id",
        "type": "Text",
        "length": 36,
        "externalId": True,
        "unique": True,
        "caseSensitive": True,
    },
}


@pytest.fixture
def plain() -> Iterator[Talk]:
    """An org without the key field."""
    with serve(build()) as server:
        yield Talk(server.url)


def _fields(talk: Talk, object_name: str = "Account") -> dict[str, Any]:
    described = talk.call("GET", f"sobjects/{object_name}/describe").json()
    return {field["name"]: field for field in described["fields"]}


def test_the_list_of_objects(talk: Talk) -> None:
    answer = talk.call("GET", "sobjects").json()
    listed = {one["name"]: one for one in answer["sobjects"]}
    assert (answer["encoding"], answer["maxBatchSize"]) == ("UTF-8", 200)
    assert (listed["Account"]["keyPrefix"], listed["Account"]["mergeable"]) == ("001", True)
    assert talk.call("GET", "sobjects/Account").json()["recentItems"] == []


def test_fields_as_described(talk: Talk) -> None:
    fields = _fields(talk)
    key = fields["Bridge_Id__c"]
    assert [key[name] for name in ("length", "unique", "externalId", "idLookup", "caseSensitive")] == [36, *[True] * 4]
    assert (fields["Name"]["nillable"], fields["Name"]["length"]) == (False, 255)
    assert (fields["SystemModstamp"]["createable"], fields["SystemModstamp"]["updateable"]) == (False, False)
    assert (fields["OwnerId"]["referenceTo"], fields["OwnerId"]["relationshipName"]) == (["User"], "Owner")
    assert fields["Status__c"]["restrictedPicklist"] is True
    assert [one["value"] for one in fields["Status__c"]["picklistValues"]] == ["Active", "On Hold", "Blocked"]
    assert (fields["Credit__c"]["precision"], fields["Credit__c"]["scale"]) == (16, 2)
    assert fields["BillingCity"]["compoundFieldName"] == "BillingAddress"
    assert fields["Description"]["filterable"] is False


def test_every_described_field_can_be_read(talk: Talk) -> None:
    talk.account()
    for name in ("Account", "User"):
        row = talk.query(f"SELECT {', '.join(_fields(talk, name))} FROM {name} LIMIT 1")["records"][0]
        assert set(row) == {*_fields(talk, name), "attributes"}


def test_a_describe_that_has_not_changed(plain: Talk) -> None:
    stamp = plain.call("GET", "sobjects/Account/describe").headers["Last-Modified"]
    again = {"headers": {"If-Modified-Since": stamp}}
    assert plain.call("GET", "sobjects/Account/describe", **again).status_code == 304
    plain.control("clock", advance=5)
    plain.call("POST", "tooling/sobjects/CustomField", KEY)
    _permit(plain)
    assert plain.call("GET", "sobjects/Account/describe", **again).status_code == 200
    assert plain.call("GET", "sobjects/Contact/describe", **again).status_code == 304


def _permit(talk: Talk) -> None:
    parent = talk.create("PermissionSet", Name="Bridge", Label="Bridge")
    given = {"Field": "Account.Bridge_Id__c", "PermissionsRead": True, "PermissionsEdit": True}
    talk.create("FieldPermissions", ParentId=parent, SobjectType="Account", **given)


def test_a_field_is_seen_when_it_may_be(plain: Talk) -> None:
    before = plain.account()
    assert "Bridge_Id__c" not in _fields(plain)
    made = plain.call("POST", "tooling/sobjects/CustomField", KEY)
    assert (made.status_code, made.json()["success"]) == (201, True)
    assert "Bridge_Id__c" not in _fields(plain), "no permission set names it yet"
    again = plain.refused("POST", "tooling/sobjects/CustomField", KEY)
    assert again == (400, "DUPLICATE_DEVELOPER_NAME")
    _permit(plain)
    assert _fields(plain)["Bridge_Id__c"]["unique"] is True
    assert plain.read(before)["Bridge_Id__c"] is None
    assert plain.call("PATCH", "sobjects/Account/Bridge_Id__c/k", {"Name": "b"}).status_code == 201


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"FullName": "Nope.A__c"}, "INVALID_FULL_NAME"),
        ({"FullName": "Account.NoSuffix"}, "INVALID_FULL_NAME"),
        ({"FullName": "Account.VAT__c"}, "DUPLICATE_DEVELOPER_NAME"),
        ({"Metadata": {"type": "Magic"}}, "INVALID_INPUT"),
    ],
)
def test_fields_that_cannot_be_made(plain: Talk, change: dict[str, Any], code: str) -> None:
    assert plain.refused("POST", "tooling/sobjects/CustomField", {**KEY, **change}) == (400, code)


def test_a_permission_for_a_field_that_is_not_there(plain: Talk) -> None:
    body = {"Field": "Account.Nope__c", "PermissionsRead": True}
    expected = (400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
    assert plain.refused("POST", "sobjects/FieldPermissions", body) == expected


def test_tooling_queries(plain: Talk) -> None:
    def rows(soql: str) -> list[dict[str, Any]]:
        return list(plain.query(soql, resource="tooling/query")["records"])

    custom = "SELECT Id FROM CustomField WHERE TableEnumOrId = 'Account' AND DeveloperName = 'Bridge_Id'"
    assert rows(custom) == []
    made = plain.call("POST", "tooling/sobjects/CustomField", KEY).json()["id"]
    assert [row["Id"] for row in rows(custom)] == [made], "the Tooling API shows it without a permission"
    standing = rows("SELECT Id, DeveloperName FROM CustomField WHERE EntityDefinition.QualifiedApiName = 'Account'")
    assert {row["DeveloperName"] for row in standing} == {"VAT", "Email", "Status", "Credit", "Tags", "Bridge_Id"}
    assert len({row["Id"] for row in standing}) == len(standing)
    defined = rows("SELECT QualifiedApiName FROM FieldDefinition WHERE EntityDefinitionId = 'Account'")
    assert {row["QualifiedApiName"] for row in defined} == set(_fields(plain))
    entity = rows("SELECT KeyPrefix FROM EntityDefinition WHERE QualifiedApiName = 'Contact'")
    assert [row["KeyPrefix"] for row in entity] == ["003"]
    wrong = {"q": "SELECT Id FROM Account"}
    assert plain.refused("GET", "tooling/query", params=wrong) == (400, "INVALID_TYPE")
