"""What a system repeats is known by what it said, and is not even brought into native form."""

from __future__ import annotations

import pytest

from bridge.adapters.odoo.layout import Layout as Odoo
from bridge.adapters.salesforce.layout import Layout as Salesforce
from e2e.conftest import Site


def test_a_reading_that_brings_nothing_new_looks_into_no_record(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.only("customer")
    site.seed("crm", [{"object": "Account", "values": {"Name": f"Firma {one}"}} for one in "ABC"])
    for _ in range(3):  # found, made everywhere, heard of as their own word
        site.sync()
    looked: list[object] = []
    for layout in (Odoo, Salesforce):
        real = layout.record

        def record(self: object, row: object, *more: object, real: object = real) -> object:
            looked.append(row)
            return real(self, row, *more)  # type: ignore[operator]

        monkeypatch.setattr(layout, "record", record)
    report = site.sync()
    assert sum(one["unchanged"] for one in report["systems"]) >= 3, "the overlap brings what was made just now"
    assert (report["totals"]["writes"], looked) == (0, [])
    (one,) = [id_ for id_, row in site.control("crm", "GET", "dump")["Account"].items() if row["Name"] == "Firma A"]
    site.control("crm", "POST", "edit", object="Account", id=one, values={"Phone": "+49 30 901820"})
    assert site.sync()["totals"]["writes"] == 1
    assert looked
