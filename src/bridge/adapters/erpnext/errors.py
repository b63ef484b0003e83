"""From ERPNext's answers to bridge's errors, in one table.

HTTP status and `exc_type` decide, never a text: texts are translated, and a site may hide the traceback and the
`exception` line (System Settings, allow_error_traceback). Texts only help to name the field, and they are scrubbed,
because ERPNext likes to quote values ("... (Jane Doe) will get truncated").
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bridge.ports.errors import (
    AlreadyExists,
    AuthFailed,
    BridgeError,
    InDoubt,
    MissingReference,
    NotFound,
    PermissionDenied,
    Rejected,
    Transient,
    Unsupported,
    VersionConflict,
)


class Row(NamedTuple):
    """One line of the table. `status` or `exc_type` None fits all."""

    status: int | None
    exc_type: str | None
    error: type[BridgeError]
    words: str


TABLE: tuple[Row, ...] = (
    # recordings 004-007: wrong key, wrong secret and malformed token cannot be told apart
    Row(401, None, AuthFailed, "refuses the API key and secret"),
    # 016, 018: a session cookie beside the token switches the CSRF check on
    Row(400, "CSRFTokenError", AuthFailed, "took the call for a browser session"),
    # 020: the session of a cookie has ended; a token has none
    Row(403, "SessionExpired", AuthFailed, "says that the session has ended"),
    # 008-010, 034, 099, 315: Guest, or a user without the role
    Row(403, None, PermissionDenied, "does not permit this"),
    # 060, 078, 098: the document; 025: the doctype; 159, 162: a link target of an order
    Row(404, "DoesNotExistError", NotFound, "does not have this record"),
    # 024, 102: no such route or verb
    Row(404, None, Unsupported, "does not know this call"),
    # 054: '<' or '>' in what becomes the name
    Row(409, "NameError", Rejected, "does not accept this as a name"),
    # reference 3: an Item of the same code; 195: a second amendment
    Row(409, "DuplicateEntryError", AlreadyExists, "has a record of this name already"),
    # 038, 110, 148: the unique key field (417, not 409)
    Row(417, "UniqueValidationError", AlreadyExists, "has a record with this unique value already"),
    # 068, 070, 084, 285: the lock on `modified`
    Row(417, "TimestampMismatchError", VersionConflict, "has a newer version of the record"),
    # 042, 114, 116, 132: a Link value that names nothing
    Row(417, "LinkValidationError", MissingReference, "does not have a record that this one refers to"),
    # 043, 048, 074
    Row(417, "MandatoryError", Rejected, "wants a value that is missing"),
    # 045, 046
    Row(417, "CharacterLengthExceededError", Rejected, "refuses a value that is too long"),
    # 189, 310, 386
    Row(417, "LinkExistsError", Rejected, "does not delete a record that others refer to"),
    # 180-182
    Row(417, "UpdateAfterSubmitError", Rejected, "does not change this in a submitted document"),
    # 080
    Row(417, "CannotChangeConstantError", Rejected, "never changes this field"),
    # 118
    Row(417, "InvalidEmailAddressError", Rejected, "refuses the e-mail address"),
    # 119
    Row(417, "InvalidPhoneNumberError", Rejected, "refuses the phone number"),
    # 023, 044, 093, 134, 135 and all other refusals of the ValidationError family
    Row(417, None, Rejected, "refuses the record"),
    # 356-358: waited for a lock; the whole request was rolled back
    Row(500, "QueryTimeoutError", Transient, "was held up by another user's lock"),
    # 360, 361: the victim of a deadlock; the whole request was rolled back
    Row(500, "QueryDeadlockError", Transient, "was stopped by a deadlock"),
    # 050, 161: bad requests in disguise, also the next five
    Row(500, "TypeError", Rejected, "cannot work with this record"),
    Row(500, "KeyError", Rejected, "cannot work with this record"),
    Row(500, "AttributeError", Rejected, "cannot work with this record"),
    Row(500, "JSONDecodeError", Rejected, "cannot read the request"),
    # 375, 376: a date that MariaDB does not take
    Row(500, "OperationalError", Rejected, "cannot store one of the values"),
    Row(500, "DataError", Rejected, "cannot store one of the values"),
    # frappe answers every exception of its own as JSON after a rollback (reference 4)
    Row(500, None, Transient, "had an error of its own and took everything back"),
    # 355: maintenance mode
    Row(503, None, Transient, "is being maintained"),
)
_SIGNS = ".,;:!?-"
_PLAIN = re.compile(r"…?|[a-z]{1,20}")
"""A word that is let through: small letters. A name, a number, a key and an id begin or go on otherwise."""
_VOCABULARY = (
    "A Account Address All An Another Are Accounting Batch Billing Cannot Company Contact Could Currency Customer Date "
    "Delivery Document Due Duplicate Entry Exchange Expiry Field For From Group If In Incorrect Invalid Invoice Is It "
    "Item Link Maximum Minimum Missing Name Negative No Not Note Only Order Parent Payment Please Posting Price Qty "
    "Quantity Rate Required Row Sales Serial Set Shipping Stock Tax Template Territory The There This To Total "
    "Transaction Type UOM Unit Valuation Value Warehouse With You Opening Default Measure"
)
_WORDS = frozenset(_VOCABULARY.split())
"""Words that begin ERPNext's sentences, and of the names of its doctypes."""
_UNNAMED_REFUSAL = Row(None, None, Rejected, "refuses the call")


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


def refusal(status: int, body: Any, *, system: str, writing: bool, naming: Naming = NOTHING_NAMED) -> BridgeError:
    """The error for an answer that the application itself gave (a JSON body) with a status of 400 and more."""
    if not isinstance(body, Mapping):
        return not_json(status, system=system, writing=writing)
    exc_type = str(body.get("exc_type") or "")
    if status == 403 and body.get("session_expired"):
        exc_type = "SessionExpired"
    row = look_up(status, exc_type)
    texts = _texts(body)
    paths = named_paths(texts, exc_type, naming)
    cls = row.error
    if cls is MissingReference and not _awaited(paths, naming):
        cls = Rejected
    message = _message(row, exc_type, paths, texts, naming)
    code = exc_type or f"HTTP {status}"
    if issubclass(cls, Rejected):
        return cls(message, fields=paths, system=system, vendor_code=code)
    return cls(message, system=system, vendor_code=code)


def look_up(status: int, exc_type: str) -> Row:
    """The first line of the table that fits; the exact lines stand before the general ones."""
    for row in TABLE:
        if row.status == status and row.exc_type in (None, exc_type):
            return row
    return _UNNAMED_REFUSAL


def not_json(status: int, *, system: str, writing: bool) -> BridgeError:
    """The error for a page where data was expected: not the application but something in front of it answered.

    A write that met a page of status 200 or 500 may have happened; 4xx and 503 pages come before the application
    (recordings 021, 251).
    """
    words = f"answered with a page instead of data (HTTP {status}): is the address right, and is the site up?"
    if writing and (status < 400 or status in (500, 502, 504)):
        return InDoubt(words, system=system)
    return Transient(words, system=system)


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
    """The vendor's words without anything that may be a value: quoted, bracketed, emphasised, numbers, addresses."""
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
