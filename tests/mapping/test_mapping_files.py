"""What a mapping file may say, and how every mistake is answered: place, reason, suggestion, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.mapping.load import compile_mapping, load_mappings
from bridge.ports.errors import ConfigError
from mapping.mapping_text import SYSTEMS, TEXT, changed, compiled, findings, shipped


def told(text: str, **options: object) -> list[str]:
    return [str(one) for one in findings(text, **options)]


def test_the_small_mapping_has_nothing_wrong() -> None:
    assert told(TEXT) == []


MISTAKES = [
    ("email: {crm", "emial: {crm", "13:3 fields.emial: unknown field 'emial', did you mean 'email'?"),
    ("erp: email}", "epr: email}", "13:26 fields.email.epr: unknown word 'epr', did you mean 'erp'?"),
    ("direction: from fin", "drection: from fin", "unknown word 'drection', did you mean 'direction'?"),
    ("direction: from fin", "direction: form fin", "'form fin' is no direction"),
    ("direction: from fin", "direction: from erp", "fields.credit_limit.direction: it has no native field in 'erp'"),
    ("direction: from fin", "direction: from sap", "unknown system 'sap'"),
    ("prefer fin > erp", "prefer fin > erpp", "unknown system 'erpp', did you mean 'erp'?"),
    ("prefer fin > erp", "prefer fin > fin", "'fin' stands there twice"),
    ("prefer fin > erp", "newst", "'newst' is no rule for conflicts, did you mean 'newest'?"),
    ("prefer fin > erp", "union", "'union' needs a list, and this is a tax id"),
    ("prefer fin > erp", "sum", "'sum' needs a number"),
    ("prefer fin > erp", "highest", "'highest' needs numbers"),
    ("prefer fin > erp", "owner by stauts", "unknown field 'stauts', did you mean 'status'?"),
    ("transform: join_lines", "transform: join_line", "unknown transform 'join_line', did you mean 'join_lines'?"),
    ("transform: join_lines", "empty: keeps", "unknown word 'empty'"),
    ("transform: join_lines", "ref: {erp: state.code}", "several native fields need a transform"),
    ("transform: join_lines", "transform: scale(2)", "scale(2): takes one native field"),
    ("ref: {erp: country.iso2}", "ref: {erp: country.iso}", "unknown reference 'country.iso', did you mean"),
    ("ref: {erp: country.iso2}", "ref: {erp: user.email}", "user.email is a email, and this is a country"),
    ("ref: record customer", "ref: record custumer", "unknown entity 'custumer', did you mean 'customer'?"),
    ("ref: record customer", "ref: record contact", "'parent' refers to 'customer'"),
    ("ref: record customer", "type: text", "'parent' is of type 'reference'; a mapping cannot change that"),
    ("ref: record customer", "type: txt", "unknown type 'txt', did you mean 'text'?"),
    ("erp: email}", "erp: email, missing: leave}", "goes with 'ref'"),
    ("erp: email}", "erp: e mail}", "13:31 fields.email.erp: 'e mail' is no native field"),
    ("erp: email}", "erp: email+email}", "the same native field stands here twice"),
    ("erp: email}", "erp: vat}", "'vat' of 'erp' is written by 'email' already"),
    ("crm: Email__c, erp: email", "crm: Bridge_Id__c, erp: email", "stores bridge's id"),
    ("erp: email}", "erp: email, default: nobody}", "'nobody' is no value of type 'email'"),
    ("blocked: {crm: [On Hold, Blocked]", "asleep: {crm: [On Hold, Blocked]", "unknown value 'asleep'"),
    ('fin: "1"}}', 'fin: "0"}}', "fin: the native value '0' stands for two values"),
    (', fin: "1"}}', "}}", "fields.status.values.blocked: 'fin' has no native value for 'blocked'"),
    ("[On Hold, Blocked]", "[]", "fields.status.values.blocked.crm: it is empty"),
    ("conflict: ask", "unknown: pass", "expected 'stop field'"),
    ("entity: customer", "entity: costumer", "2:9 entity: unknown entity 'costumer', did you mean 'customer'?"),
    ('version: "1"', 'version: "2"', "1:10 version: expected '1'"),
    ("fin: {object: Customer}", "fim: {object: Customer}", "unknown system 'fim', did you mean 'fin'?"),
    ("{object: Customer}", "{objekt: Customer}", "unknown word 'objekt', did you mean 'object'?"),
    ("country: DE", "country: Germany", "'Germany' is not an ISO 3166-1 country code"),
    (", fin: custom_bridge_id", "", "identity.key: no key for 'fin'"),
    ("[tax_id]", "[taxid]", "10:14 identity.match[0].same[0]: unknown field 'taxid', did you mean 'tax_id'?"),
    ("[tax_id]", "[parent]", "refers to another record"),
    ("[tax_id]", "[billing_address]", "is a group: name one of street, city"),
    ("same: [tax_id]", "similar: [name]", "say how alike"),
    ("same: [tax_id]", "{same: [tax_id], similar: [name]}", "either 'same' or 'similar'"),
    ("same: [tax_id]", '{similar: [name], above: "1.5"}', "less than or equal to 1"),
    ("Type = 'Customer'", "Type == 'Customer'", "4:39 systems.crm.where: expected a value, found '='"),
    ("  billing_address:", "  biling_address:", "unknown group 'biling_address', did you mean 'billing_address'?"),
    ("  billing_address:", "  name:", "'name' is a single field; it stands under fields:"),
    ("  name: {crm", "  billing_address: {crm", "it stands under groups:"),
    ("    city: {crm", "    citty: {crm", "unknown member 'citty', did you mean 'city'?"),
    ("required: yes", "required: maybe", "expected yes or no"),
    ("required: yes", "write: sometimes", "expected 'always' or 'on create'"),
    ("  email: {crm: Email__c, erp: email}", "  email: Email__c", "expected entries of the form"),
    ("  email: {crm", "  name: {crm", "'name' stands here twice (first in line 12)"),
    ("  email: {crm", "  email: &e {crm", None),
    ("conflict: ask", "conflict: [ask]", "expected one word or phrase here"),
]


@pytest.mark.parametrize(("old", "new", "said"), MISTAKES, ids=[f"{m[1][:30]}" for m in MISTAKES])
def test_a_mistake_is_named_with_its_place(old: str, new: str, said: str | None) -> None:
    found = told(changed((old, new)))
    if said is None:
        assert found == []
        return
    assert any(said in one for one in found), found
    assert all(one.startswith("mappings/customer.yaml:") for one in found)


def test_places_count_from_one_and_point_at_the_word() -> None:
    (one,) = findings(changed(("erp: email}", "erp: email, drection: both}")))
    assert (one.line, one.column) == (13, 38)
    assert changed(("erp: email}", "erp: email, drection: both}")).splitlines()[12][37:].startswith("drection")


def test_every_problem_at_once() -> None:
    text = changed(("erp: email}", "epr: email}"), ("transform: join_lines", "transform: jion"), ("[tax_id]", "[tax]"))
    assert len(told(text)) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: '1\n", "broken YAML"),
        ("a: [1, 2\nb: 3\n", "broken YAML"),
        ("", "the file is empty"),
        ("- a\n- b\n", "expected entries"),
        ("just text", "expected entries"),
        ("version: &v '1'\nentity: *v\n", "anchors and aliases"),
        ("{[a]: b}", "a key must be a word"),
        ("a: \x07", "broken YAML"),
        ("a: " + "[" * 30 + "]" * 30, "nested too deeply"),
        ("version: '1'\n", "'entity' is missing"),
    ],
)
def test_a_file_that_is_no_mapping(text: str, said: str) -> None:
    assert any(said in one for one in told(text)), told(text)


def test_scalars_stay_text() -> None:
    emap = compiled(changed(("entity: customer\n", "entity: customer\n"), ("{crm: Active, fin", "{crm: NO, fin")))
    assert emap.encode("crm", "status", "active") == {"Status__c": "NO"}
    assert emap.decode("crm", {"Status__c": "NO"}).values == {"status": "active"}


def test_one_system_alone_is_a_warning_not_an_error() -> None:
    text = changed(("email: {crm: Email__c, erp: email}", "email: {crm: Email__c}"))
    (one,) = findings(text)
    assert one.level == "warning"
    assert "nothing is kept the same" in one.message
    assert compiled(text).unit("email").reads == {"crm"}


def test_nothing_reads_or_writes() -> None:
    assert any("its value goes nowhere" in one for one in told(changed(("from fin", "from crm fin"))))
    assert any("its value comes from nowhere" in one for one in told(changed(("from fin", "to crm fin"))))


def test_loading_a_folder(tmp_path: Path) -> None:
    (tmp_path / "customer.yaml").write_text(TEXT, encoding="utf-8")
    assert list(load_mappings(tmp_path, SYSTEMS)) == ["customer"]
    (tmp_path / "again.yaml").write_text(TEXT, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"is mapped in .*again\.yaml already"):
        load_mappings(tmp_path, SYSTEMS)


def test_loading_nothing_or_rubbish(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no mapping files"):
        load_mappings(tmp_path, SYSTEMS)
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_mappings(tmp_path, SYSTEMS)


def test_a_reference_needs_a_mapped_entity(tmp_path: Path) -> None:
    text = """\
version: "1"
entity: contact
systems: {crm: {object: Contact}, erp: {object: res.partner}}
identity: {key: {crm: Bridge_Id__c, erp: external id}}
fields:
  customer: {crm: AccountId, erp: parent_id}
"""
    (tmp_path / "contact.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="'customer' is not mapped for 'crm'"):
        load_mappings(tmp_path, SYSTEMS)


def test_errors_come_as_one_config_error() -> None:
    with pytest.raises(ConfigError) as caught:
        compile_mapping(changed(("[tax_id]", "[tax]"), ("erp: email}", "epr: email}")), SYSTEMS)
    assert len(caught.value.problems) == 2


def test_own_fields_and_own_entities() -> None:
    text = changed(("  email: {crm", "  x_score: {crm: Score__c, erp: x_score}\n  email: {crm"))
    assert any("unknown field 'x_score'" in one for one in told(text))
    emap = compiled(text, custom_fields={"customer": {"x_score": "integer"}})
    assert emap.decode("crm", {"Score__c": "12.0"}).values == {"x_score": 12}
    assert told(TEXT, custom_fields={"customer": {"score": "text"}}) == [
        "configuration custom fields: customer.score: an own field of a built-in entity begins with x_"
    ]
    ticket = """\
version: "1"
entity: ticket
systems: {crm: {object: Case}, erp: {object: helpdesk.ticket}}
identity: {key: {crm: Bridge_Id__c, erp: external id}}
fields:
  title: {crm: Subject, erp: name}
"""
    assert compiled(ticket, custom_fields={"ticket": {"title": "text"}}).entity == "ticket"


def test_the_digest_follows_the_meaning() -> None:
    digest = compiled().digest
    assert compiled(f"# a remark\n{TEXT}").digest == digest
    assert compiled(changed(("conflict: ask", "conflict: newest"))).digest != digest
    assert compiled(changed(("erp: email}", "erp: email2}"))).digest != digest
    swapped = changed(("  fin: {object: Customer}\n", ""), ("systems:\n", "systems:\n  fin: {object: Customer}\n"))
    assert compiled(swapped).systems == ("fin", "crm", "erp")
    assert compiled(swapped).digest != digest


def test_the_shipped_mappings_load_without_any_finding() -> None:
    assert {"customer", "contact", "product", "order"} <= set(shipped())
