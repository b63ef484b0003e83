"""The models at the edges, and what a site declares for itself."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from bridge.canonical.custom import BadDeclaration, known_entities
from bridge.canonical.models import Address, Contact, Customer, PersonName, entities


def test_a_model_normalises_and_tells_absent_from_empty() -> None:
    seen = Customer.model_validate({"name": " Acme ", "email": "A@Example.com", "phone": None})
    assert seen.name == "Acme"
    assert seen.email == "a@example.com"
    assert seen.model_dump(exclude_unset=True) == {"name": "Acme", "email": "a@example.com", "phone": None}


def test_a_model_is_frozen_and_strict_about_names() -> None:
    with pytest.raises(ValidationError):
        Customer.model_validate({"nmae": "Acme"})
    with pytest.raises(ValidationError):
        Address(city="Berlin").city = "Bonn"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Customer(status="asleep")  # type: ignore[arg-type]


def test_no_personal_data_in_the_repr() -> None:
    shown = repr(Contact(name=PersonName(family_name="Doe"), email="jane@example.com"))
    assert "Doe" not in shown
    assert "jane" not in shown
    assert "email" in shown


def test_entities_are_described_from_the_models() -> None:
    customer = entities()["customer"]
    assert customer.fields["parent"].target == "customer"
    assert customer.fields["status"].choices == ("active", "blocked")
    assert list(customer.groups["billing_address"]) == ["street", "city", "postcode", "region", "country"]
    assert "billing_address" not in customer.fields


def test_own_fields_and_own_entities() -> None:
    known = known_entities(
        {
            "customer": {"x_segment": "choice(small, large)", "x_score": "integer"},
            "ticket": {"title": "text", "customer": "reference(customer)", "place.city": "text"},
        }
    )
    assert known["customer"].fields["x_segment"].choices == ("small", "large")
    assert known["customer"].fields["name"].type == "text"
    assert known["ticket"].fields["customer"].target == "customer"
    assert known["ticket"].groups["place"]["city"].type == "text"
    assert "x_segment" not in entities()["customer"].fields


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"customer": {"segment": "text"}}, "begins with x_"),
        ({"customer": {"x_segment": "colour"}}, "unknown type 'colour'"),
        ({"customer": {"x_other": "reference"}}, "which entity"),
        ({"customer": {"x_score": "integer(3)"}}, "nothing in brackets"),
        ({"customer": {"x-score": "integer"}}, "a-z"),
    ],
)
def test_a_declaration_that_cannot_be(declared: dict[str, dict[str, str]], said: str) -> None:
    with pytest.raises(BadDeclaration, match=said):
        known_entities(declared)
