"""The state machine: users, faults and crashes in any order, then rest, then the guarantees."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bridge.engine import cycle as cycles
from bridge.engine.merge.form import Form
from bridge.engine.outbox.lane import at_once
from bridge.engine.refbook import look_up
from bridge.engine.report import Report
from bridge.engine.runtime import Pace, Runtime
from bridge.engine.stops import approve
from bridge.mapping.units import MatchRule, Policy
from bridge.store.database import memory_store
from model.world import Killed, Simulated, World
from support.build import entity, field

SYSTEMS = ("crm", "erp", "fin")
NAMES = ("ana", "bob", "bobby")
MAILS = ("m1", "m2", "m3")
FAULTS = ("none", "transient", "busy", "lost", "lost whole", "half", "expired")


def short(text: str) -> str:
    """What the lossy system makes of a text."""
    return text[:3].upper()


def mapping(deletes=()):
    lossy = {"erp": (lambda value: value, lambda value: value)}
    customer = entity(
        field("mail"),
        field("name", codecs=lossy),
        field("note"),
        field("tags", policy=Policy("union")),
        field("rank", policy=Policy("prefer", ("fin",))),
        field("parent", ref="customer"),
        match=[MatchRule("same", ("mail",))],
        first_contact=Policy("newest"),
        deletes=deletes,
    )
    return {"customer": customer}


class Machine(RuleBasedStateMachine):
    """See the module. deletes: systems in which a record is deleted that was deleted elsewhere."""

    deletes: tuple[str, ...] = ()
    aside: Any = None
    store_kind: Callable[[], Any] = staticmethod(memory_store)

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.systems = {
            "crm": Simulated("crm", self.world, grain=1, skew=600),
            "erp": Simulated("erp", self.world, spell=short),
            "fin": Simulated("fin", self.world, unique_keys=False, apart=("note",), skew=-600),
        }
        self.store = self.store_kind()
        self.maps = mapping(self.deletes)
        self.pace = Pace(page=2)
        self.back_off = 0.1
        self.terms = {}
        self.canaries = {}
        self.asked: dict[str, Any] = {}  # what else the next cycles are asked for (reads, hints)
        self.last_id = 0
        self.notes = count(1)
        self.processes = count(1)
        self.typed: dict[str, set[object]] = defaultdict(set)
        self.last_edit: dict[tuple[str, str, str], object] = {}
        self.shown: dict[tuple[str, str], dict[str, object]] = {}  # what each record showed when a cycle had ended
        self.removed: set[tuple[str, str]] = set()
        self.belonged: dict[tuple[str, str], set[str]] = defaultdict(set)  # golden ids that a record was linked to
        self.parted: set[object] = set()  # mails of which a person, or a merge, has said that they name several

    # what users do

    @initialize(
        mails=st.lists(st.tuples(st.sampled_from(SYSTEMS), st.sampled_from(MAILS)), max_size=4, unique=True),
        grain=st.sampled_from([1, 60]),
        skews=st.permutations([-600, 0, 600]),
        batch=st.sampled_from([1, 3]),
        ahead=st.booleans(),
    )
    def begin(
        self,
        mails,
        grain: float = 1,
        skews: Sequence[float] = (600, 0, -600),
        batch: int = 3,
        ahead: bool = False,
    ) -> None:
        """First records; and the clocks: the CRM's knows whole seconds, or minutes, only; two are wrong. ahead: a batch
        is answered before the one before it is settled, which is as far ahead as can be."""
        self.aside = at_once if ahead else None
        for sim in self.systems.values():
            sim.batch = batch
        self.systems["crm"].grain = timedelta(seconds=grain)
        for system, skew in zip(SYSTEMS, skews, strict=True):
            self.systems[system].clock_skew = skew
        for system, mail in mails:
            self.insert(system, mail, "ana")

    @rule(system=st.sampled_from(SYSTEMS), mail=st.sampled_from(MAILS), name=st.sampled_from(NAMES))
    def insert(self, system: str, mail: str, name: str) -> None:
        sim = self.systems[system]
        if any(row.values.get("mail") == mail for row in sim.rows.values()):
            return  # duplicates inside one system are another story
        row = sim.insert("Customer", {"mail": mail, "name": name, "tags": None, "rank": None})
        for path in ("mail", "name"):
            self._typed(system, row, path, sim.rows[row].values[path])

    @rule(
        system=st.sampled_from(SYSTEMS),
        mail=st.sampled_from(MAILS),
        path=st.sampled_from(["name", "note", "rank"]),
        name=st.sampled_from([*NAMES, None]),
    )
    def edit(self, system: str, mail: str, path: str, name: str | None) -> None:
        self._edit(system, mail, path, name)

    def _edit(self, system: str, mail: str, path: str, name: str | None) -> None:
        sim = self.systems[system]
        for row in sim.rows.values():
            if row.values.get("mail") == mail and not row.deleted:
                value = f"n{next(self.notes)}" if path == "note" else name
                before, stamp = row.values.get(path), row.at
                after = sim.edit(row.id, path, value)
                self.typed[path].add(after)
                # Between look and write, within one tick of a coarse clock: nothing tells that from no edit.
                unseen = sim.grain and row.at == stamp and self.world.place
                # What is typed back before anybody has read the other has changed nothing either.
                back = not self.world.place and after == self.shown.get((system, row.id), {}).get(path, row)
                if unseen or back:
                    self.last_edit.pop((system, row.id, path), None)
                elif after != before:  # who types what is there already has changed nothing that could be lost
                    self.last_edit[system, row.id, path] = after

    def _typed(self, system: str, row: str, path: str, value: object) -> None:
        self.typed[path].add(value)
        self.last_edit[system, row, path] = value

    @rule(system=st.sampled_from(SYSTEMS), mail=st.sampled_from(MAILS), parent=st.sampled_from(MAILS))
    def adopt(self, system: str, mail: str, parent: str) -> None:
        """One customer becomes another's parent, perhaps its own grandparent's."""
        rows = {row.values.get("mail"): row for row in self.systems[system].rows.values() if not row.deleted}
        if mail in rows and parent in rows:
            self.systems[system].edit(rows[mail].id, "parent", rows[parent].id)

    @rule(system=st.sampled_from(SYSTEMS), mail=st.sampled_from(MAILS), tags=st.sets(st.sampled_from("xyz")))
    def tag(self, system: str, mail: str, tags: set[str]) -> None:
        for row in self.systems[system].rows.values():
            if row.values.get("mail") == mail and not row.deleted:
                self.systems[system].edit(row.id, "tags", sorted(tags) or None)

    @rule(system=st.sampled_from(SYSTEMS), mail=st.sampled_from(MAILS))
    def remove(self, system: str, mail: str) -> None:
        for row in self.systems[system].rows.values():
            if row.values.get("mail") == mail and not row.deleted:
                self.systems[system].remove(row.id)
                self.removed.add((system, row.id))

    def archive(self, system: str, mail: str) -> None:
        for row in self.systems[system].rows.values():
            row.archived = row.archived or row.values.get("mail") == mail

    @rule(seconds=st.sampled_from([0.3, 1, 5, 60]))
    def wait(self, seconds: float) -> None:
        self.world.now += timedelta(seconds=seconds)

    def wait_for(self, seconds: float) -> None:
        """Bridge waits."""
        self.world.now += timedelta(seconds=seconds)

    # what bridge does, and what happens to it

    @rule(
        system=st.sampled_from(SYSTEMS),
        faults=st.lists(st.sampled_from(FAULTS), max_size=4),
    )
    def arm(self, system: str, faults: list[str]) -> None:
        self.systems[system].faults = faults

    @rule(
        kill=st.one_of(st.none(), st.integers(1, 40)),
        edits=st.lists(
            st.tuples(
                st.integers(1, 40),
                st.sampled_from(SYSTEMS),
                st.sampled_from(MAILS),
                st.sampled_from(["name", "note"]),
                st.sampled_from(NAMES),
            ),
            max_size=2,
        ),
    )
    def cycle(self, kill: int | None, edits) -> None:
        if kill is not None:
            self.world.plan(kill, self.world.kill)
        for after, system, mail, path, name in edits:
            self.world.plan(after, lambda s=system, m=mail, p=path, n=name: self._edit(s, m, p, n))
        try:
            self.run()
        except Killed:
            pass
        finally:
            self.world.planned.clear()

    def runtime(self, **other: Any) -> Runtime:
        """A process of its own. other: what is not as usual."""
        usual: dict[str, Any] = {
            "store": self.store,
            "adapters": self.systems,
            "maps": self.maps,
            "clock": self.world.clock,
            "new_id": self._new_golden,
            "back_off": lambda attempts: self.back_off,
            "owner": f"process {next(self.processes)}",
            "pace": self.pace,
            "terms": self.terms,
            "canaries": self.canaries,
            "point": self.world.moment,
            "aside": self.aside,
        }
        return Runtime(**usual | other)

    def _new_golden(self) -> str:
        self.last_id += 1
        return f"golden-{self.last_id:04}"

    def run(self, patience: float = 0) -> Report:
        """One cycle of a process of its own. patience: seconds it may wait for what is due again soon."""
        runtime = self.runtime()
        with self.store.begin() as uow:
            uow.reclaim(self.world.now, owner=runtime.owner)
        try:
            return cycles.cycle(runtime, "run", patience=patience, sleep=self.wait_for, **self.asked)
        finally:
            self.world.place = ""
            self._note_links()

    def _note_links(self) -> None:
        with self.store.begin() as uow:
            for system, sim in self.systems.items():
                self.shown.update({(system, row.id): dict(row.values) for row in sim.rows.values()})
                for link in uow.links(system, "customer", list(sim.rows)).values():
                    self.belonged[system, link.native_id] |= {link.golden_id} if link.golden_id else set()

    def agreed(self, mail: str, unit: str) -> object:
        with self.store.begin() as uow:
            return next(g.values.get(unit) for g in self._goldens(uow).values() if g.values["mail"] == mail)

    def conflicts(self) -> list[object]:
        with self.store.begin() as uow:
            return list(uow.conflicts(limit=100))

    # what must hold

    @invariant()
    @precondition(lambda self: hasattr(self, "systems"))
    def one_record_for_one_golden(self) -> None:
        """G4, at every moment: no key is there twice in one system."""
        for sim in self.systems.values():
            keys = Counter(row.key for row in sim.rows.values() if row.key and not row.deleted)
            assert all(number == 1 for number in keys.values()), f"duplicate in {sim.system}"

    def consent(self) -> None:
        """A person lets through what stopped, until nothing does."""

    def first_cycle(self) -> None:
        """The first after the last edit."""
        self.run()

    def teardown(self) -> None:
        for sim in self.systems.values():
            sim.faults = []
        self.consent()
        for cycle in (self.first_cycle, self.run):  # G2: within two cycles after the last edit
            self.world.now += timedelta(seconds=90)
            cycle()
        self.world.now += timedelta(seconds=90)
        self.run()
        quiet = self.run()
        assert quiet.writes == 0, "G3: a cycle without edits wrote something"
        assert not any(tally.enqueued for tally in quiet.tallies.values()), "G3: a cycle without edits made work"
        with self.store.begin() as uow:
            self._check_in_step(uow)
            self._check_no_edit_lost(uow)
            self._check_no_phantom(uow)
            self._check_deletes(uow)

    def _goldens(self, uow):
        ids = uow.golden_page("customer", "", 1000)
        return uow.goldens("customer", ids)

    def _golden_ids(self, uow) -> set[str]:
        """Those of living and of deleted records."""
        links = [link for s in SYSTEMS for link in uow.links(s, "customer", list(self.systems[s].rows)).values()]
        return {link.golden_id for link in links if link.golden_id}

    def _check_deletes(self, uow) -> None:
        """What was deleted is gone wherever the mapping says so, and nowhere else."""
        dead = [g.id for g in uow.goldens("customer", sorted(self._golden_ids(uow))).values() if not g.alive]
        for link in uow.links_of("customer", dead):
            assert link.system not in self.deletes or self.systems[link.system].rows[link.native_id].deleted
        for system, sim in self.systems.items():
            for link in uow.links(system, "customer", list(sim.rows)).values():
                there = not sim.rows[link.native_id].deleted
                assert link.state != "gone" or not there, f"{link.native_id} is there and taken for gone"
            by_bridge = {row.id for row in sim.rows.values() if row.deleted} - {
                r for s, r in self.removed if s == system
            }
            assert system in self.deletes or not by_bridge, f"bridge deleted {by_bridge} in {system}"
            for link in uow.links(system, "customer", sorted(by_bridge)).values():
                others = {one.system for one in uow.links_of("customer", [link.golden_id]) if one.state == "gone"}
                assert others - {system}, f"{link.native_id} was deleted in {system}, and nowhere before"

    def _check_in_step(self, uow) -> None:
        """G2: every system shows the golden value, as it stores it."""
        emap = self.maps["customer"]
        goldens = self._goldens(uow)
        links = uow.links_of("customer", list(goldens))
        forms = {s: Form(emap, s, look_up(uow, emap, goldens=goldens.values())) for s in SYSTEMS}
        shadows = {(s.system, s.native_id): s for s in uow.shadows_of("customer", list(goldens))}
        linked = defaultdict(set)
        for link in links:
            linked[link.golden_id].add(link.system)
            if link.state != "linked":
                continue
            golden, sim = goldens[link.golden_id], self.systems[link.system]
            row = sim.rows[link.native_id]
            assert not row.deleted, f"{link.native_id} is gone and still linked"
            shadow = shadows[link.system, link.native_id]
            for unit in emap.units:
                if unit.name in golden.held or unit.name in shadow.stopped or unit.name not in golden.provenance:
                    continue
                now = {path: row.values.get(path) for path in unit.paths(link.system)}
                value = golden.values.get(unit.name)
                if unit.record_ref and forms[link.system].write(unit, value) is None:
                    continue  # the parent is gone in this system
                assert forms[link.system].in_step(unit, value, now, shadow.echo), (
                    f"{link.system} shows {now} where {value!r} is agreed"
                )
        asked = uow.reviewed("customer", list(goldens))  # not made where a person is to say whether it is there
        housed = {link.golden_id for link in links if link.state == "linked"}
        lonely = {s.golden_id for s in shadows.values() if s.waiting_for and self._is_out(uow, s)}
        for golden in goldens.values():
            if golden.id in lonely or golden.values.get("parent") not in (None, *goldens):
                continue  # its parent was deleted before it was ever read or made: it waits, and the report says so
            if golden.id not in housed:
                continue  # it waited for its parent, and its only record went meanwhile: nobody has it any more
            lacking = {s for s in set(SYSTEMS) - linked[golden.id] if (s, golden.id) not in asked}
            assert not lacking, f"{golden.id} is not in {lacking}"
        mails = Counter(golden.values.get("mail") for golden in goldens.values())
        assert all(number == 1 for mail, number in mails.items() if mail not in self.parted), "two for one customer"

    def _is_out(self, uow, shadow) -> bool:
        """Whether what a record refers to is gone, or waits for a person."""
        named = shadow.waiting_for.partition(":")[2]
        link = uow.links(shadow.system, "customer", [named]).get(named)
        return self.systems[shadow.system].rows[named].deleted or (link is not None and link.state == "review")

    def _check_no_edit_lost(self, uow) -> None:
        """G1: the last edit of every cell is agreed, or overwritten by someone who had seen it, or journalled."""
        ids = self._golden_ids(uow).union(*self.belonged.values())
        goldens = uow.goldens("customer", sorted(ids))
        said: dict[tuple[str, str], set[str]] = defaultdict(set)
        for golden in goldens.values():
            for unit, value in golden.values.items():
                said[golden.id, unit].add(repr(value))
            for row in uow.history("customer", golden.id, 10_000):
                said[golden.id, row.unit] |= {repr(row.old), repr(row.new)}
        for conflict in uow.conflicts(limit=10_000):
            said[conflict.golden_id, conflict.unit] |= {repr(p.value) for p in conflict.proposals}
        for (system, row, path), value in self.last_edit.items():
            if (system, row) in self.removed:
                continue
            link = uow.links(system, "customer", [row]).get(row)
            assert link is not None, f"{row} was never taken in"
            if value is None or link.state == "review":
                continue  # what waits for a person stands in its system, and nobody writes there
            assert link.golden_id, f"{row} was never linked"
            heard = set().union(*(said[id_, path] for id_ in self._owners(uow, system, row)))
            if path == "name":  # typed as the system spells what was agreed just then: nobody can tell that from it
                heard |= {repr(self.systems[system].spell(name)) for name in NAMES if repr(name) in heard}
            assert repr(value) in heard, f"{system} {row} {path} = {value!r} is lost"

    def _owners(self, uow, system: str, row: str) -> set[str]:
        """The golden records that a record belongs or belonged to, as they are called by now."""
        before = self.belonged[system, row]
        return {uow.aliases("customer", [id_]).get(id_, id_) for id_ in before}

    def _check_no_phantom(self, uow) -> None:
        """Nobody's word is nobody's: an agreed value was typed by a user, and not made up by a system's spelling."""
        for golden in self._goldens(uow).values():
            for path in ("mail", "name", "note"):
                value = golden.values.get(path)
                if value is None or value in self.known(path) or self._put_back(uow, golden.id, path, value):
                    continue
                raise AssertionError(f"{path} = {value!r} was typed by nobody")

    def _put_back(self, uow, golden_id: str, path: str, value: str) -> bool:
        """After a lost answer, in a record that a user has moved: what stood there before is taken for the user's word,
        as the system spells it, and journalled (somebody archived the customer while its new name was on the way)."""
        words = {value.casefold() for value in self.known(path) if value}
        doubts = uow.conflicts(golden_id=golden_id, unit=path, rule="in doubt")
        return value.casefold() in words and any(p.value == value for doubt in doubts for p in doubt.proposals)

    def known(self, path: str) -> set[object]:
        """What somebody may have meant to say."""
        return self.typed[path]


class DeletingMachine(Machine):
    """The same where deletes are passed on to two of the systems."""

    deletes = ("erp", "fin")


class SweptMachine(DeletingMachine):
    """And where one of them does not tell of deletes: they are found by comparing ids, in every cycle."""

    def __init__(self) -> None:
        super().__init__()
        self.systems["erp"].tells = False
        self.pace = replace(self.pace, sweep=timedelta(0))

    def consent(self) -> None:
        """A system that lists none of its records stops the sweep, though they were all deleted."""
        # What was let through may leave a system with other records that another sweep misses; and a system that did
        # not answer for a while is swept only when it has been read again.
        for _ in range(4):
            self.world.now += timedelta(seconds=700)
            if self.run().stopped:
                with self.store.begin() as uow:
                    approve(uow, "run", self.world.now)
