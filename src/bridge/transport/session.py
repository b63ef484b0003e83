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

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, LocationValueError

from bridge.ports.errors import InDoubt, RateLimited, Transient

for _name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry", "urllib3.response"):
    logging.getLogger(_name).disabled = True  # at level DEBUG they hold each path and query: names, numbers, addresses

CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 120.0
RETRY_AFTER_MAX = 86_400.0
_UNSENT = (
    requests.exceptions.ConnectTimeout,
    requests.exceptions.ProxyError,
    requests.exceptions.SSLError,
    requests.exceptions.InvalidHeader,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
)


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
        self._count = threading.Lock()
        self.headers["User-Agent"] = "bridge-sync"

    def __getstate__(self) -> NoReturn:
        raise TypeError("a session holds credentials and is not pickled")

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
    text = str(fault).lower()
    refused = "refused" in text or "name or service not known" in text or "failed to resolve" in text
    if isinstance(fault, _UNSENT) or refused:
        return Transient(f"cannot be reached ({_kind(fault)})", system=system)
    if writing:
        return InDoubt(f"sent a write and got no answer ({_kind(fault)})", system=system)
    return Transient(f"did not answer ({_kind(fault)})", system=system)


def _kind(fault: requests.exceptions.RequestException) -> str:
    """The fault in words without address or credentials: the exception's text would hold the whole URL."""
    names = {
        requests.exceptions.ConnectTimeout: "no connection within the time limit",
        requests.exceptions.ReadTimeout: "no answer within the time limit",
        requests.exceptions.SSLError: "the TLS certificate could not be verified",
        requests.exceptions.ProxyError: "the proxy refused",
        requests.exceptions.InvalidURL: "the address, or that of the proxy, cannot be used",
        requests.exceptions.InvalidSchema: "the address, or that of the proxy, cannot be used",
        requests.exceptions.InvalidHeader: "a credential holds what no header can",
        requests.exceptions.ChunkedEncodingError: "the answer broke off",
        requests.exceptions.ContentDecodingError: "the answer could not be decoded",
    }
    for cls, words in names.items():
        if isinstance(fault, cls):
            return words
    text = str(fault).lower()
    if "refused" in text:
        return "connection refused"
    if "failed to resolve" in text or "name or service not known" in text:
        return "the host name is unknown"
    return "the connection broke"


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
    status = response.status_code
    if status == 429:
        return RateLimited(
            "asks for fewer calls", after=retry_after_seconds(response.headers.get("Retry-After")), system=system
        )
    if 300 <= status < 400:
        return Transient(
            f"answered with a redirect (HTTP {status}), which is not followed: is the address right?", system=system
        )
    if status in (502, 504):
        words = f"a proxy answered in its place (HTTP {status})"
        return InDoubt(words, system=system) if writing else Transient(words, system=system)
    return None
