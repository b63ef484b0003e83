"""The adapter protocol: what the engine asks of a system.

Promises, each a test of `bridge.testing.contract`:

- A cursor is opaque and may be replayed: changes are delivered at least once, never lost, also at equal timestamps on a
  page edge and for rows that are committed late with an older stamp.
- `changes` with cursor None reads every record of the object (first contact), then goes on incrementally.
- Results say what the system stored, not what was sent.
- Every item of a batch gets exactly one result, in order. A bad item does not take the others down with it.
- A create with a key that exists already yields the existing record (`created=False`), never a second one.
- Only errors of `bridge.ports.errors` leave an adapter. A method raises if nothing of the whole batch was done
  (Transient, RateLimited, AuthFailed, ...) and returns results otherwise.
- No method retries writes by itself, sleeps longer than needed for one re-login, logs a value, or follows a redirect.
  Who creates by a job (`batch_migrate`) waits for it, shorter than a lease.
- Every HTTP call has a timeout.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, Protocol, runtime_checkable

from bridge.ports.records import (
    ChangePage,
    CreateItem,
    DeleteItem,
    NativeRecord,
    ObjectSpec,
    UpdateItem,
    WriteResult,
)

Support = Literal["native", "emulated", "unsupported"]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a system can do with an object, and how finely.

    conditional_update: native = the system itself refuses a stale version; emulated = the adapter reads and compares
        just before the write (a small window stays); unsupported = neither.
    deletes_feed: whether `changes` brings tombstones.
    batch_create, batch_update, page: largest number of records the engine should hand over, or ask for, at once.
    batch_migrate: largest number of new records that a migration hands over at once, where there is a way for many
        (a bulk job); 0: as batch_create.
    clock_grain: the resolution of `modified` and of version tokens.
    written_apart: paths that a write does not change in one transaction with the record itself, and prefixes of such
        ("Address." of an ERPNext Customer, "order_line[" of an Odoo order: what is below one address, or row, goes
        together). After a lost answer, each such part is judged by itself.
    written_along: path -> paths that the system sets by itself when this one is written (the date of an Odoo order when
        its state moves). After a lost answer, what they show is nobody's edit.
    books: whether quantities are changed by movements whose reference can be asked for, in a document or the record.
    overlaps: whether a write may be under way in another thread while the engine does its own work. There is never more
        than one call at a time.
    calls_per_batch: HTTP calls that a batch of writes takes as such, reading before and after included; for forecasts.
    calls_per_create, calls_per_update, calls_per_delete: HTTP calls that each record adds to that.
    """

    create: Support = "native"
    update: Support = "native"
    delete: Support = "native"
    conditional_update: Support = "unsupported"
    deletes_feed: Support = "native"
    batch_create: int = 200
    batch_update: int = 200
    batch_migrate: int = 0
    page: int = 2000
    clock_grain: timedelta = timedelta(seconds=1)
    written_apart: tuple[str, ...] = ()
    written_along: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    books: bool = False
    overlaps: bool = False
    calls_per_batch: float = 3.0
    calls_per_create: float = 0.0
    calls_per_update: float = 0.0
    calls_per_delete: float = 0.0


@dataclass(frozen=True, slots=True)
class Health:
    """The answer to `check`.

    clock_skew: the system's clock minus ours, in seconds, from its Date header; None if it sends none.
    problems: sentences for a person, each with what to do; empty when all is well.
    """

    version: str
    user: str
    clock_skew: float | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NativeField:
    """What a system says about one of its fields.

    type: text, longtext, email, phone, url, integer, decimal, boolean, date, datetime, choice, multichoice, reference,
        html or other.
    length: largest number of characters, None if unlimited or unknown.
    scale: digits after the point, for decimals.
    target: the object a reference points to.
    """

    path: str
    type: str
    label: str = ""
    length: int | None = None
    scale: int | None = None
    required: bool = False
    readable: bool = True
    createable: bool = True
    updateable: bool = True
    unique: bool = False
    choices: tuple[str, ...] | None = None
    choices_closed: bool = False
    target: str | None = None


@dataclass(frozen=True, slots=True)
class NativeSchema:
    """What a system says about an object. `key_problem` is None when the key field is fit for use."""

    object: str
    fields: Mapping[str, NativeField]
    readable: bool = True
    createable: bool = True
    updateable: bool = True
    key_problem: str | None = None
    required: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class SetupStep:
    """One thing `bridge setup` looked at: done now, was there already, or must be done by a person."""

    what: str
    state: Literal["present", "done", "needed", "failed"]
    detail: str = ""


class Gate(Protocol):
    """Stands before every HTTP call of one system and keeps to the budget of its calls."""

    def enter(self) -> None:
        """Announces one call. May wait for a moment; raises RateLimited where it must not be made now."""

    def told(self, used: int, allowed: int) -> None:
        """What the system said of its allowance: calls used, by whomever, and allowed in 24 hours."""


@runtime_checkable
class Adapter(Protocol):
    """One configured system. Built by its factory from settings; used by one thread at a time."""

    @property
    def system(self) -> str:
        """The name of the system in the configuration."""

    @property
    def calls(self) -> int:
        """HTTP calls made so far by this adapter, log-ins and look-ups included."""

    @property
    def clock_skew(self) -> float | None:
        """The system's clock minus ours in seconds, by its last answer; None if it does not say. No I/O."""

    def capabilities(self, spec: ObjectSpec) -> Capabilities:
        """What the system can do with this object. No I/O."""

    def metered(self, gate: Gate) -> None:
        """From now on every HTTP call passes this gate first (`bridge.transport.session` does it for its sessions)."""

    def open(self, specs: Sequence[ObjectSpec]) -> None:
        """Log in, and learn what reading these objects needs (their fields, small tables).

        Made once at the beginning of a run, so that its calls can be told apart from those of the work. An adapter
        that is not opened does all this by itself when it needs it. Raises AuthFailed, Transient; other troubles are
        left to the reading.
        """

    def check(self) -> Health:
        """Log in and look around. Raises AuthFailed or Transient if there is nobody to talk to."""

    def schema(self, spec: ObjectSpec) -> NativeSchema:
        """The live schema of the object and of the joined paths of `spec`. Raises NotFound for an unknown object."""

    def setup(self, spec: ObjectSpec, *, apply: bool) -> list[SetupStep]:
        """Prepare the object for bridge (the key field); with apply=False only say what would be done."""

    def changes(self, spec: ObjectSpec, cursor: str | None, limit: int) -> ChangePage:
        """The next page of changed records and tombstones. Raises CursorExpired when the position is too old."""

    def amended(self, spec: ObjectSpec, cursor: str, records: Sequence[NativeRecord]) -> str:
        """The cursor, knowing that these records were written by bridge and are as it has taken them in. No I/O.

        What is known need not be read once more because of bridge's own writes; what a user changes afterwards must
        be. An adapter that has no use for it gives the cursor back as it is.
        """

    def refs(self, spec: ObjectSpec) -> Iterator[Sequence[str]]:
        """Every native id of the object, in pages: complete, or an error. For finding missed deletes."""

    def fetch(self, spec: ObjectSpec, native_ids: Sequence[str]) -> dict[str, NativeRecord]:
        """These records as they are now, whether or not `where` holds; a missing one is missing in the answer."""

    def find(self, spec: ObjectSpec, keys: Sequence[str]) -> dict[str, list[NativeRecord]]:
        """The records that carry these golden ids; every key asked for is in the answer, perhaps with an empty list."""

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        """Create records, or return the ones that have the keys already."""

    def update(self, spec: ObjectSpec, items: Sequence[UpdateItem]) -> list[WriteResult]:
        """Change only the given fields. A stale `expected` yields VersionConflict for that item where supported."""

    def booked(self, spec: ObjectSpec, references: Sequence[str]) -> set[str]:
        """Those of these movements that the system has booked; asked after a lost answer.

        Only where `capabilities` says that the object `books` movements; Unsupported elsewhere.
        """

    def delete(self, spec: ObjectSpec, items: Sequence[DeleteItem]) -> list[WriteResult]:
        """Delete records; one that is gone already counts as ok."""

    def close(self) -> None:
        """Release connections. Never logs out: another process may share the session."""


class AdapterFactory(Protocol):
    """How wiring makes an adapter: the entry point of an adapter names one of these.

    settings: the validated settings of the system (the adapter's own pydantic model), secrets resolved.
    """

    def __call__(self, system: str, settings: Mapping[str, object]) -> Adapter: ...
