"""Stock: as Field Service keeps it, and in custom objects."""

from __future__ import annotations

import pytest
from tests.sandbox.salesforce.shop import change, product
from tests.sandbox.salesforce.talk import Talk


@pytest.fixture
def place(talk: Talk) -> str:
    return talk.create("Location", Name="Main", LocationType="Warehouse", IsInventoryLocation=True)


def test_one_item_for_a_product_and_location(talk: Talk, place: str) -> None:
    body = {"Product2Id": product(talk), "LocationId": place, "QuantityOnHand": 5}
    item = talk.create("ProductItem", **body)
    assert talk.read(item, "ProductItem")["ProductItemNumber"] == "PI-0001"
    assert talk.refused("POST", "sobjects/ProductItem", body) == (400, "DUPLICATE_VALUE")
    refused = talk.refused("PATCH", f"sobjects/ProductItem/{item}", {"LocationId": place})
    assert refused == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    shop = talk.create("Location", Name="Shop", LocationType="Site")
    other = {**body, "LocationId": shop}
    assert talk.refused("POST", "sobjects/ProductItem", other) == (400, "FIELD_INTEGRITY_EXCEPTION")
    serial = {**body, "SerialNumber": "S1"}
    assert talk.refused("POST", "sobjects/ProductItem", serial) == (400, "FIELD_INTEGRITY_EXCEPTION")
    assert talk.refused("POST", "sobjects/Location", {"Name": "x"}) == (400, "REQUIRED_FIELD_MISSING")
    assert talk.refused("DELETE", f"sobjects/Location/{place}") == (400, "DELETE_FAILED")


def test_the_system_notes_every_change_of_a_quantity(talk: Talk, place: str) -> None:
    item = talk.create("ProductItem", Product2Id=product(talk), LocationId=place, QuantityOnHand=5)
    change(talk, "ProductItem", item, QuantityOnHand=3.5)
    change(talk, "ProductItem", item, QuantityUnitOfMeasure="Each")
    asked = "SELECT ProductItemTransactionNumber, Quantity, TransactionType FROM ProductItemTransaction"
    rows = talk.query(f"{asked} WHERE ProductItemId = '{item}' ORDER BY ProductItemTransactionNumber")["records"]
    assert [(row["Quantity"], row["TransactionType"]) for row in rows] == [(5.0, "Replenished"), (-1.5, "Adjusted")]
    body = {"ProductItemId": item, "Quantity": 1}
    refused = talk.refused("POST", "sobjects/ProductItemTransaction", body)
    assert refused == (400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY")
    assert talk.call("DELETE", f"sobjects/ProductItem/{item}").status_code == 204
    assert talk.query(asked)["records"] == []


def test_levels_in_custom_objects(talk: Talk) -> None:
    bolt = product(talk)
    place = talk.create("Stock_Location__c", Name="Main", Code__c="WH1")
    again = {"Name": "x", "Code__c": "wh1"}
    assert talk.refused("POST", "sobjects/Stock_Location__c", again) == (400, "DUPLICATE_VALUE")
    body = {"Product__c": bolt, "Location__r": {"Code__c": "WH1"}, "On_Hand__c": 7.1234, "Reserved__c": 2}
    level = talk.create("Stock_Level__c", **body)
    row = talk.read(level, "Stock_Level__c")
    assert [row[name] for name in ("Location__c", "On_Hand__c", "Available__c", "Name")] == [
        place,
        7.123,
        None,
        "SL-00001",
    ]
    asked = "SELECT Product__r.ProductCode, Location__r.Code__c FROM Stock_Level__c"
    found = talk.query(asked)["records"][0]
    assert (found["Product__r"]["ProductCode"], found["Location__r"]["Code__c"]) == ("B-1", "WH1")
    assert talk.call("DELETE", f"sobjects/Product2/{bolt}").status_code == 204
    assert talk.read(level, "Stock_Level__c")["Product__c"] is None, "an optional lookup is cleared"


def test_documents_keep_three_decimals(talk: Talk) -> None:
    account = talk.account()
    invoice = talk.create("Invoice__c", Name="I", Account__c=account, Gross__c=1.2345, Due_Date__c="2026-04-30")
    assert talk.read(invoice, "Invoice__c")["Gross__c"] == 1.235
    purchase = talk.create("Purchase_Order__c", Name="P", Supplier__c="Acme", Net__c=0.001)
    assert talk.read(purchase, "Purchase_Order__c")["Net__c"] == 0.001
    below = talk.query("SELECT (SELECT Gross__c FROM Invoices__r) FROM Account")["records"][0]
    assert below["Invoices__r"]["totalSize"] == 1
