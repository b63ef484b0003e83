"""Rows that a source holds and bridge cannot carry over: told while it is read, and gathered for a person to mend.

Three kinds end in one place: rows that the source itself cannot give, rows that the mapping cannot read, and rows that
another system refuses. Each keeps its reason; none holds up another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from bridge.engine.merge.form import Form
from bridge.engine.refbook import look_up
from bridge.engine.runtime import Run
from bridge.mapping.compiled import EntityMap
from bridge.ports.adapter import Adapter
from bridge.ports.errors import MappingError
from bridge.ports.records import BadRow, NativeRecord
from bridge.ports.storage import Store, UnitOfWork

SHOWN: Final = 12
"""Bad rows of one system and entity that a run tells one by one; of the others it tells how many there are, and why."""
ALIKE: Final = 3
"""Of these, how many for one reason: a file with another decimal sign has the same to say of every row."""
REASONS: Final = 5
"""Reasons that are told of the others."""
MANY: Final = 100
"""Reasons that are counted apart."""
_PAGE: Final = 500


def tell_bad_rows(run: Run, emap: EntityMap, system: str, rows: Sequence[BadRow]) -> None:
    """Report the rows of a page that the source could not give."""
    if not rows:
        return
    told, untold = run.bad_rows.setdefault((system, emap.entity), (Counter(), Counter()))
    for row in rows:
        if told.total() < SHOWN and told[row.why] < ALIKE:
            told[row.why] += 1
            run.report.trouble(MappingError(str(row)), system, emap.entity)
        else:
            untold[row.why if row.why in untold or len(untold) < MANY else "other reasons"] += 1
    run.report.of(system, emap.entity).bad += len(rows)
    if untold:
        mine = [one for one in run.report.troubles if (one.system, one.entity) == (system, emap.entity)]
        for trouble in [one for one in mine if _MORE in one.what]:
            run.report.troubles.remove(trouble)
        run.report.trouble(MappingError(_others(untold)), system, emap.entity)


def _others(untold: Counter[str]) -> str:
    reasons = [f"{number} {why}" for why, number in untold.most_common(REASONS)]
    if len(untold) > REASONS:
        reasons.append("and others")
    words = "; ".join(reasons)
    return f"{untold.total()}{_MORE} ({words}): `bridge rejects write` writes all of them to a file"


_MORE: Final = " more rows cannot be taken in"


def refused(store: Store, emap: EntityMap, system: str, adapter: Adapter) -> dict[str, str]:
    """Records of a source that went no further: native id -> why. Reads all of them, a page at a time; writes nothing.

    What the mapping cannot read, what lacks what is required, and what another system has refused.
    """
    found: dict[str, str] = {}
    cursor: str | None = None
    more = True
    while more:
        page = adapter.changes(emap.spec(system), cursor, _PAGE)
        cursor, more = page.cursor, page.more
        with store.begin() as uow:
            found.update(_unreadable(uow, emap, system, page.records))
            for native_id, why in _set_aside(uow, emap, system, page.records).items():
                found.setdefault(native_id, why)
    return found


def _unreadable(uow: UnitOfWork, emap: EntityMap, system: str, records: Sequence[NativeRecord]) -> Mapping[str, str]:
    form = Form(emap, system, look_up(uow, emap, system=system, records=records))
    found: dict[str, str] = {}
    for record in records:
        reading = form.read(record.values)
        problems = [f"{problem.path}: {problem.message}" for problem in reading.problems]
        problems += [
            f"{unit.name}: is required, and empty"
            for unit in emap.units
            if unit.required and system in unit.reads and reading.values.get(unit.name, "") is None
        ]
        problems += [f"{name}: there is no {entity} of this id" for name, (entity, _) in reading.unresolved.items()]
        if problems:
            found[record.native_id] = "; ".join(problems)
    return found


def _set_aside(uow: UnitOfWork, emap: EntityMap, system: str, records: Sequence[NativeRecord]) -> Mapping[str, str]:
    """What other systems refused of these records."""
    links = uow.links(system, emap.entity, [record.native_id for record in records])
    of = {link.golden_id: link.native_id for link in links.values() if link.golden_id and link.state == "linked"}
    found: dict[str, str] = {}
    for entry in uow.set_aside(emap.entity, sorted(of)):
        if entry.system != system:
            words = f"{entry.system} refuses it: {entry.error or entry.error_code or 'no reason is known'}"
            found[of[entry.golden_id]] = words
    return found
