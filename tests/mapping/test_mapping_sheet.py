"""The analyst's sheet: out, changed, and back into the file with comments and layout."""

from __future__ import annotations

import csv
import difflib
import io

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bridge.mapping.edit import dump, rewrite
from bridge.mapping.file import FIELD_OPTIONS
from bridge.mapping.reading import Data, read_yaml
from bridge.mapping.sheet import KEPT, OPTIONS, export_sheet, import_sheet
from bridge.ports.errors import ConfigError
from mapping.mapping_text import SHIPPED, TEXT, changed, compiled


def lines_changed(old: str, new: str) -> list[str]:
    diff = difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")
    return [line for line in diff if line[0] in "+-" and not line.startswith(("+++", "---"))]


@pytest.mark.parametrize("name", ["customer.yaml", "contact.yaml"])
def test_out_and_back_changes_not_one_letter(name: str) -> None:
    text = (SHIPPED / name).read_text(encoding="utf-8")
    sheet = export_sheet(text, name)
    back = import_sheet(text, sheet, name)
    assert back.text == text
    assert back.changes == ()
    rows = csv.reader(io.StringIO(sheet))
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows(rows)
    assert import_sheet(text, f"\ufeff{out.getvalue()}", name).changes == ()  # as a German Excel saves it


def test_the_sheet_is_what_an_analyst_expects() -> None:
    rows = export_sheet(TEXT, "f").splitlines()
    assert rows[0] == "field,crm,erp,fin," + ",".join(OPTIONS)
    assert rows[1].startswith("name,Name,name,customer_name,,,yes")
    assert any(row.startswith("status = blocked,On Hold | Blocked,,1") for row in rows)
    assert any(row.startswith("billing_address.street,BillingStreet,street+street2,") for row in rows)


def test_every_option_has_a_column() -> None:
    assert set(OPTIONS) | {"values", *KEPT} == set(FIELD_OPTIONS)


def test_changes_come_in_and_remarks_stay() -> None:
    text = changed(("  email: {crm", "  # the general mailbox, not a person's\n  email: {crm"))
    sheet = export_sheet(text, "f")
    sheet = sheet.replace("email,Email__c,email,", "email,Mail__c,,email_id").replace("email_id,,", "email_id,", 1)
    sheet = sheet.replace("On Hold | Blocked", "Blocked")
    sheet = "".join(line for line in sheet.splitlines(keepends=True) if not line.startswith("parent"))
    sheet += "website,Website,website,website,,,,,,,,,,,\nbilling_address.postcode,Zip,zip,,,,,,,,,,,,\n"
    back = import_sheet(text, sheet, "f")
    assert back.changes == (
        "changed fields.email.crm",
        "removed fields.email.erp",
        "added fields.email.fin",
        "removed fields.parent",
        "changed fields.status.values.blocked.crm",
        "added fields.website",
        "added groups.billing_address.postcode",
    )
    assert lines_changed(text, back.text) == [
        "-  email: {crm: Email__c, erp: email}",
        "+  email: {crm: Mail__c, fin: email_id}",
        "-  parent: {crm: ParentId, erp: parent_id, ref: record customer}",
        '-    values: {active: {crm: Active, fin: "0"}, blocked: {crm: [On Hold, Blocked], fin: "1"}}',
        '+    values: {active: {crm: Active, fin: "0"}, blocked: {crm: Blocked, fin: "1"}}',
        "+  website: {crm: Website, erp: website, fin: website}",
        "+    postcode: {crm: Zip, erp: zip}",
    ]
    assert compiled(back.text).unit("billing_address").paths("erp")[-1] == "zip"


def test_options_by_system_and_formulas() -> None:
    text = changed(("erp: email}", 'erp: email, default: "=cmd()", transform: {erp: lower, crm: upper}}'))
    sheet = export_sheet(text, "f")
    assert "'=cmd()" in sheet
    assert "erp: lower; crm: upper" in sheet
    assert import_sheet(text, sheet, "f").changes == ()


@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        ("crm,erp\n", "no column 'field'"),
        ("field,crm,sap\n", "unknown columns sap"),
        ("field,crm\nstatus = active,Active\n", "must come before its values"),
        ("field,crm\nname,Name\nname,Name\n", "stands there twice"),
        ("field,crm\na.b,Name\na.b,Name\n", "line 3 of the sheet"),
    ],
)
def test_a_sheet_that_cannot_be_read(sheet: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        import_sheet(TEXT, sheet, "f")


def test_a_file_that_cannot_be_read() -> None:
    for text in ("a: [", "- a\n", "a: 1\na: 2\n"):
        with pytest.raises(ConfigError):
            export_sheet(text, "f")


_WORDS = st.sampled_from(["a", "b c", "yes", "0", "#x", "it's", 'say "x"', "x: y", "ü", " lead", "[a]", "", "-", "? q"])
_TREES: st.SearchStrategy[Data] = st.recursive(
    _WORDS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["k", "l", "m n", "o:"]), inner, max_size=4)
    ),
    max_leaves=12,
)
_MAPS = st.dictionaries(st.sampled_from(["fields", "groups", "p", "q"]), _TREES, min_size=1, max_size=4)


@given(_MAPS, _MAPS, st.booleans())
def test_any_tree_becomes_any_other(old: dict[str, Data], new: dict[str, Data], flow: bool) -> None:
    text = yaml.safe_dump({"top": old, "last": "x"}, default_flow_style=flow, allow_unicode=True, sort_keys=False)
    text = text.replace("\n", "  # why\n") if not flow and '"' not in text and "'" not in text else text
    parsed = read_yaml(text, "f").data
    assert isinstance(parsed, dict)
    wanted = {"top": new}
    written = rewrite(text, {"top": parsed["top"]}, wanted, [])
    assert read_yaml(written, "f").data == {**parsed, **wanted}
    assert written.count("# why") <= text.count("# why")


@given(_TREES)
def test_what_is_dumped_is_what_is_read(tree: Data) -> None:
    assert read_yaml(f"k: {dump(tree)}\n", "f").data == {"k": tree}
