"""Webhooks over HTTP: who sends is known, what is told is stored, then it is answered, then the daemon looks.

Whatever is wrong with the proof is answered alike, so that nobody learns which part it was: 401 with an empty body.
What is sent is never logged.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import ClientDisconnected, HTTPException
from werkzeug.wrappers import Request, Response

from bridge.config.webhooks import Hooks, Network
from bridge.entrypoints.daemon.hints import places_of
from bridge.entrypoints.daemon.site import Site
from bridge.entrypoints.receivers import LAST
from bridge.ports.hints import Delivery, Heard, Hint
from bridge.store import Database
from bridge.store.hints import Told

AT_ONCE: Final = 8
"""Requests that are answered at the same time, fewer than the store has connections; more are told to come again."""
PATIENCE: Final = 0.5
"""Seconds that one more waits for its turn."""
REMEMBERED: Final = 20_000
"""Deliveries of which it is known that they came before."""
MOST_WAITING: Final = 10_000
"""Records of one system that wait by name; beyond, their object is noted as a whole."""
LONGEST: Final = 255
"""Characters of an id."""
TOLD_EVERY: Final = timedelta(minutes=1)
"""Refusals of one system are told at most so often: who forges shall not fill the log."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request. system: "" where it named none that sends webhooks.

    told: hints that are new. again: those that were known already. other: of objects that no mapping reads.
    """

    system: str
    status: int
    told: int = 0
    again: int = 0
    other: int = 0


class Webhooks:
    """The WSGI application. site: asked each time, since a reload changes it. stored: called when there is something
    new to look at. seen: told of every outcome."""

    def __init__(
        self,
        hooks: Hooks,
        site: Callable[[], Site],
        store: Database,
        clock: Callable[[], datetime],
        *,
        stored: Callable[[], None],
        seen: Callable[[Outcome], None] = lambda outcome: None,
        log: Any,
    ) -> None:
        self._hooks, self._site, self._store, self._clock = hooks, site, store, clock
        self._stored, self._seen, self._log = stored, seen, log
        self._prefix = [part for part in urlsplit(hooks.url).path.split("/") if part]
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._before = Before(hooks.window)
        self._complaints = Complaints(log)

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Answer one request."""
        if not self._room.acquire(timeout=PATIENCE):
            return _plain(503, {"Retry-After": "1"})(environ, start_response)
        try:
            outcome, answer = self._answered(Request(environ))
        finally:
            self._room.release()
        self._seen(outcome)
        if outcome.status >= 400:
            self._complaints.note(outcome, self._clock())
        return answer(environ, start_response)

    def _answered(self, request: Request) -> tuple[Outcome, Response]:
        site = self._site()  # once: a reload may put another one in its place
        system, rest = self._named(request.path)
        receiver = site.receivers.get(system)
        system = system if receiver else ""
        status = self._refused(request, system)
        if status or receiver is None:
            return Outcome(system, status), _plain(status, {"Allow": "POST"} if status == 405 else {})
        try:
            body = request.get_data(cache=False)
        except (ClientDisconnected, HTTPException, OSError):
            return Outcome(system, 400), _plain(400)
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            heard = receiver.hear(Delivery(rest, request.args.to_dict(), headers, body))
        except Exception:  # of an adapter by somebody else; what it says may quote the body
            heard = "unreadable"
        if not isinstance(heard, Heard):
            status = 401 if heard == "forged" else 400
            return Outcome(system, status), _plain(status)
        try:
            outcome = self._store_them(site, system, heard)
        except (
            SQLAlchemyError
        ):  # it is not answered as if it were: who tries again does so, for the others there is polling
            return Outcome(system, 503), _plain(503, {"Retry-After": "5"})
        return outcome, Response(heard.answer, status=200, content_type=heard.content_type)

    def _named(self, path: str) -> tuple[str, str]:
        """The system in a path, and what stands behind it. A proxy may have taken the path of `url` away, or not."""
        parts = path.strip("/").split("/")
        if self._prefix and parts[: len(self._prefix)] == self._prefix:
            parts = parts[len(self._prefix) :]
        return (parts[0] if parts else ""), "/".join(parts[1:])

    def _refused(self, request: Request, system: str) -> int:
        """The status for what is refused before it is read; 0 for what is not."""
        if not self._allowed(request, system):
            return 403
        if request.path.strip("/") in ("", "/".join(self._prefix)):
            return 404
        if request.method != "POST":
            return 405
        if request.content_length is None:
            return 411
        if request.content_length > self._hooks.max_body:
            return 413
        return 0 if system else 401

    def _allowed(self, request: Request, system: str) -> bool:
        allow = self._hooks.allow
        networks = allow.get(system, allow.get(""))
        if networks is None:
            return True
        sender = _sender(request, self._hooks.proxies)
        return sender is not None and _within(sender, networks)

    def _store_them(self, site: Site, system: str, heard: Heard) -> Outcome:
        """Note what is new, in one small transaction. What is told of objects that no mapping reads is nothing."""
        now = self._clock()
        told_of = [hint for hint in heard.hints if _can_be_an_id(hint.native_id)]
        mapped = [hint for hint in told_of if places_of(site.maps, system, hint.object)]
        fresh = [hint for hint in mapped if not self._before.knows((system, hint), now)]
        told = again = 0
        if fresh:
            with self._store.begin() as uow:
                full = uow.hint_counts().get(system, 0) >= MOST_WAITING
                ids = {(hint.object, "" if full else hint.native_id) for hint in fresh}
                due = now + timedelta(seconds=heard.wait)
                told = uow.add_hints(Told(system, name, native_id, now, due) for name, native_id in ids)
                uow.set_flag(f"{LAST}{system}", now.isoformat())
            again = len(ids) - told
            for hint in fresh:  # not before they are stored: what was not shall be taken when it comes again
                self._before.remember((system, hint), now)
            self._stored()  # also where it is known already: its reading may be under way, and must be made again
        again += len(mapped) - len(fresh)
        return Outcome(system, 200, told, again, len(heard.hints) - len(mapped))


class Before:
    """Which deliveries came within the window before now: repeated, they tell nothing new. Forgotten with the process,
    which costs a reading and no more."""

    def __init__(self, window: timedelta) -> None:
        self._window, self._lock = window, threading.Lock()
        self._known: OrderedDict[tuple[str, str, str, str], datetime] = OrderedDict()

    def knows(self, told: tuple[str, Hint], now: datetime) -> bool:
        """Whether this very telling was stored before. One without a name of its own never was."""
        with self._lock:
            at = self._known.get(_key(told))
        return bool(told[1].delivery) and at is not None and now - self._window < at <= now

    def remember(self, told: tuple[str, Hint], now: datetime) -> None:
        """It is stored."""
        if told[1].delivery:
            with self._lock:
                self._known[_key(told)] = now
                self._known.move_to_end(_key(told))
                while len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)


class Complaints:
    """Tells of refusals, at most once a minute for each system, and how many there were."""

    def __init__(self, log: Any) -> None:
        self._log, self._lock = log, threading.Lock()
        self._last: dict[str, datetime] = {}
        self._untold: dict[str, int] = {}

    def note(self, outcome: Outcome, now: datetime) -> None:
        """One more."""
        with self._lock:
            number = self._untold[outcome.system] = self._untold.get(outcome.system, 0) + 1
            last = self._last.get(outcome.system)
            if last is not None and timedelta() <= now - last < TOLD_EVERY:
                return
            self._last[outcome.system], self._untold[outcome.system] = now, 0
        self._log.warning(
            "webhook refused",
            system=outcome.system or None,
            status=outcome.status,
            number=number,
            to_do="If it is yours: run `bridge setup` for the system. What it tells of is found by polling.",
        )


def _key(told: tuple[str, Hint]) -> tuple[str, str, str, str]:
    system, hint = told
    return system, hint.object, hint.native_id, hint.delivery


def _can_be_an_id(text: str) -> bool:
    """Whether every database takes it: no NUL, no half of a character, not endless."""
    whole = text.encode("utf-8", "ignore").decode() == text
    return whole and len(text) <= LONGEST and "\x00" not in text


def _plain(status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(b"", status=status, headers=headers, content_type="text/plain")


def _sender(request: Request, proxies: tuple[Network, ...]) -> str | None:
    """The address that a request comes from: behind one's own proxies, the last that one of them has seen."""
    hops = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    sender = request.remote_addr
    while sender is not None and hops and _within(sender, proxies):
        sender = hops.pop()
    return sender


def _within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    plain = getattr(found, "ipv4_mapped", None) or found
    return any(plain in network for network in networks)
