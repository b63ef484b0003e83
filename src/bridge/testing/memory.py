"""The harness over a system in memory: quick, and able to simulate every fault."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from bridge.adapters.memory import MemoryAdapter, MemoryWorld, Quirks, Shape
from bridge.ports.adapter import Adapter, NativeField
from bridge.ports.records import Condition, FieldSpec, NativeValue, ObjectSpec
from bridge.testing.harness import FaultKind, Features, Operation

PASSWORD = "s3cret-of-memory"  # noqa: S105 - of a system that is gone with the test
SPEC = ObjectSpec(
    "customer",
    "Customer",
    "bridge_id",
    (
        FieldSpec("name"),
        FieldSpec("note"),
        FieldSpec("email", type="email"),
        FieldSpec("employees", type="integer"),
        FieldSpec("active", type="boolean"),
        FieldSpec("tags", type="multichoice"),
    ),
    (Condition("kind", "=", "customer"),),
)
_NATIVE = (
    NativeField("name", "text", length=40, required=True),
    NativeField("note", "longtext"),
    NativeField("email", "email"),
    NativeField("employees", "integer"),
    NativeField("active", "boolean"),
    NativeField("tags", "multichoice"),
    NativeField("kind", "text"),
)


class MemoryHarness:
    """A system in memory with chosen quirks. `kind` is the adapter's class, for one that is wrong on purpose."""

    spec = SPEC
    secrets = (PASSWORD,)

    def __init__(self, quirks: Quirks | None = None, kind: type[MemoryAdapter] = MemoryAdapter) -> None:
        self._now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self._frozen = False
        self._kind = kind
        quirks = quirks or Quirks(page=5)
        self.features = Features(text="note", limited=("name", 40), outside=True, refs_records=quirks.page % 1000 + 7)
        shape = Shape({native.path: native for native in _NATIVE})
        self.world = MemoryWorld("acme", self._clock, quirks, {SPEC.object: shape}, PASSWORD)

    def _clock(self) -> datetime:
        if not self._frozen:
            self._now += timedelta(milliseconds=1)
        return self._now

    def adapter(self) -> Adapter:
        """A new adapter of the same system."""
        return self._kind("acme", self.world, PASSWORD)

    def stranger(self) -> Adapter | None:
        """One with a wrong password."""
        return self._kind("acme", self.world, "a wrong one")

    def sample(self, n: int) -> Mapping[str, NativeValue]:
        """Every type of value."""
        return {
            "name": f"Acme {n}",
            "note": f"note {n}",
            "email": f"acme{n}@example.com",
            "employees": n,
            "active": n % 2 == 0,
            "tags": ["a", f"t{n}"],
        }

    def new_key(self) -> str:
        """A golden id."""
        return uuid.uuid4().hex

    def user_insert(self, n: int, *, inside: bool = True) -> str:
        """A user makes record n."""
        return self.world.user_insert(SPEC.object, self._typed(n, inside=inside), late=0)

    def user_edit(self, native_id: str, text: str | None) -> None:
        """A user changes the note."""
        self.world.user_edit(SPEC.object, native_id, {"note": text}, late=0)

    def user_delete(self, native_id: str) -> None:
        """A user deletes a record."""
        self.world.user_delete(SPEC.object, native_id)

    def insert_late(self, n: int, seconds: float) -> bool:
        """A user's slow transaction."""
        self.world.user_insert(SPEC.object, self._typed(n), late=seconds)
        return True

    def arm(self, fault: FaultKind, on: Operation = "read") -> bool:
        """Every fault can be simulated."""
        self.world.arm(fault, on)
        return True

    def freeze(self, on: bool) -> bool:
        """Stop the clock."""
        self._frozen = on
        return True

    def tick(self, seconds: float) -> None:
        """Move the clock on."""
        self._now += timedelta(seconds=seconds)

    def seen(self) -> int | None:
        """Calls as the system counts them."""
        return self.world.calls

    def unprepare(self) -> bool:
        """Take the key field away."""
        self.world.objects[SPEC.object].key_field = False
        return True

    def _typed(self, n: int, *, inside: bool = True) -> dict[str, NativeValue]:
        return {**self.sample(n), "kind": "customer" if inside else "supplier"}
