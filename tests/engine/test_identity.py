"""First contact: which record is which, when is a person asked, and what is surely somebody else."""

from __future__ import annotations

import pytest

from bridge.engine.plan.identity import (
    BLOCK_CROWD,
    CROWD,
    crowd,
    decide,
    likeness,
    match_keys,
    resemblance,
    said_to_match,
)
from bridge.mapping.units import MatchRule

TAX = MatchRule("same", ("tax_id",))
MAIL = MatchRule("same", ("email",))
NAME = MatchRule("similar", ("name", "address.postcode"), above="0.92", then="review")
RULES = (TAX, MAIL, NAME)


def judged(mine, others, taken=()):
    return decide(RULES, mine, others, frozenset(taken))


def test_nothing_alike_is_new() -> None:
    assert judged({"name": "Alba"}, {"g1": {"name": "Zeder"}}).kind == "new"


def test_the_same_tax_number_links_however_it_is_written() -> None:
    decision = judged({"tax_id": "DE 123-456"}, {"g1": {"tax_id": "de123456"}})
    assert (decision.kind, decision.golden_id, decision.reason) == ("link", "g1", "same tax_id")


def test_two_candidates_are_put_to_a_person() -> None:
    decision = judged({"tax_id": "1"}, {"g1": {"tax_id": "1"}, "g2": {"tax_id": "1"}})
    assert (decision.kind, decision.candidates) == ("review", ("g1", "g2"))


def test_a_second_record_of_the_same_system_is_a_duplicate_there() -> None:
    decision = judged({"tax_id": "1"}, {"g1": {"tax_id": "1"}}, taken=["g1"])
    assert decision.kind == "review"
    assert "duplicate" in decision.reason


def test_a_shared_mailbox_proves_nothing_against_a_tax_number() -> None:
    mine, other = {"tax_id": "1", "email": "info@x.de"}, {"tax_id": "2", "email": "INFO@x.de"}
    decision = judged(mine, {"g1": other})
    assert (decision.kind, decision.reason) == ("review", "same email, but another tax_id")


def test_almost_the_same_name_is_put_to_a_person() -> None:
    mine = {"name": "Blumen Weber GmbH", "address": {"postcode": "10115"}}
    other = {"name": "Blumen Wber", "address": {"postcode": "10115"}}
    assert judged(mine, {"g1": other}).candidates == ("g1",)


def test_a_site_may_say_that_likeness_links() -> None:
    rules = (MatchRule("similar", ("name",), above="0.9", then="link"),)
    decision = decide(rules, {"name": "Blumenhaus Weber"}, {"g1": {"name": "Blumenhaus Wever"}}, frozenset())
    assert (decision.kind, decision.golden_id, decision.reason) == ("link", "g1", "similar name")


def test_almost_the_same_name_with_two_tax_numbers_is_somebody_else() -> None:
    mine, other = {"name": "Blumenhaus Weber", "tax_id": "DE1"}, {"name": "Blumenhaus Wever", "tax_id": "DE2"}
    assert judged(mine, {"g1": other}).kind == "new"
    assert judged({**mine, "tax_id": None}, {"g1": other}).kind == "review"


@pytest.mark.parametrize(
    ("one", "other"), [("Filiale 10", "Filiale 100"), ("Kunde 101", "Kunde 110"), ("Halle 2", "Halle")]
)
def test_names_that_differ_in_a_number_name_different_things(one: str, other: str) -> None:
    assert likeness(("name",), {"name": one}, {"name": other}) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [("Müller & Söhne GmbH", "Mueller und Söhne"), ("Weber Blumen", "Blumen Weber AG"), ("Halle 02", "Halle 2")],
)
def test_spelling_order_and_legal_form_matter_little(one: str, other: str) -> None:
    assert likeness(("name",), {"name": one}, {"name": other}) > 0.8


def test_an_empty_name_is_like_nothing() -> None:
    assert likeness(("name",), {"name": None}, {"name": None}) == 0
    assert judged({"tax_id": None, "email": ""}, {"g1": {"tax_id": None, "email": ""}}).kind == "new"


def test_alike_records_share_a_key_to_be_found_by() -> None:
    """Candidates are looked up by key: what the rules would take must not be missed by the look-up."""
    mine = {"name": "Blumen Weber GmbH", "tax_id": "DE 1", "address": {"postcode": "10115"}}
    other = {"name": "Blumen Wber", "tax_id": "de1", "address": {"postcode": "10115"}}
    shared = set(match_keys(RULES, mine)) & set(match_keys(RULES, other))
    assert {rule.partition(":")[0] for rule, _ in shared} == {"0", "2"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Weber Logistik e.K.", "Weber Logistik GmbH & Co. KG"),
        ("Weber Logistik UG (haftungsbeschränkt)", "WEBER LOGISTIK"),
        ("Müller Söhne", "Mueller Soehne"),
        ("S.A.R.L. Moreau", "Moreau"),
    ],
)
def test_what_only_looks_different_is_the_same(one: str, other: str) -> None:
    assert likeness(("name",), {"name": one}, {"name": other}) == 1


def test_an_error_in_the_first_letter_does_not_turn_the_words_around() -> None:
    assert likeness(("name",), {"name": "Apotheke Zander"}, {"name": "Zapotheke Zander"}) > 0.9


@pytest.mark.parametrize(
    "other",
    ["Wbeer Logistik Nord", "Nord Logistik Weber", "Weber Lgistik Nord", "Weber Logistik Nrod"],
)
def test_a_slip_leaves_a_key_that_is_shared(other: str) -> None:
    name = MatchRule("similar", ("name",), above="0.8", then="review")
    assert set(match_keys((name,), {"name": "Weber Logistik Nord"})) & set(match_keys((name,), {"name": other}))


def test_a_common_block_says_less_than_a_common_key() -> None:
    assert crowd(("0:name", "p:logi+webe")) == BLOCK_CROWD
    (mail,) = match_keys((MAIL,), {"email": "firma:w@x.de"})
    assert crowd(mail) == CROWD


def test_what_is_kept_for_a_person_is_judged_as_the_values_are() -> None:
    values = {"name": "Weber", "tax_id": None, "address": {"postcode": "10115", "city": "Berlin"}, "notes": "x"}
    said = said_to_match(RULES, values)
    assert said == {"name": "Weber", "address.postcode": "10115"}
    other = {"name": "Wever", "address": {"postcode": "10115"}}
    assert resemblance(RULES, said, other) == resemblance(RULES, values, other) == 0.9
    assert resemblance(RULES, {"email": "a@x.de"}, {"email": "A@x.de"}) == 1
    assert resemblance(RULES, {}, other) == 0
    assert judged(said, {"g1": other}).kind == judged(values, {"g1": other}).kind
