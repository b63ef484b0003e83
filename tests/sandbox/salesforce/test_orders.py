"""Orders and their lines: drafts, activation, what is locked after it, and what goes with a delete."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sandbox.salesforce.shop import change, entry, entry_of, line, order, product, standard_book
from tests.sandbox.salesforce.talk import Talk

from bridge.sandbox.kernel import serve
from bridge.sandbox.salesforce import build


@pytest.fixture
def price(talk: Talk) -> str:
    """The standard price of a product."""
    return entry_of(talk, product(talk))


def _activated(talk: Talk, price: str) -> tuple[str, str]:
    made = order(talk)
    item = line(talk, made, price, 2, 5)
    change(talk, "Order", made, Status="Activated")
    return made, item


def test_a_draft(talk: Talk) -> None:
    row = talk.read(order(talk, Type="New", BillingCountryCode="DE"), "Order")
    shown = [row[name] for name in ("StatusCode", "TotalAmount", "ActivatedDate", "OrderNumber", "BillingCountry")]
    assert shown == ["Draft", 0.0, None, "00000001", "Germany"]
    assert row["Id"][:3] == "801"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"AccountId": None}, "REQUIRED_FIELD_MISSING"),
        ({"EffectiveDate": None}, "REQUIRED_FIELD_MISSING"),
        ({"Status": None}, "REQUIRED_FIELD_MISSING"),
        ({"Status": "Shipped"}, "INVALID_STATUS"),
        ({"Status": "Sent"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"StatusCode": "Draft"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"TotalAmount": 1}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"OrderNumber": "1"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"EndDate": "2026-03-01"}, "FIELD_INTEGRITY_EXCEPTION"),
    ],
)
def test_orders_that_cannot_be_made(talk: Talk, given: dict[str, Any], code: str) -> None:
    body = {"AccountId": talk.account(), "EffectiveDate": "2026-04-01", "Status": "Draft", **given}
    assert talk.refused("POST", "sobjects/Order", body) == (400, code)


def test_lines_make_the_sum(talk: Talk, price: str) -> None:
    made = order(talk)
    item = line(talk, made, price, 2.5, 3.999)
    row = talk.read(item, "OrderItem")
    shown = [row[name] for name in ("UnitPrice", "ListPrice", "TotalPrice", "Quantity", "OrderItemNumber")]
    assert shown == [4.0, 10.0, 10.0, 2.5, "0000000001"]
    assert row["Product2Id"][:3] == "01t"
    line(talk, made, price, 1, 0.01)
    assert talk.read(made, "Order")["TotalAmount"] == 10.01
    change(talk, "OrderItem", item, Quantity=3)
    row = talk.read(item, "OrderItem")
    assert (row["UnitPrice"], row["TotalPrice"]) == (4.0, 12.0), "the price of one stays"
    assert talk.call("DELETE", f"sobjects/OrderItem/{item}").status_code == 204
    assert talk.read(made, "Order")["TotalAmount"] == 0.01


def test_a_line_moves_the_stamp_of_its_order(talk: Talk, price: str) -> None:
    talk.control("clock", freeze=True)
    made = order(talk)
    item = line(talk, made, price, 1, 1)
    before = talk.read(made, "Order")
    talk.control("clock", advance=10)
    change(talk, "OrderItem", item, Description="x")
    after, row = talk.read(made, "Order"), talk.read(item, "OrderItem")
    assert after["SystemModstamp"] == row["SystemModstamp"] > before["SystemModstamp"]
    assert after["LastModifiedDate"] == before["LastModifiedDate"], "a roll-up is nobody's edit"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Quantity": 0}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"Quantity": None}, "REQUIRED_FIELD_MISSING"),
        ({"UnitPrice": None}, "REQUIRED_FIELD_MISSING"),
        ({"PricebookEntryId": None}, "REQUIRED_FIELD_MISSING"),
        ({"OrderId": None}, "REQUIRED_FIELD_MISSING"),
        ({"OrderId": "801q0000000zzzz"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"TotalPrice": 4}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Product2Id": "01tq00000000001"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Description": "d" * 256}, "STRING_TOO_LONG"),
    ],
)
def test_lines_that_cannot_be_made(talk: Talk, price: str, given: dict[str, Any], code: str) -> None:
    body = {"OrderId": order(talk), "PricebookEntryId": price, "Quantity": 1, "UnitPrice": 1, **given}
    assert talk.refused("POST", "sobjects/OrderItem", body) == (400, code)


def test_a_line_takes_a_price_of_the_orders_book(talk: Talk) -> None:
    bolt = product(talk)
    retail = talk.create("Pricebook2", Name="Retail", IsActive=True)
    foreign = entry(talk, bolt, 9, retail)
    body = {"PricebookEntryId": foreign, "Quantity": 1, "UnitPrice": 1}
    answer = talk.call("POST", "sobjects/OrderItem", {**body, "OrderId": order(talk)}).json()[0]
    assert answer["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
    assert "belongs to the Price Book related to the parent Order" in answer["message"]
    bare = {**body, "OrderId": order(talk, Pricebook2Id=None)}
    assert talk.refused("POST", "sobjects/OrderItem", bare) == (400, "FIELD_INTEGRITY_EXCEPTION")
    change(talk, "PricebookEntry", foreign, IsActive=False)
    idle = {**body, "OrderId": order(talk, Pricebook2Id=retail)}
    assert talk.refused("POST", "sobjects/OrderItem", idle) == (400, "FIELD_INTEGRITY_EXCEPTION")


def test_the_book_stays_once_there_are_lines(talk: Talk, price: str) -> None:
    retail, old = talk.create("Pricebook2", Name="Retail", IsActive=True), talk.create("Pricebook2", Name="Old")
    made = order(talk)
    change(talk, "Order", made, Pricebook2Id=retail)
    assert talk.refused("PATCH", f"sobjects/Order/{made}", {"Pricebook2Id": old})[1] == "FIELD_INTEGRITY_EXCEPTION"
    change(talk, "Order", made, Pricebook2Id=standard_book(talk))
    item = line(talk, made, price)
    assert talk.refused("PATCH", f"sobjects/Order/{made}", {"Pricebook2Id": retail})[1] == "FIELD_INTEGRITY_EXCEPTION"
    for name in ("OrderId", "PricebookEntryId"):
        refused = talk.refused("PATCH", f"sobjects/OrderItem/{item}", {name: price})
        assert refused == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")


def test_activation(talk: Talk, price: str) -> None:
    made = order(talk)
    answer = talk.call("PATCH", f"sobjects/Order/{made}", {"Status": "Activated"}).json()[0]
    assert (answer["errorCode"], answer["message"]) == (
        "FAILED_ACTIVATION",
        "An order must have at least one product.",
    )
    line(talk, made, price)
    more = {"Status": "Activated", "Name": "x"}
    assert talk.refused("PATCH", f"sobjects/Order/{made}", more) == (400, "FAILED_ACTIVATION")
    change(talk, "Order", made, Status="Activated")
    row = talk.read(made, "Order")
    assert (row["StatusCode"], row["ActivatedDate"], row["ActivatedById"][:3]) == (
        "Activated",
        row["SystemModstamp"],
        "005",
    )


def test_an_activated_order_is_locked(talk: Talk, price: str) -> None:
    made, item = _activated(talk, price)
    account = talk.account(Name="Other")
    for values in ({"AccountId": account}, {"PoNumber": "7"}, {"Status": "Shipped", "Name": "x"}):
        assert talk.refused("PATCH", f"sobjects/Order/{made}", values) == (400, "ENTITY_IS_LOCKED")
    assert talk.refused("PATCH", f"sobjects/OrderItem/{item}", {"Quantity": 3}) == (400, "ENTITY_IS_LOCKED")
    body = {"OrderId": made, "PricebookEntryId": price, "Quantity": 1, "UnitPrice": 1}
    assert talk.refused("POST", "sobjects/OrderItem", body) == (400, "ENTITY_IS_LOCKED")
    assert talk.refused("DELETE", f"sobjects/OrderItem/{item}") == (400, "ENTITY_IS_LOCKED")
    assert talk.refused("DELETE", f"sobjects/Order/{made}") == (400, "DELETE_FAILED")
    assert talk.refused("DELETE", f"sobjects/Account/{talk.read(made, 'Order')['AccountId']}")[1] == "DELETE_FAILED"


def test_on_to_shipped_and_back_to_a_draft(talk: Talk, price: str) -> None:
    made, item = _activated(talk, price)
    for status in ("Partly Shipped", "Shipped", "Invoiced", "Closed", "Cancelled"):
        change(talk, "Order", made, Status=status)
        assert talk.read(made, "Order")["StatusCode"] == "Activated"
    change(talk, "Order", made, Status="Draft")
    row = talk.read(made, "Order")
    assert (row["StatusCode"], row["ActivatedDate"], row["ActivatedById"]) == ("Draft", None, None)
    change(talk, "OrderItem", item, Quantity=3)
    change(talk, "Order", made, PoNumber="7")
    assert talk.read(made, "Order")["TotalAmount"] == 15.0


def test_lines_go_with_their_order_and_come_back(talk: Talk, price: str) -> None:
    talk.control("clock", set="2026-03-29T12:00:30Z")
    talk.control("clock", freeze=True)
    talk.log_in()
    made = order(talk)
    item = line(talk, made, price, 2, 3)
    assert talk.call("DELETE", f"sobjects/Order/{made}").status_code == 204
    talk.control("clock", advance=60)
    params = {"start": "2026-03-29T12:00:00Z", "end": "2026-03-29T12:02:00Z"}
    for name, id_ in (("Order", made), ("OrderItem", item)):
        answer = talk.call("GET", f"sobjects/{name}/deleted/", params=params).json()
        assert [row["id"] for row in answer["deletedRecords"]] == [id_]
    talk.control("edit", object="Order", id=made, values={"IsDeleted": False})
    assert talk.read(item, "OrderItem")["TotalPrice"] == 6.0
    assert talk.read(made, "Order")["TotalAmount"] == 6.0


def test_each_org_has_statuses_of_its_own(talk: Talk, price: str) -> None:
    rows = talk.query("SELECT ApiName, MasterLabel, StatusCode, IsDefault FROM OrderStatus ORDER BY SortOrder")[
        "records"
    ]
    assert [row["ApiName"] for row in rows][:4] == ["Draft", "Activated", "Partly Shipped", "Shipped"]
    assert [row["StatusCode"] for row in rows] == ["Draft"] + ["Activated"] * 6
    own = [{"label": "Entwurf", "category": "Draft"}, {"label": "Versandt", "category": "Activated"}]
    talk.control("seed", order_statuses=own)
    assert [row["ApiName"] for row in talk.query("SELECT ApiName FROM OrderStatus")["records"]] == [
        "Entwurf",
        "Versandt",
    ]
    fields = talk.call("GET", "sobjects/Order/describe").json()["fields"]
    status = next(field for field in fields if field["name"] == "Status")
    assert [one["value"] for one in status["picklistValues"]] == ["Entwurf", "Versandt"]
    made = order(talk, (price, 1, 1), Status="Entwurf")
    change(talk, "Order", made, Status="Versandt")
    body = {"MasterLabel": "x"}
    assert talk.refused("POST", "sobjects/OrderStatus", body) == (400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY")


def test_options_of_orders() -> None:
    options = {"order_statuses": "Offen:Draft, Fertig:Activated", "price_scale": "3", "quantity_scale": "2"}
    with serve(build(**options, locked="FIELD_INTEGRITY_EXCEPTION")) as server:
        talk = Talk(server.url)
        made = order(talk, Status="Offen")
        item = line(talk, made, entry_of(talk, product(talk)), 1.234, 2.0005)
        row = talk.read(item, "OrderItem")
        assert (row["Quantity"], row["UnitPrice"], row["TotalPrice"]) == (1.23, 2.001, 2.461)
        change(talk, "Order", made, Status="Fertig")
        refused = talk.refused("PATCH", f"sobjects/OrderItem/{item}", {"Quantity": 2})
        assert refused == (400, "FIELD_INTEGRITY_EXCEPTION")


@pytest.mark.parametrize("wrong", [{"order_statuses": "A:Activated"}, {"order_statuses": "A:B"}, {"locked": "NO"}])
def test_options_that_make_no_sense(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"order status|locked"):
        build(**wrong)


def test_people_and_seeds_enter_orders_whole(talk: Talk) -> None:
    account, bolt = talk.account(), product(talk, None)
    priced = {"Name": "Nut", "PricebookEntries": [{"UnitPrice": 2.5}]}
    nut = talk.control("seed", records=[{"object": "Product2", "values": priced}])["ids"][0]
    values = {
        "AccountId": account,
        "EffectiveDate": "2026-04-01",
        "Status": "Shipped",
        "OrderItems": [{"Product2Id": nut, "Quantity": 4}, {"Product2Id": nut, "Quantity": 1, "UnitPrice": 2}],
    }
    made = talk.control("insert", object="Order", values=values)["id"]
    row = talk.read(made, "Order")
    assert (row["Status"], row["StatusCode"], row["TotalAmount"]) == ("Shipped", "Activated", 12.0)
    seeded = {"object": "Order", "values": values, "modified": "2026-01-01T00:00:00+00:00"}
    made = talk.control("seed", records=[seeded])["ids"][0]
    assert talk.read(made, "Order")["SystemModstamp"] == "2026-01-01T00:00:00.000+0000"
    bad = {**values, "OrderItems": [{"Product2Id": bolt, "Quantity": 1}]}
    count = talk.query("SELECT COUNT() FROM Order")["totalSize"]
    answer = talk.call("POST", "../../../__sandbox__/insert", {"object": "Order", "values": bad})
    assert (answer.status_code, "no price" in answer.text) == (400, True)
    assert talk.query("SELECT COUNT() FROM Order")["totalSize"] == count, "all or nothing"
