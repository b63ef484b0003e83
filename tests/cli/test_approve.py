"""`bridge approve`: what waits, what is let through, and what is said where there is nothing to approve."""

from __future__ import annotations

from cli.conftest import Company

SMALL = "sync: {guards: {few_lost: 0, few_changed: 0}}\nsystems:"


def stop(company: Company) -> str:
    """A sync that finds every phone number of the CRM changed; answers its run."""
    company.change("bridge.yaml", "systems:", SMALL)
    company.bridge("sync")
    for number in (1, 2):
        company.edit("crm", f"crm-{number}", Phone=f"+4930{number}0")
    return str(company.bridge("sync", "--json", code=3).json["run"])


def test_a_stop_is_listed_approved_and_done(company: Company) -> None:
    run = stop(company)
    said = company.bridge("approve", "--list").text
    assert run in said
    assert "Phone has changed in 2 of 2 linked customer records at once (sync.guards.most_changed: 50%)" in said
    (listed,) = company.bridge("approve", "--list", "--json").json["stops"]
    assert listed["findings"] == [{"rule": "changed", "number": 2, "of": 2, "field": "Phone"}]
    assert sorted(listed["records"]) == ["crm:customer:crm-1", "crm:customer:crm-2"]
    assert "+4930" not in str(listed)
    waiting = company.bridge("status", code=1).text
    assert f"`bridge approve {run}` lets it through" in waiting
    assert "bridge approve --list" in waiting
    before = company.rows("erp")
    (approved,) = company.bridge("approve", run, "--json").json["approved"]
    assert approved["approved"]
    assert company.rows("erp") == before
    assert "approved, for the next sync" in company.bridge("status").text
    company.bridge("sync")
    assert {row["phone"] for row in company.rows("erp").values()} == {"+493010", "+493020"}
    assert company.bridge("approve", "--list", "--json").json["stops"] == []


def test_the_text_of_a_stop_says_what_to_do(company: Company) -> None:
    stop(company)
    said = company.bridge("sync", code=3).text
    assert "BR-SAFETY crm:customer:" in said
    assert "Nothing of this was written to any system" in said
    assert "Put it right where it came from" in said
    planned = company.bridge("plan", code=3).text
    assert "nothing to write" in planned


def test_a_plan_finds_the_stop_and_leaves_no_trace_of_it(company: Company) -> None:
    company.change("bridge.yaml", "systems:", SMALL)
    company.bridge("sync")
    for number in (1, 2):
        company.edit("crm", f"crm-{number}", Phone=f"+4930{number}0")
    (trouble,) = company.bridge("plan", "--json", code=3).json["report"]["troubles"]
    assert "Phone has changed in 2 of 2" in trouble["what"]
    assert "bridge approve plan" not in trouble["what"]
    assert company.bridge("approve", "--list", "--json").json["stops"] == []


def test_what_cannot_be_approved_is_said(company: Company) -> None:
    run = stop(company)
    said = company.bridge("approve", "0123456789ab", code=2).text
    assert "no stop of a run 0123456789ab waits" in said
    assert run in said
    company.bridge("approve", run)
    assert "is approved already" in company.bridge("approve", run, code=2).text
    assert "--list" in company.bridge("approve", code=2).text
    assert company.bridge("approve", run, "--list", "--json", code=2).json["error"]["code"] == "BR-USAGE"
