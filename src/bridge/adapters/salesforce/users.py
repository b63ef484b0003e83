"""Owners by e-mail: the small table behind `user.email`."""

from __future__ import annotations

import time
from collections.abc import Iterable

from bridge.adapters.salesforce import soql
from bridge.adapters.salesforce.client import Client, Json

LASTING = 600.0
"""Seconds for which a look-up is believed."""


class Users:
    """E-mail address -> id of the active user. E-mail addresses are compared without regard to case, as SOQL does."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, tuple[float, str]] = {}

    def look_up(self, emails: Iterable[str]) -> None:
        """Find all these at once, so that a batch costs one call."""
        now = time.monotonic()
        wanted = sorted({email.lower() for email in emails if not self._fresh(email, now)})
        found: dict[str, list[Json]] = {}
        for query in soql.lists(["Id", "Email", "Username", "IsActive"], "User", "Email", wanted):
            for row in self._client.rows(query):
                if row.get("IsActive", True):
                    found.setdefault(str(row.get("Email")).lower(), []).append(row)
        for email in wanted:
            self._known.pop(email, None)
            chosen = _choose(email, found.get(email, []))
            if chosen is not None:
                self._known[email] = (now, chosen)

    def native_id(self, email: str) -> str:
        """The user's id. Raises ValueError where no or more than one active user has the address."""
        known = self._known.get(email.lower())
        if known is None:
            raise ValueError("names an e-mail address that belongs to no, or to more than one, active user")
        return known[1]

    def _fresh(self, email: str, now: float) -> bool:
        known = self._known.get(email.lower())
        return known is not None and now - known[0] < LASTING


def _choose(email: str, rows: list[Json]) -> str | None:
    """The user; of several with one address the one whose user name it is."""
    if len(rows) > 1:
        rows = [row for row in rows if str(row.get("Username") or "").lower() == email]
    return str(rows[0]["Id"]) if len(rows) == 1 else None
