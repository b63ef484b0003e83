"""Faults that only this vendor has, as the server words them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.sandbox.erpnext.errors import Refusal, thrown

KINDS = frozenset(
    {"lock_wait", "deadlock", "too_many_requests", "late_commit", "expired_token", "maintenance", "no_permission"}
)
"""lock_wait: another transaction holds the row until the server gives up (arm "delay" too for the time that takes).
deadlock: the database chose this request as the victim. too_many_requests: 429, with Retry-After if `seconds` is given.
late_commit: what this request writes is seen by others only after `seconds`, with its earlier stamp. expired_token: the
key is not known any more. maintenance: the site is being updated. no_permission: the user may not."""


def refusal_of(kind: str, options: Mapping[str, Any], verb: str) -> Refusal:
    """The answer of a fault."""
    if kind == "lock_wait" and verb == "DELETE":
        text = (
            "This document can not be deleted right now as it's being modified by another user. "
            "Please try again after some time."
        )
        return thrown("QueryTimeoutError", text)
    if kind == "lock_wait":
        return Refusal("QueryTimeoutError", "(1205, 'Lock wait timeout exceeded; try restarting transaction')")
    if kind == "deadlock":
        text = "(1213, 'Deadlock found when trying to get lock; try restarting transaction')"
        return Refusal("QueryDeadlockError", text)
    if kind == "too_many_requests":
        headers = {"X-RateLimit-Limit": "50000", "X-RateLimit-Remaining": "0"}
        if "seconds" in options:
            seconds = str(int(options["seconds"]))
            headers |= {"Retry-After": seconds, "X-RateLimit-Reset": seconds}
        return Refusal("TooManyRequestsError", headers=headers)
    if kind == "maintenance":
        return Refusal("SessionStopped", "Session Stopped")
    if kind == "no_permission":
        return thrown("PermissionError", "Not permitted")
    return Refusal("AuthenticationError")
