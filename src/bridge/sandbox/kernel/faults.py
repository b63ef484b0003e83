"""Faults armed from outside: which request they hit, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

HELD = frozenset({"never", "commit_then_timeout"})
"""Faults that leave a client without an answer until it hangs up (or the server stops)."""

KERNEL_KINDS = HELD | {"reset", "drop_answer", "delay", "slow_drip", "status", "html", "redirect", "twice", "truncate"}
"""reset: the connection breaks before anything is done. drop_answer: everything is done, the answer is lost.
never: nothing is done, and no answer comes until the client gives up. commit_then_timeout: everything is done, and no
answer comes until the client gives up. delay: `seconds` pass before it is handled, whether or not the client waits.
slow_drip: the answer comes byte by byte over `seconds`. status: `status`, `body`, `headers` are answered and nothing is
done. html: 200 with a page for people. redirect: 302 to `location`. twice: handled twice, as a repeating proxy does.
truncate: half of the answer, then the connection breaks."""


@dataclass(slots=True)
class Fault:
    """One armed fault: hits requests whose operation matches the glob, skips `after` of them, then strikes `times`."""

    kind: str
    operation: str = "*"
    after: int = 0
    times: int = 1
    options: Mapping[str, Any] = field(default_factory=dict)
    struck: int = 0

    def as_json(self) -> dict[str, Any]:
        """For the control plane."""
        return {
            "kind": self.kind,
            "operation": self.operation,
            "after": self.after,
            "times": self.times,
            "struck": self.struck,
            **self.options,
        }


class FaultBook:
    """The armed faults, in the order in which they were armed."""

    def __init__(self, vendor_kinds: frozenset[str]) -> None:
        self.kinds = KERNEL_KINDS | vendor_kinds
        self._armed: list[Fault] = []

    def arm(self, given: Mapping[str, Any]) -> Fault:
        """Arm one. `times` 0 means every time from then on. Raises ValueError for an unknown kind."""
        options = dict(given)
        kind = str(options.pop("kind", ""))
        if kind not in self.kinds:
            raise ValueError(f"there is no fault {kind!r}; there are {', '.join(sorted(self.kinds))}")
        fault = Fault(
            kind,
            str(options.pop("operation", "*")),
            int(options.pop("after", 0)),
            int(options.pop("times", 1)),
            options,
        )
        self._armed.append(fault)
        return fault

    def clear(self) -> None:
        """Disarm all."""
        self._armed.clear()

    def armed(self) -> list[Fault]:
        """Those that have not spent themselves."""
        return [fault for fault in self._armed if not fault.times or fault.struck < fault.times]

    def strike(self, operation: str) -> Fault | None:
        """The fault that hits this request, if any; counts it."""
        for fault in self.armed():
            if not fnmatchcase(operation, fault.operation):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            fault.struck += 1
            return fault
        return None
