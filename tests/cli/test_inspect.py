"""`bridge status`, `explain` and the lists: what a person asks when something looks odd."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cli.conftest import Company


def test_status_before_and_after(company: Company) -> None:
    company.bridge("status")
    company.bridge("sync")
    found = company.bridge("status", "--json").json
    assert found["ok"] is True
    assert found["outbox"] == []
    assert {(row["system"], row["read_in_full"]) for row in found["positions"]} == {("crm", True), ("erp", True)}


def test_explain(company: Company) -> None:
    """Value, who set it, when, why it won, and what every system holds."""
    company.bridge("sync")
    company.edit("crm", "crm-1", Phone="+49309")
    company.bridge("sync")
    found = company.bridge("explain", "erp:customer:erp-1", "--json").json
    (phone,) = [unit for unit in found["units"] if unit["unit"] == "phone"]
    assert (phone["value"], phone["system"], phone["rule"]) == ("+49309", "crm", "changed")
    assert timedelta(0) < datetime.now(UTC) - datetime.fromisoformat(phone["at"]) < timedelta(minutes=1)
    assert {holding["system"]: holding["values"] for holding in phone["holdings"]} == {
        "crm": {"Phone": "+49309"},
        "erp": {"phone": "+49309"},
    }
    changes = [(row["unit"], row["old"], row["new"]) for row in found["history"]]
    assert changes == [("phone", "+49301", "+49309"), ("notes", None, "pays late")], "newest first"
    said = company.bridge("explain", "crm:customer:crm-1").text
    assert "phone +49309 crm 20" in said


@pytest.mark.parametrize("record", ["crm", "crm:customer", "crm:order:1", "sap:customer:1", "crm:customer:"])
def test_explain_of_what_is_no_record(company: Company, record: str) -> None:
    said = company.bridge("explain", record, code=2)
    assert "write SYSTEM:ENTITY:ID with one of crm:customer, erp:customer" in said.text


def test_explain_of_a_record_never_seen(company: Company) -> None:
    company.bridge("sync")
    assert "bridge has never seen crm:customer:99" in company.bridge("explain", "crm:customer:99", code=1).text
    assert company.bridge("explain", "crm:customer:99", "--json", code=1).json["found"] is False


def test_a_field_that_waits_for_a_person(company: Company) -> None:
    company.bridge("sync")
    company.edit("crm", "crm-1", Description="pays early")
    company.edit("erp", "erp-1", comment="pays never")
    assert company.bridge("sync", "--json").json["totals"]["conflicts"] == 1
    (held,) = company.bridge("conflicts", "list", "--state", "held", "--json").json["conflicts"]
    assert (held["unit"], held["rule"], held["base"]) == ("notes", "ask", "pays late")
    listed = company.bridge("conflicts", "list").text
    assert "pays early" in listed
    assert "pays never" in listed
    assert company.bridge("status", "--json", code=1).json["needs_a_person"] is True
    assert company.rows("erp")["erp-1"]["comment"] == "pays never", "nobody's word is overwritten meanwhile"


def test_conflicts_of_an_entity_that_is_not_mapped(company: Company) -> None:
    said = company.bridge("conflicts", "list", "--entity", "custmer", code=2)
    assert "there is no mapping of custmer (there are: customer)" in said.text


def test_a_record_that_is_refused(company: Company) -> None:
    company.change(
        "bridge.yaml",
        "file: erp.json",
        "file: erp.json\n    objects: {Partner: {fields: {name: {length: 8}, vat: {}, phone: {}, comment: {}}}}",
    )
    company.fill("erp", [])
    said = company.bridge("sync", code=1)
    assert "BR-REJECTED erp:customer:" in said.text
    assert "8 characters" in said.text
    assert {row["name"] for row in company.rows("erp").values()} == {"Neu AG"}, "all others go on"
    (entry,) = company.bridge("outbox", "list", "--state", "dead", "--json").json["entries"]
    assert (entry["system"], entry["error_code"]) == ("erp", "BR-REJECTED")
    company.edit("crm", "crm-1", Name="Muster")
    company.bridge("sync")
    assert {row["name"] for row in company.rows("erp").values()} == {"Neu AG", "Muster"}
    assert company.bridge("outbox", "list", "--json").json["entries"] == []


def test_links(company: Company) -> None:
    company.bridge("sync")
    links = company.bridge("links", "list", "--json").json["links"]
    assert {(link["system"], link["native_id"]) for link in links} == {
        ("crm", "crm-1"), ("crm", "crm-2"), ("erp", "erp-1"), ("erp", "erp-2"),
    }  # fmt: skip
    assert company.bridge("links", "list", "--state", "review", "--json").json["links"] == []


@pytest.mark.parametrize("what", ["conflicts", "outbox", "links"])
def test_a_state_that_there_is_not(company: Company, what: str) -> None:
    said = company.bridge(what, "list", "--state", "lost", code=2)
    assert "--state: there is no state 'lost' (there are:" in said.text
