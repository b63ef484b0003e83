"""What changed and what was deleted: getUpdated and getDeleted, which know of open transactions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bridge.sandbox.kernel import Request
from bridge.sandbox.salesforce.errors import SalesforceError
from bridge.sandbox.salesforce.fields import SObject
from bridge.sandbox.salesforce.store import Store
from bridge.sandbox.salesforce.values import parse_instant, stamp

UPDATED_KEPT = timedelta(days=30)
DELETED_KEPT = timedelta(days=15)


class Replication:
    """The replication resources. `purged`: deletes before this moment are no longer in the log."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.purged: datetime | None = None

    def updated(self, definition: SObject, request: Request) -> dict[str, Any]:
        """GET sobjects/X/updated/"""
        start, end = self._window(request, UPDATED_KEPT, timedelta(0))
        ids = [
            row["Id"]
            for row in self._store.seen(definition.name)
            if start <= parse_instant(row["SystemModstamp"]) < end
        ]
        return {"ids": ids, "latestDateCovered": stamp(self._covered(definition, end))}

    def deleted(self, definition: SObject, request: Request) -> dict[str, Any]:
        """GET sobjects/X/deleted/"""
        start, end = self._window(request, DELETED_KEPT, timedelta(minutes=1))
        now = self._store.clock.now()
        rows = [
            {"id": entry.id, "deletedDate": stamp(entry.at)}
            for entry in self._store.log[definition.name.lower()]
            if start <= entry.at < end and entry.visible_at <= now and (self.purged is None or entry.at >= self.purged)
        ]
        earliest = self.purged or now - DELETED_KEPT
        return {
            "deletedRecords": rows,
            "earliestDateAvailable": stamp(earliest),
            "latestDateCovered": stamp(self._covered(definition, end)),
        }

    def _window(self, request: Request, kept: timedelta, least: timedelta) -> tuple[datetime, datetime]:
        """start and end, seconds cut off."""
        try:
            start, end = (
                parse_instant(request.first(name).replace(" ", "+")).replace(second=0, microsecond=0)
                for name in ("start", "end")
            )
        except SalesforceError:
            raise SalesforceError("INVALID_REPLICATION_DATE", "start and end must be dates with a time") from None
        if end - start <= least:
            raise SalesforceError("INVALID_REPLICATION_DATE", "startDate must be before endDate by at least one minute")
        if start < self._store.clock.now() - kept:
            raise SalesforceError("INVALID_REPLICATION_DATE", f"startDate cannot be more than {kept.days} days ago")
        return start, end

    def _covered(self, definition: SObject, end: datetime) -> datetime:
        """Held back to the beginning of a transaction that has not committed."""
        now = self._store.clock.now()
        open_ = [
            parse_instant(row.values["SystemModstamp"])
            for row in self._store.rows[definition.name.lower()].values()
            if row.visible_at is not None and row.visible_at > now
        ]
        open_ += [entry.at for entry in self._store.log[definition.name.lower()] if entry.visible_at > now]
        return min([end, now, *open_])
