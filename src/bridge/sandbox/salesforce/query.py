"""Queries carried out: answers in pages, with locators for those that follow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bridge.sandbox.salesforce import soql
from bridge.sandbox.salesforce.errors import SalesforceError, no_such_object
from bridge.sandbox.salesforce.plan import SMALLEST, Plan
from bridge.sandbox.salesforce.store import Store

PAGE = 2000
_KEPT = timedelta(days=2)

__all__ = ["PAGE", "SMALLEST", "Queries"]


class Queries:
    """Carries out queries and keeps the rest of long answers."""

    def __init__(self, store: Store, base: Callable[[], str]) -> None:
        self._store, self._base = store, base
        self._open: dict[str, tuple[datetime, int, list[dict[str, Any]], str]] = {}
        self._number = 0

    def run(self, text: str, *, deleted: bool, page: int, resource: str) -> dict[str, Any]:
        """The first page of an answer."""
        query = soql.parse(text)
        definition = self._store.definition(query.object)
        if definition is None:
            raise no_such_object(query.object)
        plan = Plan(self._store, definition, query, deleted=deleted)
        if query.count and not query.fields:
            return {"totalSize": len(plan.found()), "done": True, "records": []}

        def nest(rows: list[dict[str, Any]]) -> dict[str, Any]:
            return self._answer(rows, page, resource)

        return self._answer(plan.records(self._base(), nest), page, resource)

    def more(self, name: str) -> dict[str, Any]:
        """A further page: name is the end of nextRecordsUrl."""
        locator, _, start = name.rpartition("-")
        known = self._open.get(locator)
        if known is None or not start.isdecimal() or self._store.clock.now() - known[0] > _KEPT:
            raise SalesforceError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(locator, int(start))

    def _answer(self, records: list[dict[str, Any]], page: int, resource: str) -> dict[str, Any]:
        """All of them, or a first page; the rows below a record have pages of their own."""
        if len(records) <= page:
            return {"totalSize": len(records), "done": True, "records": records}
        self._number += 1
        locator = f"01gq0000{self._number:07}AAA"
        self._open[locator] = (self._store.clock.now(), page, records, resource)
        return self._page(locator, 0)

    def _page(self, locator: str, start: int) -> dict[str, Any]:
        _, page, records, resource = self._open[locator]
        end = start + page
        answer: dict[str, Any] = {"totalSize": len(records), "done": end >= len(records)}
        if end < len(records):
            answer["nextRecordsUrl"] = f"{self._base()}/{resource}/{locator}-{end}"
        return {**answer, "records": records[start:end]}
