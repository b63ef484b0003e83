"""`bridge run`: the daemon."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.entrypoints.alone import only_daemon
from bridge.entrypoints.cli.options import ConfigOption, place
from bridge.entrypoints.cli.output import DONE, errors_as_sentences

if TYPE_CHECKING:
    from bridge.entrypoints.daemon.loop import Daemon

SIGNALS = ("SIGTERM", "SIGINT", "SIGHUP")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="run")(run)


def run(
    config: ConfigOption = None,
    json: Annotated[bool, typer.Option("--json", help="Say what happens in lines of JSON.")] = False,
) -> None:
    """Keep all systems in step until stopped: read on the timetable of `run:`, write what is due at once.

    SIGTERM and Ctrl-C end it after the step that is under way, a second one ends it at once; SIGHUP reads configuration
    and mappings anew, as a changed file does.
    """
    with errors_as_sentences(as_json=json):
        _run(place(config), as_json=json)
    raise typer.Exit(DONE)


def _run(file: Path, *, as_json: bool) -> None:
    from bridge.entrypoints.daemon.health import Health, listening  # here: no other command needs a server
    from bridge.entrypoints.daemon.loop import Daemon
    from bridge.entrypoints.daemon.metrics import Metrics, Standing
    from bridge.entrypoints.daemon.site import load_site
    from bridge.entrypoints.daemon.telling import voice
    from bridge.entrypoints.daemon.tracing import tracing
    from bridge.entrypoints.daemon.webhooks import Webhooks
    from bridge.entrypoints.notify.needs import needs_of_daemon
    from bridge.entrypoints.notify.notifier import Notifier, notifying
    from bridge.wiring import opened_store

    log = voice(as_json=as_json)
    site = load_site(file)
    settings = site.config
    with opened_store(settings) as store, only_daemon(settings, store), tracing(log) as span:
        metrics = Metrics()
        daemon = Daemon(file, site, store, log, seen=metrics.count, span=span)
        standing = Standing(
            store, lambda: daemon.pulse, lambda: daemon.site.config, lambda: daemon.site.places, daemon.clock
        )
        metrics.registry.register(standing)
        daemon.hints.settled = metrics.settled
        hooks = settings.run.hooks
        webhooks = hooks and Webhooks(
            hooks,
            lambda: daemon.site,
            store,
            daemon.clock,
            stored=daemon.wake.set,
            seen=metrics.webhook,
            log=log,
        )
        notifier = Notifier(
            store,
            lambda: daemon.site.config,
            lambda: needs_of_daemon(fault=bool(daemon.pulse.fault), refused=len(daemon.pulse.refused)),
            log,
            daemon.clock,
            speaks=daemon.crew.speaks,
        )
        with (
            listening(settings.run.listen, Health(daemon, metrics.registry, daemon.clock)) as port,
            listening(hooks.listen if hooks else None, webhooks or _nobody, "run.webhooks.listen") as ear,
            _obeying(daemon),
            daemon.crew.on_duty(log),
            notifying(notifier),
        ):
            heard = {"webhooks": ear} if hooks else {}
            started = {"systems": sorted(settings.systems), "port": port, **heard, "process": os.getpid()}
            log.info("started", config=str(file), **started)
            daemon.live()
        log.info("stopped")


def _nobody(environ: Any, start_response: Any) -> Any:
    """Stands where nothing listens."""
    raise AssertionError("unreachable")


@contextmanager
def _obeying(daemon: Daemon) -> Iterator[None]:
    """Signals, as long as the daemon lives."""
    from bridge.entrypoints.daemon.ending import end_for_sure

    def obey(number: int, frame: FrameType | None) -> None:
        if number == getattr(signal, "SIGHUP", None):
            daemon.reload()
        elif daemon.halt.is_set():
            os._exit(130)
        else:
            daemon.log.info("stopping", within_seconds=daemon.site.config.run.stop_within.total_seconds())
            end_for_sure(daemon.site.config.run.stop_within, daemon.log, os._exit)
            daemon.stop()

    known = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    before = {number: signal.signal(number, obey) for number in known}
    try:
        yield
    finally:
        for number, how in before.items():
            signal.signal(number, how)
