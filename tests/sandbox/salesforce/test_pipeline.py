"""Leads, opportunities and cases."""

from __future__ import annotations

from typing import Any

from tests.sandbox.salesforce.shop import change
from tests.sandbox.salesforce.talk import Talk


def _shown(talk: Talk, object_name: str, id_: str, *names: str) -> list[Any]:
    row = talk.read(id_, object_name)
    return [row[name] for name in names]


def test_a_lead(talk: Talk) -> None:
    lead = talk.create("Lead", LastName="Doe", FirstName="Jo", Company="Acme", CountryCode="DE", City="Berlin")
    shown = _shown(talk, "Lead", lead, "Name", "Status", "Country", "IsConverted")
    assert shown == ["Jo Doe", "Open - Not Contacted", "Germany", False]
    assert talk.read(lead, "Lead")["Address"]["city"] == "Berlin"
    assert talk.refused("POST", "sobjects/Lead", {"LastName": "x"}) == (400, "REQUIRED_FIELD_MISSING")
    refused = talk.refused("PATCH", f"sobjects/Lead/{lead}", {"IsConverted": True})
    assert refused == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    refused = talk.refused("PATCH", f"sobjects/Lead/{lead}", {"Status": "Closed - Converted"})
    assert refused == (400, "FIELD_INTEGRITY_EXCEPTION")


def test_a_lead_is_converted(talk: Talk) -> None:
    lead = talk.create("Lead", LastName="Doe", Company="Acme", Email="jo@example.com")
    told = talk.control("edit", object="Lead", id=lead, values={"convert": True})
    shown = _shown(talk, "Lead", lead, "IsConverted", "Status", "ConvertedAccountId")
    assert shown == [True, "Closed - Converted", told["ConvertedAccountId"]]
    asked = "SELECT Email, Account.Name FROM Contact"
    row = talk.query(asked)["records"][0]
    assert (row["Email"], row["Account"]["Name"]) == ("jo@example.com", "Acme")
    assert talk.refused("PATCH", f"sobjects/Lead/{lead}", {"Title": "x"}) == (400, "CANNOT_UPDATE_CONVERTED_LEAD")


def test_an_opportunity_follows_its_stage(talk: Talk) -> None:
    body = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-05-01", "Amount": 1000}
    deal = talk.create("Opportunity", **body)
    names = ("Probability", "IsClosed", "IsWon", "ExpectedRevenue")
    assert _shown(talk, "Opportunity", deal, *names) == [10.0, False, False, 100.0]
    change(talk, "Opportunity", deal, Probability=40)
    assert _shown(talk, "Opportunity", deal, *names) == [40.0, False, False, 400.0]
    change(talk, "Opportunity", deal, StageName="Closed Won")
    assert _shown(talk, "Opportunity", deal, *names) == [100.0, True, True, 1000.0]
    assert (
        talk.refused("PATCH", f"sobjects/Opportunity/{deal}", {"IsWon": True})[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    )


def test_a_case(talk: Talk) -> None:
    account = talk.account()
    person = talk.create("Contact", LastName="Doe", AccountId=account)
    case = talk.create("Case", Subject="Broken", ContactId=person)
    names = ("CaseNumber", "Status", "Priority", "AccountId", "IsClosed", "ClosedDate")
    assert _shown(talk, "Case", case, *names) == ["00000001", "New", "Medium", account, False, None]
    assert talk.refused("DELETE", f"sobjects/Account/{account}") == (400, "DELETE_FAILED")
    change(talk, "Case", case, Status="Closed")
    row = talk.read(case, "Case")
    assert (row["IsClosed"], row["ClosedDate"]) == (True, row["SystemModstamp"])
    change(talk, "Case", case, Status="Working")
    assert _shown(talk, "Case", case, "IsClosed", "ClosedDate") == [False, None]
