"""Undo at work: gather what a run wrote, and turn the plan into golden values and links that the next delivery follows.

Nothing is written to a system here. A value that went back is due like any edit; the link of a record that is to go
says so, and the outbox deletes it as it deletes any record: read right before, under its version, and looked up after a
lost answer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bridge.engine.identify import Identities
from bridge.engine.plan.deletes import to_restore
from bridge.engine.plan.marks import RECORD, UNDONE
from bridge.engine.plan.undo import Known, Remove, SetBack, Step, left_alone, plan_undo
from bridge.engine.runtime import Run, Runtime
from bridge.engine.work import enqueue_due
from bridge.mapping.compiled import EntityMap
from bridge.ports.errors import SafetyStop
from bridge.ports.storage import UnitOfWork
from bridge.ports.work import Golden, HistoryRow, Link, Provenance, WriteRow


def what_would_be_undone(runtime: Runtime, uow: UnitOfWork, run: str) -> list[Step]:
    """The plan for one run, entity by entity, children before their parents."""
    by_entity: dict[str, list[WriteRow]] = defaultdict(list)
    for row in uow.writes_of(run):
        by_entity[row.entity].append(row)
    steps: list[Step] = []
    for entity in [entity for entity in by_entity if entity not in runtime.maps]:
        steps.extend(left_alone(row, "this entity is not mapped any more") for row in by_entity[entity])
    for entity, emap in reversed(list(runtime.maps.items())):
        for part in _parts(by_entity[entity], runtime.pace.page):
            steps.extend(plan_undo(run, part, _known(runtime, uow, emap, part)))
    return steps


def _parts(rows: Sequence[WriteRow], size: int) -> Iterator[list[WriteRow]]:
    """The writes of `size` golden records at a time, each in its order."""
    ids = list(dict.fromkeys(row.golden_id for row in rows))
    for start in range(0, len(ids), size):
        wanted = set(ids[start : start + size])
        yield [row for row in rows if row.golden_id in wanted]


def _known(runtime: Runtime, uow: UnitOfWork, emap: EntityMap, rows: Sequence[WriteRow]) -> Known:
    ids, entity = sorted({row.golden_id for row in rows}), emap.entity
    history: dict[str, list[HistoryRow]] = defaultdict(list)
    for change in uow.history_since(entity, ids, _began(uow, rows)):
        history[change.golden_id].append(change)
    adapters = runtime.adapters
    return Known(
        emap=emap,
        goldens=uow.goldens(entity, ids),
        history=history,
        links={(x.system, x.golden_id): x for x in uow.links_of(entity, ids) if x.state == "linked" and x.golden_id},
        shadows={(shadow.system, shadow.golden_id): shadow for shadow in uow.shadows_of(entity, ids)},
        deleting=frozenset(
            system
            for system in emap.systems
            if system in adapters and adapters[system].capabilities(emap.spec(system)).delete != "unsupported"
        ),
    )


def _began(uow: UnitOfWork, rows: Sequence[WriteRow]) -> datetime:
    return uow.run_began(rows[0].run) or min(row.at for row in rows)


def guard(runtime: Runtime, steps: Iterable[Step]) -> None:
    """Raises SafetyStop where more records of one system and entity would be deleted than `sync.max_deletes`."""
    most = runtime.pace.max_deletes
    for (system, entity), number in Counter((s.system, s.entity) for s in steps if isinstance(s, Remove)).items():
        if number > most:
            words = (
                f"{number} records ({entity}) would be deleted because the run that made them is undone, more than the"
                f" {most} allowed at once (`sync.max_deletes`): nothing was undone"
            )
            raise SafetyStop(words, system=system)


def undo(run: Run, undone: str, steps: Iterable[Step]) -> None:
    """Put golden values back and mark the links of records that are to go, a page of golden records at a time."""
    by_record: dict[tuple[str, str], list[SetBack | Remove]] = defaultdict(list)
    for step in steps:
        if isinstance(step, SetBack | Remove):
            by_record[step.entity, step.golden_id].append(step)
    size = run.runtime.pace.page
    for entity, emap in run.runtime.maps.items():
        mine = {golden_id: found for (of, golden_id), found in by_record.items() if of == entity}
        ids = sorted(mine)
        for start in range(0, len(ids), size):
            part = {golden_id: mine[golden_id] for golden_id in ids[start : start + size]}
            with run.store.begin() as uow:
                _set_back(run, uow, emap, part)
                _mark(run, uow, emap, undone, part)
                enqueue_due(run, uow, emap, part)


def _set_back(run: Run, uow: UnitOfWork, emap: EntityMap, part: Mapping[str, Sequence[SetBack | Remove]]) -> None:
    changed: list[Golden] = []
    history: list[HistoryRow] = []
    links: dict[str, list[Link]] = defaultdict(list)
    for link in uow.links_of(emap.entity, sorted(part)):
        links[link.golden_id or ""].append(link)
    again: list[Link] = []
    for golden in uow.goldens(emap.entity, sorted(part)).values():
        steps = [s for s in part[golden.id] if isinstance(s, SetBack) and golden.values.get(s.unit) == s.value]
        lives = next((s for s in part[golden.id] if isinstance(s, SetBack) and s.unit == RECORD), None)
        if lives is not None and not golden.alive:
            changed.append(_living(golden))
            again += to_restore(emap, links[golden.id])
            history.append(_noted(run, lives))
        elif steps:
            values = {**golden.values, **{step.unit: step.to for step in steps}}
            said = {step.unit: Provenance("", run.now, UNDONE) for step in steps}
            changed.append(replace(golden, rev=golden.rev + 1, values=values, provenance={**golden.provenance, **said}))
            history += [_noted(run, step) for step in steps]
    uow.save_links(again, run.now)
    uow.save_goldens(changed, run.now)
    uow.add_history(history)
    if changed:
        uow.save_match_keys(emap.entity, Identities.keys_of(emap, changed))


def _living(golden: Golden) -> Golden:
    """A golden record whose delete is taken back."""
    why = {unit: one for unit, one in golden.provenance.items() if unit != RECORD}
    return replace(golden, rev=golden.rev + 1, alive=True, provenance=why)


def _noted(run: Run, step: SetBack) -> HistoryRow:
    return HistoryRow(step.entity, step.golden_id, step.unit, step.value, step.to, "", run.now, UNDONE, run.id)


def _mark(
    run: Run, uow: UnitOfWork, emap: EntityMap, undone: str, part: Mapping[str, Sequence[SetBack | Remove]]
) -> None:
    wanted = {(s.system, s.native_id) for steps in part.values() for s in steps if isinstance(s, Remove)}
    reason = f"made by run {undone}, which is undone"
    links = [link for link in uow.links_of(emap.entity, sorted(part)) if link.state == "linked"]
    mine = [link for link in links if (link.system, link.native_id) in wanted]
    uow.save_links([replace(link, linked_by=UNDONE, reason=reason) for link in mine], run.now)
