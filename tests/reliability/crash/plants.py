"""Bugs planted on purpose, each with the place where it must be seen: a checker that finds none of them proves nothing.

A plant changes the program in the process under test, before the killed run and before the recovery. Nothing is planted
while the story is prepared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from sqlalchemy import delete

from bridge.adapters.odoo.adapter import OdooAdapter
from bridge.adapters.salesforce.adapter import SalesforceAdapter
from bridge.engine import absorb as absorbing
from bridge.store.journal import Journal
from bridge.store.queue import Queue
from bridge.store.schema import OUTBOX


def notes_no_intent() -> None:
    """The intent is not on record when the write goes out: nobody knows the reference of the movement."""
    Queue.save_intents = lambda self, rows: list(rows)  # type: ignore[method-assign, assignment, return-value]


def repeats_a_create_by_itself() -> None:
    """The adapter sends a create again by itself, under a key of its own, as if the first answer had been lost."""
    create = OdooAdapter.create

    def wrong(self: OdooAdapter, spec: Any, items: Any) -> Any:
        create(self, spec, [replace(item, key=uuid4().hex) for item in items])
        return create(self, spec, items)

    OdooAdapter.create = wrong  # type: ignore[method-assign]


def believes_a_write_before_its_answer() -> None:
    """What is to be sent is taken for what the system holds as soon as the intent is noted."""
    save = Queue.save_intents

    def wrong(self: Any, rows: Any) -> None:
        for entry, intent in (rows := list(rows)):
            held = self.shadows(entry.system, entry.entity, [intent.native_id] if intent.native_id else [])
            self.save_shadows([replace(one, values={**one.values, **intent.after}) for one in held.values()])
        save(self, rows)

    Queue.save_intents = wrong  # type: ignore[method-assign]


def throws_leases_away() -> None:
    """What a dead process had claimed is forgotten instead of looked up."""

    def wrong(self: Any, now: Any, *, owner: str | None = None) -> int:
        return int(self.connection.execute(delete(OUTBOX).where(OUTBOX.c.state == "leased")).rowcount)

    Queue.reclaim = wrong  # type: ignore[method-assign]


def forgets_the_loser() -> None:
    """Conflicts are decided, and the word that lost is kept nowhere."""
    Journal.save_conflicts = lambda self, rows: list(rows) and None  # type: ignore[method-assign]


def forgets_what_a_system_holds() -> None:
    """Of the web site, the shadow remembers something else than what the system holds."""
    observe = absorbing.observe
    spoilt = {"website": "forgotten", "Website": "forgotten"}

    def wrong(*given: Any) -> Any:
        outcome = observe(*given)
        values = {path: spoilt.get(path, value) for path, value in outcome.shadow.values.items()}
        return replace(outcome, shadow=replace(outcome.shadow, values=values, fingerprint=""))

    absorbing.observe = wrong


def takes_all_for_booked() -> None:
    """A movement that never arrived counts as one on top of which a user changed the number."""
    SalesforceAdapter.booked = lambda self, spec, references: {*references}  # type: ignore[method-assign]


@dataclass(frozen=True, slots=True)
class Planted:
    """A bug, and the run that must show it.

    at: the label of the moment at which bridge is killed there, the first or the last of that name. column: where it
    must count. asleep: seconds for which bridge lies dead. meanwhile: what a user does then.
    """

    plant: Callable[[], None]
    tested: str
    operation: str
    at: str
    column: str
    first: bool = False
    asleep: float = 0
    meanwhile: str = "nothing"

    @property
    def name(self) -> str:
        """The name of the bug."""
        return self.plant.__name__


PLANTS = (
    Planted(notes_no_intent, "ERPNext", "movement", "after call: update fin", "duplicates"),
    Planted(repeats_a_create_by_itself, "Odoo 19", "create", "after call: create erp", "duplicates"),
    Planted(believes_a_write_before_its_answer, "Odoo 18", "update", "point: before write", "lost"),
    Planted(throws_leases_away, "ERPNext", "update", "point: after claim", "lost"),
    Planted(forgets_the_loser, "ERPNext", "conflict", "point: after page", "lost", meanwhile="other"),
    Planted(takes_all_for_booked, "Salesforce", "movement", "point: before write", "lost", meanwhile="other"),
    Planted(forgets_what_a_system_holds, "ERPNext", "update", "point: after settle", "echoes"),
)
