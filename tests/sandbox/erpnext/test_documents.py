"""Documents over HTTP: names, stamps, locks, child rows, what is refused."""

from __future__ import annotations

import json
import re

import pytest
from tests.sandbox.erpnext.talk import Talk

ADDRESS = {"address_type": "Billing", "address_line1": "Road 1", "city": "Berlin", "country": "Germany"}


def test_a_second_customer_of_the_name_gets_a_number_also_if_only_case_and_accents_differ(talk: Talk) -> None:
    assert talk.insert("Customer", customer_name="Müller")["name"] == "Müller"
    answer = talk.ask("POST", "/api/resource/Customer", json={"customer_name": "MULLER"})
    assert answer.json()["data"]["name"] == "MULLER - 1"
    assert "already exists" in answer.json()["_server_messages"]


def test_stamps_are_naive_in_the_zone_of_the_site(talk: Talk) -> None:
    talk.control("clock", {"freeze": True})
    talk.control("clock", {"set": "2026-07-01T10:00:00.000123+00:00"})
    assert talk.insert("Customer", customer_name="A")["modified"] == "2026-07-01 12:00:00.000123"


def test_a_put_moves_the_stamp_also_without_a_change_and_an_older_stamp_is_refused(talk: Talk) -> None:
    first = talk.insert("Customer", customer_name="A")["modified"]
    path = "/api/resource/Customer/A"
    second = talk.ask("PUT", path, json={"modified": first}).json()["data"]["modified"]
    assert second > first
    assert talk.refused(talk.ask("PUT", path, json={"modified": first})) == (417, "TimestampMismatchError")
    other_form = second.replace(" ", "T")
    assert talk.refused(talk.ask("PUT", path, json={"modified": other_form})) == (417, "TimestampMismatchError")
    assert talk.ask("PUT", path, json={"website": "x"}).status_code == 200


def test_null_fields_are_left_out_of_documents_but_not_of_lists(talk: Talk) -> None:
    assert "website" not in talk.insert("Customer", customer_name="A", website=None)
    assert talk.rows("Customer", fields=["name", "website"]) == [{"name": "A", "website": None}]
    assert talk.call("get", doctype="Customer", name="a").json()["message"]["website"] is None


@pytest.mark.parametrize(
    ("values", "status", "kind"),
    [
        ({"customer_type": "Company"}, 417, "MandatoryError"),
        ({"customer_name": "A", "territory": "Atlantis"}, 417, "LinkValidationError"),
        ({"customer_name": "A", "customer_type": "Alien"}, 417, "ValidationError"),
        ({"customer_name": "A", "tax_id": "9" * 141}, 417, "CharacterLengthExceededError"),
        ({"customer_name": "<b>A"}, 409, "NameError"),
        ({"customer_name": "A", "bridge_external_id": "TAKEN"}, 417, "UniqueValidationError"),
    ],
)
def test_what_a_customer_may_not_be(talk: Talk, values: dict[str, str], status: int, kind: str) -> None:
    talk.insert("Customer", customer_name="Holder", bridge_external_id="taken")
    assert talk.refused(talk.ask("POST", "/api/resource/Customer", json=values)) == (status, kind)
    assert [row["name"] for row in talk.rows("Customer")] == ["Holder"]


def test_an_empty_key_is_null_so_that_two_may_have_it(talk: Talk) -> None:
    for name in ("A", "B"):
        assert "bridge_external_id" not in talk.insert("Customer", customer_name=name, bridge_external_id="")


def test_many_are_all_inserted_or_none(talk: Talk) -> None:
    good = {"doctype": "Customer", "customer_name": "A"}
    bad = {**good, "customer_name": "B", "territory": "Atlantis"}
    assert talk.refused(talk.call("insert_many", docs=[good, bad])) == (417, "LinkValidationError")
    assert talk.rows("Customer") == []
    assert talk.call("insert_many", docs=[good, good]).json()["message"] == ["A", "A - 1"]
    assert talk.refused(talk.call("insert_many", docs=[good] * 201)) == (417, "ValidationError")


def test_rows_of_a_table_are_replaced_and_those_that_carry_their_name_keep_it(talk: Talk) -> None:
    mails = [{"email_id": "a@x.example", "is_primary": 1}, {"email_id": "b@x.example"}]
    made = talk.insert("Contact", first_name="Erika", last_name="Muster", email_ids=mails)
    assert (made["name"], made["email_id"], made["email_ids"][0]["__unsaved"]) == ("Erika Muster", "a@x.example", 1)
    kept = {"name": made["email_ids"][1]["name"], "email_id": "c@x.example", "is_primary": 1}
    rows = [kept, {"email_id": "d@x.example"}]
    changed = talk.ask("PUT", "/api/resource/Contact/Erika Muster", json={"email_ids": rows}).json()["data"]
    assert [row["email_id"] for row in changed["email_ids"]] == ["c@x.example", "d@x.example"]
    assert changed["email_ids"][0]["name"] == kept["name"]
    assert changed["email_id"] == "c@x.example"


def test_bad_mail_and_phone_are_refused(talk: Talk) -> None:
    mail = talk.ask("POST", "/api/resource/Contact", json={"first_name": "A", "email_ids": [{"email_id": "no"}]})
    assert talk.refused(mail) == (417, "InvalidEmailAddressError")
    phone = talk.ask("POST", "/api/resource/Contact", json={"first_name": "A", "phone_nos": [{"phone": "call me"}]})
    assert talk.refused(phone) == (417, "InvalidPhoneNumberError")


def test_deleting_a_customer_takes_what_is_only_its_own_and_keeps_copies(talk: Talk) -> None:
    talk.insert("Customer", customer_name="A", bridge_external_id="K1")
    talk.insert("Customer", customer_name="B")
    link = {"link_doctype": "Customer", "link_name": "A"}
    talk.insert("Address", address_title="Own", links=[link], **ADDRESS)
    talk.insert("Address", address_title="Shared", links=[link, {**link, "link_name": "B"}], **ADDRESS)
    assert talk.ask("DELETE", "/api/resource/Customer/A").status_code == 202
    assert talk.refused(talk.ask("DELETE", "/api/resource/Customer/A")) == (404, "DoesNotExistError")
    assert [row["name"] for row in talk.rows("Address")] == ["Shared-Billing"]
    log = talk.rows("Deleted Document", fields=["deleted_doctype", "deleted_name", "data"], order_by="creation asc")
    assert {(row["deleted_doctype"], row["deleted_name"]) for row in log} == {
        ("Address", "Own-Billing"),
        ("Customer", "A"),
    }
    assert json.loads(log[-1]["data"])["bridge_external_id"] == "K1"


def test_a_primary_address_cannot_be_deleted_and_its_change_moves_the_customer(talk: Talk) -> None:
    talk.insert("Customer", customer_name="A")
    talk.insert("Address", address_title="Own", links=[{"link_doctype": "Customer", "link_name": "A"}], **ADDRESS)
    talk.ask("PUT", "/api/resource/Customer/A", json={"customer_primary_address": "Own-Billing"})
    before = talk.ask("GET", "/api/resource/Customer/A").json()["data"]["modified"]
    assert talk.refused(talk.ask("DELETE", "/api/resource/Address/Own-Billing")) == (417, "LinkExistsError")
    talk.ask("PUT", "/api/resource/Address/Own-Billing", json={"city": "Bonn"})
    after = talk.ask("GET", "/api/resource/Customer/A").json()["data"]
    assert after["modified"] > before
    assert "Bonn" in after["primary_address"]


def test_a_rename_reaches_what_is_linked_and_leaves_a_comment_only(talk: Talk) -> None:
    talk.insert("Customer", customer_name="A")
    talk.insert("Address", address_title="Own", links=[{"link_doctype": "Customer", "link_name": "A"}], **ADDRESS)
    assert talk.call("rename_doc", doctype="Customer", old_name="A", new_name="B").json()["message"] == "B"
    assert talk.ask("GET", "/api/resource/Customer/A").status_code == 404
    assert talk.ask("GET", "/api/resource/Address/Own-Billing").json()["data"]["links"][0]["link_name"] == "B"
    assert talk.rows("Deleted Document") == []
    comment = talk.rows("Comment", fields=["content"], filters={"reference_name": "B"})[0]["content"]
    assert re.findall("<strong>(.*?)</strong>", comment) == ["A", "B"]


def test_a_merge_is_in_the_log_of_deletions(talk: Talk) -> None:
    for name in ("A", "B"):
        talk.insert("Customer", customer_name=name)
    assert talk.call("rename_doc", doctype="Customer", old_name="A", new_name="B", merge=True).status_code == 200
    assert [row["deleted_name"] for row in talk.rows("Deleted Document", fields=["deleted_name"])] == ["A"]


def test_tags_do_not_move_the_stamp(talk: Talk) -> None:
    before = talk.insert("Customer", customer_name="A")["modified"]
    tag = "frappe.desk.doctype.tag.tag"
    for name in ("vip", "new"):
        assert talk.call(f"{tag}.add_tag", tag=name, dt="Customer", dn="A").json()["message"] == name
    talk.call(f"{tag}.remove_tag", tag="new", dt="Customer", dn="A")
    assert talk.rows("Customer", fields=["_user_tags", "modified"]) == [{"_user_tags": ",vip", "modified": before}]
    assert [row["name"] for row in talk.rows("Tag", order_by="name asc")] == ["new", "vip"]


def test_a_custom_field_can_be_used_at_once_and_is_described(talk: Talk) -> None:
    field = {"dt": "Customer", "fieldname": "crm_id", "label": "CRM", "fieldtype": "Data", "unique": 1}
    assert talk.insert("Custom Field", **field)["name"] == "Customer-crm_id"
    assert talk.insert("Customer", customer_name="A", crm_id="7")["crm_id"] == "7"
    assert talk.refused(talk.ask("POST", "/api/resource/Custom Field", json=field)) == (417, "ValidationError")
    docs = talk.ask("GET", "/api/method/frappe.desk.form.load.getdoctype?doctype=Customer").json()["docs"]
    described = {row["fieldname"]: row for row in docs[0]["fields"]}
    assert (described["crm_id"]["unique"], described["crm_id"]["is_custom_field"]) == (1, 1)
    assert {doc["name"] for doc in docs} >= {"Customer", "Sales Team"}


def test_unknown_fields_are_dropped_and_a_bulk_update_tells_what_failed(talk: Talk) -> None:
    assert "nope" not in talk.insert("Customer", customer_name="A", nope=1)
    docs = [{"doctype": "Customer", "docname": name, "website": "w"} for name in ("A", "Z")]
    answer = talk.ask("POST", "/api/method/frappe.client.bulk_update", data={"docs": json.dumps(docs)})
    assert [row["doc"]["docname"] for row in answer.json()["message"]["failed_docs"]] == ["Z"]
    assert talk.rows("Customer", fields=["website"]) == [{"website": "w"}]
    assert talk.refused(talk.call("bulk_update", docs=docs)) == (500, "TypeError")
