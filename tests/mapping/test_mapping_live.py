"""A mapping against live schemas: every way in which a system can differ from what the file says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.mapping.live import check_live
from bridge.ports.adapter import NativeField, NativeSchema
from mapping.mapping_text import changed, compiled, shipped

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings"


def schema(object_name: str, *fields: NativeField, **options: Any) -> NativeSchema:
    return NativeSchema(object_name, {one.path: one for one in fields}, **options)


ACCOUNT = schema(
    "Account",
    NativeField("Name", "text", length=255, required=True),
    NativeField("Email__c", "email", length=80),
    NativeField("VAT__c", "text", length=40),
    NativeField("ParentId", "reference", target="Account"),
    NativeField("Credit__c", "decimal", scale=2),
    NativeField("Status__c", "choice", choices=("Active", "On Hold", "Blocked"), choices_closed=True),
    NativeField("Type", "choice", choices=("Customer", "Partner"), choices_closed=True),
    NativeField("BillingStreet", "longtext", length=255),
    NativeField("BillingCity", "text", length=40),
    NativeField("BillingCountryCode", "choice"),
)
PARTNER = schema(
    "res.partner",
    NativeField("name", "text", required=True),
    NativeField("email", "text"),
    NativeField("vat", "text"),
    NativeField("parent_id", "reference", target="res.partner"),
    NativeField("street", "text"),
    NativeField("street2", "text"),
    NativeField("city", "text", length=40),
    NativeField("country_id", "reference", target="res.country"),
)
CUSTOMER = schema(
    "Customer",
    NativeField("customer_name", "text", length=255, required=True),
    NativeField("tax_id", "text", length=40),
    NativeField("credit", "decimal"),
    NativeField("disabled", "boolean"),
)
FITTING = {"crm": ACCOUNT, "erp": PARTNER, "fin": CUSTOMER}


def told(system: str, found: NativeSchema, level: str | None = "error") -> list[str]:
    emap = compiled()
    findings = check_live(emap, {**FITTING, system: found}, {"customer": emap})
    return [str(one) for one in findings if level in (None, one.level)]


def with_field(base: NativeSchema, path: str, **changes: Any) -> NativeSchema:
    fields: Mapping[str, NativeField] = {**base.fields, path: replace(base.fields[path], **changes)}
    return replace(base, fields=fields)


def without(base: NativeSchema, path: str) -> NativeSchema:
    return replace(base, fields={name: one for name, one in base.fields.items() if name != path})


def test_a_fitting_schema_has_no_errors() -> None:
    emap = compiled()
    assert [str(one) for one in check_live(emap, FITTING, {"customer": emap}) if one.level == "error"] == []


ERRORS = [
    ("crm", without(ACCOUNT, "Email__c"), "13:11 fields.email.crm: Account of 'crm' has no field 'Email__c'"),
    ("fin", schema("Customer", *(replace(f, path=f.path.replace("tax_id", "taxid")) for f in CUSTOMER.fields.values())),
     "has no field 'tax_id', did you mean 'taxid'?"),
    ("crm", without(ACCOUNT, "Type"), "4:26 systems.crm.where: Account of 'crm' has no field 'Type'"),
    ("crm", with_field(ACCOUNT, "Type", choices=("Client", "Partner")), "'Type' of 'crm' does not offer 'Customer'"),
    ("crm", with_field(ACCOUNT, "VAT__c", type="integer"), "is of type integer and does not hold a tax id"),
    ("crm", with_field(ACCOUNT, "Credit__c", type="date"), "is of type date and does not hold a money"),
    ("erp", with_field(PARTNER, "parent_id", type="text"), "is of type text and does not hold a reference"),
    ("erp", with_field(PARTNER, "email", type="reference"), "needs a 'ref', such as"),
    ("erp", with_field(PARTNER, "parent_id", target="res.users"), "leads to res.users, but customer is res.partner"),
    ("erp", with_field(PARTNER, "vat", createable=False, updateable=False), "say 'direction: from erp'"),
    ("erp", with_field(PARTNER, "vat", updateable=False), "say 'write: on create'"),
    ("erp", with_field(PARTNER, "vat", readable=False), "cannot be read by the integration user"),
    ("crm", with_field(ACCOUNT, "Status__c", choices=("Active", "OnHold")), "'On Hold', did you mean 'OnHold'"),
    ("crm", replace(ACCOUNT, key_problem="Bridge_Id__c is not unique"), "identity.key.crm: Bridge_Id__c is not unique"),
    ("crm", replace(ACCOUNT, readable=False), "may not read Account"),
    ("crm", replace(ACCOUNT, createable=False), "may not create Account"),
    ("crm", replace(ACCOUNT, updateable=False), "may not change Account"),
    ("erp", replace(PARTNER, required=("name", "company_id")), "demands 'company_id', which no field is written to"),
]  # fmt: skip


@pytest.mark.parametrize(("system", "found", "said"), ERRORS, ids=[one[2][-30:] for one in ERRORS])
def test_an_error_is_named_at_its_line(system: str, found: NativeSchema, said: str) -> None:
    errors = told(system, found)
    assert any(said in one for one in errors), errors
    assert all(one.startswith("mappings/customer.yaml:") for one in errors)


WARNINGS = [
    ("crm", with_field(ACCOUNT, "Status__c", choices=("Active", "On Hold", "Blocked", "Prospect")),
     "offers 'Prospect' too: a record with it stops this field"),
    ("fin", with_field(CUSTOMER, "customer_name", length=140),
     "'customer_name' of 'fin' holds 140 characters, fewer than crm, erp: a longer text is refused there"),
    ("crm", with_field(ACCOUNT, "Credit__c", type="integer"), "what stands after the point is lost there"),
    ("erp", with_field(PARTNER, "vat", required=True), "'erp' demands 'vat': say 'required: yes', or give a default"),
    ("erp", with_field(PARTNER, "vat", type="html"), "say 'transform: {erp: html_text}'"),
    ("erp", with_field(PARTNER, "vat", createable=False), "cannot be set when a record is created, only changed later"),
]  # fmt: skip


@pytest.mark.parametrize(("system", "found", "said"), WARNINGS, ids=[one[2][-30:] for one in WARNINGS])
def test_what_is_only_odd_is_a_warning(system: str, found: NativeSchema, said: str) -> None:
    warnings = told(system, found, "warning")
    assert any(said in one for one in warnings), warnings
    assert told(system, found) == []


def test_what_is_read_only_need_not_be_writable() -> None:
    locked = with_field(CUSTOMER, "credit", createable=False, updateable=False)
    assert told("fin", locked, None) == told("fin", CUSTOMER, None)


def test_what_is_set_on_create_only_need_not_be_changeable() -> None:
    emap = compiled(changed(("erp: email}", "erp: email, write: on create}")))
    locked = with_field(PARTNER, "email", updateable=False)
    assert not [one for one in check_live(emap, {"erp": locked}) if "email" in one.where]


def test_unmapped_choices_have_to_be_on_offer() -> None:
    text = changed((', fin: "0"}', "}"), (', fin: "1"}', "}"), ("    fin: disabled", "    fin: state"))
    found = schema("Customer", NativeField("state", "choice", choices=("active", "closed")))
    errors = [str(one) for one in check_live(compiled(text), {"fin": found})]
    assert any("'state' of 'fin' does not offer 'blocked'; name its value in 'values'" in one for one in errors)


def test_a_fixed_condition_covers_what_is_demanded() -> None:
    demanding = with_field(ACCOUNT, "Type", required=True)
    assert told("crm", demanding) == []


@pytest.mark.parametrize("version", ["odoo18", "odoo19"])
def test_the_shipped_mappings_name_fields_that_odoo_has(version: str) -> None:
    if not (RECORDINGS / version).exists():
        pytest.skip("the recordings of real answers are not beside this checkout")
    for emap in shipped().values():
        spec = emap.spec("erp")
        paths = [*(one.path for one in spec.fields), *(one.path for one in emap.where("erp"))]
        if spec.object == "stock.location":
            continue  # never asked for its fields by those who recorded
        heads = {path.removeprefix("delivery.").partition(".")[0] for path in paths}
        assert heads <= _odoo_fields(version, spec.object), emap.entity
        for table in spec.tables:
            rows = _odoo_fields(version, {"order_line": "sale.order.line"}[table.path])
            # bridge speaks Odoo 19's name to both; the adapter of 18 translates it
            rows |= {"product_uom_id"} if "product_uom" in rows else set()
            assert {one.path for one in table.fields} <= rows, table.path


def test_the_shipped_mappings_name_fields_that_erpnext_has() -> None:
    if not (RECORDINGS / "erpnext15").exists():
        pytest.skip("the recordings of real answers are not beside this checkout")
    for emap in shipped().values():
        spec = emap.spec("fin")
        for path in [*(one.path for one in spec.fields), *(one.path for one in spec.where)]:
            head, _, rest = path.partition(".")
            doctype, name = ("Address", rest.rpartition(".")[2]) if head == "Address" else (spec.object, head)
            if head == "Item_Price":
                doctype, name = "Item Price", "price_list_rate"
            elif head == "barcodes":
                doctype, name = "Item Barcode", rest
            assert name in _doctype_fields(doctype) | {"name", "docstatus"}, path
        for table in spec.tables:
            rows = _doctype_fields({"items": "Sales Order Item"}[table.path])
            assert {one.path for one in table.fields} <= rows, table.path


def _odoo_fields(version: str, model: str) -> set[str]:
    recording = RECORDINGS / version / f"fields-{model.replace('.', '-')}.json"
    return set(_inner(json.loads(recording.read_text(encoding="utf-8")), "write_date"))


def _doctype_fields(doctype: str) -> set[str]:
    meta = RECORDINGS / "erpnext15" / "meta" / f"{doctype.replace(' ', '_')}.json"
    return {str(one["fieldname"]) for one in json.loads(meta.read_text(encoding="utf-8"))["fields"]}


def _inner(node: Any, name: str) -> dict[str, Any]:
    """The first mapping, however deep, that has a description of this field."""
    if isinstance(node, dict):
        if isinstance(node.get(name), dict):
            return node
        node = list(node.values())
    for item in node if isinstance(node, list) else []:
        if found := _inner(item, name):
            return found
    return {}
