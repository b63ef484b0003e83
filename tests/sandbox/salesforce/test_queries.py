"""SOQL: conditions, order, parents, pages, and how mistakes are told."""

from __future__ import annotations

import time

import pytest
from tests.sandbox.salesforce.talk import BASE, Talk


@pytest.fixture
def stocked(talk: Talk) -> Talk:
    talk.control("clock", set="2026-03-29T12:00:00Z")
    talk.log_in()
    talk.account(Name="Alpha", Phone="1", Credit__c=10.5, Tags__c="big;old", Status__c="Active")
    talk.account(Name="beta", Phone="2", Credit__c=20, Tags__c="big")
    talk.account(Name="O'Neil \\ 100%", Status__c="On Hold")
    return talk


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("Name = 'ALPHA'", "Alpha"),
        ("name != 'alpha'", "beta|O'Neil \\ 100%"),
        ("Name = 'O\\'Neil \\\\ 100%'", "O'Neil \\ 100%"),
        ("Name LIKE '%A'", "Alpha|beta"),
        ("Name LIKE '%100\\%'", "O'Neil \\ 100%"),
        ("Name LIKE 'b_ta'", "beta"),
        ("Phone = null", "O'Neil \\ 100%"),
        ("Phone != null AND Credit__c > 10.5", "beta"),
        ("Credit__c >= 10.5 AND Credit__c < 20", "Alpha"),
        ("Credit__c <= 10.5", "Alpha"),
        ("Phone IN ('1', '3')", "Alpha"),
        ("Name NOT IN ('alpha', 'beta')", "O'Neil \\ 100%"),
        ("NOT (Phone = '1' OR Phone = '2')", "O'Neil \\ 100%"),
        ("(Phone = '1' AND Credit__c = 10.5) OR Status__c = 'On Hold'", "Alpha|O'Neil \\ 100%"),
        ("Tags__c INCLUDES ('old')", "Alpha"),
        ("Tags__c INCLUDES ('big;old', 'none')", "Alpha"),
        ("Tags__c includes ('big')", "Alpha|beta"),
        ("Tags__c EXCLUDES ('old')", "beta|O'Neil \\ 100%"),
        ("Owner.Email = 'integration@example.com' AND Phone = '2'", "beta"),
        ("IsDeleted = true", ""),
        ("CreatedDate >= YESTERDAY AND Phone = '1'", "Alpha"),
        ("CreatedDate > YESTERDAY AND CreatedDate < TOMORROW AND Phone = '1'", "Alpha"),
        ("CreatedDate = TODAY AND Phone = '1'", "Alpha"),
        ("CreatedDate = LAST_N_DAYS:3 AND Phone = '1'", "Alpha"),
        ("CreatedDate <= TODAY AND Phone = '1'", "Alpha"),
        ("CreatedDate != TODAY", ""),
        ("CreatedDate > TODAY", ""),
        ("CreatedDate < TODAY", ""),
        ("CreatedDate = NEXT_N_DAYS:3", ""),
        ("CreatedDate > 2001-01-01T00:00:00Z AND Phone = '1'", "Alpha"),
        ("CreatedDate < 2001-01-01T00:00:00+02:00", ""),
    ],
)
def test_conditions(stocked: Talk, condition: str, expected: str) -> None:
    assert "|".join(stocked.names(f"WHERE {condition} ORDER BY CreatedDate, Id")) == expected


def test_ids_compare_in_both_lengths_and_by_case(talk: Talk) -> None:
    id_ = talk.account()
    assert len(id_) == 18
    assert talk.names(f"WHERE Id = '{id_[:15]}'") == ["Acme"]
    assert talk.names(f"WHERE Id IN ('{id_}')") == ["Acme"]
    assert talk.names(f"WHERE Id = '{id_[:15].swapcase()}'") == []


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("Name", ["Alpha", "beta", "O'Neil \\ 100%"]),
        ("Name DESC", ["O'Neil \\ 100%", "beta", "Alpha"]),
        ("Phone", ["O'Neil \\ 100%", "Alpha", "beta"]),
        ("Phone DESC NULLS LAST", ["beta", "Alpha", "O'Neil \\ 100%"]),
        ("IsDeleted, Phone NULLS LAST", ["Alpha", "beta", "O'Neil \\ 100%"]),
        ("Name LIMIT 1 OFFSET 1", ["beta"]),
    ],
)
def test_order(stocked: Talk, order: str, expected: list[str]) -> None:
    assert stocked.names(f"ORDER BY {order}") == expected


def test_what_a_record_shows(talk: Talk) -> None:
    id_ = talk.account(BillingCountryCode="DE", BillingCity="Berlin")
    record = talk.query("SELECT id, name, Phone, Owner.Email, Parent.Name, BillingAddress FROM account")["records"][0]
    address = record.pop("BillingAddress")
    owner = record.pop("Owner")
    assert record == {
        "attributes": {"type": "Account", "url": f"{BASE}/sobjects/Account/{id_}"},
        "Id": id_,
        "Name": "Acme",
        "Phone": None,
        "Parent": None,
    }
    assert (owner["attributes"]["type"], owner["Email"]) == ("User", "integration@example.com")
    assert (address["city"], address["countryCode"], address["country"]) == ("Berlin", "DE", "Germany")


def test_count(stocked: Talk) -> None:
    assert stocked.query("SELECT COUNT() FROM Account WHERE Phone != null") == {
        "totalSize": 2,
        "done": True,
        "records": [],
    }


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Nope FROM Account", "INVALID_FIELD"),
        ("SELECT Nope.Name FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Nope = 1", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Name = 1", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Credit__c = '1'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE CreatedDate > '2001-01-01T00:00:00Z'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Description = 'a'", "INVALID_FIELD"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT Id FROM Account WHERE Id = 'nope'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT * FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id Account", "MALFORMED_QUERY"),
        ("SELECT Id, Id FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name = 'open", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name = 'a' AND Phone = '1' OR Phone = '2'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Name = 'bad \\x'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account LIMIT", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE CreatedDate = LAST_FEW_DAYS:3", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
    ],
)
def test_mistakes(talk: Talk, soql: str, code: str) -> None:
    assert talk.refused("GET", "query", params={"q": soql}) == (400, code)


def test_an_unknown_column_is_pointed_at(talk: Talk) -> None:
    message = talk.call("GET", "query", params={"q": "SELECT Nope FROM Account"}).json()[0]["message"]
    assert "SELECT Nope FROM Account\n" in message
    assert "No such column 'Nope' on entity 'Account'" in message


def test_pages_and_their_locator(talk: Talk) -> None:
    talk.seed(*(f"n{n:04}" for n in range(450)))
    first = talk.query("SELECT Name FROM Account ORDER BY Name", size=200)
    assert (first["totalSize"], first["done"], len(first["records"])) == (450, False, 200)
    assert first["nextRecordsUrl"].startswith(f"{BASE}/query/01g")
    talk.control("edit", object="Account", id=first["records"][0]["attributes"]["url"][-18:], values={"Name": "zz"})
    seen, page = [row["Name"] for row in first["records"]], first
    while not page["done"]:
        page = talk.call("GET", page["nextRecordsUrl"].removeprefix(f"{BASE}/")).json()
        seen += [row["Name"] for row in page["records"]]
    assert seen == [f"n{n:04}" for n in range(450)], "a cursor shows what was there when it was opened"
    talk.control("clock", advance=3 * 86400)
    talk.log_in()
    locator = first["nextRecordsUrl"].removeprefix(f"{BASE}/")
    assert talk.refused("GET", locator) == (400, "INVALID_QUERY_LOCATOR")


def test_ten_times_the_rows_take_about_ten_times_as_long(talk: Talk) -> None:
    """Side by side, so that a busy machine is no failure: what compares all rows with all takes a hundred times."""
    talk.seed(*(f"n{n}" for n in range(200)))
    few = seconds_of_a_query(talk, 200)
    talk.seed(*(f"n{n}" for n in range(200, 2000)))
    assert seconds_of_a_query(talk, 2000) < 40 * few


def seconds_of_a_query(talk: Talk, rows: int) -> float:
    """The least of three."""
    took: list[float] = []
    for _ in range(3):
        begun = time.perf_counter()
        page = talk.query("SELECT Id, Name, SystemModstamp, Owner.Email FROM Account ORDER BY SystemModstamp, Id")
        took.append(time.perf_counter() - begun)
        assert (page["done"], len(page["records"])) == (True, rows)
    return min(took)


def test_queryall_sees_the_recycle_bin(talk: Talk) -> None:
    kept, gone = talk.seed("kept", "gone")
    talk.control("delete", object="Account", id=gone)
    assert talk.names("") == ["kept"]
    assert talk.names("WHERE IsDeleted = true", resource="queryAll") == ["gone"]
    loser = talk.account(Name="loser")
    talk.control("edit", object="Account", id=kept, values={"merge": loser})
    row = talk.query(f"SELECT IsDeleted, MasterRecordId FROM Account WHERE Id = '{loser}'", resource="queryAll")
    assert (row["records"][0]["IsDeleted"], row["records"][0]["MasterRecordId"]) == (True, kept)


def test_midnight_belongs_to_the_day_that_begins(talk: Talk) -> None:
    talk.control("clock", set="2026-03-28T12:00:00Z")
    talk.control("clock", freeze=True)
    talk.log_in()
    stamps = {"last": "2026-03-28T23:59:59+00:00", "first": "2026-03-29T00:00:00+00:00"}
    records = [{"object": "Account", "values": {"Name": name}, "modified": at} for name, at in stamps.items()]
    talk.control("seed", records=records)
    assert talk.names("WHERE CreatedDate = TODAY") == ["last"]
    assert talk.names("WHERE CreatedDate <= TODAY") == ["last"]
    assert talk.names("WHERE CreatedDate > TODAY") == ["first"]
    assert talk.names("WHERE CreatedDate >= TOMORROW") == ["first"]


def test_ids_are_sorted_as_they_are_compared(talk: Talk) -> None:
    """Paging by `Id > …` would leave out records otherwise: "…0z" comes after "…0Z", and before "…10"."""
    talk.log_in()
    made = [talk.account(Name=f"n{number}") for number in range(80)]
    rows = talk.query("SELECT Id FROM Account ORDER BY Id")["records"]
    assert [row["Id"] for row in rows] == sorted(made)
    after = talk.query(f"SELECT Id FROM Account WHERE Id > '{rows[39]['Id']}' ORDER BY Id")["records"]
    assert rows[40:] == after
