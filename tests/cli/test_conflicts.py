"""`bridge conflicts`: a held field is shown, decided, assigned; what was decided travels; what cannot be, is said."""

from __future__ import annotations

import pytest

from cli.conftest import Company

RULES = """
def strictest(dispute):
    if None in dispute.words.values():
        raise KeyError("a name that nobody must see")
    if any("ask" in word for word in dispute.words.values()):
        return None
    return max(dispute.words, key=lambda system: len(dispute.words[system]))
"""


@pytest.fixture
def disputed(company: Company) -> Company:
    """Both wrote a note on the same customer."""
    company.bridge("sync")
    company.edit("crm", "crm-1", Description="pays early")
    company.edit("erp", "erp-1", comment="pays never")
    company.bridge("sync")
    return company


def held(company: Company) -> str:
    (conflict,) = company.bridge("conflicts", "list", "--state", "held", "--json").json["conflicts"]
    return str(conflict["id"][-8:])


def notes(company: Company) -> tuple[str, str]:
    return company.rows("crm")["crm-1"]["Description"], company.rows("erp")["erp-1"]["comment"]


def comes_to_rest(company: Company) -> None:
    company.bridge("sync")
    again = company.bridge("sync", "--json").json["totals"]
    assert (again["writes"], again["enqueued"], again["conflicts"]) == (0, 0, 0)
    assert company.bridge("status", "--json").json["needs_a_person"] is False


@pytest.mark.parametrize(("system", "word"), [("crm", "pays early"), ("erp", "pays never")])
def test_a_system_s_word_is_taken(disputed: Company, system: str, word: str) -> None:
    assert disputed.bridge("conflicts", "resolve", held(disputed), "--take", system, "--json").json["resolved"] == 1
    assert notes(disputed) == ("pays early", "pays never"), "nothing is written before the next sync"
    comes_to_rest(disputed)
    assert notes(disputed) == (word, word)
    said = disputed.bridge("explain", "crm:customer:crm-1", "--json").json
    (note,) = [unit for unit in said["units"] if unit["unit"] == "notes"]
    assert (note["value"], note["rule"]) == (word, "resolved")


def test_a_value_of_one_s_own(disputed: Company) -> None:
    id_ = held(disputed)
    disputed.bridge("conflicts", "resolve", id_, "--value", "pays", "--by", "Anna")
    comes_to_rest(disputed)
    assert notes(disputed) == ("pays", "pays")
    shown = disputed.bridge("conflicts", "show", id_, "--json").json
    assert (shown["conflict"]["state"], shown["conflict"]["by"], shown["stands_now"]) == ("resolved", "Anna", "pays")


def test_an_edit_made_after_the_decision_is_an_edit(disputed: Company) -> None:
    """Somebody goes on editing between the decision and the sync: asked again, nothing overwritten."""
    disputed.bridge("conflicts", "resolve", held(disputed), "--take", "crm")
    disputed.edit("erp", "erp-1", comment="pays in March")
    disputed.bridge("sync")
    assert notes(disputed) == ("pays early", "pays in March")
    assert held(disputed)


def test_an_edit_of_what_was_decided_goes_on(disputed: Company) -> None:
    disputed.bridge("conflicts", "resolve", held(disputed), "--take", "crm")
    comes_to_rest(disputed)
    disputed.edit("erp", "erp-1", comment="pays in March")
    comes_to_rest(disputed)
    assert notes(disputed) == ("pays in March", "pays in March")


def test_many_at_once(company: Company) -> None:
    company.fill("crm", [{"Name": f"Firm {n}", "VAT": f"DE{n}", "Description": "a"} for n in range(12)])
    company.fill("erp", [{"name": f"Firm {n}", "vat": f"DE{n}", "comment": "b"} for n in range(12)])
    company.bridge("sync")
    said = company.bridge(
        "conflicts", "resolve", "--bulk", "--field", "notes", "--rule", "first contact", "--take", "erp", "--json"
    )
    assert said.json == {"ok": True, "resolved": 12, "refused": []}
    comes_to_rest(company)
    assert {row["Description"] for row in company.rows("crm").values()} == {"b"}


def test_a_decision_of_a_rule_can_be_turned_over_once(company: Company) -> None:
    """`newest` took one of two phone numbers; a person knows better, as long as nobody has changed it since."""
    company.bridge("sync")
    company.edit("erp", "erp-1", phone="+49302")
    company.edit("crm", "crm-1", Phone="+49303")
    company.bridge("sync")
    (settled,) = company.bridge("conflicts", "list", "--state", "settled", "--json").json["conflicts"]
    loser = "erp" if settled["winner"] == "crm" else "crm"
    company.bridge("conflicts", "resolve", settled["id"], "--take", loser)
    comes_to_rest(company)
    assert company.rows("crm")["crm-1"]["Phone"] == {"erp": "+49302", "crm": "+49303"}[loser]
    said = company.bridge("conflicts", "resolve", settled["id"], "--take", settled["winner"], code=1)
    assert "customer.phone has been decided or changed since conflict" in said.text
    assert "Nothing was changed." in said.text


def test_show_makes_the_decision_again(company: Company) -> None:
    company.change(
        "mappings/customer.yaml", "{crm: Phone, erp: phone}", "{crm: Phone, erp: phone, conflict: prefer erp}"
    )
    company.bridge("sync")
    company.edit("crm", "crm-1", Phone="+49303")
    company.edit("erp", "erp-1", phone="+49302")
    company.bridge("sync")
    (conflict,) = company.bridge("conflicts", "list", "--json").json["conflicts"]
    assert conflict["terms"] == {
        "policy": "prefer erp",
        "order": ["crm", "erp"],
        "near_seconds": 2.0,
        "coarse_seconds": {},
    }
    company.change("mappings/customer.yaml", "prefer erp", "prefer crm")
    shown = company.bridge("conflicts", "show", conflict["id"][-8:], "--json").json
    assert shown["decided_again"] == {"then": "erp", "now": "crm"}
    assert (conflict["base"], shown["stands_now"]) == ("+49301", "+49302")
    text = company.bridge("conflicts", "show", conflict["id"][-8:]).text
    assert "By the rule of then: erp By today's mapping: crm" in text


def test_who_looks_after_it(disputed: Company) -> None:
    disputed.bridge("conflicts", "assign", held(disputed), "--to", "Anna")
    (mine,) = disputed.bridge("conflicts", "list", "--owner", "Anna", "--json").json["conflicts"]
    assert (mine["owner"], 0 <= mine["age_seconds"] < 60) == ("Anna", True)
    assert disputed.bridge("conflicts", "list", "--owner", "Bert", "--json").json["conflicts"] == []
    disputed.edit("erp", "erp-1", comment="pays in March")
    disputed.bridge("sync")
    (still,) = disputed.bridge("conflicts", "list", "--owner", "Anna", "--json").json["conflicts"]
    assert still["since"] == mine["since"], "the age is that of the dispute, not of its last word"


def test_a_person_s_conflicts_are_found_below_newer_ones(disputed: Company) -> None:
    disputed.bridge("conflicts", "assign", held(disputed), "--to", "Anna")
    disputed.edit("crm", "crm-2", Description="an old friend")
    disputed.edit("erp", "erp-2", comment="a new friend")
    disputed.bridge("sync")
    (newest,) = disputed.bridge("conflicts", "list", "--limit", "1", "--json").json["conflicts"]
    (mine,) = disputed.bridge("conflicts", "list", "--owner", "Anna", "--limit", "1", "--json").json["conflicts"]
    assert (newest["owner"], mine["owner"]) == ("", "Anna")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["resolve", "--take", "crm"], "name conflicts, or choose many with --bulk"),
        (["resolve", "abcdefgh", "--take", "crm"], "there is no conflict that ends in 'abcdefgh'"),
        (["resolve", "abcdefgh"], "say whose word stands"),
        (["resolve", "abcdefgh", "--take", "crm", "--value", "x"], "say whose word stands"),
        (["resolve", "abcdefgh", "--take", "sap"], "there is no system 'sap' (there are: crm, erp)"),
        (["resolve", "--bulk", "--take", "crm"], "--bulk needs --entity, --field or --rule"),
        (["show", "abc"], "6 letters at least"),
    ],
)
def test_wrong_words(company: Company, words: list[str], told: str) -> None:
    assert told in company.bridge("conflicts", *words, code=2).text


def test_a_value_that_does_not_fit(company: Company) -> None:
    company.bridge("sync")
    company.edit("erp", "erp-1", phone="+49302")
    company.edit("crm", "crm-1", Phone="+49303")
    company.bridge("sync")
    (settled,) = company.bridge("conflicts", "list", "--json").json["conflicts"]
    assert "not a phone number" in company.bridge("conflicts", "resolve", settled["id"], "--value", "?", code=2).text


def own_rule(company: Company) -> None:
    company.write("rules.py", RULES)
    company.change("bridge.yaml", "mappings: mappings", "mappings: mappings\npolicies: {longest: rules.py:strictest}")
    company.change("mappings/customer.yaml", "conflict: ask}", "conflict: function longest}")
    company.bridge("sync")


@pytest.mark.parametrize("first", ["crm", "erp"])
def test_a_rule_of_one_s_own(company: Company, first: str) -> None:
    own_rule(company)
    company.edit(first, f"{first}-1", **{"crm": {"Description": "pay"}, "erp": {"comment": "pays never"}}[first])
    second = {"crm": "erp", "erp": "crm"}[first]
    company.edit(second, f"{second}-1", **{"crm": {"Description": "pay"}, "erp": {"comment": "pays never"}}[second])
    company.bridge("sync")
    assert notes(company) == ("pays never", "pays never")
    (conflict,) = company.bridge("conflicts", "list", "--json").json["conflicts"]
    again = company.bridge("conflicts", "show", conflict["id"], "--json").json["decided_again"]
    assert again == {"then": "erp", "now": "erp"}


@pytest.mark.parametrize(("words", "rule"), [
    (("ask me", "or me"), "function longest"), ((None, "pays"), "function longest failed (KeyError)"),
])  # fmt: skip
def test_a_rule_that_asks_or_fails(company: Company, words: tuple[str | None, str], rule: str) -> None:
    own_rule(company)
    company.edit("crm", "crm-1", Description=words[0])
    company.edit("erp", "erp-1", comment=words[1])
    said = company.bridge("sync")
    assert "nobody must see" not in said.text
    (conflict,) = company.bridge("conflicts", "list", "--state", "held", "--json").json["conflicts"]
    assert conflict["rule"] == rule
    assert notes(company) == words


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("longest: rules.py:strictst", "rules.py has no function 'strictst', did you mean 'strictest'?"),
        ("longest: rule.py:strictest", "rule.py is not there"),
        ("longest: rules", "expected a file and a function in it, as rules.py:strictest"),
        ("longer: rules.py:strictest", "names no function 'longest', did you mean 'longer'?"),
        ("longest: broken.py:x", "broken.py is no Python: line 1"),
    ],
)
def test_a_rule_that_is_not_there(company: Company, written: str, told: str) -> None:
    company.write("rules.py", RULES)
    company.write("broken.py", "def\n")
    company.change("bridge.yaml", "mappings: mappings", f"mappings: mappings\npolicies: {{{written}}}")
    company.change("mappings/customer.yaml", "conflict: ask}", "conflict: function longest}")
    assert told in company.bridge("sync", code=2).text
