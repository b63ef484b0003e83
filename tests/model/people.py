"""Persons at bridge, and users who merge: what is the same as what is said in both places, at any moment.

Beside the guarantees of the machine: what a person has parted does not come together again by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count

from hypothesis import strategies as st
from hypothesis.stateful import rule

from bridge.engine import linking
from bridge.engine.merge.draft import Circumstances
from bridge.engine.plan.linking import Plan
from bridge.ports.work import Golden, Link
from model.machine import SYSTEMS, DeletingMachine, Machine, short

WORDS = ("link", "unlink", "split", "new")
WHICH = st.integers(0, 5)


class People(Machine):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self.person = count(1)
        self.apart: dict[tuple[str, str], set[str]] = {}  # record -> golden ids that a person said it is not

    @rule(
        word=st.sampled_from(WORDS), system=st.sampled_from(SYSTEMS), which=st.integers(0, 5), other=st.integers(0, 5)
    )
    def say(self, word: str, system: str, which: int, other: int) -> None:
        """A person says what a record is, or is not: `bridge links link|unlink|split|new`."""
        with self.store.begin() as uow:
            links = uow.links(system, "customer", sorted(self.systems[system].rows))
            suits = {"link": ("review",), "new": ("review",)}.get(word, ("linked",))
            records = [one for one in links.values() if one.state in suits]
            if not records:
                return
            one = records[which % len(records)]
            plan = self._plan(uow, word, one, other)
            if plan is not None and not plan.refused:
                self._keep_in_mind(uow, plan, one)
                linking.carry_out(uow, self.maps, plan, self._around())

    def _plan(self, uow, word: str, one: Link, other: int) -> Plan | None:
        new_id = self._new_id("person")
        if word == "new":
            return linking.plan_new(one, new_id)
        if word == "link":
            found = list(uow.goldens("customer", one.candidates).values()) or self._sorted_goldens(uow)
            return linking.plan_link(uow, one, found[other % len(found)]) if found else None
        return (linking.plan_unlink if word == "unlink" else linking.plan_split)(uow, one, new_id)

    def _keep_in_mind(self, uow, plan: Plan, one: Link) -> None:
        record = (one.system, one.native_id)
        self.belonged[record] |= set(one.candidates)
        self._several(uow, [record])
        for pair in plan.parted:
            self.apart.setdefault(record, set()).add(pair.golden_id)
        for pair in plan.reunited:
            self.apart.get(record, set()).discard(pair.golden_id)

    @rule(stays=WHICH, goes=WHICH)
    def unite(self, stays: int, goes: int) -> None:
        """A person says that two golden records are one: `bridge links merge`."""
        with self.store.begin() as uow:
            found = self._sorted_goldens(uow)
            if not found:
                return
            winner, loser = found[stays % len(found)], found[goes % len(found)]
            plan = linking.plan_merge(uow, winner, loser)
            if not plan.refused:
                self.parted |= {winner.values.get("mail"), loser.values.get("mail")}
                linking.carry_out(uow, self.maps, plan, self._around())

    @rule(system=st.sampled_from(SYSTEMS), stays=WHICH, goes=WHICH)
    def merge(self, system: str, stays: int, goes: int) -> None:
        """A user merges two records: in a system that tells of it (Salesforce), or in one that does not (Odoo)."""
        sim = self.systems[system]
        rows = [row for row in sim.rows.values() if not row.deleted]
        if not rows or stays % len(rows) == goes % len(rows):
            return
        winner, loser = rows[stays % len(rows)], rows[goes % len(rows)]
        with self.store.begin() as uow:
            self._several(uow, [(system, winner.id), (system, loser.id)])
        self.removed.add((system, loser.id))  # who merges has looked at both
        if not self.belonged[system, winner.id]:  # nobody has read it yet: where it says what the other did, it is
            for path in ("mail", "name", "note"):  # the other from now on, and has changed nothing
                if winner.values.get(path) == loser.values.get(path):
                    self.last_edit.pop((system, winner.id, path), None)
        self.apart.pop((system, winner.id), None)  # and says that it is the same after all
        sim.merge(winner.id, loser.id)

    def _several(self, uow, records: list[tuple[str, str]]) -> None:
        """The mails of these records, and of what they belong to, may be those of several customers from now on."""
        for system, native_id in records:
            self.parted.add(self.systems[system].rows[native_id].values.get("mail"))
            ids = sorted(self._owners(uow, system, native_id))
            self.parted |= {golden.values.get("mail") for golden in uow.goldens("customer", ids).values()}

    def known(self, path: str) -> set[object]:
        """A record that was parted, or whose twin was merged, may be taken in anew: as its system spells it."""
        typed = super().known(path)
        return typed | {short(value) for value in typed if isinstance(value, str)} if self.parted else typed

    def _sorted_goldens(self, uow) -> list[Golden]:
        return sorted(self._goldens(uow).values(), key=lambda golden: golden.id)

    def _around(self) -> Circumstances:
        return Circumstances(self.world.now, "", timedelta(), self._new_id("word"))

    def _new_id(self, kind: str) -> Callable[[], str]:
        return lambda: f"{kind}-{next(self.person):04}"

    def teardown(self) -> None:
        super().teardown()
        self.check_apart()

    def check_apart(self) -> None:
        """What was parted stays apart, unless a merge has said since that it is the same after all."""
        with self.store.begin() as uow:
            for (system, native_id), ids in self.apart.items():
                link = uow.links(system, "customer", [native_id])[native_id]
                assert link.state != "linked" or link.golden_id not in ids - self._heirs(uow), (
                    f"{native_id} was parted from {link.golden_id} and is linked to it again"
                )

    def _heirs(self, uow) -> set[str]:
        """Golden records that others were merged into."""
        known = set().union(*self.belonged.values())
        return set(uow.aliases("customer", sorted(known)).values())


class DeletingPeople(People, DeletingMachine):
    """The same where deletes are passed on to two of the systems."""


def links(state: People, system: str) -> dict[str, tuple[str | None, str]]:
    """Native id -> golden id and state, of the records of a system."""
    with state.store.begin() as uow:
        rows = uow.links(system, "customer", list(state.systems[system].rows)).values()
        return {one.native_id: (one.golden_id, one.state) for one in rows}
