"""Reading and writing of records: stamps, transactions, relations, addresses."""

from __future__ import annotations

from typing import Any

import pytest

FROZEN = "2026-03-04T05:06:07.891011+00:00"
STAMP = "2026-03-04 05:06:07"


@pytest.fixture
def frozen(talk: Any) -> Any:
    talk.control("clock", freeze=True)  # first, so that no second passes between the two
    talk.control("clock", set=FROZEN)
    return talk


@pytest.mark.parametrize(
    ("operator", "on_18", "on_19"), [(">", 1, 0), (">=", 1, 1), ("=", 0, 1), ("<=", 0, 1), ("<", 0, 0)]
)
def test_stamps_show_seconds_and_compare_as_the_version_does(
    frozen: Any, operator: str, on_18: int, on_19: int
) -> None:
    record = frozen.partner()
    assert frozen.read(record, "write_date")["write_date"] == STAMP
    found = frozen.call("res.partner", "search_count", [["id", "=", record], ["write_date", operator, STAMP]])
    assert found == (on_18 if frozen.version == "18" else on_19)


def test_a_write_of_nothing_stamps(frozen: Any) -> None:
    record = frozen.partner()
    frozen.control("clock", advance=10)
    assert frozen.call("res.partner", "write", [record], {}) is True
    assert frozen.read(record, "write_date")["write_date"] == "2026-03-04 05:06:17"


def test_a_bad_record_in_a_batch_leaves_nothing_and_burns_the_ids(talk: Any) -> None:
    first = talk.partner()
    rows = [{"name": "good", "ref": "batch"}, {"type": "contact", "ref": "batch"}]
    assert talk.error("res.partner", "create", rows) == "odoo.exceptions.ValidationError"
    assert talk.call("res.partner", "search_count", [["ref", "=", "batch"]]) == 0
    assert talk.partner() == first + 3


def test_a_write_with_a_missing_record_changes_none(talk: Any) -> None:
    record = talk.partner(city="Gent")
    assert talk.error("res.partner", "write", [record, 99999], {"city": "x"}) == "odoo.exceptions.MissingError"
    assert talk.read(record, "city")["city"] == "Gent"


def test_a_many2one_written_as_it_was_read_is_cleared(talk: Any) -> None:
    record = talk.partner(country_id=20)
    read = talk.read(record, "country_id")["country_id"]
    assert read == [20, "Belgium"]
    talk.call("res.partner", "write", [record], {"country_id": read})
    assert talk.read(record, "country_id")["country_id"] is False


def test_archived_records_hide_from_searches_only(talk: Any) -> None:
    record = talk.partner(ref="old")
    assert talk.call("res.partner", "action_archive", [record]) is None
    assert talk.call("res.partner", "search", [["ref", "=", "old"]]) == []
    assert talk.call("res.partner", "search", [["ref", "=", "old"]], context={"active_test": False}) == [record]
    assert talk.call("res.partner", "search", [["ref", "=", "old"], ["active", "=", False]]) == [record]
    assert talk.read(record, "active") == {"id": record, "active": False}


def test_commands_on_tags(talk: Any) -> None:
    record = talk.partner(category_id=[[6, 0, [1, 2]]])
    for command, expected in (([4, 3, 0], {1, 2, 3}), ([3, 1, 0], {2, 3}), ([6, 0, [4]], {4}), ([5, 0, 0], set())):
        talk.call("res.partner", "write", [record], {"category_id": [command]})
        assert set(talk.read(record, "category_id")["category_id"]) == expected


def test_a_contact_takes_the_address_of_its_company_and_an_invoice_address_does_not(talk: Any) -> None:
    company = talk.partner(is_company=True, street="Rue 1", city="Brussels", country_id=20, vat="BE0477472701")
    contact = talk.partner(parent_id=company, type="contact")
    invoice = talk.partner(parent_id=company, type="invoice", street="Other 2")
    talk.call("res.partner", "write", [company], {"street": "Rue 9"})
    assert talk.read(contact, "street", "vat") == {"id": contact, "street": "Rue 9", "vat": "BE0477472701"}
    assert talk.read(invoice, "street", "vat") == {"id": invoice, "street": "Other 2", "vat": "BE0477472701"}


def test_only_19_writes_the_address_of_a_contact_up_to_its_company(talk: Any) -> None:
    company = talk.partner(is_company=True, street="Rue 1")
    contact = talk.partner(parent_id=company)
    talk.call("res.partner", "write", [contact], {"street": "Own 3"})
    assert talk.read(company, "street")["street"] == ("Own 3" if talk.version == "19" else "Rue 1")


def test_renaming_a_company_stamps_its_children(frozen: Any) -> None:
    company = frozen.partner(name="Before", is_company=True)
    child = frozen.partner(name="Ann", parent_id=company)
    frozen.control("clock", advance=60)
    frozen.call("res.partner", "write", [company], {"name": "After"})
    row = frozen.read(child, "display_name", "write_date")
    assert row == {"id": child, "display_name": "After, Ann", "write_date": "2026-03-04 05:07:07"}


def test_a_parent_of_itself_is_refused_and_nothing_is_kept(talk: Any) -> None:
    record = talk.partner()
    assert talk.error("res.partner", "write", [record], {"parent_id": record}) == "odoo.exceptions.ValidationError"
    assert talk.read(record, "parent_id")["parent_id"] is False


def test_mobile_is_there_on_18_alone(talk: Any) -> None:
    assert ("mobile" in talk.call("res.partner", "fields_get")) == (talk.version == "18")


@pytest.mark.parametrize(
    ("domain", "names"),
    [
        ([["name", "ilike", "AL_"]], {"Alma", "Alba"}),
        ([["name", "=like", "Al%"]], {"Alma", "Alba"}),
        (["|", ["city", "=", "Gent"], ["name", "=", "Bo"]], {"Alma", "Bo"}),
        (["!", ["city", "=", "Gent"]], {"Alba", "Bo"}),
        ([["city", "!=", "Gent"]], {"Alba", "Bo"}),
        ([["city", "=", False]], {"Alba", "Bo"}),
        ([["country_id.code", "=", "BE"]], {"Bo"}),
        ([["country_id", "=", "Belgium"]], {"Bo"}),
        ([["category_id", "in", [1]]], {"Alba"}),
        ([["category_id", "=", False]], {"Alma", "Bo"}),
        ([["credit_limit", ">", 10]], {"Bo"}),
    ],
)
def test_domains(talk: Any, domain: list[Any], names: set[str]) -> None:
    talk.partner(name="Alma", city="Gent", ref="domain")
    talk.partner(name="Alba", category_id=[[6, 0, [1]]], ref="domain")
    talk.partner(name="Bo", country_id=20, credit_limit=20.5, ref="domain")
    rows = talk.call("res.partner", "search_read", [["ref", "=", "domain"], *domain], ["name"])
    assert {row["name"] for row in rows} == names


def test_a_relation_may_be_searched_by_name_alone(talk: Any) -> None:
    company = talk.partner(name="Searched Corp", is_company=True)
    record = talk.partner(country_id=20, parent_id=company, type="invoice")
    assert talk.call("res.partner", "search", [["country_id", "=", "Belgium"]], order="id desc")[0] == record
    assert talk.call("res.partner", "search", [["parent_id", "in", ["Searched Corp"]]]) == [record]
    assert talk.call("res.partner", "search", [["id", "=", str(record)]]) == [record]


def test_child_of_goes_down_the_hierarchy(talk: Any) -> None:
    company = talk.partner(is_company=True)
    contact = talk.partner(parent_id=company)
    below = talk.partner(parent_id=contact)
    assert set(talk.call("res.partner", "search", [["id", "child_of", company]])) == {company, contact, below}


def test_deleting_a_record_takes_its_external_id_along(talk: Any) -> None:
    rows = [["__crm__.gone", "Gone"]]
    first = talk.call("res.partner", "load", ["id", "name"], rows)["ids"]
    talk.call("res.partner", "unlink", first)
    assert talk.call("ir.model.data", "search_count", [["module", "=", "__crm__"]]) == 0
    assert talk.call("res.partner", "load", ["id", "name"], rows)["ids"] != first


def test_load_saves_all_rows_or_none(talk: Any) -> None:
    columns = ["id", "name", "email", "parent_id/id"]
    rows = [["__crm__.a", "A", "a@x.example", ""], ["__crm__.b", "B", "", "__crm__.a"]]
    made = talk.call("res.partner", "load", columns, rows)
    assert made["messages"] == []
    assert len(made["ids"]) == 2
    assert talk.call("res.partner", "load", columns, rows)["ids"] == made["ids"]
    broken = talk.call("res.partner", "load", columns, [["__crm__.a", "Changed", "", ""], ["__crm__.c", "", "", ""]])
    assert broken["ids"] is False
    assert [message["record"] for message in broken["messages"]] == [1]
    assert talk.read(made["ids"][0], "name")["name"] == "A"


def test_two_thousand_rows_are_seeded_and_listed(talk: Any) -> None:
    entry = {"object": "res.partner", "modified": "2026-01-02T03:04:05.678901Z"}
    entries = [{**entry, "values": {"name": f"N{number}", "ref": "many"}} for number in range(2000)]
    ids = talk.control("seed", records=entries)["ids"]
    rows = talk.call("res.partner", "search_read", [["ref", "=", "many"]], ["name", "write_date"], order="id")
    assert [row["id"] for row in rows] == ids
    assert rows[0]["write_date"] == "2026-01-02 03:04:05"


def test_a_user_edits_in_the_screen(talk: Any) -> None:
    record = talk.partner()
    talk.control("edit", object="res.partner", id=record, values={"city": "Gent"})
    assert talk.read(record, "city", "write_uid") == {"id": record, "city": "Gent", "write_uid": [5, "Limited User"]}
    other = talk.control("insert", object="res.partner", values={"name": "Typed in"})["id"]
    talk.control("delete", object="res.partner", id=record)
    assert talk.call("res.partner", "search", [["id", "in", [record, other]]]) == [other]
    talk.control("reset")
    assert talk.call("res.partner", "search", [["id", "=", other]]) == []
