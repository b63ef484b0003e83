"""The values that engine and store hand each other: golden records, shadows, links, outbox entries, conflicts.

*Canonical values* are in canonical JSON form (see `bridge.canonical`): None, bool, int, text, a sorted list of texts,
or a dict for a group. A *unit* is what is merged as one: a field, or a whole group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime
from typing import Literal

from bridge.ports.records import NativeValue
from bridge.ports.values import value

Scalar = None | bool | int | str
Canonical = Scalar | list[str] | dict[str, Scalar]

LinkState = Literal["linked", "review", "gone"]
EntryState = Literal["pending", "leased", "waiting", "in_doubt", "held", "dead"]
ConflictState = Literal["settled", "held", "resolved"]


@value(frozen=True, slots=True)
class Proposal:
    """One system's word on a unit: what it says, and when that system says it was said (None if unknown)."""

    system: str
    value: Canonical
    at: datetime | None

    def __repr__(self) -> str:
        return f"Proposal({self.system!r}, at={self.at})"


@value(frozen=True, slots=True)
class Provenance:
    """Why a golden value is what it is.

    rule: "only value", "changed", "filled", or the policy that settled a conflict.
    proposals: every system's word since the value last changed without contest. A conflict is settled from this whole
        set, never pairwise, so that the winner does not depend on the order in which the systems were read.
    """

    system: str
    at: datetime | None
    rule: str
    proposals: tuple[Proposal, ...] = ()


@value(frozen=True, slots=True)
class Golden:
    """The agreed values of one record, each with its provenance.

    held: unit -> id of the open conflict that holds it.
    """

    entity: str
    id: str
    rev: int
    values: Mapping[str, Canonical]
    provenance: Mapping[str, Provenance]
    held: Mapping[str, str] = field(default_factory=dict)
    alive: bool = True

    def __repr__(self) -> str:
        return f"Golden({self.entity}:{self.id}, rev={self.rev})"


@value(frozen=True, slots=True)
class Shadow:
    """What one system is known to hold of one record, in that system's own form.

    values: path -> native value.
    echo: path -> what was sent, where the system stored something else (it normalises): such a field is in step as
        long as the same would be sent again.
    stopped: units of which the system holds something that cannot be mapped: neither read nor overwritten.
    fingerprint: of the record as last observed; empty where it must be looked at again.
    waiting_for: "entity:native id" of a record it refers to that is not known yet.
    """

    system: str
    entity: str
    native_id: str
    golden_id: str
    values: Mapping[str, NativeValue]
    version: str
    fingerprint: str
    modified: datetime | None = None
    echo: Mapping[str, NativeValue] = field(default_factory=dict)
    stopped: tuple[str, ...] = ()
    waiting_for: str | None = None
    seen_at: datetime | None = None

    def __repr__(self) -> str:
        return f"Shadow({self.system}:{self.entity} of {self.golden_id}, version={self.version!r})"


@value(frozen=True, slots=True)
class Link:
    """One row of the crosswalk: this native record is that golden record (or waits for review, or is gone).

    fingerprint: of the record when it was put to review; `AGAIN` where the next reading is to look at it anyway.
    values: what the record says in the fields of the match rules, while it waits for review.
    since: when the row was written; while it waits for review, since when it does.
    """

    system: str
    entity: str
    native_id: str = field(repr=False)
    golden_id: str | None
    state: LinkState
    linked_by: str
    reason: str = ""
    candidates: tuple[str, ...] = ()
    fingerprint: str = ""
    values: Mapping[str, Canonical] = field(default_factory=dict, repr=False)
    since: datetime | None = field(default=None, compare=False)


AGAIN = "again"
"""The fingerprint of a link whose record is to be looked at by the next reading, changed or not."""


@value(frozen=True, slots=True)
class Alias:
    """Another id that leads to a golden record.

    system: where set, the id is the key of the golden record in this system, because a record that is separated from
        it carries its own id there; else the id of a golden record that was merged into this one.
    """

    entity: str
    id: str
    golden_id: str
    system: str = ""


@value(frozen=True, slots=True)
class Separated:
    """A person's word that a native record is not this golden record: no match rule and no key brings them together."""

    system: str
    entity: str
    native_id: str = field(repr=False)
    golden_id: str
    by: str = "person"


@value(frozen=True, slots=True)
class Intent:
    """A write that is about to be sent, committed before it is: what settles a lost answer.

    op: create, update or delete.
    native_id: None for a create.
    before, after: path -> native value before the write and as sent, for the paths sent.
    version_before: the version last seen before the write.
    deltas: path -> what the write adds, for quantities that add up; `after` then is what that leads to.
    reference: names the movement that carries the deltas, so that a lost answer can be settled by asking for it.
    key: the key that the record gets in the system, where that is not its golden id.
    at: when it was made, by our clock; it was sent later, if at all. None: not known (made by an older bridge).
    """

    op: Literal["create", "update", "delete"]
    native_id: str | None
    before: Mapping[str, NativeValue]
    after: Mapping[str, NativeValue]
    version_before: str | None
    deltas: Mapping[str, str] = field(default_factory=dict)
    reference: str = ""
    key: str = ""
    at: datetime | None = None

    def __repr__(self) -> str:
        return f"Intent({self.op}, {len(self.after)} values)"


@value(frozen=True, slots=True)
class WriteRow:
    """One write of a run that was made, kept so that it can be undone.

    before, after: path -> native value before it and as sent, for an update; empty otherwise.
    version_after: the version that the system showed afterwards; None after a delete.
    """

    run: str
    system: str
    entity: str
    golden_id: str
    native_id: str = field(repr=False)
    op: Literal["create", "update", "delete"]
    before: Mapping[str, NativeValue] = field(repr=False)
    after: Mapping[str, NativeValue] = field(repr=False)
    version_after: str | None
    at: datetime


@value(frozen=True, slots=True)
class OutboxEntry:
    """'System j is behind on record r.' What to send is computed when it is sent.

    rev: the golden revision that made it due.
    fence: grows with every claim; a result is accepted only with the fence of the claim it belongs to.
    """

    id: int
    system: str
    entity: str
    golden_id: str
    state: EntryState
    rev: int
    attempts: int = 0
    fence: int = 0
    next_at: datetime | None = None
    lease_until: datetime | None = None
    intent: Intent | None = None
    error_code: str | None = None
    error: str | None = None
    created_at: datetime | None = None

    def with_intent(self, intent: Intent | None) -> OutboxEntry:
        return replace(self, intent=intent)


@value(frozen=True, slots=True)
class Terms:
    """Under what a policy decided, so that the decision can be made again from the words alone.

    policy: as the mapping writes it ("prefer fin > erp"). order: the systems, as they settle ties. near_seconds:
    within which two instants cannot be told apart; coarse_seconds: the same for systems with a tolerance of their own.
    """

    policy: str
    order: tuple[str, ...]
    near_seconds: float
    coarse_seconds: Mapping[str, float] = field(default_factory=dict)


@value(frozen=True, slots=True)
class Conflict:
    """A row of the conflict journal: different words on one unit, the rule, the winner, and so every loser.

    base: the value that the disputing system last agreed on, None at first contact.
    winner: the system whose word stands; empty while it is held.
    since: when it arose (`at` is when a word was last heard). owner: who looks after it. by: the person who resolved
    it. terms: None where no policy decided.
    """

    id: str
    entity: str
    golden_id: str
    unit: str
    state: ConflictState
    rule: str
    winner: str
    base: Canonical = field(repr=False)
    proposals: tuple[Proposal, ...]
    at: datetime
    run: str = ""
    since: datetime | None = None
    owner: str = ""
    by: str = ""
    terms: Terms | None = None


@value(frozen=True, slots=True)
class HistoryRow:
    """One change of one golden unit: who said it, when, by which rule it came in."""

    entity: str
    golden_id: str
    unit: str
    old: Canonical = field(repr=False)
    new: Canonical = field(repr=False)
    system: str
    at: datetime
    rule: str
    run: str = ""
