"""Products and their prices."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.sandbox.salesforce.shop import change, entry, entry_of, line, order, product, standard_book
from tests.sandbox.salesforce.talk import Talk

from bridge.sandbox.kernel import serve
from bridge.sandbox.salesforce import build


@pytest.fixture
def worldwide() -> Iterator[Talk]:
    """An org with several currencies."""
    with serve(build(multi_currency="true", standard_book="Listenpreise")) as server:
        yield Talk(server.url)


def test_a_product_as_it_is_made(talk: Talk) -> None:
    row = talk.read(talk.create("Product2", Name="Bolt", StockKeepingUnit="S", Tax_Code__c="19"), "Product2")
    assert (row["IsActive"], row["Tax_Code__c"], row["ProductCode"], row["Id"][:3]) == (False, "19", None, "01t")
    assert talk.refused("POST", "sobjects/Product2", {"ProductCode": "x"}) == (400, "REQUIRED_FIELD_MISSING")
    too_long = {"Name": "x", "StockKeepingUnit": "s" * 181}
    assert talk.refused("POST", "sobjects/Product2", too_long) == (400, "STRING_TOO_LONG")


def test_there_is_one_standard_price_book(talk: Talk) -> None:
    rows = talk.query("SELECT Id, Name, IsActive FROM Pricebook2 WHERE IsStandard = true")["records"]
    assert [(row["Name"], row["IsActive"]) for row in rows] == [("Standard Price Book", True)]
    body = {"Name": "x", "IsStandard": True}
    assert talk.refused("POST", "sobjects/Pricebook2", body) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    assert talk.refused("DELETE", f"sobjects/Pricebook2/{rows[0]['Id']}") == (400, "DELETE_FAILED")
    seeded = {"object": "Pricebook2", "values": {"IsStandard": True, "Name": "Katalog"}}
    assert talk.control("seed", records=[seeded])["ids"] == [rows[0]["Id"]], "a seed renames it"
    assert talk.read(standard_book(talk), "Pricebook2")["Name"] == "Katalog"


def test_the_standard_price_comes_first(talk: Talk) -> None:
    bolt, retail = product(talk, None), talk.create("Pricebook2", Name="Retail", IsActive=True)
    body = {"Product2Id": bolt, "Pricebook2Id": retail, "UnitPrice": 1}
    assert talk.refused("POST", "sobjects/PricebookEntry", body) == (400, "STANDARD_PRICE_NOT_DEFINED")
    entry(talk, bolt, 10)
    assert talk.create("PricebookEntry", **body, IsActive=True)[:3] == "01u"
    assert talk.refused("POST", "sobjects/PricebookEntry", body) == (400, "DUPLICATE_VALUE")


def test_a_price_shows_its_product(talk: Talk) -> None:
    bolt = product(talk)
    price = entry_of(talk, bolt)
    before = talk.read(price, "PricebookEntry")
    assert (before["Name"], before["ProductCode"], before["UnitPrice"]) == ("Bolt", "B-1", 10.0)
    talk.control("clock", advance=5)
    change(talk, "Product2", bolt, Name="Screw")
    after = talk.read(price, "PricebookEntry")
    assert (after["Name"], after["SystemModstamp"]) == ("Screw", before["SystemModstamp"])


@pytest.mark.parametrize("name", ["Product2Id", "Pricebook2Id", "Name", "ProductCode"])
def test_what_a_price_never_changes(talk: Talk, name: str) -> None:
    price = entry_of(talk, product(talk))
    refused = talk.refused("PATCH", f"sobjects/PricebookEntry/{price}", {name: "x"})
    assert refused == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")


def test_a_price_that_follows_the_standard_price(talk: Talk) -> None:
    bolt, retail = product(talk), talk.create("Pricebook2", Name="Retail", IsActive=True)
    body = {"Product2Id": bolt, "Pricebook2Id": retail, "IsActive": True}
    assert talk.refused("POST", "sobjects/PricebookEntry", body) == (400, "REQUIRED_FIELD_MISSING")
    price = talk.create("PricebookEntry", **body, UseStandardPrice=True)
    assert talk.read(price, "PricebookEntry")["UnitPrice"] == 10.0
    change(talk, "PricebookEntry", entry_of(talk, bolt), UnitPrice=12.345)
    assert talk.read(price, "PricebookEntry")["UnitPrice"] == 12.35, "two decimals, rounded on save"


def test_what_is_sold_stays(talk: Talk) -> None:
    bolt, unused = product(talk), product(talk)
    price = entry_of(talk, bolt)
    order(talk, (price, 1, 1))
    assert talk.refused("DELETE", f"sobjects/PricebookEntry/{price}") == (400, "DELETE_FAILED")
    answer = talk.call("DELETE", f"sobjects/Product2/{bolt}").json()[0]
    assert answer["errorCode"] == "DELETE_FAILED"
    assert "associated with the following order products" in answer["message"]
    gone = entry_of(talk, unused)
    assert talk.call("DELETE", f"sobjects/Product2/{unused}").status_code == 204
    assert talk.query(f"SELECT Id FROM PricebookEntry WHERE Id = '{gone}'")["records"] == [], "prices go with it"
    change(talk, "PricebookEntry", price, IsActive=False)


def test_one_currency_has_no_currency_field(talk: Talk) -> None:
    refused = talk.refused("POST", "sobjects/Product2", {"Name": "x", "CurrencyIsoCode": "EUR"})
    assert refused == (400, "INVALID_FIELD")
    assert talk.refused("GET", "query", params={"q": "SELECT Id FROM CurrencyType"}) == (400, "INVALID_TYPE")


def test_currencies(worldwide: Talk) -> None:
    rows = worldwide.query("SELECT IsoCode, DecimalPlaces FROM CurrencyType WHERE IsActive = true")["records"]
    digits = {row["IsoCode"]: row["DecimalPlaces"] for row in rows}
    assert {code: digits[code] for code in ("EUR", "JPY", "KWD")} == {"EUR": 2, "JPY": 0, "KWD": 3}
    own = worldwide.query("SELECT IsoCode FROM CurrencyType WHERE IsCorporate = true")["records"]
    assert [row["IsoCode"] for row in own] == ["EUR"]
    name = worldwide.query("SELECT Name FROM Pricebook2 WHERE IsStandard = true")["records"][0]["Name"]
    assert name == "Listenpreise"
    body = {"Name": "x", "CurrencyIsoCode": "XXX"}
    assert worldwide.refused("POST", "sobjects/Account", body) == (400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")


def test_a_price_for_each_currency(worldwide: Talk) -> None:
    bolt = product(worldwide)
    dinar = entry(worldwide, bolt, 1.2345, CurrencyIsoCode="KWD")
    assert worldwide.read(dinar, "PricebookEntry")["UnitPrice"] == 1.235
    retail = worldwide.create("Pricebook2", Name="Retail", IsActive=True)
    body = {"Product2Id": bolt, "Pricebook2Id": retail, "UnitPrice": 1, "CurrencyIsoCode": "USD"}
    assert worldwide.refused("POST", "sobjects/PricebookEntry", body) == (400, "STANDARD_PRICE_NOT_DEFINED")
    refused = worldwide.refused("PATCH", f"sobjects/PricebookEntry/{dinar}", {"CurrencyIsoCode": "EUR"})
    assert refused == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")


def test_an_order_has_one_currency(worldwide: Talk) -> None:
    bolt = product(worldwide)
    dinar = entry(worldwide, bolt, 1.234, CurrencyIsoCode="KWD")
    made = order(worldwide, CurrencyIsoCode="KWD")
    euro = {"OrderId": made, "PricebookEntryId": entry_of(worldwide, product(worldwide)), "Quantity": 1, "UnitPrice": 1}
    assert worldwide.refused("POST", "sobjects/OrderItem", euro) == (400, "FIELD_INTEGRITY_EXCEPTION")
    item = line(worldwide, made, dinar, 3, 1.234)
    assert worldwide.read(item, "OrderItem")["CurrencyIsoCode"] == "KWD"
    assert worldwide.read(made, "Order")["TotalAmount"] == 3.702
    refused = worldwide.refused("PATCH", f"sobjects/Order/{made}", {"CurrencyIsoCode": "EUR"})
    assert refused == (400, "FIELD_INTEGRITY_EXCEPTION")
