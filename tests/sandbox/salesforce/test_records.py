"""Single records: what is kept of a value, what is refused, conditions, keys, deletes."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sandbox.salesforce.talk import BASE, Talk

NEVER = "001000000000999AAA"


def test_values_as_they_are_kept(talk: Talk) -> None:
    id_ = talk.account(
        Name="  Söhne 🚀 ", Phone="", Credit__c=10.006, Tags__c="b; a;b", Description="one\r\ntwo", ParentId=None
    )
    row = talk.read(id_)
    assert row["Name"] == "Söhne 🚀"
    assert (row["Phone"], row["Credit__c"], row["Description"]) == (None, 10.01, "one\ntwo")
    assert set(row["Tags__c"].split(";")) == {"a", "b"}
    assert row["SystemModstamp"] == row["CreatedDate"] == row["LastModifiedDate"]
    assert row["SystemModstamp"].endswith(".000+0000")
    assert row["IsDeleted"] is False
    assert row["attributes"] == {"type": "Account", "url": f"{BASE}/sobjects/Account/{id_}"}


@pytest.mark.parametrize(
    ("values", "code", "fields"),
    [
        ({"Name": None}, "REQUIRED_FIELD_MISSING", ["Name"]),
        ({"Name": "  "}, "REQUIRED_FIELD_MISSING", ["Name"]),
        ({"Name": "x" * 256}, "STRING_TOO_LONG", ["Name"]),
        ({"AccountNumber": "x" * 41}, "STRING_TOO_LONG", ["AccountNumber"]),
        ({"Email__c": "no at"}, "INVALID_EMAIL_ADDRESS", ["Email__c"]),
        ({"Status__c": "Nope"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["Status__c"]),
        ({"Credit__c": 10**15}, "NUMBER_OUTSIDE_VALID_RANGE", ["Credit__c"]),
        ({"Credit__c": 10**40}, "NUMBER_OUTSIDE_VALID_RANGE", ["Credit__c"]),
        ({"Credit__c": "ten"}, "JSON_PARSER_ERROR", None),
        ({"Credit__c": "NaN"}, "JSON_PARSER_ERROR", None),
        ({"Credit__c": "Infinity"}, "JSON_PARSER_ERROR", None),
        ({"Name": {"a": 1}}, "JSON_PARSER_ERROR", None),
        ({"ParentId": "acme"}, "MALFORMED_ID", ["ParentId"]),
        ({"ParentId": NEVER}, "INVALID_CROSS_REFERENCE_KEY", ["ParentId"]),
        ({"BillingCountryCode": "XX"}, "FIELD_INTEGRITY_EXCEPTION", ["BillingCountryCode"]),
        ({"BillingCountry": "Atlantis"}, "FIELD_INTEGRITY_EXCEPTION", ["BillingCountry"]),
        ({"BillingStateCode": "TX"}, "FIELD_INTEGRITY_EXCEPTION", ["BillingStateCode"]),
        ({"SystemModstamp": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["SystemModstamp"]),
        ({"BillingAddress": {}}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["BillingAddress"]),
        ({"Nope": 1}, "INVALID_FIELD", None),
    ],
)
def test_what_is_refused(talk: Talk, values: dict[str, Any], code: str, fields: list[str] | None) -> None:
    answer = talk.call("POST", "sobjects/Account", {"Name": "Acme", **values})
    assert answer.status_code == 400, answer.text
    assert answer.json()[0]["errorCode"] == code
    assert answer.json()[0].get("fields") == fields
    assert talk.names("") == []


def test_codes_and_names_of_places_move_together(talk: Talk) -> None:
    id_ = talk.account(BillingCountryCode="US", BillingStateCode="TX")
    row = talk.read(id_)
    assert (row["BillingCountry"], row["BillingState"]) == ("United States", "Texas")
    assert talk.call("PATCH", f"sobjects/Account/{id_}", {"BillingCountry": "Germany"}).status_code == 204
    row = talk.read(id_)
    assert (row["BillingCountryCode"], row["BillingStateCode"], row["BillingState"]) == ("DE", None, None)


def test_change_and_stamps(talk: Talk) -> None:
    talk.control("clock", freeze=True)
    id_ = talk.account()
    before = talk.read(id_)
    talk.control("clock", advance=5)
    assert talk.call("PATCH", f"sobjects/account/{id_[:15]}", {"phone": "1"}).content == b""
    after = talk.read(id_)
    assert after["CreatedDate"] == before["CreatedDate"]
    assert after["SystemModstamp"] > before["SystemModstamp"]
    assert (after["Phone"], after["Name"]) == ("1", "Acme")


@pytest.mark.parametrize("body", [{"Id": NEVER}, {"CreatedDate": None}, {"IsDeleted": True}])
def test_what_only_the_system_writes(talk: Talk, body: dict[str, Any]) -> None:
    expected = (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    assert talk.refused("PATCH", f"sobjects/Account/{talk.account()}", body) == expected


def test_missing_and_deleted(talk: Talk) -> None:
    for method in ("GET", "DELETE"):
        assert talk.refused(method, f"sobjects/Account/{NEVER}") == (404, "NOT_FOUND")
    assert talk.refused("GET", "sobjects/Account/nope") == (404, "NOT_FOUND")
    assert talk.refused("GET", "sobjects/Nope/describe") == (404, "NOT_FOUND")
    id_ = talk.account()
    assert talk.call("DELETE", f"sobjects/Account/{id_}").status_code == 204
    for method, body in (("GET", None), ("PATCH", {"Name": "b"}), ("DELETE", None)):
        assert talk.refused(method, f"sobjects/Account/{id_}", body) == (404, "ENTITY_IS_DELETED")
    child = {"Name": "child", "ParentId": id_}
    assert talk.refused("POST", "sobjects/Account", child) == (400, "ENTITY_IS_DELETED")


def test_contacts_go_with_their_account(talk: Talk) -> None:
    account = talk.account()
    contact = talk.create("Contact", LastName="Doe", FirstName="Jane", AccountId=account)
    assert talk.read(contact, "Contact")["Name"] == "Jane Doe"
    talk.call("DELETE", f"sobjects/Account/{account}")
    assert talk.refused("GET", f"sobjects/Contact/{contact}") == (404, "ENTITY_IS_DELETED")


def test_an_account_is_not_its_own_ancestor(talk: Talk) -> None:
    top = talk.account()
    below = talk.account(ParentId=top)
    assert talk.refused("PATCH", f"sobjects/Account/{top}", {"ParentId": below}) == (400, "CIRCULAR_DEPENDENCY")


def test_unmodified_since(talk: Talk) -> None:
    talk.control("clock", freeze=True)
    id_ = talk.account()
    path = f"sobjects/Account/{id_}"
    stamp = talk.call("GET", path).headers["Last-Modified"]
    assert talk.call("GET", path, headers={"If-Modified-Since": stamp}).status_code == 304
    assert talk.call("PATCH", path, {"Phone": "1"}, headers={"If-Unmodified-Since": stamp}).status_code == 204
    talk.control("clock", advance=2)
    talk.control("edit", object="Account", id=id_, values={"Phone": "2"})
    assert talk.call("GET", path, headers={"If-Modified-Since": stamp}).status_code == 200
    assert talk.call("PATCH", path, {"Phone": "3"}, headers={"If-Unmodified-Since": stamp}).status_code == 412
    assert talk.call("PATCH", path, {"Phone": "3"}, headers={"If-Unmodified-Since": "soon"}).status_code == 400
    assert talk.read(id_)["Phone"] == "2"


def test_etag_of_an_account(talk: Talk) -> None:
    talk.control("clock", freeze=True)
    path = f"sobjects/Account/{talk.account()}"
    etag = talk.call("GET", path).headers["ETag"]
    assert talk.call("PATCH", path, {"Phone": "1"}, headers={"If-Match": '"other"'}).status_code == 412
    assert talk.call("PATCH", path, {"Phone": "1"}, headers={"If-Match": etag}).status_code == 204


def test_upsert_by_key(talk: Talk) -> None:
    path = "sobjects/Account/Bridge_Id__c/a%2Fb"
    made = talk.call("PATCH", path, {"Name": "Acme"})
    assert (made.status_code, made.json()["created"]) == (201, True)
    again = talk.call("PATCH", path, {"Phone": "1"})
    assert (again.status_code, again.json()) == (
        200,
        {"id": made.json()["id"], "success": True, "errors": [], "created": False},
    )
    row = talk.call("GET", path).json()
    assert (row["Bridge_Id__c"], row["Phone"], row["Name"]) == ("a/b", "1", "Acme")
    assert talk.refused("PATCH", path, {"Bridge_Id__c": "a/b"}) == (400, "INVALID_FIELD")
    assert talk.refused("PATCH", "sobjects/Account/Phone/1", {}) == (404, "NOT_FOUND")
    other = talk.call("PATCH", "sobjects/Account/Bridge_Id__c/A%2FB", {"Name": "Other"})
    assert other.status_code == 201, "the key minds the case"
    assert talk.refused("PATCH", "sobjects/Account/Bridge_Id__c/new?updateOnly=true", {"Name": "x"})[0] == 404
    assert talk.call("DELETE", path).status_code == 204
    assert talk.refused("GET", path) == (404, "NOT_FOUND")


def test_a_key_is_held_once(talk: Talk) -> None:
    holder = talk.account(Bridge_Id__c="k")
    answer = talk.call("POST", "sobjects/Account", {"Name": "b", "Bridge_Id__c": "k"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "DUPLICATE_VALUE")
    assert holder[:15] in answer.json()[0]["message"]


def test_a_value_that_several_records_have(talk: Talk) -> None:
    ids = {talk.create("Contact", LastName=name, Email="a@example.com") for name in ("a", "b")}
    answer = talk.call("GET", "sobjects/Contact/Email/a@example.com")
    assert answer.status_code == 300
    assert {url.rpartition("/")[2] for url in answer.json()} == ids


def test_a_parent_by_its_key(talk: Talk) -> None:
    account = talk.account(Bridge_Id__c="k")
    contact = talk.create("Contact", LastName="Doe", Account={"Bridge_Id__c": "k"})
    assert talk.read(contact, "Contact")["AccountId"] == account
    body = {"LastName": "Doe", "Account": {"Bridge_Id__c": "none"}}
    assert talk.refused("POST", "sobjects/Contact", body) == (400, "INVALID_FIELD")


@pytest.mark.parametrize("body", [b"", b"{", b"[1]"])
def test_bodies_that_are_no_record(talk: Talk, body: bytes) -> None:
    answer = talk.call("POST", "sobjects/Account", data=body)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
