"""What befalls the systems and bridge: faults, outages, clocks that jump, fields that come and go; and the operator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from bridge.engine.pausing import paused, resume
from reliability.soak.clock import BRIDGE
from reliability.soak.company import SYSTEMS, Company, Refused
from reliability.soak.process import Bridge

_BUSY = {"status": 429, "headers": {"Retry-After": "30"}, "body": "Too Many Requests"}
EVERYWHERE: tuple[dict[str, Any], ...] = (
    {"kind": "reset"},
    {"kind": "drop_answer"},
    {"kind": "truncate"},
    {"kind": "html"},
    {"kind": "twice"},
    {"kind": "redirect"},
    {"kind": "delay", "seconds": 0.01},
    {"kind": "slow_drip", "seconds": 0.02},
    {"kind": "status", "status": 502, "body": "<h1>Bad Gateway</h1>"},
    {"kind": "status", "status": 503, "body": "<h1>Service Unavailable</h1>"},
    {"kind": "status", **_BUSY},
)
OWN: dict[str, tuple[dict[str, Any], ...]] = {
    "crm": (
        {"kind": "expired_token"},
        {"kind": "quota"},
        {"kind": "concurrent"},
        {"kind": "lock_row"},
        {"kind": "late_commit", "seconds": 30},
        {"kind": "server_unavailable"},
        {"kind": "purge_deletes"},
    ),
    "erp": (
        {"kind": "expired_session"},
        {"kind": "serialization"},
        {"kind": "late_commit", "seconds": 30},
        {"kind": "access_error"},
        {"kind": "database_down"},
    ),
    "fin": (
        {"kind": "lock_wait"},
        {"kind": "deadlock"},
        {"kind": "too_many_requests", "seconds": 20},
        {"kind": "late_commit", "seconds": 20},
        {"kind": "expired_token"},
        {"kind": "maintenance"},
        {"kind": "no_permission"},
    ),
}
DOWN: dict[str, tuple[dict[str, Any], ...]] = {
    "crm": ({"kind": "server_unavailable"}, {"kind": "quota"}, {"kind": "reset"}),
    "erp": ({"kind": "database_down"}, {"kind": "status", "status": 502, "body": "<h1>Bad Gateway</h1>"}),
    "fin": ({"kind": "maintenance"}, {"kind": "html"}, {"kind": "expired_token"}),
}
"""How a system is down for minutes to hours."""
OFF = {"crm": 240, "erp": 120, "fin": 25, BRIDGE: 3600}
"""By how many seconds a clock may be off. Two of them, one before and one behind, stay within what each adapter reads
again behind its position (`overlap`): that is what it promises to bear."""

FIELD = {
    "dt": "Customer",
    "fieldname": "custom_region",
    "label": "Region",
    "fieldtype": "Data",
    "insert_after": "tax_id",
}
LINE = "\n  x_region: {crm: Region__c, fin: custom_region}\n\ngroups:"
DECLARED = "\ncustom_fields: {customer: {x_region: text}}\n"


@dataclass
class Trouble:
    """Everything unkind. down: system -> until when. stage: what the site has done with its own field so far."""

    company: Company
    bridge: Bridge
    luck: Random
    down: dict[str, datetime] = field(default_factory=dict)
    stage: int = 0

    def befall(self) -> list[str]:
        """What happens between two cycles; answers it in words."""
        told = [*self._end_outages()]
        for chance, act in ((0.45, self.faults), (0.06, self.outage), (0.06, self.clock), (0.1, self.operator)):
            if self.luck.random() < chance:
                told.append(act())
        if self.luck.random() < 0.05:
            told.append(self.mapping())
        return [words for words in told if words]

    def faults(self) -> str:
        """Some calls to a system will fail."""
        system = self.luck.choice(SYSTEMS)
        armed = []
        for _ in range(self.luck.randint(1, 3)):
            fault = self.luck.choice((*EVERYWHERE, *OWN[system]))
            after, times = self.luck.choice((0, 1, 3, 8, 15, 25)), self.luck.choice((1, 1, 2, 4))
            self.company.arm(system, operation="*", after=after, times=times, **fault)
            armed.append(f"{fault['kind']} after {after} calls, {times} times")
        return f"{system}: {'; '.join(armed)}"

    def outage(self) -> str:
        """A system does not answer for minutes to hours."""
        system = self.luck.choice(SYSTEMS)
        minutes = self.luck.choice((5, 20, 60, 180))
        fault = self.luck.choice(DOWN[system])
        self.company.disarm(system)
        self.company.arm(system, operation="*", times=0, **fault)
        self.down[system] = self.company.timeline.now + timedelta(minutes=minutes)
        return f"{system}: down ({fault['kind']}) for {minutes} minutes"

    def _end_outages(self) -> list[str]:
        over = [system for system, until in self.down.items() if until <= self.company.timeline.now]
        for system in over:
            del self.down[system]
            self.company.disarm(system)
        return [f"{system}: up again" for system in over]

    def clock(self) -> str:
        """Somebody sets a clock wrong, or right again."""
        who = self.luck.choice((*SYSTEMS, BRIDGE))
        off = self.luck.choice((-OFF[who], 0, OFF[who]))
        self.company.timeline.skews[who] = timedelta(seconds=off)
        return f"{who}: clock {off:+} s"

    def operator(self) -> str:
        """A person ends pauses whose cause is gone, and lets what was set aside be tried again."""
        told = []
        with self.bridge.store.begin() as uow:
            for system in sorted(paused(uow, SYSTEMS)):
                if system not in self.down and resume(uow, system, by_person=True):
                    told.append(f"{system} resumed")
            replayed = sum(uow.replay(None, code=code) for code in ("BR-PERMISSION", "BR-AUTH", "BR-TRANSIENT"))
        return "; ".join([*told, *([f"{replayed} entries replayed"] if replayed else [])])

    def mapping(self) -> str:
        """The site changes a rule of its mapping, or changes it back; bridge is started anew for that."""
        path = self.company.folder / "mappings" / "customer.yaml"
        one, other = "fin: website}", "fin: website, conflict: prefer erp > crm}"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(other, one) if other in text else text.replace(one, other), encoding="utf-8")
        self.bridge.stop()
        return "the rule for web sites is changed in the mapping"

    def schema(self) -> str:
        """One step in the life of a field of the site's own: made, mapped, taken away, put back, no longer mapped."""
        steps = (self._make_field, self._map_field, self._take_away, self._put_back, self._unmap_field, self._map_field)
        step = steps[self.stage % len(steps)] if self.stage < len(steps) else self._toggle
        self.stage += 1
        return step()

    @property
    def mapped(self) -> bool:
        """Whether the site's own field is in the mapping."""
        return "x_region" in (self.company.folder / "mappings" / "customer.yaml").read_text(encoding="utf-8")

    def _toggle(self) -> str:
        there = self.company.rows("fin", "Custom Field")
        return (
            self._take_away()
            if any(row["fieldname"] == "custom_region" for row in there.values())
            else self._put_back()
        )

    def _make_field(self) -> str:
        fields = [{"name": "Region__c", "type": "string", "length": 80}]
        self.company.control("crm", "POST", "seed", objects=[{"name": "Account", "fields": fields}])
        self._put_back()
        return "crm, fin: a field Region is made"

    def _map_field(self) -> str:
        self._edit("bridge.yaml", lambda text: text + DECLARED)
        self._edit("mappings/customer.yaml", lambda text: text.replace("\n\ngroups:", LINE, 1))
        return "the field Region is mapped"

    def _unmap_field(self) -> str:
        self._edit("bridge.yaml", lambda text: text.replace(DECLARED, ""))
        self._edit("mappings/customer.yaml", lambda text: text.replace(LINE, "\n\ngroups:"))
        return "the field Region is not mapped any more"

    def _take_away(self) -> str:
        there = self.company.rows("fin", "Custom Field").items()
        for name in [name for name, row in there if row["fieldname"] == "custom_region"]:
            self.company.erpnext("DELETE", f"resource/Custom Field/{name}")
        return "fin: the field Region is taken away"

    def _put_back(self) -> str:
        try:
            self.company.erpnext("POST", "resource/Custom Field", **FIELD)
        except Refused as refused:
            return f"fin: the field Region is there already ({refused})"
        return "fin: the field Region is put back"

    def _edit(self, name: str, change: Callable[[str], str]) -> None:
        path = self.company.folder / name
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
        self.bridge.stop()

    def end(self) -> None:
        """Rest: systems answer, clocks are right, and the operator has done what is an operator's to do."""
        for system in SYSTEMS:
            self.company.disarm(system)
        self.down.clear()
        self.company.timeline.skews.clear()
        if self.mapped:
            self._put_back()
        with self.bridge.store.begin() as uow:
            for system in SYSTEMS:
                resume(uow, system, by_person=True)
            uow.replay(None)
