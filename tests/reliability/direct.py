"""Faults at the adapter itself: deletes, and writes of somebody else that are committed late."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.ports.adapter import Adapter
from bridge.ports.records import DeleteItem, ObjectSpec, UpdateItem
from e2e.conftest import VENDORS
from reliability.company import STANDING, WEBSITE, Company
from reliability.fault_table import DELETE, FAULTS, OPERATIONS, SYSTEMS

LATE = 60.0
"""Seconds after which a late transaction commits, by the clock of the sandbox."""


def delete_it(company: Company, system: str, faults: Sequence[str] = ()) -> dict[str, str]:
    """Delete a record while the call is struck, then once more. Answers fault -> what came out of the first delete.

    faults: only these; by default all that can strike a write. Raises AssertionError where a fault does not strike, or
    the repeat does not end well.
    """
    name, found = SYSTEMS[system][0], {}
    with company.adapter(name) as (adapter, spec):
        for fault in faults or FAULTS:
            given = FAULTS[fault].given(system)
            if not given or "write" not in FAULTS[fault].on or fault in _NOT_OF_A_DELETE:
                continue
            website = company.website()
            company.insert(name, f"Weg {company.number} GmbH", website)
            native_id = company.id_of(name, f"Weg {company.number} GmbH")
            company.site.control(name, "POST", "calls/reset")
            company.site.control(name, "POST", "faults", **{**given, "operation": DELETE[system][0]})
            found[fault] = _deleted(adapter, spec, native_id)
            assert company.landed(name, 1), f"{fault} did not strike the delete of {system}"
            again = _deleted(adapter, spec, native_id)
            assert again == "ok", f"after {fault} another delete ends in {again}"
            assert not company.shown(name, f"Weg {company.number} GmbH"), f"after {fault} the record is still there"
    return found


_NOT_OF_A_DELETE = ("seen late", "right withdrawn")


def _deleted(adapter: Adapter, spec: ObjectSpec, native_id: str) -> str:
    """ok, or the class of what came out."""
    try:
        (result,) = adapter.delete(spec, [DeleteItem(native_id)])
    except Exception as error:
        return type(error).__name__
    return "ok" if result.outcome == "ok" else type(result.error).__name__


def committed_late(company: Company, system: str) -> list[str]:
    """Somebody's edit is stamped now and committed later, and another record is made in between. Answers problems."""
    name = SYSTEMS[system][0]
    website, other = company.website(), f"Neu {company.number + 1} GmbH"
    late = {"kind": "late_commit", "seconds": LATE, "operation": OPERATIONS["update"].calls[system][0]}
    with company.adapter(name) as (adapter, spec):
        company.site.control(name, "POST", "faults", **late)
        adapter.update(spec, [UpdateItem(company.id_of(name, STANDING), {WEBSITE[name]: website})])
    company.insert(name, other, company.website())
    company.sync()
    early = [one for one in VENDORS if one != name and company.shown(one, STANDING)[0][0] == website]
    company.site.control(name, "POST", "clock", advance=LATE)
    for _ in range(3):
        company.time_passes()
        company.sync()
    problems = [f"{one} does not show the edit" for one in VENDORS if company.shown(one, STANDING)[0][0] != website]
    problems += [f"{one} lacks the other record" for one in VENDORS if len(company.shown(one, other)) != 1]
    return [*problems, *(f"{one} showed it before it was committed" for one in early)]
