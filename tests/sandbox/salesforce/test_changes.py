"""What changed and what was deleted; a person's edits; the clock."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from tests.sandbox.salesforce.talk import Talk

DAY = "2026-03-29"


@pytest.fixture
def noon(talk: Talk) -> Talk:
    talk.control("clock", set=f"{DAY}T12:00:30Z")
    talk.control("clock", freeze=True)
    talk.log_in()
    return talk


def _window(talk: Talk, what: str, start: str, end: str, day: str = DAY) -> Any:
    given = {"start": f"{day}T{start}+00:00", "end": f"{DAY}T{end}+00:00"}
    answer = talk.call("GET", f"sobjects/Account/{what}/", params=given)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_updated(noon: Talk) -> None:
    id_ = noon.account()
    noon.control("clock", advance=120)
    assert _window(noon, "updated", "11:00:00", "12:02:00") == {
        "ids": [id_],
        "latestDateCovered": f"{DAY}T12:02:00.000+0000",
    }
    assert _window(noon, "updated", "12:00:59", "12:01:59")["ids"] == [id_], "seconds are cut off"
    assert _window(noon, "updated", "11:00:00", "12:00:59")["ids"] == []


def test_deleted_is_read_from_a_log(noon: Talk) -> None:
    id_ = noon.account()
    noon.control("delete", object="Account", id=id_)
    noon.control("clock", advance=120)
    found = _window(noon, "deleted", "11:00:00", "12:02:00")
    assert found["deletedRecords"] == [{"id": id_, "deletedDate": f"{DAY}T12:00:30.000+0000"}]
    assert set(found) == {"deletedRecords", "earliestDateAvailable", "latestDateCovered"}
    assert found["earliestDateAvailable"].startswith("2026-03-14T12:02")
    noon.control("faults", kind="purge_deletes")
    found = _window(noon, "deleted", "11:00:00", "12:02:00")
    assert found["deletedRecords"] == []
    assert found["earliestDateAvailable"] == f"{DAY}T12:02:30.000+0000"


def test_an_open_transaction_holds_the_window_back(noon: Talk) -> None:
    noon.control("insert", object="Account", values={"Name": "late", "late": 300})
    noon.control("clock", advance=120)
    found = _window(noon, "updated", "11:00:00", "12:02:00")
    assert found == {"ids": [], "latestDateCovered": f"{DAY}T12:00:30.000+0000"}
    noon.control("clock", advance=200)
    found = _window(noon, "updated", "12:00:00", "12:05:00")
    assert (len(found["ids"]), found["latestDateCovered"]) == (1, f"{DAY}T12:05:00.000+0000")


@pytest.mark.parametrize(
    ("what", "start", "end"),
    [
        ("updated", f"{DAY}T12:00:00Z", f"{DAY}T11:00:00Z"),
        ("updated", f"{DAY}T11:00:10Z", f"{DAY}T11:00:50Z"),
        ("deleted", f"{DAY}T11:00:00Z", f"{DAY}T11:01:00Z"),
        ("updated", "2026-02-20T00:00:00Z", f"{DAY}T11:00:00Z"),
        ("deleted", "2026-03-10T00:00:00Z", f"{DAY}T11:00:00Z"),
        ("updated", "yesterday", f"{DAY}T11:00:00Z"),
    ],
)
def test_windows_that_are_refused(noon: Talk, what: str, start: str, end: str) -> None:
    given = {"start": start, "end": end}
    expected = (400, "INVALID_REPLICATION_DATE")
    assert noon.refused("GET", f"sobjects/Account/{what}/", params=given) == expected


def test_a_person_edits(noon: Talk) -> None:
    id_ = noon.account()
    before = noon.read(id_)
    noon.control("clock", advance=60)
    noon.control("edit", object="Account", id=id_, values={"Phone": "1"})
    after = noon.read(id_)
    assert after["Phone"] == "1"
    assert after["LastModifiedById"] != before["LastModifiedById"] == before["CreatedById"]
    assert after["SystemModstamp"] == f"{DAY}T12:01:30.000+0000"


def test_back_from_the_recycle_bin(noon: Talk) -> None:
    id_ = noon.account()
    noon.control("delete", object="Account", id=id_)
    noon.control("clock", advance=60)
    noon.control("edit", object="Account", id=id_, values={"IsDeleted": False})
    assert noon.read(id_)["SystemModstamp"] == f"{DAY}T12:01:30.000+0000"


def test_a_merge_moves_the_contacts(noon: Talk) -> None:
    winner, loser = noon.account(Name="winner"), noon.account(Name="loser")
    contact = noon.create("Contact", LastName="Doe", AccountId=loser)
    noon.control("edit", object="Account", id=winner, values={"merge": loser, "Phone": "1"})
    assert noon.names("") == ["winner"]
    assert noon.read(winner)["Phone"] == "1"
    assert noon.read(contact, "Contact")["AccountId"] == winner


def test_a_person_is_refused_in_words(noon: Talk) -> None:
    given = {"object": "Account", "id": noon.account(), "values": {"Status__c": "Nope"}}
    answer = requests.post(f"{noon.url}/__sandbox__/edit", json=given, timeout=10)
    assert answer.status_code == 400
    assert "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST" in answer.json()["error"]


def test_seed_dump_reset(noon: Talk) -> None:
    record = {"object": "Account", "values": {"Name": "old"}, "modified": "2020-01-01T00:00:00+00:00"}
    id_ = noon.control("seed", records=[record])["ids"][0]
    assert noon.read(id_)["SystemModstamp"] == "2020-01-01T00:00:00.000+0000"
    dump = requests.get(f"{noon.url}/__sandbox__/dump", timeout=10).json()
    assert dump["Account"][id_]["Name"] == "old"
    assert len(dump["User"]) == 3
    noon.control("reset")
    noon.log_in()
    assert noon.names("") == []
