"""`bridge forget`: afterwards no table, no page of the file and no backup holds anything of the person."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Company

PERSON = ("Erika Mustermann", "DE777", "+49307777777", "+49308888888", "owes me a favour", "likes tea")


@pytest.fixture
def known(company: Company) -> Company:
    """A person whom bridge knows in every way: edited, disputed, written, and put to review in a second record."""
    company.fill("crm", [{"Name": "Erika Mustermann", "VAT": "DE777", "Phone": "+49307777777"}, {"Name": "Neu AG"}])
    company.fill("erp", [{"name": "Erika Mustermann", "vat": "DE777", "phone": "+49307777777"}])
    company.bridge("sync")
    company.edit("crm", "crm-1", Phone="+49308888888", Description="owes me a favour")
    company.edit("erp", "erp-1", comment="likes tea")
    company.bridge("sync")
    company.edit("crm", "crm-1", Phone="+49307777777")
    company.bridge("sync")
    return company


def delete(company: Company, *systems: str) -> None:
    for system in systems:
        held = json.loads((company.folder / f"{system}.json").read_text())
        held["writes"] += 1
        for rows in held["objects"].values():
            for row in rows:
                if row["id"] == f"{system}-1":
                    row["deleted"] = True
                    row["number"] = held["writes"]
        company.write(f"{system}.json", json.dumps(held))


def texts(path: Path) -> list[bytes]:
    """Every value of every column of every table, as bytes; bodies are JSON, and stand there as they are."""
    found = []
    with closing(sqlite3.connect(path)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in connection.execute(f"SELECT * FROM {table}"):
                found += [one if isinstance(one, bytes) else str(one).encode() for one in row]
    return found


def traces(path: Path) -> dict[str, bool]:
    """Which of the person's words are found: in a column, or anywhere in the file or what lies beside it."""
    columns = texts(path)
    files = b"".join(f.read_bytes() for f in path.parent.glob(f"{path.name}*"))
    return {word: any(word.encode() in one for one in columns) or word.encode() in files for word in PERSON}


def test_all_of_it_is_there_before(known: Company) -> None:
    assert all(traces(known.folder / "bridge.db").values())


def test_nothing_is_left_anywhere(known: Company) -> None:
    delete(known, "crm", "erp")
    known.bridge("sync")
    shown = known.bridge("forget", "crm:customer:crm-1", "--json").json
    assert {"golden", "crosswalk", "history", "conflict", "written", "match_key"} <= set(shown["rows"])
    assert (shown["applied"], shown["there"]) == (False, [])
    assert any(traces(known.folder / "bridge.db").values()), "showing erases nothing"
    done = known.bridge("forget", "crm:customer:crm-1", "--apply", "--json").json
    assert (done["applied"], done["scrubbed"], done["rows"]) == (True, True, shown["rows"])
    store = known.folder / "bridge.db"
    assert not any(traces(store).values())
    assert not any(b"crm-1" in one or shown["golden_id"].encode() in one for one in texts(store))
    known.bridge("backup", "kept.db")
    assert not any(traces(known.folder / "kept.db").values())
    assert known.bridge("store", "check", "--json").json["problems"] == []
    assert known.bridge("sync", "--json").json["totals"]["writes"] == 0
    assert known.bridge("forget", "crm:customer:crm-1", "--json").json["rows"] == {}


def test_it_is_refused_while_a_system_has_the_record(known: Company) -> None:
    delete(known, "crm")
    said = known.bridge("forget", "crm:customer:crm-1", "--apply", "--json", code=1).json
    assert said["there"] == ["erp:customer:erp-1"]
    assert "erp:customer:erp-1" in said["refused"]
    assert all(traces(known.folder / "bridge.db").values())


def test_anyway_means_that_it_is_met_as_new(known: Company) -> None:
    before = known.bridge("explain", "erp:customer:erp-1", "--json").json["golden"]["rev"]
    known.bridge("forget", "erp:customer:erp-1", "--apply", "--anyway")
    assert not any(traces(known.folder / "bridge.db").values())
    known.edit("crm", "crm-1", Phone="+49301234567")
    known.edit("erp", "erp-1", phone="+49301234567")
    known.bridge("sync", code=None)
    now = known.bridge("explain", "erp:customer:erp-1", "--json").json
    assert [(link["system"], link["state"]) for link in now["links"]] == [("crm", "linked"), ("erp", "linked")]
    assert now["golden"]["rev"] < before
    assert (len(known.alive("crm")), len(known.alive("erp"))) == (2, 2)


def test_a_record_that_comes_back_waits_for_a_person(known: Company) -> None:
    delete(known, "crm", "erp")
    known.bridge("sync")
    known.bridge("forget", "crm:customer:crm-1", "--apply")
    held: dict[str, Any] = json.loads((known.folder / "erp.json").read_text())
    for row in held["objects"]["Partner"]:
        if row["id"] == "erp-1":
            row["deleted"] = False
            held["writes"] += 1
            row["number"] = held["writes"]
    known.write("erp.json", json.dumps(held))
    known.bridge("sync")
    assert known.alive("crm") == {"crm-2"}
    (waiting,) = known.bridge("links", "review", "--json").json["waiting"]
    assert (waiting["record"], waiting["values"]) == ("erp:customer:erp-1", {})
    assert "forgotten" in waiting["reason"]
    known.bridge("links", "new", "erp:customer:erp-1")
    known.bridge("sync")
    assert len(known.alive("crm")) == 2


def test_what_is_not_known_holds_nothing(known: Company) -> None:
    assert known.bridge("forget", "crm:customer:none", "--json").json["rows"] == {}
    known.bridge("forget", "crm:nothing:1", code=2)
