"""What compiled maps do: decode and encode the shipped mappings, and the properties that the engine reads."""

from __future__ import annotations

import pytest

from bridge.mapping.units import FieldProblem, Policy, RecordRef
from bridge.ports.errors import MappingError
from bridge.ports.records import Condition
from mapping.mapping_text import TEXT, changed, compiled, shipped

ACCOUNT = {
    "Name": " Acme GmbH ",
    "VAT__c": "DE 123 456 789",
    "Email__c": "Info@Acme.example.com",
    "Phone": "+49 30 1234567",
    "Website": "www.acme.example.com",
    "Status__c": "Blocked",
    "ParentId": "001000000000001AAA",
    "OwnerId": "Jane@example.com",
    "Tags__c": ["VIP", "Berlin"],
    "Credit__c": "1250.50",
    "Description": "First line\r\nSecond line",
    "BillingStreet": "Hauptstr. 1\r\nHinterhaus\r\n3. Stock",
    "BillingCity": "Berlin",
    "BillingPostalCode": "010115",
    "BillingStateCode": "BE",
    "BillingCountryCode": "DE",
}


def test_a_salesforce_account_in_canonical_form() -> None:
    decoded = shipped()["customer"].decode("crm", ACCOUNT)
    assert decoded.problems == ()
    assert decoded.values == {
        "name": "Acme GmbH",
        "tax_id": "DE123456789",
        "email": "info@acme.example.com",
        "phone": "+49301234567",
        "website": "http://www.acme.example.com",
        "status": "blocked",
        "parent": "001000000000001AAA",
        "tags": ["Berlin", "VIP"],
        "credit_limit": "1250.5",
        "notes": "First line\nSecond line",
        "billing_address": {
            "street": "Hauptstr. 1\nHinterhaus\n3. Stock",
            "city": "Berlin",
            "postcode": "010115",
            "region": "BE",
            "country": "DE",
        },
    }


def test_it_travels_to_the_other_systems_and_back() -> None:
    emap = shipped()["customer"]
    values = emap.decode("crm", ACCOUNT).values
    for system in ("erp", "fin"):
        native = {}
        for name, value in values.items():
            native.update(emap.encode(system, name, value))
        assert native
        decoded = emap.decode(system, native)
        assert decoded.problems == ()
        for name, value in decoded.values.items():
            wanted = values[name]
            members = emap.unit(name).members_in(system)
            if members:
                assert isinstance(wanted, dict)
                wanted = {member: wanted[member] for member in members}
            assert value == wanted, (system, name)


def test_odoo_keeps_more_lines_than_it_has_fields() -> None:
    emap = shipped()["customer"]
    address = {"street": "a\nb\nc", "city": None, "postcode": None, "region": None, "country": None}
    native = emap.encode("erp", "billing_address", address)
    assert (native["street"], native["street2"]) == ("a", "b | c")
    assert emap.decode("erp", native).values["billing_address"] == address
    with pytest.raises(MappingError, match=r"customer.billing_address: a line holds '\|'") as caught:
        emap.encode("erp", "billing_address", {"street": "Secret Lane 1\nb | c\nd"})
    assert "Secret" not in str(caught.value)
    assert caught.value.system == "erp"


def test_only_units_that_are_shown_whole_are_read() -> None:
    emap = shipped()["customer"]
    assert emap.decode("erp", {"name": "Acme", "street": "Hauptstr. 1"}).values == {"name": "Acme"}
    assert emap.decode("erp", {}).values == {}


def test_empty_is_none_everywhere() -> None:
    for emap in shipped().values():
        for unit in emap.units:
            for system in unit.columns:
                if not unit.paths(system):
                    continue  # the same for every record, `= EUR`
                assert all(value in (None, []) for value in emap.encode(system, unit.name, None).values())
                assert set(emap.encode(system, unit.name, None)) <= set(unit.paths(system))  # stages: only the first
                empty = emap.decode(system, dict.fromkeys(unit.paths(system)))
                assert empty.values[unit.name] is None


def test_bad_data_is_a_problem_of_its_unit_alone() -> None:
    emap = shipped()["customer"]
    native = {
        **ACCOUNT,
        "Email__c": "secret@",
        "BillingCountryCode": "Germany",
        "Status__c": "Prospect",
        "Phone": ["x"],
    }
    decoded = emap.decode("crm", native)
    assert decoded.values["name"] == "Acme GmbH"
    assert not {"email", "billing_address", "status", "phone"} & set(decoded.values)
    assert [(one.unit, one.path, one.code) for one in decoded.problems] == [
        ("email", "Email__c", "email"),
        ("phone", "Phone", "text"),
        ("status", "Status__c", "unknown value"),
        ("billing_address", "BillingCountryCode", "country"),
    ]
    assert not any("secret" in one.message or "Prospect" in one.message for one in decoded.problems)


def test_value_maps_read_many_and_write_the_first() -> None:
    emap = shipped()["customer"]
    assert {word: emap.decode("crm", {"Status__c": word}).values["status"] for word in ("On Hold", "Blocked")} == {
        "On Hold": "blocked",
        "Blocked": "blocked",
    }
    assert emap.encode("crm", "status", "blocked") == {"Status__c": "On Hold"}
    for native in (False, 0, "0", "false"):
        assert emap.decode("fin", {"disabled": native}).values == {"status": "active"}
    assert emap.encode("fin", "status", "blocked") == {"disabled": True}
    with pytest.raises(MappingError, match="names no native value"):
        emap.encode("fin", "status", "asleep")


def test_a_person_s_name_in_one_field_or_two() -> None:
    emap = shipped()["contact"]
    two = {"given_name": "Ludwig van", "family_name": "Beethoven"}
    assert emap.decode("erp", {"name": "Ludwig  van Beethoven"}).values["name"] == two
    assert emap.decode("erp", {"name": "Cher"}).values["name"] == {"given_name": None, "family_name": "Cher"}
    assert emap.encode("erp", "name", {"given_name": "Ludwig", "family_name": "van Beethoven"}) == {
        "name": "Ludwig van Beethoven"
    }
    assert emap.encode("crm", "name", two) == {"FirstName": "Ludwig van", "LastName": "Beethoven"}
    assert emap.unit("name").members_in("erp") == ("given_name", "family_name")


def test_what_the_adapters_are_told() -> None:
    maps = shipped()
    spec = maps["contact"].spec("erp")
    assert (spec.entity, spec.object, spec.key) == ("contact", "res.partner", "external id")
    assert spec.where == (
        Condition("is_company", "=", False),
        Condition("type", "=", "contact"),
        Condition("parent_id", "is set"),
    )
    by_path = {one.path: one for one in maps["customer"].spec("erp").fields}
    assert by_path["country_id"].ref == "country.iso2"
    assert by_path["delivery.state_id"].ref == "state.code"
    assert by_path["parent_id"].ref == "record"
    assert by_path["category_id"].ref == "tag.name"
    assert by_path["street"].ref is None
    types = {one.path: one.type for one in maps["customer"].spec("fin").fields}
    assert types["disabled"] == "boolean"
    assert {one.path: one.type for one in maps["customer"].spec("crm").fields}["Credit__c"] == "decimal"


def test_what_the_engine_reads_off_a_unit() -> None:
    emap = compiled()
    assert emap.systems == ("crm", "erp", "fin")
    assert emap.depends_on == ("customer",)
    assert [unit.name for unit in emap.record_units] == ["parent"]
    assert emap.unit("parent").record_ref == RecordRef("customer")
    assert emap.unit("tax_id").policy == Policy("prefer", ("fin", "erp"))
    assert str(emap.unit("tax_id").policy) == "prefer fin > erp"
    credit = emap.unit("credit_limit")
    assert (credit.reads, credit.writes) == ({"fin"}, {"crm"})
    address = emap.unit("billing_address")
    assert address.members == ("street", "city", "postcode", "region", "country")
    assert address.members_in("erp") == ("street", "city", "country")
    assert address.paths("erp") == ("street", "street2", "city", "country_id")
    assert address.paths("fin") == ()
    assert emap.unit("name").required
    assert emap.first_contact is None
    with pytest.raises(KeyError):
        emap.unit("nothing")
    assert emap.encode("fin", "email", "a@example.com") == {}


def test_defaults_and_options_reach_the_units() -> None:
    emap = compiled(
        changed(
            ("fields:\n", "defaults: {conflict: ask, empty: keeps}\nfields:\n"),
            ("erp: email}", "erp: email, write: {erp: on create}, default: {erp: A@Example.com}, empty: erases}"),
            ("  match:", "  first contact: prefer erp > crm\n  match:"),
            ("    street: {crm", "    write: on create\n    direction: to erp\n    street: {crm"),
        )
    )
    email = emap.unit("email")
    assert (email.empty, email.policy, email.on_create_only) == ("erases", Policy("ask"), {"erp"})
    assert (email.default_for("erp"), email.default_for("crm")) == ("a@example.com", None)
    assert emap.unit("name").empty == "keeps"
    assert emap.first_contact == Policy("prefer", ("erp", "crm"))
    address = emap.unit("billing_address")
    assert (address.reads, address.writes) == ({"crm"}, {"erp"})
    assert address.on_create_only >= {"erp"}


def test_the_country_of_a_system_helps_its_phone_numbers() -> None:
    text = changed(("  email: {crm", "  phone: {crm: Phone, erp: phone}\n  email: {crm"), text=TEXT)
    emap = compiled(text)
    assert emap.decode("erp", {"phone": "030 1234567"}).values == {"phone": "+49301234567"}
    (problem,) = emap.decode("crm", {"Phone": "030 1234567"}).problems
    assert "name the `country`" in problem.message


def test_a_transform_of_the_site_s_own_that_fails_is_a_problem_too() -> None:
    from bridge.mapping.pairs import Transform

    def broken(paths: int, arguments: object) -> Transform:
        def fail(*_: object) -> str:
            raise ZeroDivisionError("secret@example.com")

        return Transform(fail, fail)

    emap = compiled(changed(("erp: email}", "erp: email, transform: broken}")), transforms={"broken": broken})
    assert emap.decode("crm", {"Email__c": "secret@example.com"}).problems == (
        FieldProblem("email", "Email__c", "transform", "the transform failed (ZeroDivisionError)"),
    )
    with pytest.raises(MappingError, match="ZeroDivisionError") as caught:
        emap.encode("crm", "email", "secret@example.com")
    assert "secret" not in str(caught.value)
