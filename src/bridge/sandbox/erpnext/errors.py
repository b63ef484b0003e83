"""What the server answers when it refuses: the class of the fault decides the status."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

STATUS = {
    "AuthenticationError": 401,
    "PermissionError": 403,
    "DoesNotExistError": 404,
    "PageDoesNotExistError": 404,
    "DuplicateEntryError": 409,
    "NameError": 409,
    "CSRFTokenError": 400,
    "TooManyRequestsError": 429,
    "SessionStopped": 503,
    "NotFound": 404,
    "MethodNotAllowed": 405,
    "QueryDeadlockError": 500,
    "QueryTimeoutError": 500,
}
"""By class; other classes of frappe are ValidationErrors, 417, and those of Python and the database 500."""

FOREIGN = {
    "JSONDecodeError": "json.decoder.",
    "OperationalError": "pymysql.err.",
    "ProgrammingError": "pymysql.err.",
    "TypeError": "",
    "KeyError": "",
    "AttributeError": "",
    "ValueError": "",
}
"""Classes that are not of frappe.exceptions, with their module."""

MODULES = {
    "InvalidBarcode": "erpnext.stock.doctype.item.item.",
    "ItemPriceDuplicateItem": "erpnext.stock.doctype.item_price.item_price.",
    "UOMMustBeIntegerError": "erpnext.utilities.transaction_base.",
    "InvalidQtyError": "erpnext.controllers.accounts_controller.",
    "NegativeStockError": "erpnext.stock.stock_ledger.",
    "EmptyStockReconciliationItemsError": "erpnext.stock.doctype.stock_reconciliation.stock_reconciliation.",
}
"""Classes of ERPNext itself, with their modules: ValidationErrors like those of frappe."""

SILENT = frozenset({"DoesNotExistError", "CSRFTokenError"})
"""Classes whose answers have no exception and no traceback."""

PAGES = {"NotFound": "Not Found", "MethodNotAllowed": "Method Not Allowed"}
"""Classes of the HTTP layer itself, which are answered with a page."""

Message = dict[str, Any]


class Refusal(Exception):
    """A request that fails. `text` stands behind the class in `exception`; `messages` are shown to the user."""

    def __init__(
        self,
        kind: str,
        text: str = "",
        messages: Sequence[Message] = (),
        *,
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text
        self.messages = list(messages)
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})

    @property
    def status(self) -> int:
        """The HTTP status of its class."""
        return STATUS.get(self.kind, 500 if self.kind in FOREIGN else 417)

    @property
    def line(self) -> str:
        """The last line of the traceback."""
        name = FOREIGN.get(self.kind, MODULES.get(self.kind, "frappe.exceptions.")) + self.kind
        return f"{name}: {self.text}" if self.text else name

    @property
    def traceback(self) -> str:
        """A traceback, cut to its first and last lines."""
        return f"Traceback (most recent call last):\n{self.line}\n"


def message(text: str, title: str = "Message", **more: Any) -> Message:
    """A message to the user that goes along with an answer."""
    return {"message": text, "title": title, **more}


def page(title: str, text: str, status: int) -> bytes:
    """A page of the HTTP layer."""
    lines = (
        "<!doctype html>",
        "<html lang=en>",
        f"<title>{status} {title}</title>",
        f"<h1>{title}</h1>",
        f"<p>{text}</p>",
    )
    return ("\n".join(lines) + "\n").encode()


def thrown(kind: str, text: str, title: str = "Message") -> Refusal:
    """A fault that is shown to the user as it stands, as frappe.throw does."""
    shown = message(text, title, indicator="red", raise_exception=1, __frappe_exc_id=f"{crc32(text.encode()):056x}")
    return Refusal(kind, text, [shown])


def missing(doctype: str, name: Any) -> Refusal:
    """A document, or a doctype, that is not there."""
    return thrown("DoesNotExistError", f"{doctype} {name} not found")


def encoded(messages: Sequence[Message]) -> str:
    """Messages as `_server_messages` has them: a JSON list of JSON texts."""
    return json.dumps([json.dumps(each) for each in messages])


def body_v1(refusal: Refusal, messages: Sequence[Message], *, traceback: bool) -> dict[str, Any]:
    """The answer of /api and /api/v1. Without `traceback` (System Settings) only class and messages remain."""
    body: dict[str, Any] = dict(refusal.extra) if traceback else {}
    if refusal.kind not in SILENT and traceback:
        body["exception"] = refusal.line
    body["exc_type"] = refusal.kind
    if refusal.kind not in SILENT and traceback:
        body["exc"] = json.dumps([refusal.traceback])
    if messages:
        body["_server_messages"] = encoded(messages)
    return body


def body_v2(refusal: Refusal, messages: Sequence[Message], *, traceback: bool) -> dict[str, Any]:
    """The answer of /api/v2: one error, with the last message in it, and the other messages beside it."""
    error: dict[str, Any] = {"type": refusal.kind}
    if refusal.kind not in SILENT and traceback:
        error["exception"] = refusal.traceback
    shown = list(messages)
    if shown:
        last = shown.pop()
        error.update({key: last[key] for key in ("message", "title", "indicator") if key in last})
    body: dict[str, Any] = {"errors": [error]}
    if shown:
        body["messages"] = shown
    return body
