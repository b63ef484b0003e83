"""The translations of references that a page needs, looked up in a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from bridge.engine.merge.form import RefBook
from bridge.engine.plan.marks import RESTORE, RESTORED
from bridge.mapping.compiled import EntityMap
from bridge.mapping.units import in_rows
from bridge.ports.records import NativeRecord, NativeValue
from bridge.ports.storage import UnitOfWork
from bridge.ports.work import Golden


def look_up(
    uow: UnitOfWork,
    emap: EntityMap,
    *,
    system: str | None = None,
    records: Iterable[NativeRecord] = (),
    bases: Iterable[Mapping[str, NativeValue]] = (),
    goldens: Iterable[Golden] = (),
    leaving: Iterable[str] = (),
) -> RefBook:
    """Golden ids of the native ids that `records` and `bases` of `system` name, native ids of those in `goldens`.

    leaving: native ids of this entity that were deleted in `system` just now, and are to be made again.
    """
    if not emap.record_units:
        return RefBook()
    golden_of: dict[tuple[str, str, str], str] = {}
    lost = {(system, emap.entity, native_id) for native_id in leaving if system is not None}
    if system is not None:
        for entity, ids in _natives(emap, system, [*(r.values for r in records), *bases]).items():
            for native_id, link in uow.links(system, entity, sorted(ids)).items():
                if link.golden_id is not None and link.state == "linked":
                    golden_of[system, entity, native_id] = link.golden_id
                elif link.state == "gone" and link.linked_by in (RESTORE, RESTORED):
                    lost.add((system, entity, native_id))
    native_of: dict[tuple[str, str, str], str] = {}
    for entity, ids in _golden_refs(emap, goldens, golden_of.values()).items():
        for link in uow.links_of(entity, sorted(ids)):
            if link.state == "linked" and link.golden_id is not None:
                native_of[link.system, entity, link.golden_id] = link.native_id
                golden_of[link.system, entity, link.native_id] = link.golden_id
    return RefBook(golden_of, native_of, frozenset(lost))


def _natives(emap: EntityMap, system: str, values: Iterable[Mapping[str, NativeValue]]) -> dict[str, set[str]]:
    wanted: dict[str, set[str]] = defaultdict(set)
    for unit in emap.record_units:
        assert unit.record_ref is not None
        for template in unit.paths(system):
            for row in values:
                for path in in_rows(template, row) if "[]" in template else (template,):
                    native = row.get(path)
                    if isinstance(native, str):
                        wanted[unit.record_ref.entity].add(native)
    return wanted


def _golden_refs(emap: EntityMap, goldens: Iterable[Golden], also: Iterable[str]) -> dict[str, set[str]]:
    wanted: dict[str, set[str]] = defaultdict(set)
    known = set(also)
    for unit in emap.record_units:
        assert unit.record_ref is not None
        of_entity = wanted[unit.record_ref.entity]
        of_entity |= known
        for golden in goldens:
            for name in in_rows(unit.name, golden.values) if "[]" in unit.name else (unit.name,):
                value = golden.values.get(name)
                if isinstance(value, str):
                    of_entity.add(value)
                for proposal in golden.provenance[name].proposals if name in golden.provenance else ():
                    if isinstance(proposal.value, str):
                        of_entity.add(proposal.value)
    return wanted
