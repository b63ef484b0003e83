"""What is broken on purpose, where, and what has to come of it: the table that the fault matrix is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

READ_TIMEOUT: Final = 0.8
"""Seconds that bridge waits for an answer in these runs."""

PAUSE: Final = 3600.0
"""Seconds for which entries wait in these runs (back-off, Retry-After, look-up), so that what a run leaves is seen
before it is tried again, on a slow machine, too. `Company.time_passes` ends the wait."""

SYSTEMS: Final[Mapping[str, tuple[str, str]]] = {
    "Salesforce": ("crm", "19"),
    "Odoo 19": ("erp", "19"),
    "Odoo 18": ("erp", "18"),
    "ERPNext": ("fin", "19"),
}
"""The systems under test: which one it is in the configuration, and the Odoo that stands beside it."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that the engine asks of a system.

    method: of the adapter. calls: system -> which of the method's HTTP calls is struck, and how many of that name come
    before it; a system that is not named does not make such a call. story: what a user does to bring it about: "edit
    there" (in another system), "edit here", "insert there". kind: log in, read, write, part (of a write, in a call of
    its own), or read back (of a write that was answered). first: the method whose write loses its answer before this
    is asked. faults: those that are enough for it; empty for all.
    """

    method: str
    calls: Mapping[str, tuple[str, int]]
    story: str
    kind: str
    first: str = ""
    faults: tuple[str, ...] = ()


_BOTH = ("Odoo 19", "Odoo 18")


def _everywhere(crm: str, erp: str, fin: str) -> dict[str, tuple[str, int]]:
    return {"Salesforce": (crm, 0), **dict.fromkeys(_BOTH, (erp, 0)), "ERPNext": (fin, 0)}


_WRITES: Final = {
    "create": _everywhere("create Account", "load res.partner", "insert_many Customer"),
    "update": _everywhere("update Account", "load res.partner", "update Customer"),
}
_SHARE: Final = (
    "answer lost",
    "never",
    "page, 502",
    "429",
    "twice",
    "session ended",
    "key withdrawn",
    "out of service",
)
"""Faults for operations that are answered by the same calls as others: the rest would only be the same again."""
_LOOK_UP: Final = _everywhere("query Account", "web_search_read res.partner", "get_list Customer")
OPERATIONS: Final[Mapping[str, Operation]] = {
    "log in": Operation(
        "open",
        {
            "Salesforce": ("token", 0),
            "Odoo 19": ("version_info", 0),
            "Odoo 18": ("login", 0),
            "ERPNext": ("get_time_zone", 0),
        },
        "edit there",
        "log in",
    ),
    "read": Operation(
        "changes",
        _everywhere("queryAll Account", "web_search_read res.partner", "get_list Customer"),
        "edit here",
        "read",
    ),
    "read before a write": Operation(
        "fetch",
        {"Salesforce": ("query Account", 0), **dict.fromkeys(_BOTH, ("web_search_read res.partner", 0))},
        "edit there",
        "read",
    ),
    "create": Operation("create", _WRITES["create"], "insert there", "write"),
    "create, the address": Operation(
        "create",
        {**dict.fromkeys(_BOTH, ("load res.partner", 1)), "ERPNext": ("insert_many Address", 0)},
        "insert there",
        "part",
    ),
    "create, read back": Operation("create", _LOOK_UP, "insert there", "read back", faults=_SHARE),
    "update": Operation("update", _WRITES["update"], "edit there", "write"),
    "update, the address": Operation(
        "update",
        {**dict.fromkeys(_BOTH, ("load res.partner", 1)), "ERPNext": ("update Address", 0)},
        "edit there",
        "part",
    ),
    "look up a create": Operation("find", {**_LOOK_UP, **dict.fromkeys(_BOTH, ("search_read ir.model.data", 0))},
                                  "insert there", "read", "create"),
    "look up an update": Operation("fetch", _LOOK_UP, "edit there", "read", "update", _SHARE),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to break a call.

    armed: what the control plane is told, the same for all or by system; a system that is not named has no such thing.
    came: what has to leave the adapter, "ok" or the class of an error: when reading, and when writing. on: the kinds
    of operations that it can strike.
    """

    armed: Mapping[str, Any] | Mapping[str, Mapping[str, Any]]
    came: tuple[str, str]
    on: tuple[str, ...] = ("log in", "read", "write", "part", "read back")

    def given(self, system: str) -> Mapping[str, Any] | None:
        """What to arm in this system."""
        if "kind" in self.armed:
            return self.armed
        found = self.armed.get(system)
        return found if isinstance(found, Mapping) else None


def _odoo(armed: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return dict.fromkeys(_BOTH, armed)


_PAGE = "<html><body><h1>502 Bad Gateway</h1></body></html>"


def _status(status: int, body: str = _PAGE, **headers: str) -> dict[str, Any]:
    return {"kind": "status", "status": status, "body": body, "headers": {"Content-Type": "text/html", **headers}}


_WRITE: Final = ("write", "part")
_LOGGED_IN: Final = ("read", "write", "part", "read back")
_FINE: Final = ("ok", "ok")
_LOST: Final = ("Transient", "InDoubt")
_REFUSED: Final = ("Transient", "Transient")
_BUSY: Final = ("RateLimited", "RateLimited")
_BARRED: Final = ("AuthFailed", "AuthFailed")
FAULTS: Final[Mapping[str, Fault]] = {
    "slow drip": Fault({"kind": "slow_drip", "seconds": 1.2}, _FINE),
    "twice": Fault({"kind": "twice"}, _FINE),
    "late": Fault({"kind": "delay", "seconds": READ_TIMEOUT + 0.3}, _LOST),
    "very late": Fault({"kind": "delay", "seconds": READ_TIMEOUT + 4.0}, _LOST),
    "never": Fault({"kind": "never"}, _LOST),
    "commit, then time-out": Fault({"kind": "commit_then_timeout"}, _LOST),
    "answer lost": Fault({"kind": "drop_answer"}, _LOST),
    "half an answer": Fault({"kind": "truncate"}, _LOST),
    "reset": Fault({"kind": "reset"}, _LOST),
    "page, 200": Fault({"kind": "html"}, _LOST),
    "page, 502": Fault(_status(502), _LOST),
    "page, 503": Fault(_status(503), _REFUSED),
    "redirect": Fault({"kind": "redirect", "location": "http://127.0.0.1:9/login"}, _REFUSED),
    "429": Fault(_status(429, "slow down"), _BUSY),
    "429, Retry-After": Fault(_status(429, "slow down", **{"Retry-After": str(int(PAUSE))}), _BUSY),
    "429 of the site": Fault({"ERPNext": {"kind": "too_many_requests"}}, _BUSY),
    "quota gone": Fault({"Salesforce": {"kind": "quota"}}, _BUSY, _LOGGED_IN),
    "too many at once": Fault({"Salesforce": {"kind": "concurrent"}}, _BUSY, _LOGGED_IN),
    "session ended": Fault(
        {"Salesforce": {"kind": "expired_token"}, "Odoo 18": {"kind": "expired_session"}}, _FINE, _LOGGED_IN
    ),
    "key withdrawn": Fault(
        {"Odoo 19": {"kind": "expired_session"}, "ERPNext": {"kind": "expired_token"}}, _BARRED, _LOGGED_IN
    ),
    "right withdrawn": Fault(
        {**_odoo({"kind": "access_error"}), "ERPNext": {"kind": "no_permission"}},
        ("PermissionDenied", "PermissionDenied"),
        ("read", "write", "read back"),
    ),
    "row locked": Fault(
        {
            "Salesforce": {"kind": "lock_row"},
            **_odoo({"kind": "lock_row"}),
            "ERPNext": {"kind": "lock_wait"},
        },
        _REFUSED,
        _WRITE,
    ),
    "row locked in a trigger": Fault({"Salesforce": {"kind": "trigger_lock"}}, _REFUSED, _WRITE),
    "race lost": Fault({**_odoo({"kind": "serialization"}), "ERPNext": {"kind": "deadlock"}}, _REFUSED, _WRITE),
    "seen late": Fault({"kind": "late_commit", "seconds": 0.6}, _FINE, ("write",)),
    "out of service": Fault(
        {
            "Salesforce": {"kind": "server_unavailable"},
            **_odoo({"kind": "database_down"}),
            "ERPNext": {"kind": "maintenance"},
        },
        _REFUSED,
    ),
}

SECOND_ADDRESS: Final = frozenset(
    (system, fault, "create, the address") for system in (*_BOTH, "ERPNext") for fault in ("twice", "very late")
)
"""Where a second address may be left: an address below a customer has no key of its own in these systems, so a call
that a proxy repeats, or that lands after it was looked for, cannot be told from a new one. Nothing is lost by it."""


def expected(system: str, fault: str, operation: str) -> str:
    """What has to leave the adapter."""
    asked = OPERATIONS[operation]
    reading, writing = FAULTS[fault].came
    if fault == "twice" and system == "ERPNext" and asked.method == "update":
        # the second time the stamp of the first stands in the way; of an address, when its customer is written already
        return "InDoubt" if asked.kind == "part" else "VersionConflict"
    if fault == "seen late" and asked.method == "create":  # Odoo refuses an address below what it does not see yet
        return "InDoubt" if system in _BOTH else "ok, not read back"
    if asked.kind == "read back":
        return "ok" if reading == "ok" else "ok, not read back"
    if asked.kind == "part":
        return "ok" if writing == "ok" else "InDoubt"  # the record stands without it
    return writing if asked.kind == "write" else reading


DELETE: Final = _everywhere("delete Account", "unlink res.partner", "delete Customer")
"""Which call deletes a record, by system."""


def expected_of_a_delete(system: str, fault: str) -> str:
    """What has to leave the adapter where a delete is struck: as for any write, but that one more is no harm."""
    return FAULTS[fault].came[1]


def expected_entries(operation: str, came: str) -> tuple[str, ...]:
    """State and attempts that the outbox entry may have after the run that met the fault; empty for no entry."""
    asked = OPERATIONS[operation]
    if came == "ok" or operation == "read":
        return ("",)
    if asked.kind == "log in":
        return ("pending 0",)
    if asked.kind == "read" and came == "Transient" and not asked.first:
        return ("waiting 0",)  # nothing was sent, and the system is out of order: that is not an attempt
    return ("in_doubt 0",) if asked.first else _ENTRIES[came]


_ENTRIES: Final = {
    "ok, not read back": ("in_doubt 0",),
    "InDoubt": ("in_doubt 0",),
    "Transient": ("waiting 1",),
    "RateLimited": ("waiting 0",),  # busy is not an attempt
    "AuthFailed": ("waiting 0",),
    "VersionConflict": ("",),  # read and merged again within the run
    "PermissionDenied": ("dead 1", ""),  # unless what another system says in the same run makes it due anew
}
