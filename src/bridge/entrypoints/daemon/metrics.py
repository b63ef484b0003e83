"""Figures for Prometheus: what happened is counted as it happens; what is, is asked of the store when one looks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import DBAPIError

from bridge.config import Config
from bridge.engine.budget import left
from bridge.engine.circuit import open_circuits
from bridge.engine.meter import known_budgets
from bridge.engine.pausing import covered, paused, paused_entities
from bridge.engine.report import Report
from bridge.engine.stops import all_stops
from bridge.entrypoints.daemon.pulse import Pulse
from bridge.entrypoints.daemon.webhooks import Outcome
from bridge.store import Database

BUCKETS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3600.0)
"""Seconds: a quiet cycle takes less than the first few, a first contact up to the last."""


class Metrics:
    """The counters, and the registry that holds everything."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        place = ("system", "entity")
        self._read = Counter("bridge_records_read", "Records delivered by a system.", place, registry=self.registry)
        self._writes = Counter("bridge_writes", "Records written.", (*place, "operation"), registry=self.registry)
        self._calls = Counter("bridge_api_calls", "HTTP calls.", place, registry=self.registry)
        self._conflicts = Counter("bridge_conflicts", "Conflicts, settled or held.", place, registry=self.registry)
        self._drifted = Counter("bridge_drifted", "Records changed untold.", place, registry=self.registry)
        self._troubles = Counter("bridge_troubles", "Errors by code.", ("system", "code"), registry=self.registry)
        self._cycles = Histogram("bridge_cycle_seconds", "Time of a cycle.", buckets=BUCKETS, registry=self.registry)

        self._hints = Counter("bridge_hints", "Webhooks' hints.", ("system", "outcome"), registry=self.registry)
        self._refused = Counter("bridge_webhooks_refused", "Refused.", ("system", "status"), registry=self.registry)
        self._settled = Histogram(
            "bridge_hint_seconds", "From hint to settled.", ("system",), buckets=BUCKETS, registry=self.registry
        )

    def webhook(self, outcome: Outcome) -> None:
        """Add what became of a webhook."""
        for name, number in (("new", outcome.told), ("known", outcome.again), ("not mapped", outcome.other)):
            if number:
                self._hints.labels(outcome.system, name).inc(number)
        if outcome.status >= 400:
            self._refused.labels(outcome.system, str(outcome.status)).inc()

    def settled(self, system: str, after: timedelta) -> None:
        """A record of which a system told was looked at, and what came of it was written."""
        self._settled.labels(system).observe(after.total_seconds())

    def count(self, report: Report) -> None:
        """Add the figures of a run."""
        self._cycles.observe(report.seconds)
        for (system, entity), tally in report.tallies.items():
            self._read.labels(system, entity).inc(tally.read)
            self._calls.labels(system, entity).inc(tally.api_calls)
            self._conflicts.labels(system, entity).inc(tally.conflicts)
            self._drifted.labels(system, entity).inc(tally.drifted)
            for operation, number in (("create", tally.created), ("update", tally.updated), ("delete", tally.deleted)):
                if number:
                    self._writes.labels(system, entity, operation).inc(number)
        for system, calls in report.sessions.items():
            self._calls.labels(system, "").inc(calls)
        for trouble in report.troubles:
            self._troubles.labels(trouble.system, trouble.code).inc()


class Standing(Collector):
    """How things stand at the moment of the question. pulse, config, places: functions, since a reload changes them."""

    def __init__(
        self,
        store: Database,
        pulse: Callable[[], Pulse],
        config: Callable[[], Config],
        places: Callable[[], Collection[tuple[str, str]]],
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._pulse, self._config, self._places, self._clock = store, pulse, config, places, clock

    def describe(self) -> list[Metric]:
        """Nothing is asked of the store when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All gauges; without an answer of the store, those that need none."""
        now, pulse = self._clock(), self._pulse()
        age = GaugeMetricFamily("bridge_read_age_seconds", "Since the last good reading.", labels=["system", "entity"])
        for place in self._places():
            at = pulse.read.get(place)
            if at is not None:
                age.add_metric(place, (now - at).total_seconds())
        yield age
        silent = GaugeMetricFamily("bridge_nothing_new", "1 while too silent.", labels=["system", "entity"])
        for place in self._places():
            silent.add_metric(place, float(place in pulse.silent))
        yield silent
        yield GaugeMetricFamily("bridge_up", "1 while cycles work, 0 in a fault.", value=0.0 if pulse.fault else 1.0)
        refused = 1.0 if pulse.refused else 0.0
        yield GaugeMetricFamily("bridge_reload_refused", "1 while changed files are broken.", value=refused)
        with suppress(DBAPIError):
            yield from self._of_the_store(now)

    def _of_the_store(self, now: datetime) -> list[Metric]:
        config = self._config()
        entries = GaugeMetricFamily("bridge_outbox_entries", "Entries.", labels=["system", "entity", "state"])
        oldest = GaugeMetricFamily(
            "bridge_outbox_oldest_seconds", "Age of the oldest entry.", labels=["system", "entity"]
        )
        held = GaugeMetricFamily("bridge_conflicts_held", "Fields that wait for a person.", labels=["entity"])
        review = GaugeMetricFamily(
            "bridge_links_in_review", "Records that wait for a person.", labels=["system", "entity"]
        )
        off = GaugeMetricFamily("bridge_system_off", "1 while left alone.", labels=["system", "why"])
        still = GaugeMetricFamily("bridge_entity_paused", "1 while a person paused it.", labels=["system", "entity"])
        quota = GaugeMetricFamily("bridge_calls_left", "Calls left to bridge in 24 hours.", labels=["system"])
        waiting = GaugeMetricFamily("bridge_hints_waiting", "Hints not looked at yet.", labels=["system"])
        with self._store.begin() as uow:
            hints = uow.hint_counts() if config.run.hooks else {}
            counts, ages, disputes = uow.queue_counts(), uow.queue_ages(), uow.conflict_counts()
            reviews = uow.review_counts()
            alone = covered(self._places(), paused_entities(uow).values())
            pauses, circuits = paused(uow, config.systems), open_circuits(uow, config.systems)
            budgets, stops = known_budgets(uow), [stop for stop in all_stops(uow) if stop.approved is None]
        for system, number in hints.items():
            waiting.add_metric([system], number)
        for place, number in counts.items():
            entries.add_metric(place, number)
        for of, since in ages.items():
            oldest.add_metric(of, (now - since).total_seconds())
        for (entity, state), number in disputes.items():
            if state == "held":
                held.add_metric([entity], number)
        for (entity, system), (number, _) in reviews.items():
            review.add_metric([system, entity], number)
        for of in self._places():
            still.add_metric(of, float(of in alone))
        for system in config.systems:
            off.add_metric([system, "paused"], float(system in pauses))
            off.add_metric([system, "not answering"], float(system in circuits))
            off.add_metric([system, "stopped by a guard"], float(any(stop.system == system for stop in stops)))
            if system in budgets:
                room = left(budgets[system], config.systems[system].budget, "live", now)
                if room is not None:
                    quota.add_metric([system], max(room, 0))
        return [entries, oldest, held, review, off, still, quota, waiting]
