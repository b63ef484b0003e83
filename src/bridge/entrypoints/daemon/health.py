"""What the daemon tells over HTTP: alive, ready, status, metrics. Nothing in it is secret or personal; it listens on
loopback unless the configuration says otherwise, and takes no orders.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import orjson
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from bridge.entrypoints.daemon.loop import Daemon
from bridge.entrypoints.daemon.telling import of_the_store
from bridge.ports.errors import ConfigError

HUNG = timedelta(minutes=15)
"""Longer without a sign of life than any call or page takes: something hangs, and a restart helps."""

SLOWEST = 10
"""Seconds between two signs of life of a client."""


class Health:
    """The WSGI application."""

    def __init__(self, daemon: Daemon, registry: CollectorRegistry, clock: Callable[[], datetime]) -> None:
        self._daemon, self._registry, self._clock = daemon, registry, clock
        self._pages = {
            "/healthz": self._alive,
            "/readyz": self._ready,
            "/status": self._status,
            "/metrics": self._metrics,
        }

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Answer one request."""
        request = Request(environ)
        answer: Response | HTTPException
        page = self._pages.get(request.path)
        if page is None:
            answer = NotFound(f"there are {', '.join(self._pages)}")
        elif request.method not in ("GET", "HEAD"):
            answer = MethodNotAllowed(["GET", "HEAD"])
        else:
            answer = page()
        return answer(environ, start_response)

    def _alive(self) -> Response:
        silent = self._clock() - self._daemon.pulse.sign
        return _json({"alive": silent < HUNG, "seconds_since_sign": round(silent.total_seconds(), 1)}, silent < HUNG)

    def _ready(self) -> Response:
        """Ready is who has done a cycle, is not about to stop, and whose store answers."""
        pulse = self._daemon.pulse
        why = [
            sentence
            for holds, sentence in (
                (pulse.cycled is None, "no cycle has been done yet"),
                (pulse.stopping, "it is stopping"),
                (bool(pulse.fault), pulse.fault),
            )
            if holds
        ]
        try:
            with self._daemon.store.begin() as uow:
                uow.flag("ready")
        except DBAPIError as error:
            why = [*why, of_the_store(error)] if not pulse.fault else why
        return _json({"ready": not why, "why_not": why}, not why)

    def _status(self) -> Response:
        daemon, pulse = self._daemon, self._daemon.pulse
        return _json(
            {
                "last_cycle": pulse.cycled,
                "fault": pulse.fault or None,
                "reload_refused": list(pulse.refused),
                "quiet": sorted(daemon.quiet),
                "clock_set_back": pulse.set_back
                and {"at": pulse.set_back[0], "seconds": round(pulse.set_back[1].total_seconds())},
                "paused": [{"name": name, "what": str(one)} for name, one in daemon.pauses],
                "nothing_new": [
                    {"system": system, "entity": entity, "last": one.last, "told": one.told}
                    for (system, entity), one in sorted(pulse.silent.items())
                ],
                "read": [
                    {"system": system, "entity": entity, "at": pulse.read.get((system, entity))}
                    for system, entity in daemon.site.places
                ],
                "outbox": [
                    {"system": system, "entity": entity, "state": state, "entries": number}
                    for (system, entity, state), number in sorted(daemon.left.items())
                ],
            },
            True,
        )

    def _metrics(self) -> Response:
        return Response(generate_latest(self._registry), content_type=CONTENT_TYPE_LATEST)


class _Patient(WSGIRequestHandler):
    """Who connects and says nothing is not waited for."""

    timeout = SLOWEST


def _json(body: object, good: bool) -> Response:
    return Response(orjson.dumps(body), status=200 if good else 503, content_type="application/json")


@contextmanager
def listening(
    address: tuple[str, int] | None, app: Callable[[Any, Any], Any], setting: str = "run.listen"
) -> Iterator[int | None]:
    """Answer requests in a thread of its own; gives the port (that of a free one, for port 0), None for nowhere.

    setting: where the address stands in the configuration. Raises ConfigError where the address cannot be used.
    """
    if address is None:
        yield None
        return
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each scrape says nothing
    try:
        server = make_server(*address, app, threaded=True, request_handler=_Patient)
    except (OSError, SystemExit) as error:
        why = getattr(error, "strerror", None) or "it is in use, or not one of this machine"
        raise ConfigError(f"{setting}: cannot listen on {address[0]}:{address[1]}: {why}") from None
    thread = threading.Thread(target=server.serve_forever, name=setting, daemon=True)
    thread.start()
    try:
        yield int(server.server_port)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
