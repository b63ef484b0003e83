"""A mapping that was changed: only the fields of changed lines move, a preview says how, and too much waits."""

from __future__ import annotations

import pytest

from cli.conftest import Company

LINE = (
    "status: {crm: Status, erp: state, values: {active: {crm: Active, erp: 'A'}, blocked: {crm: [Hold, No], erp: 'B'}}}"
)
MENDED = LINE.replace("crm: Active", "crm: [Active, Hold]").replace("[Hold, No]", "'No'")


def configured(company: Company) -> None:
    config = (company.folder / "bridge.yaml").read_text()
    company.write("bridge.yaml", config + "sync: {guards: {few_changed: 3}}\n")
    company.change("mappings/customer.yaml", "  notes:", f"  {LINE}\n  notes:")


def six(company: Company) -> Company:
    """Six customers of the CRM, all on hold."""
    configured(company)
    company.fill("crm", [{"Name": f"Firm {n}", "VAT": f"DE{n}", "Status": "Hold"} for n in range(1, 7)])
    company.bridge("sync")
    assert {row["state"] for row in company.rows("erp").values()} == {"B"}
    return company


@pytest.fixture
def firm(company: Company) -> Company:
    configured(company)
    company.edit("crm", "crm-1", Status="Hold")
    company.bridge("sync")
    company.bridge("sync")  # what it wrote is read once more
    assert company.rows("erp")["erp-1"]["state"] == "B"
    return company


def mend(firm: Company) -> None:
    firm.change("mappings/customer.yaml", LINE, MENDED)


def test_a_mended_value_map_moves_its_field_and_nothing_else(firm: Company) -> None:
    mend(firm)
    firm.edit("erp", "erp-1", phone="+49777")  # a user's edit of another field, not read yet
    report = firm.bridge("sync", "--json").json
    assert report["remapped"] == {"customer": {"status": 1}}
    assert firm.rows("erp")["erp-1"]["state"] == "A"
    assert firm.rows("crm")["crm-1"]["Status"] == "Hold", "what the user typed is not touched"
    assert firm.rows("crm")["crm-1"]["Phone"] == "+49777"
    assert report["totals"]["conflicts"] == 0
    again = firm.bridge("sync", "--json").json
    assert (again["totals"]["writes"], again["totals"]["enqueued"], again["remapped"]) == (0, 0, {})


def test_nobody_is_read_anew_for_a_line_that_the_store_can_answer(company: Company) -> None:
    firm = six(company)
    firm.edit("crm", "crm-6", Status="No")
    firm.bridge("sync")
    firm.change("mappings/customer.yaml", "active: {crm: Active", "active: {crm: [Active, No]")
    firm.change("mappings/customer.yaml", "[Hold, No]", "Hold")
    report = firm.bridge("sync", "--json").json
    assert report["remapped"] == {"customer": {"status": 1}}
    read = {row["system"]: row["read"] for row in report["systems"]}
    assert read["crm"] < 6, "the last ones come again; six would be all"
    assert sorted(row["state"] for row in firm.rows("erp").values()) == ["A", "B", "B", "B", "B", "B"]


def test_the_preview_says_what_would_come_and_changes_nothing(firm: Company) -> None:
    assert firm.bridge("mapping", "changes", "--json").json["entities"] == []
    mend(firm)
    (row,) = firm.bridge("mapping", "changes", "--json").json["entities"]
    assert row["fields"] == [{"field": "status", "systems": ["crm"], "values": 1, "held": 0, "records": 1}]
    assert (row["writes"], row["read_anew"], row["would_stop"]) == ({"erp": 1}, [], [])
    assert [(one["old"], one["new"]) for one in row["samples"]] == [("blocked", "active")]
    assert "active" in firm.bridge("mapping", "changes").text
    assert firm.rows("erp")["erp-1"]["state"] == "B"
    planned = firm.bridge("plan", "--json").json["writes"]
    assert [(one["system"], one["after"]) for one in planned] == [("erp", {"state": "A"})]


def test_a_change_of_nearly_everything_waits_for_a_person_and_says_why(company: Company) -> None:
    firm = six(company)
    mend(firm)
    assert firm.bridge("mapping", "changes", "--json").json["entities"][0]["would_stop"] == ["status"]
    firm.edit("crm", "crm-3", Phone="+4933")
    report = firm.bridge("sync", "--json", code=3).json
    (trouble,) = report["troubles"]
    assert "the changed mapping would change status in 6 of 6 customer records at once" in trouble["what"]
    assert f"bridge approve {report['run']}" in trouble["what"]
    assert not any(row["read"] for row in report["systems"]), "the entity is neither read nor written meanwhile"
    assert {row["state"] for row in firm.rows("erp").values()} == {"B"}
    firm.bridge("approve", report["run"])
    firm.bridge("sync")
    assert {row["state"] for row in firm.rows("erp").values()} == {"A"}
    assert "+4933" in {row.get("phone") for row in firm.rows("erp").values()}, "what was typed meanwhile is not lost"


def test_taking_the_change_back_ends_the_stop(company: Company) -> None:
    firm = six(company)
    mend(firm)
    firm.bridge("sync", code=3)
    firm.change("mappings/customer.yaml", MENDED, LINE)
    report = firm.bridge("sync", "--json").json
    assert (report["troubles"], report["totals"]["writes"]) == ([], 0)


def test_a_value_that_meant_nothing_is_heard_once_the_mapping_knows_it(firm: Company) -> None:
    firm.edit("crm", "crm-1", Status="Frozen")
    firm.bridge("sync", code=None)
    assert firm.rows("erp")["erp-1"]["state"] == "B"
    firm.change("mappings/customer.yaml", "crm: Active", "crm: [Active, Frozen]")
    firm.bridge("sync")
    assert firm.rows("erp")["erp-1"]["state"] == "A"
    assert firm.rows("crm")["crm-1"]["Status"] == "Frozen"


def test_what_means_nothing_any_more_is_left_alone_and_told(firm: Company) -> None:
    firm.change("mappings/customer.yaml", "crm: [Hold, No]", "crm: 'No'")
    report = firm.bridge("sync", "--json", code=1).json
    assert [trouble["code"] for trouble in report["troubles"]] == ["BR-MAPPING"]
    assert firm.rows("crm")["crm-1"]["Status"] == "Hold"
    assert firm.rows("erp")["erp-1"]["state"] == "B"


def test_a_field_that_is_read_from_another_place_brings_what_stands_there(firm: Company) -> None:
    firm.edit("crm", "crm-2", Website="https://old.example", Homepage="https://new.example", Name="Neu & Alt AG")
    firm.change("mappings/customer.yaml", "  notes:", "  website: {crm: Website, erp: website}\n  notes:")
    firm.bridge("sync")
    assert "https://old.example" in {row.get("website") for row in firm.rows("erp").values()}
    firm.change("mappings/customer.yaml", "{crm: Website,", "{crm: Homepage,")
    firm.bridge("sync")
    shown = {row.get("website") for row in firm.rows("erp").values()}
    assert "https://new.example" in shown
    assert "https://old.example" not in shown
    assert firm.rows("crm")["crm-2"]["Website"] == "https://old.example", "the field that is not mapped any more"


def test_only_other_words_of_a_line_change_no_value(firm: Company) -> None:
    firm.change(
        "mappings/customer.yaml", "phone:  {crm: Phone, erp: phone}", "phone: {crm: Phone, erp: phone, conflict: ask}"
    )
    (row,) = firm.bridge("mapping", "changes", "--json").json["entities"]
    assert row["fields"] == [{"field": "phone", "systems": [], "values": 0, "held": 0, "records": 0}]
    assert firm.bridge("sync", "--json").json["totals"]["writes"] == 0


def test_a_new_match_rule_finds_who_is_known_already(firm: Company) -> None:
    """Everybody was noted under the rules of before: a namesake would be made once more in every system."""
    firm.edit("crm", "crm-1", Phone="+49888")
    firm.bridge("sync")
    firm.change("mappings/customer.yaml", "    - same: [tax_id]", "    - same: [tax_id]\n    - same: [phone]")
    firm.add("erp", "Partner", {"name": "Typed once more", "phone": "+49 888"})
    before = firm.rows("crm")
    report = firm.bridge("sync", "--json").json
    assert firm.rows("crm") == before
    assert sum(row["review"] for row in report["systems"]) == 1
    assert "phone as another record of this system" in firm.bridge("links", "list", "--state", "review").text
