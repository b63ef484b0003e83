"""What the desk calls, and what the HTTP layer answers by itself."""

from __future__ import annotations

import pytest
from tests.sandbox.erpnext.talk import Talk

ADAM = "/api/resource/Customer/Adam"


@pytest.fixture
def two(talk: Talk) -> Talk:
    """Two customers."""
    for name in ("Adam", "Berta"):
        talk.insert("Customer", customer_name=name)
    return talk


def test_lists_of_the_desk(two: Talk) -> None:
    view = "frappe.desk.reportview"
    assert two.call(f"{view}.get_count", doctype="Customer").json() == {"message": 2}
    asked = {"doctype": "Customer", "fields": ["name", "disabled"], "order_by": "name desc", "page_length": 1}
    table = two.call(f"{view}.get", **asked).json()["message"]
    assert (table["keys"], table["values"]) == (["name", "disabled"], [["Berta", 0]])
    assert two.call(f"{view}.get_list", **asked, start=1).json()["message"] == [{"name": "Adam", "disabled": 0}]
    assert two.call(f"{view}.get", doctype="Customer", filters={"name": "Nobody"}).json()["message"] == []


def test_a_form_and_a_link_field(two: Talk) -> None:
    form = two.call("frappe.desk.form.load.getdoc", doctype="Customer", name="Adam").json()
    assert (form["docs"][0]["website"], form["docinfo"]["permissions"]["write"]) == (None, 1)
    offered = two.call("frappe.desk.search.search_link", doctype="Customer", txt="ert").json()["message"]
    assert [row["value"] for row in offered] == ["Berta"]


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("PUT", "/api/resource/Customer", 405),
        ("DELETE", "/api/resource/Customer", 405),
        ("GET", "/elsewhere", 404),
    ],
)
def test_wrong_verbs_and_paths_are_answered_with_a_page(two: Talk, verb: str, path: str, status: int) -> None:
    answer = two.ask(verb, path)
    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (status, "text/html")


def test_a_verb_that_a_document_does_not_have_and_an_unknown_route_are_answered_alike(two: Talk) -> None:
    assert two.ask("PATCH", "/api/resource/Customer/Adam", json={}).json() == {"exc_type": "DoesNotExistError"}
    assert two.ask("GET", "/api/nope").json() == {"exc_type": "DoesNotExistError"}


def test_arguments_that_nobody_can_work_with_are_faults_of_python(two: Talk) -> None:
    assert two.refused(two.call("insert_many", docs=5)) == (500, "TypeError")
    assert two.refused(two.call("get_list")) == (500, "TypeError")
    assert two.refused(two.ask("PUT", "/api/resource/Customer/Adam", json={"companies": "x"})) == (
        500,
        "AttributeError",
    )
    assert two.refused(two.ask("PUT", "/api/resource/Customer/Adam", json={"website": ["x"]})) == (
        417,
        "ValidationError",
    )


def test_a_name_in_the_body_asks_for_that_document(two: Talk) -> None:
    assert two.refused(two.ask("PUT", "/api/resource/Customer/Adam", json={"name": "Nobody"})) == (
        404,
        "DoesNotExistError",
    )
    old = {"creation": "2020-01-01 00:00:00"}
    assert two.refused(two.ask("PUT", ADAM, json=old)) == (417, "CannotChangeConstantError")


def test_a_full_save_needs_the_stamp_that_was_read(two: Talk) -> None:
    doc = two.call("get", doctype="Customer", name="Adam").json()["message"]
    saved = two.call("save", doc={**doc, "website": "w"}).json()["message"]
    assert saved["website"] == "w"
    assert two.refused(two.call("save", doc=doc)) == (417, "TimestampMismatchError")


def test_what_was_deleted_can_be_restored_under_its_name(two: Talk) -> None:
    two.ask("DELETE", "/api/resource/Customer/Adam")
    entry = two.rows("Deleted Document")[0]["name"]
    restore = "frappe.core.doctype.deleted_document.deleted_document.restore"
    assert two.call(restore, name=entry).status_code == 200
    assert two.ask("GET", "/api/resource/Customer/Adam").status_code == 200
    told = two.rows("Deleted Document", fields=["restored", "new_name"])
    assert told == [{"restored": 1, "new_name": "Adam"}]
    assert two.refused(two.call(restore, name=entry)) == (417, "ValidationError")


def test_changes_of_a_customer_are_kept_as_versions(two: Talk) -> None:
    two.call("set_value", doctype="Customer", name="Adam", fieldname="website", value="w")
    kept = two.rows("Version", fields=["ref_doctype", "docname", "data"])
    assert (kept[0]["docname"], '["website",null,"w"]' in kept[0]["data"]) == ("Adam", True)


def test_customers_may_be_named_by_a_series_whose_newest_number_is_used_again(two: Talk) -> None:
    two.ask("PUT", "/api/resource/Selling Settings/Selling Settings", json={"cust_master_name": "Naming Series"})
    first = two.insert("Customer", customer_name="C")["name"]
    assert first.startswith("CUST-20")
    assert first.endswith("-00001")
    two.ask("DELETE", f"/api/resource/Customer/{first}")
    assert two.insert("Customer", customer_name="D")["name"] == first
