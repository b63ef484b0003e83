"""Traces, for who collects them with OpenTelemetry: a span for each cycle, and inside it one for each reading and
delivery of an entity of a system.

Needs the extra `telemetry`, and the standard variables (OTEL_EXPORTER_OTLP_ENDPOINT and friends) to say where to. A
span holds names of systems and entities, the run, and how long it took.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, Final

from bridge.engine.runtime import Spans

WANTED: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
NAME: Final = "bridge"
GOODBYE: Final = 3.0
"""Seconds that the end of the daemon waits for the last spans to be taken."""


def no_spans(name: str, **what: str) -> nullcontext[None]:
    """Nobody traces."""
    return nullcontext()


@contextmanager
def tracing(log: Any, environment: Mapping[str, str] = os.environ) -> Iterator[Spans]:
    """What opens spans, as long as the daemon lives; where nobody asks for traces, or the packages are missing, what
    does nothing."""
    if not any(environment.get(name) for name in WANTED) or environment.get("OTEL_SDK_DISABLED") == "true":
        yield no_spans
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("no traces", what="OpenTelemetry is not installed", to_do="Install bridge-sync[telemetry].")
        yield no_spans
        return
    # A collector that is away is none of our business, and its address may hold a key.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    named = {} if environment.get("OTEL_SERVICE_NAME") else {"service.name": NAME}
    provider = TracerProvider(resource=Resource.create(named))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    try:
        yield spans_of(provider.get_tracer(NAME))
    finally:
        last = threading.Thread(target=provider.shutdown, name="last spans", daemon=True)
        last.start()
        last.join(GOODBYE)


def spans_of(tracer: Any) -> Spans:
    """Spans of an OpenTelemetry tracer. Of an error only its kind is kept: its text and frames go nowhere."""

    @contextmanager
    def span(name: str, **what: str) -> Iterator[None]:
        named = {f"{NAME}.{word}": value for word, value in what.items()}
        with tracer.start_as_current_span(
            f"{NAME}.{name}", attributes=named, record_exception=False, set_status_on_exception=False
        ) as one:
            try:
                yield
            except Exception as error:
                one.set_attribute("error.type", type(error).__name__)
                raise

    return span
