"""Answers that no application gave (a proxy, a redirect, a broken connection), and the rows of tables of errors.

A row says where the fact comes from: recordings of real systems by number ("Odoo 18 and 19 recordings 008, 011"), a
place in the vendor's own documentation or source, a standard, or "assumed:" where nobody has shown it yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from requests import exceptions

from bridge.ports.errors import BridgeError, InDoubt, RateLimited, Transient


class StatusRow(NamedTuple):
    """HTTP statuses first to last. error: the class where nothing was to be written; writing: where something was.

    `{status}` in the words stands for the status.
    """

    first: int
    last: int
    error: type[BridgeError]
    writing: type[BridgeError]
    words: str
    source: str

    def said(self, status: int) -> str:
        """The words with the status in them."""
        return self.words.format(status=status)

    def kind(self, *, writing: bool) -> type[BridgeError]:
        """The class for a call of this kind."""
        return self.writing if writing else self.error


def status_row(rows: Iterable[StatusRow], status: int) -> StatusRow | None:
    """The first row for this status."""
    return next((row for row in rows if row.first <= status <= row.last), None)


STATUSES: tuple[StatusRow, ...] = (
    StatusRow(
        300, 399, Transient, Transient, "answered with a redirect (HTTP {status}), which is not followed: is the "
        "address right?", "RFC 9110 15.4; requests sends a PATCH or POST again as a GET, without Authorization",
    ),
    StatusRow(
        429, 429, RateLimited, RateLimited, "asks for fewer calls", "RFC 6585 4; ERPNext 15 recordings 352, 353",
    ),
    StatusRow(
        502, 502, Transient, InDoubt, "a proxy answered in its place (HTTP {status})",
        "RFC 9110 15.6.3: the server behind it may have done the work",
    ),
    StatusRow(
        504, 504, Transient, InDoubt, "a proxy answered in its place (HTTP {status})",
        "RFC 9110 15.6.5: the server behind it may have done the work",
    ),
)  # fmt: skip
"""Of every system: looked at before the application's own tables."""


class FaultRow(NamedTuple):
    """An exception of requests. text: a pattern that its text must contain, None fits all. Classes as in StatusRow."""

    fault: type[exceptions.RequestException]
    text: str | None
    error: type[BridgeError]
    writing: type[BridgeError]
    words: str
    source: str


_REQUESTS = "requests, API reference, Exceptions"
_BEFORE = "before the request is sent"

FAULTS: tuple[FaultRow, ...] = (
    FaultRow(
        exceptions.ConnectTimeout, None, Transient, Transient, "no connection within the time limit",
        f"{_REQUESTS}: ConnectTimeout is safe to retry",
    ),
    FaultRow(
        exceptions.ProxyError, None, Transient, Transient, "the proxy refused",
        f"urllib3 source, connectionpool.py: ProxyError only {_BEFORE}",
    ),
    FaultRow(
        exceptions.SSLError, r"certificate|handshake|wrong.version|protocol.version|(unknown|unsupported).protocol",
        Transient, Transient, "the TLS certificate could not be verified",
        f"OpenSSL, reasons of a failed handshake: {_BEFORE}",
    ),
    FaultRow(
        exceptions.InvalidURL, None, Transient, Transient, "the address, or that of the proxy, cannot be used",
        f"{_REQUESTS}: InvalidURL, {_BEFORE}",
    ),
    FaultRow(
        exceptions.InvalidSchema, None, Transient, Transient, "the address, or that of the proxy, cannot be used",
        f"{_REQUESTS}: InvalidSchema, {_BEFORE}",
    ),
    FaultRow(
        exceptions.InvalidHeader, None, Transient, Transient, "a credential holds what no header can",
        f"{_REQUESTS}: InvalidHeader, {_BEFORE}",
    ),
    FaultRow(
        exceptions.RequestException, "refused", Transient, Transient, "connection refused",
        "connect(2), ECONNREFUSED: nobody listens",
    ),
    FaultRow(
        exceptions.RequestException, "failed to resolve|name or service not known", Transient, Transient,
        "the host name is unknown", f"getaddrinfo(3): {_BEFORE}",
    ),
    FaultRow(
        exceptions.ReadTimeout, None, Transient, InDoubt, "no answer within the time limit",
        f"{_REQUESTS}: ReadTimeout; an Odoo goes on with what its client has given up",
    ),
    FaultRow(
        exceptions.ChunkedEncodingError, None, Transient, InDoubt, "the answer broke off",
        f"{_REQUESTS}: ChunkedEncodingError",
    ),
    FaultRow(
        exceptions.ContentDecodingError, None, Transient, InDoubt, "the answer could not be decoded",
        f"{_REQUESTS}: ContentDecodingError",
    ),
    FaultRow(
        exceptions.RequestException, None, Transient, InDoubt, "the connection broke",
        f"{_REQUESTS}: RequestException; how much was sent is not told",
    ),
)  # fmt: skip
"""Of every system. The last row takes what the others leave."""


def fault_row(fault: exceptions.RequestException) -> FaultRow:
    """The first row for this exception. Its text may hold the whole address and never goes further."""
    text = str(fault).lower()
    return next(
        row for row in FAULTS if isinstance(fault, row.fault) and (row.text is None or re.search(row.text, text))
    )


def shown_code(code: str) -> str:
    """A vendor's code as it may be shown: a name. Anything else could be a sentence, and hold a value."""
    return code if re.fullmatch(r"[A-Za-z_][\w.]{0,99}", code) else "unknown"
