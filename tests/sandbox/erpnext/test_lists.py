"""Lists over HTTP: filters, joins, order, pages."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from tests.sandbox.erpnext.talk import Talk


@pytest.fixture
def people(talk: Talk) -> Talk:
    """Three customers, saved at 10:00, 10:01 and 10:02 UTC."""
    records = [
        {
            "object": "Customer",
            "values": {"customer_name": name, "bridge_external_id": key, "website": site},
            "modified": f"2026-05-01T10:0{minute}:00.000500+00:00",
        }
        for minute, (name, key, site) in enumerate([("Adam", "k1", "a"), ("berta", None, None), ("Çelik", "k3", "")])
    ]
    talk.control("seed", {"records": records})
    return talk


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ([["name", "=", "ADAM"]], ["Adam"]),
        ([["name", "in", ["adam", "celik"]]], ["Adam", "Çelik"]),
        ([["name", "not in", ["adam"]]], ["berta", "Çelik"]),
        ([["name", "like", "%er%"]], ["berta"]),
        ([["name", ">", "Berta"]], ["Çelik"]),
        ([["bridge_external_id", "is", "not set"]], ["berta"]),
        ([["website", "is", "set"]], ["Adam"]),
        ([["bridge_external_id", "=", None]], []),
        ([["website", "=", ""]], ["berta", "Çelik"]),
        ([["website", "!=", "a"]], ["berta", "Çelik"]),
        ([["modified", ">", "2026-05-01 12:00:00.000500"]], ["berta", "Çelik"]),
        ([["modified", ">=", "2026-05-01T12:01:00.000500"]], ["berta", "Çelik"]),
        ([["modified", ">=", "2026-05-01 12:01:00.000500+05:00"]], ["berta", "Çelik"]),
        ([["modified", "between", ["2026-05-01", "2026-05-01"]]], ["Adam", "berta", "Çelik"]),
        ([["Customer", "disabled", "=", 1]], []),
        ({"customer_type": "Company", "name": ["like", "a%"]}, ["Adam"]),
    ],
)
def test_filters(people: Talk, filters: Any, names: list[str]) -> None:
    asked = {"filters": json.dumps(filters), "order_by": "name asc", "limit_page_length": "0"}
    answer = people.ask("GET", "/api/resource/Customer", params=asked)
    assert [row["name"] for row in answer.json()["data"]] == names


def test_pages_by_stamp_and_name(people: Talk) -> None:
    last = {"modified": "2026-05-01 12:00:00.000500", "name": "Adam"}
    page = people.rows(
        "Customer",
        fields=["name", "modified"],
        filters=[["modified", ">=", last["modified"]]],
        or_filters=[["modified", ">", last["modified"]], ["name", ">", last["name"]]],
        order_by="modified asc, name asc",
        limit_page_length=1,
    )
    assert page == [{"name": "berta", "modified": "2026-05-01 12:01:00.000500"}]


def test_a_list_gives_20_names_unless_told_otherwise(talk: Talk) -> None:
    talk.control(
        "seed", {"records": [{"object": "Customer", "values": {"customer_name": f"C {n}"}} for n in range(30)]}
    )
    assert len(talk.ask("GET", "/api/resource/Customer").json()["data"]) == 20
    assert len(talk.ask("GET", "/api/resource/Customer?limit_page_length=0").json()["data"]) == 30
    assert len(talk.ask("GET", "/api/resource/Customer?limit=2&limit_page_length=3").json()["data"]) == 3
    rows = talk.ask("GET", "/api/resource/Customer?limit=1&as_dict=false&order_by=name desc").json()["data"]
    assert rows == [["C 9"]]


def test_child_rows_are_joined_and_need_their_parent(people: Talk) -> None:
    mails = [{"email_id": "a@x.example"}, {"email_id": "b@x.example"}]
    links = [{"link_doctype": "Customer", "link_name": "Adam"}]
    people.insert("Contact", first_name="Eve", email_ids=mails, links=links)
    people.insert("Contact", first_name="Nil")
    joined = people.rows("Contact", fields=["first_name", "email_ids.email_id as mail"], order_by="first_name asc")
    assert [(row["first_name"], row["mail"]) for row in joined] == [
        ("Eve", "a@x.example"),
        ("Eve", "b@x.example"),
        ("Nil", None),
    ]
    found = people.rows(
        "Contact",
        filters=[["Dynamic Link", "link_name", "=", "adam"]],
        fields=["name", "`tabDynamic Link`.link_doctype"],
    )
    assert found == [{"name": "Eve-Adam", "link_doctype": "Customer"}]
    assert people.refused(people.call("get_list", doctype="Contact Email")) == (403, "PermissionError")
    under = people.rows("Contact Email", parent="Contact", filters=[["parent", "in", ["Eve-Adam"]]], fields=["idx"])
    assert [row["idx"] for row in under] == [1, 2]


def test_parents_are_found_by_what_their_rows_hold_as_it_is_now(people: Talk) -> None:
    def linked(*names: str) -> list[str]:
        filters = [["Dynamic Link", "link_name", "in", names], ["Dynamic Link", "link_doctype", "=", "Customer"]]
        rows = people.rows("Contact", filters=filters, fields=["first_name"], order_by="first_name asc")
        return [row["first_name"] for row in rows]

    assert linked("adam") == []
    made = {
        name: people.insert(
            "Contact", first_name=name, links=[{"link_doctype": "Customer", "link_name": one} for one in under]
        )["name"]
        for name, under in (("Eve", ["Adam"]), ("Uwe", ["Adam", "berta"]), ("Nil", []))
    }
    assert linked("adam") == ["Eve", "Uwe"]
    assert linked("BERTA", "celik") == ["Uwe"]
    moved = people.ask(
        "PUT",
        f"/api/resource/Contact/{made['Eve']}",
        json={"links": [{"link_doctype": "Customer", "link_name": "berta"}]},
    )
    assert moved.status_code == 200, moved.text
    assert linked("Adam") == ["Uwe"]
    people.control("faults", {"kind": "late_commit", "operation": "update Contact", "seconds": 10})
    people.control("clock", {"freeze": True})
    people.ask("PUT", f"/api/resource/Contact/{made['Uwe']}", json={"links": []})
    assert linked("Adam", "berta") == ["Eve", "Uwe", "Uwe"], "with a late commit nobody sees the rows as they are"
    people.control("clock", {"advance": 11})
    assert linked("Adam", "berta") == ["Eve"]


def test_linked_columns_groups_and_counts(people: Talk) -> None:
    people.ask("PUT", "/api/resource/Customer/Adam", json={"territory": "Germany"})
    rows = people.rows("Customer", fields=["name", "territory.parent_territory as above"], filters={"name": "Adam"})
    assert rows == [{"name": "Adam", "above": "All Territories"}]
    grouped = people.rows("Customer", fields=["customer_type", "count(name) as n"], group_by="customer_type")
    assert grouped == [{"customer_type": "Company", "n": 3}]
    assert people.call("get_count", doctype="Customer", filters=[["name", "like", "%a%"]]).json()["message"] == 2


@pytest.mark.parametrize(
    ("asked", "status", "kind"),
    [
        ({"filters": '[["nope","=",1]]'}, 417, "DataError"),
        ({"fields": '["nope"]'}, 417, "DataError"),
        ({"filters": '[["name","~",1]]'}, 417, "ValidationError"),
        ({"order_by": "name; drop table x"}, 417, "ValidationError"),
        ({"fields": "name"}, 500, "JSONDecodeError"),
    ],
)
def test_what_a_list_does_not_take(people: Talk, asked: dict[str, str], status: int, kind: str) -> None:
    assert people.refused(people.ask("GET", "/api/resource/Customer", params=asked)) == (status, kind)


def test_a_line_that_is_too_long_is_answered_with_a_page(talk: Talk) -> None:
    answer = talk.ask("GET", "/api/resource/Customer", params={"filters": "x" * 5000})
    assert (answer.status_code, answer.headers["Content-Type"][:9]) == (400, "text/html")


def test_ten_times_the_rows_take_about_ten_times_as_long(talk: Talk) -> None:
    """Side by side, so that a busy machine is no failure: a list that compares every row with every other takes a
    hundred times as long."""
    records = [
        {"object": "Customer", "values": {"customer_name": f"C {n}", "bridge_external_id": str(n)}} for n in range(2000)
    ]
    talk.control("seed", {"records": records[:200]})
    few = seconds_of_a_list(talk, 200)
    talk.control("seed", {"records": records[200:]})
    assert seconds_of_a_list(talk, 2000) < 40 * few


def seconds_of_a_list(talk: Talk, rows: int) -> float:
    """The least of three."""
    took: list[float] = []
    for _ in range(3):
        started = time.monotonic()
        found = talk.rows("Customer", fields=["*"], order_by="modified asc, name asc", limit_page_length=0)
        took.append(time.monotonic() - started)
        assert len(found) == rows
    return min(took)
