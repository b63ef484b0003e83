"""Agreement: do the systems, read again, show what the golden records say? A look from outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bridge.engine.merge.form import Form
from bridge.engine.plan.due import undecided
from bridge.engine.refbook import look_up
from bridge.mapping.compiled import EntityMap
from bridge.ports.adapter import Adapter
from bridge.ports.records import NativeRecord, NativeValue
from bridge.ports.storage import Store, UnitOfWork
from bridge.ports.work import Golden, Link, Shadow

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One unit of one record that does not show the golden value; unit is "" where the whole record is missing."""

    system: str
    entity: str
    native_id: str
    golden_id: str
    unit: str


@dataclass(slots=True)
class Agreement:
    """What a comparison found. held: units that differ, and records that are missing, because a person has not decided
    yet."""

    records: int = 0
    units: int = 0
    held: int = 0
    disagreements: list[Disagreement] = field(default_factory=list)


def compare(store: Store, adapters: Mapping[str, Adapter], maps: Mapping[str, EntityMap]) -> Agreement:
    """Read every linked record again and compare it with its golden record. Writes nothing."""
    found = Agreement()
    for emap in maps.values():
        after = ""
        while True:
            with store.begin() as uow:
                page = _Page(uow, emap, uow.golden_page(emap.entity, after, PAGE))
            if not page.goldens:
                break
            for system in emap.systems:
                ids = [link.native_id for link in page.links.values() if link.system == system]
                now = adapters[system].fetch(emap.spec(system), ids) if ids else {}
                page.compare(system, now, found)
            after = max(page.goldens)
    return found


class _Page:
    """Golden records of one page with their links and shadows."""

    def __init__(self, uow: UnitOfWork, emap: EntityMap, golden_ids: list[str]) -> None:
        self.emap = emap
        self.goldens = uow.goldens(emap.entity, golden_ids)
        links = uow.links_of(emap.entity, golden_ids)
        self.links: dict[tuple[str, str], Link] = {
            (link.system, link.native_id): link for link in links if link.state == "linked"
        }
        self.excused = {(link.system, link.golden_id) for link in links if link.state != "linked"}
        self.excused |= uow.reviewed(emap.entity, golden_ids)
        self.shadows: dict[tuple[str, str], Shadow] = {}
        waiting: dict[str, bool] = defaultdict(bool)
        for shadow in uow.shadows_of(emap.entity, golden_ids):
            self.shadows[shadow.system, shadow.native_id] = shadow
            waiting[shadow.golden_id] |= shadow.waiting_for is not None
        self.waiting = waiting
        refs = look_up(uow, emap, goldens=self.goldens.values())
        self.forms = {system: Form(emap, system, refs) for system in emap.systems}

    def compare(self, system: str, now: Mapping[str, NativeRecord], found: Agreement) -> None:
        """Compare the records of one system."""
        there = set()
        for (of, native_id), link in self.links.items():
            if of != system or link.golden_id is None:
                continue
            there.add(link.golden_id)
            golden, record = self.goldens[link.golden_id], now.get(native_id)
            if record is None:
                found.disagreements.append(Disagreement(system, self.emap.entity, native_id, golden.id, ""))
                continue
            found.records += 1
            shadow = self.shadows.get((system, native_id))
            for unit in self._differing(system, golden, record.values, shadow, found):
                found.disagreements.append(Disagreement(system, self.emap.entity, native_id, golden.id, unit))
        for golden in self.goldens.values():
            excused = not golden.alive or self.waiting[golden.id] or (system, golden.id) in self.excused
            if golden.id in there or excused:
                continue
            if undecided(self.forms[system], golden, self.emap.units):
                found.held += 1
            else:
                found.disagreements.append(Disagreement(system, self.emap.entity, "", golden.id, ""))

    def _differing(
        self,
        system: str,
        golden: Golden,
        values: Mapping[str, NativeValue],
        shadow: Shadow | None,
        found: Agreement,
    ) -> Iterator[str]:
        form = self.forms[system]
        for unit in self.emap.units_with(self.emap.keys_in(golden.values)):
            if system not in unit.writes or unit.name not in golden.provenance:
                continue
            if shadow is not None and unit.name in shadow.stopped:
                continue
            if unit.name in golden.held:
                found.held += 1
                continue
            found.units += 1
            value = golden.values.get(unit.name)
            if unit.empty == "keeps" and value is None:
                continue
            if not form.in_step(unit, value, values, shadow.echo if shadow else {}):
                yield unit.name
