"""How many calls a system gets for 250 records is counted by the system itself; more than this is a step back."""

from __future__ import annotations

import pytest

from benchmarks.calls import VENDORS, measure

RECORDS = 250
ODOO = {
    "first read": 2,  # the records, and which of them carry bridge's key
    "nothing changed": 1,
    "changed there, read": 2,
    "changed here, written": 10,  # asked, looked at, written, given their keys, read back
    "made here, written": 5,  # asked, looked for, made, read back
}
MOST = {
    "salesforce": {
        "first read": 1,
        "nothing changed": 1,
        "changed there, read": 1,
        "changed here, written": 7,  # asked; 200 at a time looked at and written; read back
        "made here, written": 4,  # asked; 200 at a time made; read back
    },
    "odoo19": ODOO,
    "odoo18": ODOO,
    "erpnext": {
        "first read": 2,  # the records, and where the log of deletes stands
        "nothing changed": 1,
        "changed there, read": 2,  # the records, and whether one was merged into another
        "changed here, written": 250 + 5,  # asked, looked at, written one by one, who we are, read back
        "made here, written": 3 + 4,  # asked; 100 at a time made; read back, and where the log of deletes stands
    },
}


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_system_gets_no_more_calls_than_it_needs(vendor: str) -> None:
    found = measure(VENDORS[vendor], RECORDS)
    assert {work: counted["calls"] for work, counted in found.items()} == MOST[vendor]
