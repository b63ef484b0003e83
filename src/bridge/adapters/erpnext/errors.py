"""From ERPNext's answer to the error that leaves the adapter. The facts stand in `errors_table`.

Texts only help to name the field, and they are scrubbed, because ERPNext likes to quote values
("... (Jane Doe) will get truncated").
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.adapters.erpnext.errors_table import PAGES, Row, look_up
from bridge.ports.errors import BridgeError, MissingReference, Rejected
from bridge.transport.answers import shown_code, status_row


@dataclass(frozen=True, slots=True)
class Naming:
    """What a written document calls things, so that a refusal can name the mapping's paths.

    labels, names: label and fieldname -> path. records: paths whose value is another record's id.
    hidden: texts that must not appear in an error.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    records: frozenset[str] = frozenset()
    hidden: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Naming({len(self.names)} fields)"


NOTHING_NAMED = Naming()

_SIGNS = ".,;:!?-"
_PLAIN = re.compile(r"…?|[a-z]{1,20}|#\d{1,3}")
"""A word that is let through: small letters, the number of a row. A name, a key and an id begin or go on otherwise."""
_VOCABULARY = """
    A Account Accounting Accounts Address All Amount An Another Are Asset Barcode Batch Billing Bin
    Cancelled Cannot Company Contact Conversion Cost Could Currency Customer Date Dates Default Delivery
    Difference Disabled Doc DocType Document Draft Due Duplicate EAN Entry Error Event Exchange Expected
    Expense Expiry Factor Field For From Grand Group HTML ID If Illegal In Income Incorrect Invalid
    Inventory Invoice Is It Item Items Journal Ledger Liability Link List Mandatory Maximum Maybe Measure
    Minimum Missing Name Naming Negative New No None Not Note Only Opening Operator Order Parent Payment
    Please Posting Price Pricing Purchase Qty Quantity Query Rate Reconciliation Reference Required Return
    Row Rule SQL Sales Same Schedule Serial Series Set Shipping Stock Submittable Submitted Supplier Target
    Tax Taxes Template Terms Territory The There This To Total Transaction Type UOM Unit User Valuation
    Value Variant Warehouse With You Your
"""
_WORDS = frozenset(_VOCABULARY.split())
"""Words that begin ERPNext's sentences, and of the names of its doctypes."""
"""Words with a capital in ERPNext's own sentences: names of its forms and fields, and beginnings of sentences."""


def refusal(status: int, body: Any, *, system: str, writing: bool, naming: Naming = NOTHING_NAMED) -> BridgeError:
    """The error for an answer that the application itself gave (a JSON body) with a status of 400 and more."""
    if not isinstance(body, Mapping):
        return not_json(status, system=system, writing=writing)
    exc_type, exception = answered(status, body)
    row, texts = look_up(status, exc_type, exception), _texts(body)
    paths = named_paths(texts, exc_type, naming)
    cls = row.writing if writing and row.writing else row.error
    if cls is MissingReference and not _awaited(paths, naming):
        cls = Rejected
    message = _message(row, exc_type, paths, texts, naming)
    code = shown_code(exc_type) if exc_type else f"HTTP {status}"
    if issubclass(cls, Rejected):
        return cls(message, fields=paths, system=system, vendor_code=code)
    return cls(message, system=system, vendor_code=code)


def not_json(status: int, *, system: str, writing: bool) -> BridgeError:
    """The error for a page where data was expected: not the application but something in front of it answered.

    A write that met a page of status 200 or 500 may have happened; 4xx and 503 pages come before the application.
    """
    row = status_row(PAGES, status) or PAGES[-1]
    return row.kind(writing=writing)(row.said(status), system=system)


def answered(status: int, body: Mapping[str, Any]) -> tuple[str, str]:
    """Name and text of the exception, by which the table is read; those of /api/v2 stand in a list of errors.

    The text is empty where the site hides it.
    """
    if status == 403 and body.get("session_expired"):
        return "SessionExpired", ""
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    said = first if isinstance(first, Mapping) else {**body, "type": body.get("exc_type")}
    return str(said.get("type") or ""), str(said.get("exception") or "")


def named_paths(texts: Iterable[str], exc_type: str, naming: Naming) -> tuple[str, ...]:
    """The paths that the vendor's texts name, by label or (MandatoryError) by fieldname."""
    found: dict[str, None] = {}
    for text in texts:
        if exc_type == "MandatoryError":
            for name in re.split(r",\s*", text.rsplit("]: ", 1)[-1]):
                if name in naming.names:
                    found[naming.names[name]] = None
        plain = _plain(text)
        for label, path in naming.labels.items():
            if label and re.search(rf"(?<!\w){re.escape(label)}(?!\w)", plain):
                found[path] = None
    return tuple(found)


def _awaited(paths: tuple[str, ...], naming: Naming) -> bool:
    """Whether the missing record may be on its way: one of ours. A missing territory is nobody's to bring."""
    if not naming.records:
        return False
    return not paths or bool(naming.records & set(paths))


def _message(row: Row, exc_type: str, paths: tuple[str, ...], texts: list[str], naming: Naming) -> str:
    message = row.words + (f" ({', '.join(paths)})" if paths else "")
    telling = row.exc_type is None and row.status in (409, 417)
    if telling and texts:
        own = scrub(texts[0], naming)
        message += f": {own}" if own else ""
    return message


def scrub(text: str, naming: Naming) -> str:
    """The vendor's words without anything that may be a value: quoted, bracketed, emphasised, numbers, addresses, and
    names. What was sent is known and hidden; what a site quotes of other records (a customer's name) is not."""
    labels = set(naming.labels)

    def keep_label(match: re.Match[str]) -> str:
        inner = _plain(match.group(0)).strip(" \"'()")
        return inner if inner in labels else "…"

    text = re.sub(r"^[\w.]+(?:Error|Exception)?: ", "", text) if re.match(r"^[\w]+\.[\w.]+: ", text) else text
    for hidden in sorted(naming.hidden, key=len, reverse=True):
        if hidden:
            text = text.replace(hidden, "…")
    text = re.sub(r"<(strong|b|a)\b[^>]*>.*?</\1>", keep_label, text, flags=re.DOTALL)
    text = re.sub(r"\"[^\"]*\"|'[^']*'|\([^)]*\)", keep_label, _plain(text))
    text = re.sub(r"\S+@\S+|\+?\d[\d ./-]{4,}", "…", text)
    known = _WORDS.union(*(label.split() for label in labels))
    words = [
        word if word.strip(_SIGNS) in known or _PLAIN.fullmatch(word.strip(_SIGNS)) else "…" for word in text.split()
    ]
    return " ".join(words)[:240]


def _texts(body: Mapping[str, Any]) -> list[str]:
    """`exception`, then what `_server_messages` (a JSON string of JSON strings) says."""
    texts = [str(body["exception"])] if body.get("exception") else []
    try:
        messages = json.loads(body.get("_server_messages") or "[]")
        texts.extend(str(json.loads(message).get("message") or "") for message in messages)
    except (TypeError, ValueError, AttributeError):
        pass  # a message in another form is no reason to lose the refusal itself
    return [text for text in texts if text]


def _plain(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", text))
