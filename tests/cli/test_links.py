"""What a person says of identity: link, unlink, split, merge, new; and what the next sync makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from cli.conftest import Company

SIMILAR = '    - same: [tax_id]\n    - {similar: [name], above: "0.8", then: review}'

NARROW = "file: {0}.json\n    objects: {{{1}: {{fields: {{{2}: {{length: 8}}, {3}: {{}}, {4}: {{}}, {5}: {{}}}}}}}}"


@pytest.fixture
def alike(company: Company) -> Company:
    """A customer in the CRM, and one in the ERP that only looks like it."""
    company.change("mappings/customer.yaml", "    - same: [tax_id]", SIMILAR)
    company.fill("crm", [{"Name": "Blumen Weber GmbH", "VAT": "DE1", "Phone": "+49301"}])
    company.fill("erp", [{"name": "Blumen Wber", "phone": "+49302"}])
    company.bridge("sync")
    return company


def links(company: Company, state: str = "linked") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = company.bridge("links", "list", "--state", state, "--json").json["links"]
    return found


def golden(company: Company, record: str) -> str:
    system, _, native_id = record.split(":")
    (one,) = [row for row in links(company) if (row["system"], row["native_id"]) == (system, native_id)]
    found: str = one["golden_id"]
    return found


def quiet(company: Company) -> None:
    """G3: one more cycle writes nothing."""
    report = company.bridge("sync", "--json", code=None).json
    totals = report["totals"]
    assert (totals["writes"], totals["enqueued"]) == (0, 0)


def test_review_shows_both_sides(alike: Company) -> None:
    (one,) = alike.bridge("links", "review", "--json").json["waiting"]
    (candidate,) = one["candidates"]
    assert (one["record"], one["reason"], one["values"]) == (
        "erp:customer:erp-1",
        "similar name",
        {"name": "Blumen Wber"},
    )
    assert 0.8 < candidate["likeness"] < 1
    assert candidate["values"] == {"name": "Blumen Weber GmbH", "tax_id": "DE1"}
    assert candidate["records"] == ["crm:customer:crm-1"]
    said = alike.bridge("links", "review").text
    assert "Blumen Wber" in said
    assert "less than a minute" in said
    assert alike.bridge("status", "--json", code=None).json["waiting_for_review"] == [
        {"entity": "customer", "system": "erp", "records": 1, "duplicates": 0}
    ]


def test_link_merges_at_the_next_sync(alike: Company) -> None:
    alike.bridge("links", "link", "erp:customer:erp-1", golden(alike, "crm:customer:crm-1"))
    assert len(alike.rows("erp")) == 1
    alike.bridge("sync", code=None)
    assert len(alike.rows("crm")) == len(alike.rows("erp")) == 1
    assert golden(alike, "erp:customer:erp-1") == golden(alike, "crm:customer:crm-1")
    assert alike.rows("erp")["erp-1"]["vat"] == "DE1"
    held = alike.bridge("conflicts", "list", "--state", "held", "--json").json["conflicts"]
    assert {row["unit"] for row in held} == {"name", "phone"}, "first contact overwrites nothing"
    assert alike.bridge("links", "review").text == "Nothing waits for review."
    quiet(alike)


def test_a_dry_run_does_nothing(alike: Company) -> None:
    said = alike.bridge("links", "link", "erp:customer:erp-1", "crm:customer:crm-1", "--dry-run")
    assert "Nothing was changed: --dry-run." in said.text
    assert len(links(alike, "review")) == 1
    done = alike.bridge("links", "new", "erp:customer:erp-1", "--dry-run", "--json").json
    assert (done["ok"], done["done"], len(done["steps"])) == (True, False, 1)
    assert len(links(alike, "review")) == 1


@pytest.mark.parametrize("words", [("new", "erp:customer:erp-1"), ("review", "--new", "erp:customer:erp-1")])
def test_new_makes_both_everywhere(alike: Company, words: tuple[str, ...]) -> None:
    alike.bridge("links", *words)
    alike.bridge("sync")
    assert {row["name"] for row in alike.rows("erp").values()} == {"Blumen Weber GmbH", "Blumen Wber"}
    assert {row["Name"] for row in alike.rows("crm").values()} == {"Blumen Weber GmbH", "Blumen Wber"}
    quiet(alike)
    alike.edit("erp", "erp-1", name="Blumen Webr")
    alike.bridge("sync")
    assert len(alike.rows("crm")) == 2
    assert links(alike, "review") == [], "what a person said is not asked again"


def test_unlink_and_the_pair_does_not_come_back(company: Company) -> None:
    """The ERP's record has the tax number of the CRM's: only the person's word stands against the rule."""
    company.bridge("sync")
    company.edit("crm", "crm-1", Phone="+49302")
    company.bridge("sync")  # the ERP's record carries the golden id by now
    company.bridge("links", "unlink", "erp:customer:erp-1")
    company.bridge("sync")
    assert golden(company, "erp:customer:erp-1") != golden(company, "crm:customer:crm-1")
    assert sorted(row["name"] for row in company.rows("erp").values()) == ["Muster GmbH", "Muster GmbH", "Neu AG"]
    assert len(company.rows("crm")) == 3
    quiet(company)
    company.edit("erp", "erp-1", phone="+49307")
    company.bridge("sync")
    assert sorted(row.get("Phone") or "" for row in company.rows("crm").values()) == ["", "+49302", "+49307"]
    quiet(company)


def test_split_makes_two_of_one(company: Company) -> None:
    company.bridge("sync")
    company.edit("crm", "crm-1", Phone="+49302")
    company.bridge("sync")
    before = golden(company, "crm:customer:crm-1")
    said = company.bridge("links", "split", "erp:customer:erp-1")
    assert "golden record of its own" in said.text
    company.bridge("sync")
    assert golden(company, "crm:customer:crm-1") == before
    assert golden(company, "erp:customer:erp-1") != before
    assert (len(company.rows("crm")), len(company.rows("erp"))) == (3, 3)
    company.edit("crm", "crm-1", Phone="+49303")
    company.bridge("sync")
    assert company.rows("erp")["erp-1"]["phone"] == "+49302"
    assert "+49303" in {row.get("phone") for row in company.rows("erp").values()}
    quiet(company)


def test_who_is_linked_again_is_the_same_again(alike: Company) -> None:
    alike.bridge("links", "link", "erp:customer:erp-1", "crm:customer:crm-1")
    alike.bridge("sync", code=None)
    alike.bridge("links", "unlink", "erp:customer:erp-1")
    alike.bridge("links", "link", "erp:customer:erp-1", "crm:customer:crm-1")
    alike.bridge("sync", code=None)
    assert golden(alike, "erp:customer:erp-1") == golden(alike, "crm:customer:crm-1")
    assert (len(alike.rows("crm")), len(alike.rows("erp"))) == (1, 1)
    quiet(alike)


def test_merge_is_refused_where_a_system_has_both(company: Company) -> None:
    company.change("mappings/customer.yaml", "- same: [tax_id]", "- same: [name]")
    company.bridge("sync")
    refused = company.bridge("links", "merge", "crm:customer:crm-1", "crm:customer:crm-2", code=1)
    assert "both have a record in crm and erp" in refused.text
    assert "Nothing was changed" in refused.text
    assert "Merge these in crm and erp itself" in refused.text


def test_merge_makes_one_of_two(company: Company) -> None:
    """Each system refuses the other's record for its long name, so that each golden record has one of them only."""
    company.change("bridge.yaml", "file: erp.json", NARROW.format("erp", "Partner", "name", "vat", "phone", "comment"))
    company.change(
        "bridge.yaml", "file: crm.json", NARROW.format("crm", "Account", "Name", "VAT", "Phone", "Description")
    )
    company.fill("crm", [{"Name": "Muster GmbH", "VAT": "DE1", "Phone": "+49301"}])
    company.fill("erp", [{"name": "Mustermann", "vat": "DE2", "phone": "+49302", "comment": "pays late"}])
    company.bridge("sync", code=1)
    first, second = golden(company, "crm:customer:crm-1"), golden(company, "erp:customer:erp-1")
    said = company.bridge("links", "merge", first, "erp:customer:erp-1", "--dry-run")
    assert f"{second} becomes {first}, with erp:customer:erp-1." in said.text
    assert golden(company, "erp:customer:erp-1") == second
    company.bridge("links", "merge", first, "erp:customer:erp-1")
    company.change("bridge.yaml", "length: 8", "length: 80")
    company.change("bridge.yaml", "length: 8", "length: 80")
    company.bridge("sync")
    assert company.rows("crm") == {
        "crm-1": {"Name": "Muster GmbH", "VAT": "DE1", "Phone": "+49301", "Description": "pays late"}
    }
    assert company.rows("erp") == {
        "erp-1": {"name": "Muster GmbH", "vat": "DE1", "phone": "+49301", "comment": "pays late"}
    }
    journal = company.bridge("conflicts", "list", "--json").json["conflicts"]
    assert {(row["unit"], row["rule"], row["state"]) for row in journal} == {
        (unit, "merged", "settled") for unit in ("name", "tax_id", "phone")
    }
    assert company.bridge("outbox", "list", "--json").json["entries"] == []
    assert "already" in company.bridge("links", "merge", first, second, code=1).text, "the old id still leads there"
    quiet(company)


def test_refusals_say_what_to_do(alike: Company) -> None:
    one = golden(alike, "crm:customer:crm-1")
    assert "only record" in alike.bridge("links", "unlink", "crm:customer:crm-1", code=1).text
    assert "is not linked to anything" in alike.bridge("links", "split", "erp:customer:erp-1", code=1).text
    assert "does not wait for review" in alike.bridge("links", "new", "crm:customer:crm-1", code=1).text
    assert "already" in alike.bridge("links", "link", "crm:customer:crm-1", one, code=1).text
    assert "never seen" in alike.bridge("links", "unlink", "crm:customer:nobody", code=2).text
    assert "names no record" in alike.bridge("links", "unlink", "crm", code=2).text
    assert "no golden record 'x'" in alike.bridge("links", "link", "erp:customer:erp-1", "x", code=2).text
    said = alike.bridge("links", "unlink", "crm:customer:crm-1", "--json", code=1).json
    assert (said["ok"], said["done"]) == (False, False)
    assert said["to_do"]


def test_a_duplicate_in_one_system_is_named_and_multiplied_nowhere(company: Company) -> None:
    company.fill("crm", [{"Name": "Muster GmbH", "VAT": "DE1"}, {"Name": "Muster AG", "VAT": "DE1"}])
    company.bridge("sync")
    assert len(company.rows("erp")) == 1
    (one,) = company.bridge("links", "review", "--json").json["waiting"]
    assert one["duplicate"] == "duplicate in crm of crm:customer:crm-1"
    (count,) = company.bridge("status", "--json", code=None).json["waiting_for_review"]
    assert (count["records"], count["duplicates"]) == (1, 1)
    assert "duplicate in crm of" in company.bridge("links", "review").text
    refused = company.bridge("links", "link", "crm:customer:crm-2", "crm:customer:crm-1", code=1)
    assert "Merge the two in crm" in refused.text


def test_the_plan_shows_what_a_word_leads_to(alike: Company) -> None:
    alike.bridge("links", "new", "erp:customer:erp-1")
    plan = alike.bridge("plan", "--json", code=None).json
    assert sorted((one["system"], one["op"]) for one in plan["writes"]) == [("crm", "create"), ("erp", "create")]
    report = alike.bridge("sync", "--json").json
    assert report["totals"]["writes"] == 2


def test_an_edit_of_what_waits_keeps_its_place_in_the_queue(alike: Company) -> None:
    (before,) = alike.bridge("links", "review", "--json").json["waiting"]
    alike.edit("erp", "erp-1", name="Blumen Webe")
    alike.bridge("sync")
    (after,) = alike.bridge("links", "review", "--json").json["waiting"]
    assert (after["since"], after["values"]) == (before["since"], {"name": "Blumen Webe"})
