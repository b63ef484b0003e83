"""A `requests` session that cannot hang, cannot be redirected, counts its calls and speaks in bridge's errors.

Facts behind it: requests has no default timeout; it follows a 302 by re-sending a PATCH as a GET without the
Authorization header, so that a write "succeeds" without having happened; and a read time-out after the body was sent
says nothing about whether the server did the work.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, LocationValueError

from bridge.ports.adapter import Gate
from bridge.ports.errors import RateLimited, Transient
from bridge.transport.answers import STATUSES, fault_row, status_row

for _name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry", "urllib3.response"):
    logging.getLogger(_name).disabled = True  # at level DEBUG they hold each path and query: names, numbers, addresses

CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 120.0
RETRY_AFTER_MAX = 86_400.0


class _DefaultTimeout(HTTPAdapter):
    """Fills in a timeout where the caller (a vendor's library, say) passed none."""

    def __init__(self, timeout: tuple[float, float], pool: int) -> None:
        self._timeout = timeout
        super().__init__(pool_connections=pool, pool_maxsize=pool, max_retries=0)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self._timeout
        return super().send(request, *args, **kwargs)


class PooledSession(requests.Session):
    """A session with pooled connections, default timeouts, no redirects, and counters.

    calls: HTTP requests sent so far (a retry counts again).
    clock_skew: server clock minus local clock in seconds, from the last Date header; None before the first answer.
    last_headers: the headers of the last answer, for limits that vendors announce there.
    gate: what every request has to pass before it is sent.
    """

    def __init__(
        self,
        *,
        connect_timeout: float = CONNECT_TIMEOUT,
        read_timeout: float = READ_TIMEOUT,
        pool: int = 4,
        trust_env: bool = True,
    ) -> None:
        super().__init__()
        adapter = _DefaultTimeout((connect_timeout, read_timeout), pool)
        self.mount("https://", adapter)
        self.mount("http://", adapter)
        self.trust_env = trust_env
        self.calls = 0
        self.clock_skew: float | None = None
        self.last_headers: dict[str, str] = {}
        self.gate: Gate | None = None
        self._count = threading.Lock()
        self._surroundings: dict[tuple[Any, ...], Any] = {}
        self.headers["User-Agent"] = "bridge-sync"

    def __getstate__(self) -> NoReturn:
        raise TypeError("a session holds credentials and is not pickled")

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """What the environment says of proxies and certificates, asked once for each host.

        requests goes through the whole environment for every request, which was an eighth of a quiet cycle.
        """
        if proxies:
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        parts = urlsplit(str(url))
        place = (parts.scheme, parts.netloc, stream, verify, cert)
        if place not in self._surroundings:
            self._surroundings[place] = super().merge_environment_settings(url, {}, stream, verify, cert)
        return dict(self._surroundings[place])

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Never follow: the caller sees the 3xx and treats it as a wrong address."""
        return None

    def _sent(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        fault: requests.exceptions.RequestException
        try:
            return super().send(request, **kwargs)
        except requests.exceptions.RequestException:
            raise
        except LocationValueError:
            fault = requests.exceptions.InvalidURL()
        except UnicodeEncodeError:
            fault = requests.exceptions.InvalidHeader()
        except (HTTPError, ValueError):
            fault = requests.exceptions.RequestException()
        raise fault  # outside the handler, and without a word

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send one request, count it, and note the server's clock.

        Raises requests' own exceptions only: others pass through it (a proxy address that is none, a header that
        cannot be encoded), with the address or the header in their text.
        """
        if self.gate is not None:
            self.gate.enter()
        with self._count:
            self.calls += 1
        response = self._sent(request, **kwargs)
        self.last_headers = dict(response.headers)
        date = response.headers.get("Date")
        if date:
            try:
                self.clock_skew = (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
            except (TypeError, ValueError):
                self.clock_skew = None
        return response


def translate_network_fault(fault: requests.exceptions.RequestException, *, system: str, writing: bool) -> Exception:
    """The bridge error for a request that got no (whole) answer.

    writing: whether the request could have changed something. A fault before the request left is Transient; after
    that, a write is InDoubt.
    """
    row = fault_row(fault)
    if row.writing is Transient:
        return Transient(f"cannot be reached ({row.words})", system=system)
    if writing:
        return row.writing(f"sent a write and got no answer ({row.words})", system=system)
    return row.error(f"did not answer ({row.words})", system=system)


def retry_after_seconds(value: str | None) -> float | None:
    """Seconds of a Retry-After header (seconds or HTTP date, RFC 9110 10.2.3); None if absent or unreadable."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
        except (TypeError, ValueError):
            return None
    return min(max(seconds, 0.0), RETRY_AFTER_MAX)


def unavailable(response: requests.Response, *, system: str, writing: bool) -> Exception | None:
    """The error for an answer that no application gave: a proxy page, a redirect, a rate limit. Else None.

    A 502 or 504 to a write is InDoubt: the server behind the proxy may have done it.
    """
    row = status_row(STATUSES, response.status_code)
    if row is None:
        return None
    if row.error is RateLimited:
        after = retry_after_seconds(response.headers.get("Retry-After"))
        return RateLimited(row.words, after=after, system=system)
    return row.kind(writing=writing)(row.said(response.status_code), system=system)
