"""Custom objects from seeds, and custom fields of new objects from the Tooling API."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sandbox.salesforce.shop import entry_of, line, order, product
from tests.sandbox.salesforce.talk import Talk

TRIP: dict[str, Any] = {
    "name": "Trip__c",
    "label": "Trip",
    "auto": "T-{:03}",
    "fields": [
        {"name": "Code__c", "type": "string", "length": 10, "unique": True, "external": True, "required": True},
        {"name": "Weight__c", "type": "double", "precision": 6, "scale": 1},
        {"name": "Order__c", "type": "reference", "target": "Order", "below": "Trips__r"},
        {"name": "Kind__c", "type": "picklist", "choices": ["Day", "Night"], "restricted": True, "default": "Day"},
        {"name": "Fragile__c", "type": "boolean"},
    ],
}


def test_an_object_of_the_companys_own(talk: Talk) -> None:
    talk.control("seed", objects=[TRIP, {"name": "Stop__c"}])
    made = order(talk)
    trip = talk.create("Trip__c", Code__c="A", Weight__c=12.34, Order__c=made)
    row = talk.read(trip, "Trip__c")
    shown = [row[name] for name in ("Name", "Weight__c", "Kind__c", "Fragile__c")]
    assert shown == ["T-001", 12.3, "Day", False]
    listed = {one["name"]: one for one in talk.call("GET", "sobjects").json()["sobjects"]}
    prefixes = {listed[name]["keyPrefix"] for name in ("Trip__c", "Stop__c", "Invoice__c")}
    assert (len(prefixes), trip[:3]) == (3, listed["Trip__c"]["keyPrefix"])
    below = talk.query("SELECT (SELECT Code__c FROM Trips__r) FROM Order")["records"][0]
    assert below["Trips__r"]["records"][0]["Code__c"] == "A"
    answer = talk.call("PATCH", "sobjects/Trip__c/Code__c/A", {"Weight__c": 1}).json()
    assert (answer["id"], answer["created"]) == (trip, False)
    gone = talk.call("DELETE", f"composite/sobjects?ids={trip}").json()
    assert gone[0]["success"] is True
    assert talk.create("Stop__c", Name="s")[:3] == listed["Stop__c"]["keyPrefix"]
    assert talk.refused("POST", "sobjects/Trip__c", {}) == (400, "REQUIRED_FIELD_MISSING")


def test_further_fields_of_an_object_that_is_there(talk: Talk) -> None:
    account = talk.account()
    field = {"name": "Rank__c", "type": "int"}
    talk.control("seed", objects=[{"name": "Account", "fields": [field]}])
    assert talk.read(account)["Rank__c"] is None
    talk.control("reset")
    talk.log_in()
    assert talk.refused("GET", "query", params={"q": "SELECT Rank__c FROM Account"}) == (400, "INVALID_FIELD")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Trip"},
        {"name": "Trip__c", "fields": [{"name": "A", "type": "string"}]},
        {"name": "Trip__c", "fields": [{"name": "A__c", "type": "magic"}]},
        {"name": "Trip__c", "fields": [{"name": "A__c", "size": 3}]},
        {"name": "Trip__c", "fields": [{"name": "A__c", "type": "reference"}]},
        {"name": "Trip__c", "fields": [{"name": "A__c", "type": "reference", "target": "Nope"}]},
    ],
)
def test_objects_that_cannot_be_made(talk: Talk, wrong: dict[str, Any]) -> None:
    answer = talk.call("POST", "../../../__sandbox__/seed", {"objects": [wrong]})
    assert answer.status_code == 400
    assert "__c" in answer.json()["error"]


def _made(talk: Talk, full: str, **form: Any) -> None:
    answer = talk.call("POST", "tooling/sobjects/CustomField", {"FullName": full, "Metadata": form})
    assert answer.status_code == 201, answer.text
    parent = talk.create("PermissionSet", Name=full.replace(".", "_"), Label="x")
    right = {"Field": full, "PermissionsRead": True, "PermissionsEdit": True}
    talk.create("FieldPermissions", ParentId=parent, SobjectType=full.partition(".")[0], **right)


def test_custom_fields_of_order_products(talk: Talk) -> None:
    price = entry_of(talk, product(talk))
    made = order(talk)
    item = line(talk, made, price)
    _made(talk, "OrderItem.Discount__c", type="Percent", precision=5, scale=2, label="Discount")
    _made(talk, "OrderItem.Row_Key__c", type="Text", length=36, unique=True, externalId=True)
    values = [{"valueName": "A"}, {"valueName": "B"}]
    _made(
        talk,
        "OrderItem.Grade__c",
        type="Picklist",
        valueSet={"restricted": True, "valueSetDefinition": {"value": values}},
    )
    _made(talk, "OrderItem.Level__c", type="Lookup", referenceTo="Stock_Level__c", relationshipName="Lines")
    assert talk.read(item, "OrderItem")["Discount__c"] is None
    level = talk.create("Stock_Level__c", On_Hand__c=1)
    body = {"Discount__c": 7.125, "Row_Key__c": "r1", "Grade__c": "A", "Level__c": level}
    assert talk.call("PATCH", f"sobjects/OrderItem/{item}", body).status_code == 204
    found = talk.query("SELECT Discount__c, Level__r.On_Hand__c FROM OrderItem")["records"][0]
    assert (found["Discount__c"], found["Level__r"]["On_Hand__c"]) == (7.13, 1.0)
    below = talk.query("SELECT (SELECT Id FROM Lines__r) FROM Stock_Level__c")["records"][0]["Lines__r"]
    assert below["records"][0]["attributes"]["type"] == "OrderItem"
    bad = talk.refused("PATCH", f"sobjects/OrderItem/{item}", {"Grade__c": "C"})
    assert bad == (400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
    assert talk.call("PATCH", "sobjects/OrderItem/Row_Key__c/r1", {"Quantity": 2}).status_code == 200
    wrong = {"FullName": "OrderItem.X__c", "Metadata": {"type": "Lookup", "referenceTo": "Nope"}}
    assert talk.refused("POST", "tooling/sobjects/CustomField", wrong) == (400, "INVALID_INPUT")
