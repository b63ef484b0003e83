"""One system of a story: rows in memory that people call by a name, faults, and automation of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from bridge.adapters.memory import MemoryWorld, Quirks
from bridge.ports.errors import BridgeError, RateLimited, Rejected, Transient
from bridge.ports.records import NativeValue

SPELLINGS: dict[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "small letters": str.lower,
    "title": str.title,
    "no blanks": lambda text: text.replace(" ", ""),
}


class Desk(MemoryWorld):
    """A system in memory. labels: what a story calls its records -> native id."""

    def __init__(self, name: str, clock: Callable[[], datetime], said: Mapping[str, object]) -> None:
        known = dict(said)
        self.automation: dict[str, str] = dict(known.pop("automation", {}))  # type: ignore[call-overload]
        super().__init__(name, clock, Quirks(**known))  # type: ignore[arg-type]
        self.labels: dict[str, str] = {}
        self.objects_of: dict[str, str] = {}
        self.down = False
        self.refused: dict[str, str] = {}

    def take_fault(self, on: str) -> object:
        """What this call meets: a system that is down answers nobody."""
        if self.down:
            return Transient("cannot be reached", system=self.name)
        return super().take_fault(on)

    def fault(self, kind: str, on: str) -> None:
        """Arm a fault by the name that a story gives it."""
        errors: dict[str, BridgeError] = {
            "busy": RateLimited("busy", after=5, system=self.name),
            "no answer": Transient("no answer", system=self.name),
            "refusal": Rejected("a rule of the system says no", system=self.name),
        }
        self.arm(errors.get(kind, kind), on)  # type: ignore[arg-type]

    def automate(self) -> None:
        """What the system does to its records by itself, long after they were written."""
        for obj, rows in list(self.rows.items()):
            for row in list(rows.values()):
                changed: dict[str, NativeValue] = {}
                for path, spelling in self.automation.items():
                    value = row.values.get(path)
                    if isinstance(value, str) and not row.deleted and SPELLINGS[spelling](value) != value:
                        changed[path] = SPELLINGS[spelling](value)
                if changed:
                    self.user_edit(obj, row.id, changed)
