"""What a person does about entries of the outbox: looks, tries again, gives up."""

from __future__ import annotations

from cli.conftest import Company

NARROW = "file: erp.json\n    objects: {Partner: {fields: {name: {length: 8}, vat: {}, phone: {}, comment: {}}}}"


def refused(company: Company) -> int:
    """A name that the ERP finds too long; answers the number of its entry."""
    company.change("bridge.yaml", "file: erp.json", NARROW)
    company.fill("erp", [])
    company.bridge("sync", code=1)
    (entry,) = company.bridge("outbox", "list", "--state", "dead", "--json").json["entries"]
    number: int = entry["id"]
    return number


def test_show_tells_the_story_and_what_would_be_written(company: Company) -> None:
    number = refused(company)
    said = company.bridge("outbox", "show", str(number))
    assert "BR-REJECTED" in said.text
    assert "8 characters" in said.text
    found = company.bridge("outbox", "show", str(number), "--json").json
    assert found["entry"]["state"] == "dead"
    assert len(found["would_write"]["name"]) > 8
    assert found["waits_for"] == []


def test_replay_tries_again_once_the_cause_is_gone(company: Company) -> None:
    number = refused(company)
    assert company.bridge("outbox", "replay", str(number), "--json").json["replayed"] == 1
    company.bridge("sync", code=1)
    (entry,) = company.bridge("outbox", "list", "--state", "dead", "--json").json["entries"]
    assert entry["id"] == number, "it was tried, and refused again"
    company.change("bridge.yaml", "length: 8", "length: 80")
    company.bridge("sync")
    assert len(company.rows("erp")) == 1, "what was set aside stays so until a person says otherwise"
    assert (
        company.bridge("outbox", "replay", "--error", "BR-REJECTED", "--system", "erp", "--json").json["replayed"] == 1
    )
    company.bridge("sync")
    assert len(company.rows("erp")) == 2
    assert company.bridge("outbox", "list", "--json").json["entries"] == []


def test_replay_of_another_system_or_cause_touches_nothing(company: Company) -> None:
    refused(company)
    assert company.bridge("outbox", "replay", "--system", "crm", "--json").json["replayed"] == 0
    assert company.bridge("outbox", "replay", "--error", "BR-BUSY", "--json").json["replayed"] == 0
    assert company.bridge("outbox", "replay", "--all", "--json").json["replayed"] == 1


def test_what_was_discarded_is_left_alone_until_it_changes(company: Company) -> None:
    number = refused(company)
    said = company.bridge("outbox", "discard", str(number))
    assert "1 entries are given up" in said.text
    company.bridge("sync")
    assert company.bridge("outbox", "list", "--json").json["entries"] == []
    assert len(company.rows("erp")) == 1
    company.edit("crm", "crm-1", Name="Muster")
    company.bridge("sync")
    assert {row["name"] for row in company.rows("erp").values()} == {"Neu AG", "Muster"}


def test_causes_are_counted(company: Company) -> None:
    refused(company)
    (cause,) = company.bridge("outbox", "list", "--by-cause", "--json").json["causes"]
    assert (cause["number"], cause["system"], cause["error_code"]) == (1, "erp", "BR-REJECTED")
    assert "8 characters" in company.bridge("outbox", "list", "--by-cause").text


def test_wrong_usage_says_what_to_do(company: Company) -> None:
    company.bridge("sync")
    for command in (("show", "99"), ("replay", "99"), ("discard", "99")):
        said = company.bridge("outbox", *command, code=2)
        assert "there is no entry 99 (see `bridge outbox list`)" in said.text
    assert "say --all" in company.bridge("outbox", "replay", code=2).text
