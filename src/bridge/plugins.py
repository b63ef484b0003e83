"""The adapters that are installed, found by entry points: the core has no list of names.

An adapter of another author may be broken: it cannot be imported, names no adapter, raises in its module. It is told
and left out; everything else works on. Where a system of the configuration needs it, a stand-in takes its place that
answers every call with what is wrong, so that the engine treats it like any system that does not let bridge in.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from pathlib import Path
from typing import Final, NoReturn

from bridge.ports.adapter import Adapter, Capabilities, Gate, Health, NativeSchema, SetupStep
from bridge.ports.errors import AdapterBroken, ConfigError
from bridge.ports.kind import AdapterKind
from bridge.ports.records import (
    ChangePage,
    CreateItem,
    DeleteItem,
    NativeRecord,
    ObjectSpec,
    UpdateItem,
    WriteResult,
)

GROUP: Final = "bridge.adapters"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Installed:
    """The entry points by name, and the names that several distributions offer, with these."""

    points: Mapping[str, EntryPoint]
    clashes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plugin:
    """One installed adapter. kind is None where it is left out; `problem` then says why."""

    name: str
    distribution: str
    version: str
    kind: AdapterKind | None = None
    problem: str | None = None


def installed() -> Installed:
    """What is installed, without importing any of it."""
    offers: dict[str, dict[str, EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        offers.setdefault(point.name, {}).setdefault(distribution(point), point)
    return Installed(
        {name: next(iter(points.values())) for name, points in sorted(offers.items()) if len(points) == 1},
        {name: tuple(sorted(points)) for name, points in sorted(offers.items()) if len(points) > 1},
    )


def distribution(point: EntryPoint) -> str:
    """The distribution that offers an adapter."""
    return point.dist.name if point.dist else "?"


def clash(name: str, distributions: Sequence[str]) -> str:
    """The sentence for a name that is offered twice."""
    return f"the adapter {name} is offered by {' and by '.join(distributions)}: uninstall all but one of them"


def loaded(point: EntryPoint) -> AdapterKind:
    """Import an adapter. Raises AdapterBroken saying what is wrong, without the text of the fault."""
    try:
        module = import_module(point.module)
    except (Exception, SystemExit) as fault:
        problem = _fault(fault)
    else:
        found: object = module
        for name in point.attr.split("."):
            found = getattr(found, name, None)
        if isinstance(found, AdapterKind):
            return found
        if callable(found) and not isinstance(found, type):
            return AdapterKind(found)
        problem = f"{_shown(found, point)}; it has to be a function make(system, settings) or an AdapterKind"
    version = f" {point.dist.version}" if point.dist else ""
    raise AdapterBroken(f"the adapter {point.name} ({distribution(point)}{version}) cannot be used: {problem}")


def plugins() -> list[Plugin]:
    """Every installed adapter, imported; what is broken says so."""
    have = installed()
    found = []
    for name, point in have.points.items():
        version = point.dist.version if point.dist else ""
        try:
            found.append(Plugin(name, distribution(point), version, kind=loaded(point)))
        except AdapterBroken as error:
            found.append(Plugin(name, distribution(point), version, problem=error.message))
    for name, several in have.clashes.items():
        found.append(Plugin(name, " and ".join(several), "", problem=clash(name, several)))
    return sorted(found, key=lambda plugin: plugin.name)


def columns_of(kind: AdapterKind) -> dict[str, str]:
    """The mapping columns that an adapter brings along: entity -> the text of a file (see `bridge.mapping.weave`)."""
    if not kind.columns:
        return {}
    module = import_module(kind.factory.__module__)
    folder = files(module.__name__ if hasattr(module, "__path__") else str(module.__package__)) / kind.columns
    if not folder.is_dir():
        return {}
    found = {path.name: path for path in folder.iterdir() if path.name.endswith(".yaml")}
    return {name.removesuffix(".yaml"): found[name].read_text(encoding="utf-8") for name in sorted(found)}


def made(point: EntryPoint, system: str, settings: Mapping[str, object]) -> Adapter:
    """The adapter of one system; a stand-in, and a line in the log, where the adapter is broken.

    Raises ConfigError naming every setting that cannot be used.
    """
    try:
        kind = loaded(point)
        adapter = _tried(kind, point, system, settings)
    except AdapterBroken as error:
        broken = AdapterBroken(error.message, system=system)
    else:
        return adapter
    _LOG.warning("%s is left out: %s", system, broken.message)
    return LeftOut(system, broken)


def _tried(kind: AdapterKind, point: EntryPoint, system: str, settings: Mapping[str, object]) -> Adapter:
    try:
        adapter = kind(system, settings)
    except (ConfigError, AdapterBroken):
        raise
    except Exception as fault:
        problem = f"making it failed ({_fault(fault)})"
    else:
        if isinstance(adapter, Adapter):
            return adapter
        problem = f"it makes an object of {type(adapter).__name__}, which lacks methods of bridge.ports.adapter.Adapter"
    raise AdapterBroken(f"the adapter {point.name} ({distribution(point)}) cannot be used: {problem}")


def _shown(found: object, point: EntryPoint) -> str:
    if found is None:
        return f"{point.module} has no {point.attr}"
    return f"{point.value} is {'a class' if isinstance(found, type) else f'an object of {type(found).__name__}'}"


def _fault(fault: BaseException) -> str:
    """What went wrong, without the text of the fault, which may quote anything."""
    if isinstance(fault, ImportError) and fault.name:
        missing = isinstance(fault, ModuleNotFoundError)
        return f"it cannot be imported: {'there is no module' if missing else 'something is missing in'} {fault.name}"
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(fault).__name__
    file = Path(trace.tb_frame.f_code.co_filename)
    return f"{type(fault).__name__} at {file.parent.name}/{file.name}:{trace.tb_lineno}"


class LeftOut:
    """Stands where an adapter cannot be used: every call is answered with what is wrong."""

    calls: Final = 0
    clock_skew: Final = None

    def __init__(self, system: str, error: AdapterBroken) -> None:
        self.system, self._error = system, error

    def __repr__(self) -> str:
        return f"LeftOut({self.system!r})"

    def _broken(self) -> NoReturn:
        raise AdapterBroken(self._error.message, system=self.system)

    def capabilities(self, spec: ObjectSpec) -> Capabilities:
        """Those of any system: nothing will be asked of it."""
        return Capabilities()

    def metered(self, gate: Gate) -> None:
        """It makes no calls."""

    def open(self, specs: Sequence[ObjectSpec]) -> None:
        """The reading says what is wrong."""

    def close(self) -> None:
        """There is nothing to release."""

    def amended(self, spec: ObjectSpec, cursor: str, records: Sequence[NativeRecord]) -> str:
        """As it is."""
        return cursor

    def check(self) -> Health:
        self._broken()

    def schema(self, spec: ObjectSpec) -> NativeSchema:
        self._broken()

    def setup(self, spec: ObjectSpec, *, apply: bool) -> list[SetupStep]:
        self._broken()

    def changes(self, spec: ObjectSpec, cursor: str | None, limit: int) -> ChangePage:
        self._broken()

    def refs(self, spec: ObjectSpec) -> Iterator[Sequence[str]]:
        self._broken()

    def fetch(self, spec: ObjectSpec, native_ids: Sequence[str]) -> dict[str, NativeRecord]:
        self._broken()

    def find(self, spec: ObjectSpec, keys: Sequence[str]) -> dict[str, list[NativeRecord]]:
        self._broken()

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        self._broken()

    def update(self, spec: ObjectSpec, items: Sequence[UpdateItem]) -> list[WriteResult]:
        self._broken()

    def booked(self, spec: ObjectSpec, references: Sequence[str]) -> set[str]:
        self._broken()

    def delete(self, spec: ObjectSpec, items: Sequence[DeleteItem]) -> list[WriteResult]:
        self._broken()
