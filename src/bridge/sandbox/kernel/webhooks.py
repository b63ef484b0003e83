"""What a system sends by itself: posts, tried again as the vendor does, and the troubles a test makes for them."""

from __future__ import annotations

import http.client
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import Any, Protocol
from urllib.parse import urlsplit

TROUBLES = ("lost", "twice", "late")
"""lost: it is never sent. twice: it is sent a second time. late: `seconds` pass before it is sent."""
_KEPT = 10_000


def good(status: int, body: bytes) -> bool:
    """Any status of success."""
    return 200 <= status < 300


@dataclass(frozen=True, slots=True)
class Post:
    """One message. pauses: seconds before each further try, where it was not acknowledged. timeout: seconds."""

    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    what: str = ""
    timeout: float = 5.0
    pauses: tuple[float, ...] = ()
    acknowledged: Callable[[int, bytes], bool] = good


class Sends(Protocol):
    """An application that sends by itself."""

    @property
    def courier(self) -> Courier:
        """Who carries it."""

    def posts_about(self, object: str, id: str, *, genuine: bool) -> Sequence[Post]:
        """What it would send of a record, real or not; not genuine: as somebody forges it who lacks the secret."""


class Courier:
    """Sends one post after the other, outside of any request; keeps a list of what was sent, without bodies."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[tuple[Post, float]] = SimpleQueue()
        self._troubles: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self.sent: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._thread: threading.Thread | None = None

    def send(self, post: Post, *, after: float = 0.0) -> None:
        """Send it soon; after: seconds."""
        trouble = self._trouble()
        if trouble.get("kind") == "lost":
            self._note(post, 0, "lost")
            return
        seconds = after + (float(trouble.get("seconds", 5)) if trouble.get("kind") == "late" else 0.0)
        for _ in range(2 if trouble.get("kind") == "twice" else 1):
            self._put(post, seconds)

    def arm(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Make trouble for the next posts: {"kind", "times" (0: all), "seconds"}. Raises ValueError."""
        kind = str(given.get("kind", ""))
        if kind not in TROUBLES:
            raise ValueError(f"there is no trouble {kind!r} for webhooks; there are {', '.join(TROUBLES)}")
        trouble = {"seconds": 5, **given, "left": int(given.get("times", 1)) or -1}
        with self._lock:
            self._troubles.append(trouble)
        return trouble

    def forget(self) -> None:
        """No more troubles, and an empty list."""
        with self._lock:
            self._troubles.clear()
        self.sent.clear()

    def _trouble(self) -> dict[str, Any]:
        with self._lock:
            for trouble in self._troubles:
                if trouble["left"]:
                    trouble["left"] -= 1
                    return trouble
        return {}

    def _put(self, post: Post, seconds: float) -> None:
        if seconds > 0:
            timer = threading.Timer(seconds, self._put, (post, 0.0))
            timer.daemon = True
            timer.start()
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="webhooks", daemon=True)
                self._thread.start()
        self._queue.put((post, time.monotonic()))

    def _work(self) -> None:
        while True:
            post, _ = self._queue.get()
            status, body = _posted(post)
            self._note(post, status, "")
            if not post.acknowledged(status, body) and post.pauses:
                self._put(replace(post, pauses=post.pauses[1:]), post.pauses[0])

    def _note(self, post: Post, status: int, trouble: str) -> None:
        self.sent.append({"what": post.what, "status": status, "trouble": trouble})


def _posted(post: Post) -> tuple[int, bytes]:
    """Status and body; 0 where no answer came."""
    parts = urlsplit(post.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=post.timeout)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, post.body, dict(post.headers))
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()
