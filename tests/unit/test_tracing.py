"""Traces: a span for each cycle, reading and delivery where somebody wants them; no trouble where nobody does."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bridge.adapters.memory import forget_worlds
from bridge.entrypoints.daemon.loop import Daemon
from bridge.entrypoints.daemon.site import load_site
from bridge.entrypoints.daemon.telling import voice
from bridge.entrypoints.daemon.tracing import no_spans, spans_of, tracing
from bridge.wiring import opened_store
from cli.conftest import CONFIG, MAPPING

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}


class Log:
    """Hears what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def warning(self, event: str, **fields: Any) -> None:
        self.said.append(fields["to_do"])


def test_nobody_asks() -> None:
    log = Log()
    with tracing(log, {}) as span, span("read", system="crm"):
        assert span is no_spans
    assert not log.said


def test_asked_for_and_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "opentelemetry"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    log = Log()
    with tracing(log, ENDPOINT) as span:
        assert span is no_spans
    assert log.said == ["Install bridge-sync[telemetry]."]


class Noted:
    """Spans by name, with what was around them when they began."""

    def __init__(self) -> None:
        self.open: list[str] = []
        self.seen: list[tuple[str, tuple[str, ...], dict[str, str]]] = []

    @contextmanager
    def __call__(self, name: str, **what: str) -> Iterator[None]:
        self.seen.append((name, tuple(self.open), what))
        self.open.append(name)
        try:
            yield
        finally:
            self.open.pop()


def test_a_cycle_with_its_readings_and_deliveries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forget_worlds()  # another test's systems may be called the same
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mappings").mkdir()
    (tmp_path / "bridge.yaml").write_text(CONFIG)
    (tmp_path / "mappings" / "customer.yaml").write_text(MAPPING)
    for system, object_ in (("crm", "Account"), ("erp", "Partner")):
        row = {"id": "1", "values": {"Name": "Muster GmbH"}, "at": "2026-03-01T00:00:00+00:00", "number": 1}
        held = {"writes": 1, "key_fields": [object_], "objects": {object_: [row] if system == "crm" else []}}
        (tmp_path / f"{system}.json").write_text(json.dumps(held))
    noted, site = Noted(), load_site(tmp_path / "bridge.yaml")
    with opened_store(site.config) as store, (tmp_path / "log").open("w") as to:
        daemon = Daemon(tmp_path / "bridge.yaml", site, store, voice(as_json=True, to=to), span=noted)
        daemon._turn()
        site.close()
    assert noted.seen[0][0] == "cycle"
    assert noted.seen[0][2].keys() == {"run"}
    inner = [(name, what["system"], what["entity"]) for name, around, what in noted.seen if around == ("cycle",)]
    assert [one for one in inner if one[0] == "read"] == [("read", "crm", "customer"), ("read", "erp", "customer")]
    assert ("deliver", "erp", "customer") in inner


def test_spans_of_opentelemetry() -> None:
    trace = pytest.importorskip("opentelemetry.sdk.trace")
    export = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    processor = pytest.importorskip("opentelemetry.sdk.trace.export").SimpleSpanProcessor
    exporter = export.InMemorySpanExporter()
    provider = trace.TracerProvider()
    provider.add_span_processor(processor(exporter))
    span = spans_of(provider.get_tracer("bridge"))
    with span("cycle", run="r1"), pytest.raises(RuntimeError), span("read", system="crm", entity="order"):
        raise RuntimeError("Erika Mustermann")
    read, cycle = exporter.get_finished_spans()
    assert (read.name, cycle.name) == ("bridge.read", "bridge.cycle")
    assert read.parent.span_id == cycle.context.span_id
    assert dict(read.attributes) == {"bridge.system": "crm", "bridge.entity": "order", "error.type": "RuntimeError"}
    assert "Erika" not in read.to_json()


def test_a_collector_that_is_away_keeps_nobody() -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    log = Log()
    with tracing(log, ENDPOINT) as span, span("cycle", run="r1"):
        assert span is not no_spans
    assert not log.said
