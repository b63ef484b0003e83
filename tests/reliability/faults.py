"""Each fault of a system for each operation: the class of error that comes out, and what becomes of a user's edit.

`python -m reliability.faults` (in tests/) breaks every call in every way and writes docs/reliability.md.
`python -m reliability.faults Odoo "429"` breaks those whose names hold these words, and tells what came of them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from bridge.engine.outbox.reaction import LOOK_UP_AFTER
from e2e.conftest import VENDORS
from reliability.company import STANDING, Company, Strike
from reliability.direct import delete_it
from reliability.document import table, write_report, write_section
from reliability.fault_table import (
    FAULTS,
    OPERATIONS,
    SECOND_ADDRESS,
    SYSTEMS,
    Operation,
    expected,
    expected_entries,
    expected_of_a_delete,
)

PATIENCE = 8
"""Syncs after which a company that is not quiet never will be."""

Place = tuple[str, str, str]
"""System, fault, operation."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of one fault of one system at one operation.

    came: "ok", or the class of the error that left the adapter. code: the exit code of the sync that met it. entry:
    state and attempts of the outbox entry after that sync, empty if there is none. lost: systems that do not show the
    edit in the end. doubled: systems with another number of records than one. spare: systems with a second address.
    quiet: whether bridge came to rest: a sync without a write, an entry or a problem. left: entries left over.
    person: whether a person had to look (bridge check, outbox replay).
    """

    system: str
    fault: str
    operation: str
    came: str
    code: int
    entry: str
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    spare: tuple[str, ...]
    quiet: bool
    left: int
    person: bool
    syncs: int
    seconds: float

    @property
    def problems(self) -> list[str]:
        """What is not as it has to be; empty for a good cell."""
        place = (self.system, self.fault, self.operation)
        wanted = expected(*place)
        entries = expected_entries(self.operation, wanted)
        told = [
            (self.came != wanted, f"{self.came} came out, not {wanted}"),
            (self.entry not in entries, f"the entry is '{self.entry}', not '{entries[0]}'"),
            (self.code != (wanted not in _UNTOLD), f"the sync ended with {self.code}"),
            (bool(self.lost), f"lost in {', '.join(self.lost)}"),
            (bool(self.doubled), f"not one record in {', '.join(self.doubled)}"),
            (bool(self.spare) and place not in SECOND_ADDRESS, f"a second address in {', '.join(self.spare)}"),
            (not self.quiet, f"no rest within {PATIENCE} syncs"),
            (self.left > 0, f"{self.left} entries left over"),
            (self.person and wanted not in _FOR_A_PERSON, "a person was needed"),
        ]
        return [words for wrong, words in told if wrong]


_UNTOLD = ("ok", "VersionConflict")
_FOR_A_PERSON = ("AuthFailed", "PermissionDenied")


def places() -> Iterator[Place]:
    """Every system, fault and operation that go together."""
    for system in SYSTEMS:
        for name, operation in OPERATIONS.items():
            for fault, broken in FAULTS.items():
                enough = not operation.faults or fault in operation.faults
                if enough and system in operation.calls and broken.given(system) and operation.kind in broken.on:
                    yield system, fault, name


def break_it(company: Company, place: Place) -> Cell:
    """One cell: a user does something, the call is struck, and bridge goes on until all is quiet.

    Raises AssertionError where the fault did not strike.
    """
    system, fault, operation = place
    name, asked = SYSTEMS[system][0], OPERATIONS[operation]
    start = time.monotonic()
    company.site.control(name, "POST", "calls/reset")
    strike = Strike(company.site, name, _steps(asked, system, fault))
    customer, website, city = _story(company, name, asked.story)
    strikes, syncs, code = len(strike.steps), 0, 0
    with company.struck(strike):
        while strike.steps and syncs < 4:  # a busy machine may keep an answer too long: then it has another go
            company.time_passes()
            code, _ = company.sync()
            syncs += 1
    assert not strike.steps, f"{fault} did not strike {operation} of {system}"
    entry = _entry(company, name)
    if fault != "very late":
        assert company.landed(name, strikes), f"{fault} did not end"
    if fault == "seen late":  # bridge waits so long before it looks, and `time_passes` leaves that out
        time.sleep(LOOK_UP_AFTER)
    more, person, left = _until_quiet(company, name, strikes)
    shown = {one: company.shown(one, customer) for one in VENDORS}
    wanted = (website, (city,) if city else ())
    return Cell(
        system=system,
        fault=fault,
        operation=operation,
        came=strike.came,
        code=code,
        entry=entry,
        lost=tuple(one for one, rows in shown.items() if (rows[0][0], rows[0][1][:1]) != wanted),
        doubled=tuple(one for one, rows in shown.items() if len(rows) != 1),
        spare=tuple(one for one, rows in shown.items() if any(len(cities) > 1 for _, cities in rows)),
        quiet=left == 0,
        left=max(left, 0),
        person=person,
        syncs=syncs + more,
        seconds=round(time.monotonic() - start, 1),
    )


def _steps(asked: Operation, system: str, fault: str) -> list[tuple[str, dict[str, object]]]:
    """What is armed, and at which method of the adapter."""
    glob, after = asked.calls[system]
    steps = [(asked.method, {**(FAULTS[fault].given(system) or {}), "operation": glob, "after": after})]
    if asked.first:
        lost = {"kind": "drop_answer", "operation": OPERATIONS[asked.first].calls[system][0]}
        steps.insert(0, (asked.first, lost))
    return steps


def _story(company: Company, system: str, story: str) -> tuple[str, str, str]:
    """Let a user do something. Answers name, website and city of the customer as all systems have to show it."""
    website = company.website()
    there = "fin" if system == "crm" else "crm"
    if story == "insert there":
        company.insert(there, f"Neu {company.number} GmbH", website)
        return f"Neu {company.number} GmbH", website, "Kiel" if there == "crm" else ""
    actor = system if story == "edit here" else there
    if actor == "crm":
        company.city = f"Ulm {company.number}"
    company.edit(actor, website, company.city)
    return STANDING, website, company.city


def _entry(company: Company, system: str) -> str:
    """State and attempts of the entry that the fault has left; one that only waits behind it is no news."""
    found = [f"{one.state} {one.attempts}" for one in company.entries(system)]
    return next((one for one in found if one != "pending 0"), found[0] if found else "")


def _until_quiet(company: Company, system: str, strikes: int) -> tuple[int, bool, int]:
    """Sync until there is nothing to do, also for what lands late. Answers syncs, whether a person was needed, and the
    entries left over: 0 where bridge came to rest, -1 where it did not although there are none."""
    person, left = False, 0
    landed = company.landed(system, strikes, 0)
    for number in range(1, PATIENCE + 1):
        company.time_passes()
        code, report = company.sync()
        if report["paused"]:
            company.run("check")
            person = True
        if report["outbox"].get("dead"):
            company.run("outbox", "replay", "--all")
            person = True
        totals = report["totals"]
        left = sum(report["outbox"].values())
        quiet = code == 0 and not (totals["writes"] or totals["enqueued"] or left)
        if quiet and landed:
            return number, person, 0
        if quiet:
            landed = company.landed(system, strikes)
    return PATIENCE, person, left or -1


def carry_out(wanted: Sequence[Place]) -> list[Cell]:
    """Cells of one Odoo version, one after the other in one company; a company that is not well is made anew."""
    found: list[Cell] = []
    waiting = list(wanted)
    while waiting:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bridge-faults-")))
            company = Company(folder, SYSTEMS[waiting[0][0]][1], stack)
            while waiting:
                place = waiting.pop(0)
                try:
                    cell = break_it(company, place)
                except Exception as error:  # one cell that cannot be carried out is told, and the others go on
                    cell = _failed(place, error)
                found.append(cell)
                print(_line(cell), flush=True)
                if cell.problems:
                    break
    return found


def _failed(place: Place, error: Exception) -> Cell:
    said = f"{type(error).__name__}: {error}".partition("\n")[0][:200]
    return Cell(*place, said, 0, "", (), (), (), quiet=False, left=0, person=False, syncs=0, seconds=0.0)


def deletes(system: str) -> dict[str, str]:
    """What comes out of a delete that is struck, by fault; see `delete_it`."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bridge-faults-")))
        return delete_it(Company(folder, SYSTEMS[system][1], stack), system)


def _line(cell: Cell) -> str:
    told = "; ".join(cell.problems) or f"{cell.came}, {cell.entry or 'no entry'}, {cell.syncs} syncs"
    mark = "BAD" if cell.problems else "ok "
    return f"{mark} {cell.system} / {cell.operation} / {cell.fault}: {told} ({cell.seconds} s)"


def section(cells: Sequence[Cell], deleted: Mapping[str, Mapping[str, str]]) -> str:
    """The record for people: the sums, then what came out of each fault, by operation."""
    bad = [cell for cell in cells if cell.problems]
    attempts = Counter(cell.entry for cell in cells if cell.entry)
    sums = [
        ("cells (system, fault, operation)", len(cells)),
        ("edits lost", sum(bool(cell.lost) for cell in cells)),
        ("records made twice", sum(bool(cell.doubled) for cell in cells)),
        ("second addresses", sum(bool(cell.spare) for cell in cells)),
        ("did not come to rest", sum(not cell.quiet for cell in cells)),
        ("entries left over", sum(cell.left for cell in cells)),
        ("another error than expected, or another number of attempts", len(bad)),
        ("needed a person (a key or a right was withdrawn)", sum(cell.person for cell in cells)),
        *((f"left by the run that met the fault: {entry}", number) for entry, number in sorted(attempts.items())),
    ]
    parts = [_HEAD, table(("what", "number"), sums)]
    for system in SYSTEMS:
        mine = [cell for cell in cells if cell.system == system]
        if mine:
            rows = list(_rows(mine, deleted.get(system, {})))
            parts += [f"### {system}", table(("fault", *OPERATIONS, "delete"), rows)]
    return "\n\n".join([*parts, _FOOT])


_HEAD = """\
`make faults` breaks one call at a time, in every way in which calls break, while a user's edit or new record is on its
way, and then lets bridge go on. In the end the edit has to be in every system, once, with no entry left over, and one
more sync has to find nothing to do. bridge waits for an answer for less than a second in these runs, so that they end
today."""
_FOOT = """\
A cell is the class of error that left the adapter (`bridge.ports.errors`); `ok*` means written, but not read back; ²
marks a second address. A call that is not in the table is one that the system is not asked, that cannot break in this
way, or that is the same as another. An address below a customer has no key of its own in Odoo and ERPNext: where a
proxy repeats the call that makes it, or the call lands seconds after it was looked for in vain, a second one may be
left, which a person has to delete."""
_SHORT = {"ok, not read back": "ok*"}


def _rows(cells: Iterable[Cell], deleted: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    by_place = {(cell.fault, cell.operation): cell for cell in cells}
    for fault in FAULTS:
        row = [by_place.get((fault, operation)) for operation in OPERATIONS]
        if any(row):
            yield (fault, *(_told(cell) for cell in row), deleted.get(fault, ""))


def _told(cell: Cell | None) -> str:
    if cell is None:
        return ""
    told = _SHORT.get(cell.came, cell.came) + ("²" if cell.spare else "")
    return f"**{told}: {'; '.join(cell.problems)}**" if cell.problems else told


def main(words: Sequence[str]) -> int:
    """Break everything, or what the words choose. Answers the exit code: 1 where a cell is not as it has to be."""
    wanted = [place for place in places() if all(word in " / ".join(place) for word in words)]
    shares = [[place for place in wanted if place[0] == system] for system in SYSTEMS]
    with ProcessPoolExecutor(len(SYSTEMS)) as pool:
        deleted = {} if words else dict(zip(SYSTEMS, pool.map(deletes, SYSTEMS), strict=True))
        cells = [cell for share in pool.map(carry_out, [share for share in shares if share]) for cell in share]
    wrong = [
        f"{system}: a delete that met {fault} ended in {came}"
        for system, found in deleted.items()
        for fault, came in found.items()
        if came != expected_of_a_delete(system, fault)
    ]
    if not words:
        bad = [*(_line(cell) for cell in cells if cell.problems), *wrong]
        write_report("faults", {"cells": [asdict(cell) for cell in cells], "deletes": deleted, "bad": bad})
        write_section("faults", section(cells, deleted))
    print(*wrong, sep="\n")
    return int(bool(wrong) or any(cell.problems for cell in cells))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
