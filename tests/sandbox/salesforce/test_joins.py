"""SOQL across objects: parents, child queries, semi-joins, aggregates; and what a describe tells of relationships."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sandbox.salesforce.shop import entry, entry_of, line, order, product
from tests.sandbox.salesforce.talk import BASE, Talk


@pytest.fixture
def sold(talk: Talk) -> dict[str, str]:
    """Two products; one order with both, one with the first, one without lines."""
    bolt, nut = product(talk), product(talk, 4, Name="Nut", ProductCode="N-1")
    first, second = entry_of(talk, bolt), entry_of(talk, nut)
    account = talk.account(Name="Acme", VAT__c="DE1")
    return {
        "bolt": bolt,
        "nut": nut,
        "both": order(talk, (first, 2, 10), (second, 1, 4), AccountId=account, Name="both"),
        "one": order(talk, (first, 1, 9), AccountId=account, Name="one"),
        "none": order(talk, AccountId=account, Name="none"),
    }


def _names(talk: Talk, condition: str) -> list[str]:
    return [row["Name"] for row in talk.query(f"SELECT Name FROM Order {condition}")["records"]]


def test_parents_of_a_line(talk: Talk, sold: dict[str, str]) -> None:
    asked = "Order.Status, Order.Account.VAT__c, Product2.ProductCode, PricebookEntry.Product2.Name"
    row = talk.query(f"SELECT {asked} FROM OrderItem WHERE Product2.ProductCode = 'N-1'")["records"][0]
    assert row["Order"]["Status"] == "Draft"
    assert row["Order"]["attributes"]["url"] == f"{BASE}/sobjects/Order/{sold['both']}"
    assert row["Order"]["Account"]["VAT__c"] == "DE1"
    assert (row["Product2"]["ProductCode"], row["PricebookEntry"]["Product2"]["Name"]) == ("N-1", "Nut")


def test_lines_below_an_order(talk: Talk, sold: dict[str, str]) -> None:
    inner = "(SELECT Quantity, Product2.Name FROM OrderItems ORDER BY Quantity)"
    rows = talk.query(f"SELECT Name, {inner} FROM Order ORDER BY Name")["records"]
    found = {row["Name"]: row["OrderItems"] for row in rows}
    assert found["none"] is None
    assert (found["both"]["totalSize"], found["both"]["done"]) == (2, True)
    assert [line["Product2"]["Name"] for line in found["both"]["records"]] == ["Nut", "Bolt"]
    assert found["both"]["records"][0]["attributes"]["type"] == "OrderItem"


def test_a_bin_below_an_order(talk: Talk, sold: dict[str, str]) -> None:
    item = talk.query(f"SELECT Id FROM OrderItem WHERE OrderId = '{sold['one']}'")["records"][0]["Id"]
    talk.call("DELETE", f"sobjects/OrderItem/{item}")
    asked = f"SELECT (SELECT Id, IsDeleted FROM OrderItems) FROM Order WHERE Id = '{sold['one']}'"
    assert talk.query(asked)["records"][0]["OrderItems"] is None
    assert talk.query(asked, resource="queryAll")["records"][0]["OrderItems"]["records"][0]["IsDeleted"] is True


def test_many_rows_below_a_record_come_in_pages(talk: Talk) -> None:
    account = talk.account()
    people = [{"object": "Contact", "values": {"LastName": f"n{n:03}", "AccountId": account}} for n in range(450)]
    talk.control("seed", records=people)
    asked = "SELECT (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account"
    page = talk.query(asked, size=200)["records"][0]["Contacts"]
    assert (page["totalSize"], page["done"]) == (450, False)
    seen = [row["LastName"] for row in page["records"]]
    while not page["done"]:
        page = talk.call("GET", page["nextRecordsUrl"].removeprefix(f"{BASE}/")).json()
        seen += [row["LastName"] for row in page["records"]]
    assert seen == [f"n{n:03}" for n in range(450)]


def test_semi_joins(talk: Talk, sold: dict[str, str]) -> None:
    inner = "SELECT OrderId FROM OrderItem WHERE Product2.Name = 'Nut'"
    assert _names(talk, f"WHERE Id IN ({inner})") == ["both"]
    assert _names(talk, f"WHERE Id NOT IN ({inner}) ORDER BY Name") == ["none", "one"]
    assert _names(talk, f"WHERE Id IN ({inner}) AND Status = 'Draft' AND Name LIKE 'b%'") == ["both"]
    accounts = talk.query("SELECT Name FROM Account WHERE Id IN (SELECT AccountId FROM Order WHERE Name = 'one')")
    assert [row["Name"] for row in accounts["records"]] == ["Acme"]


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("Name IN (SELECT OrderId FROM OrderItem)", "MALFORMED_QUERY"),
        ("Id IN (SELECT Description FROM OrderItem)", "MALFORMED_QUERY"),
        ("Id IN (SELECT Product2Id FROM OrderItem)", "MALFORMED_QUERY"),
        ("Id IN (SELECT OrderId, Id FROM OrderItem)", "MALFORMED_QUERY"),
        ("Name = 'x' OR Id IN (SELECT OrderId FROM OrderItem)", "MALFORMED_QUERY"),
        ("Id IN (SELECT OrderId FROM Nope)", "INVALID_TYPE"),
        ("Id IN (SELECT Nope FROM OrderItem)", "INVALID_FIELD"),
        ("Id IN (SELECT OrderId FROM OrderItem", "MALFORMED_QUERY"),
    ],
)
def test_mistakes_in_semi_joins(talk: Talk, condition: str, code: str) -> None:
    assert talk.refused("GET", "query", params={"q": f"SELECT Id FROM Order WHERE {condition}"}) == (400, code)


def test_aggregates(talk: Talk, sold: dict[str, str]) -> None:
    asked = "SELECT Product2.Name, COUNT(Id), SUM(TotalPrice) total FROM OrderItem GROUP BY Product2.Name"
    rows = talk.query(f"{asked} ORDER BY Product2.Name")["records"]
    kind = {"attributes": {"type": "AggregateResult"}}
    assert rows == [
        {**kind, "Name": "Bolt", "expr0": 2, "total": 29.0},
        {**kind, "Name": "Nut", "expr0": 1, "total": 4.0},
    ]
    row = talk.query("SELECT MIN(UnitPrice), MAX(UnitPrice), AVG(Quantity), COUNT_DISTINCT(OrderId) FROM OrderItem")
    assert [row["records"][0][f"expr{n}"] for n in range(3)] == [4.0, 10.0, pytest.approx(4 / 3)]
    for wrong, code in (("Name, COUNT(Id)", "MALFORMED_QUERY"), ("SUM(Name)", "INVALID_FIELD")):
        assert talk.refused("GET", "query", params={"q": f"SELECT {wrong} FROM Order"}) == (400, code)


def test_an_unknown_relationship(talk: Talk) -> None:
    for asked in ("(SELECT Id FROM Lines)", "Nope.Name", "Account.Nope.Name"):
        assert talk.refused("GET", "query", params={"q": f"SELECT {asked} FROM Order"}) == (400, "INVALID_FIELD")


@pytest.mark.parametrize(
    ("above", "child", "name", "cascade"),
    [
        ("Order", "OrderItem", "OrderItems", True),
        ("Product2", "PricebookEntry", "PricebookEntries", True),
        ("Pricebook2", "PricebookEntry", "PricebookEntries", True),
        ("Account", "Order", "Orders", False),
        ("Account", "Contact", "Contacts", True),
        ("Product2", "Stock_Level__c", "Stock_Levels__r", False),
        ("Order", "Invoice__c", "Invoices__r", False),
        ("Location", "ProductItem", "ProductItems", False),
    ],
)
def test_relationships_as_described(talk: Talk, above: str, child: str, name: str, cascade: bool) -> None:
    listed = talk.call("GET", f"sobjects/{above}/describe").json()["childRelationships"]
    found = [one for one in listed if (one["childSObject"], one["relationshipName"]) == (child, name)]
    assert [one["cascadeDelete"] for one in found] == [cascade]


def _fields(talk: Talk, object_name: str) -> dict[str, Any]:
    return {one["name"]: one for one in talk.call("GET", f"sobjects/{object_name}/describe").json()["fields"]}


def test_flags_as_described(talk: Talk) -> None:
    items, orders, entries = _fields(talk, "OrderItem"), _fields(talk, "Order"), _fields(talk, "PricebookEntry")
    assert (items["PricebookEntryId"]["createable"], items["PricebookEntryId"]["updateable"]) == (True, False)
    assert (items["TotalPrice"]["createable"], items["TotalPrice"]["scale"]) == (False, 2)
    assert (items["Quantity"]["type"], items["Quantity"]["scale"], items["Quantity"]["nillable"]) == (
        "double",
        3,
        False,
    )
    assert (orders["OrderNumber"]["autoNumber"], orders["OrderNumber"]["nameField"]) == (True, True)
    assert orders["BillToContactId"]["relationshipName"] == "BillToContact"
    assert entries["Name"]["updateable"] is False
    lead = _fields(talk, "Lead")["Status"]["picklistValues"]
    assert [one["value"] for one in lead if one["defaultValue"]] == ["Open - Not Contacted"]


def test_every_described_field_of_every_object_can_be_read(talk: Talk, sold: dict[str, str]) -> None:
    entry(talk, sold["nut"], 3, talk.create("Pricebook2", Name="Retail", IsActive=True))
    line(talk, sold["none"], entry_of(talk, sold["nut"]))
    for one in talk.call("GET", "sobjects").json()["sobjects"]:
        names = _fields(talk, one["name"])
        for row in talk.query(f"SELECT {', '.join(names)} FROM {one['name']} LIMIT 1")["records"]:
            assert set(row) == {*names, "attributes"}


def test_a_query_is_known_by_its_outermost_object(talk: Talk, sold: dict[str, str]) -> None:
    talk.control("calls/reset")
    talk.query("SELECT Id, (SELECT Id FROM OrderItems) FROM Order WHERE Id IN (SELECT OrderId FROM OrderItem)")
    calls = talk.call("GET", "../../../__sandbox__/calls").json()
    assert [call["operation"] for call in calls] == ["query Order"]
