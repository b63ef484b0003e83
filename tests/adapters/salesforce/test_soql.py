"""SOQL: nothing a value contains may leave its literal, and no query outgrows an address."""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest

from bridge.adapters.salesforce import soql
from bridge.ports.records import Condition


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("O'Neil", "'O\\'Neil'"),
        ("C:\\temp\\new", "'C:\\\\temp\\\\new'"),
        ("\\'", "'\\\\\\''"),
        ("two\nlines\r\t", "'two\\nlines\\r\\t'"),
        ('say "hi" / % _ ?', "'say \"hi\" / % _ ?'"),
        ("日本語 🚀", "'日本語 🚀'"),
        ("", "''"),
    ],
)
def test_a_text_stays_in_its_literal(value: str, literal: str) -> None:
    assert soql.text(value) == literal


def test_conditions_follow_the_type_of_the_field() -> None:
    types = {
        "Active__c": "boolean",
        "Count__c": "int",
        "Tags__c": "multipicklist",
        "Since__c": "date",
        "At__c": "datetime",
    }
    terms = soql.where(
        (
            Condition("AccountId", "is set"),
            Condition("Email", "is not set"),
            Condition("Name", "=", "O'Neil"),
            Condition("Active__c", "=", True),
            Condition("Active__c", "!=", "false"),
            Condition("Count__c", "=", 3),
            Condition("Status", "in", ("a", "b")),
            Condition("Status", "not in", ("c",)),
            Condition("Tags__c", "in", ("x",)),
            Condition("Since__c", "=", "2026-01-31"),
            Condition("At__c", "!=", "2026-01-31T09:00:00+01:00"),
        ),
        types,
    )
    assert terms == [
        "AccountId != null",
        "Email = null",
        "Name = 'O\\'Neil'",
        "Active__c = true",
        "Active__c != false",
        "Count__c = 3",
        "Status IN ('a', 'b')",
        "Status NOT IN ('c')",
        "Tags__c INCLUDES ('x')",
        "Since__c = 2026-01-31",
        "At__c != 2026-01-31T08:00:00Z",
    ]


@pytest.mark.parametrize("kind", ["int", "currency", "date", "datetime", "boolean"])
def test_what_goes_without_quotes_is_checked(kind: str) -> None:
    with pytest.raises(ValueError, match="F__c") as refused:
        soql.where((Condition("F__c", "=", "1 OR Name != ''"),), {"F__c": kind})
    assert "OR Name" not in str(refused.value)


def test_a_position_tells_equal_stamps_apart_by_the_id() -> None:
    assert soql.after("SystemModstamp", ("2026-01-31T08:00:00Z", "001000000000001AAA")) == (
        "(SystemModstamp > 2026-01-31T08:00:00Z OR "
        "(SystemModstamp = 2026-01-31T08:00:00Z AND Id > '001000000000001AAA'))"
    )


def test_lists_fit_into_an_address_and_lose_nothing() -> None:
    values = [f"{n:018d}" for n in range(1000)] + ["ключ " * 20] * 50
    queries = list(soql.lists(["Id", "Name"], "Account", "Id", values))
    assert all(len(quote_plus(query)) <= soql.ADDRESS_BYTES + 10 for query in queries)
    assert sum(query.count("'") // 2 for query in queries) == len(values)
    assert list(soql.lists(["Id"], "Account", "Id", [])) == []


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ("001000000000001", True),
        ("001000000000001AAA", True),
        ("no such id", False),
        ("'; --", False),
        ("ö" * 18, False),
    ],
)
def test_what_can_be_an_id(value: str, good: bool) -> None:
    assert soql.is_id(value) is good
