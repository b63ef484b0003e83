"""What was made after the backup meets again after the restore: linked, or shown to a person, and never made twice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cli.conftest import Company


@pytest.fixture
def kept(company: Company) -> Company:
    """A company with a backup; no match rule fits what is made in these tests."""
    company.bridge("sync")
    company.bridge("backup", "kept.db")
    return company


def make(company: Company, system: str, **values: Any) -> None:
    company.add(system, {"crm": "Account", "erp": "Partner"}[system], values, at=datetime.now(UTC).isoformat())


def restored(company: Company) -> dict[str, Any]:
    """Restore and sync; the report."""
    company.bridge("restore", "kept.db", "--replace")
    report: dict[str, Any] = company.bridge("sync", "--json").json
    return report


def waiting(company: Company) -> list[Any]:
    found: list[Any] = company.bridge("links", "review", "--json").json["waiting"]
    return found


def test_records_made_in_both_systems_meet_what_bridge_made_of_them(kept: Company) -> None:
    make(kept, "crm", Name="Ohne Nummer AG", Phone="+49301")
    make(kept, "crm", Name="Noch eine AG")
    make(kept, "erp", name="Aus dem ERP KG", phone="+49302")
    kept.bridge("sync")
    make(kept, "crm", Name="Ganz neu GmbH", Phone="+49309")  # no sync has seen it
    before = len(kept.alive("crm")), len(kept.alive("erp"))
    report = restored(kept)
    assert waiting(kept) == []
    assert (len(kept.alive("crm")), len(kept.alive("erp"))) == (before[0], before[1] + 1)
    assert sum(one["linked"] for one in report["systems"]) == 3
    assert kept.bridge("sync", "--json").json["totals"]["writes"] == 0
    assert kept.bridge("store", "check", "--json").json["ok"] is True


def test_one_that_was_edited_since_waits_for_a_person(kept: Company) -> None:
    make(kept, "crm", Name="Ohne Nummer AG", Phone="+49301")
    kept.bridge("sync")
    (made,) = kept.alive("crm") - {"crm-1", "crm-2"}
    kept.edit("crm", made, Phone="+49303")
    before = len(kept.alive("erp"))
    restored(kept)
    (one,) = waiting(kept)
    assert one["reason"] == "may be what bridge wrote before the store was restored"
    assert len(kept.alive("erp")) == before
    kept.bridge("links", "link", one["record"], one["candidates"][0]["golden_id"])
    kept.bridge("sync")
    assert len(kept.alive("erp")) == before


def test_nothing_is_created_before_every_system_was_read(kept: Company) -> None:
    make(kept, "crm", Name="Ohne Nummer AG")
    kept.bridge("sync")
    before = kept.alive("erp")
    kept.bridge("restore", "kept.db", "--replace")
    kept.bridge("outbox", "pause", "erp")
    kept.bridge("sync", code=None)
    assert kept.bridge("outbox", "list", "--json").json["entries"] == []
    kept.bridge("outbox", "resume", "erp")
    make(kept, "crm", Name="Ganz neu GmbH")
    kept.bridge("sync")
    assert len(kept.alive("erp")) == len(before) + 1
    kept.bridge("sync")
    assert len(kept.alive("erp")) == len(before) + 1
