"""The lens laws, checked by drawing samples: a mapping that breaks one would never come to rest, or lose data.

1. What was written is what is read (unless the transform is declared lossy).
2. Written, read and written again is the same as written once: also a lossy system comes to rest.
3. Writing back what was read changes nothing in its meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from bridge.canonical.models import CanonicalField
from bridge.canonical.samples import sample
from bridge.canonical.values import InvalidValue
from bridge.mapping.compiled import EntityMap
from bridge.mapping.source import Finding, Steps
from bridge.mapping.units import Column, Unit
from bridge.ports.records import NativeValue
from bridge.ports.work import Canonical, Scalar

SAMPLES: Final = 60
_SHOWN: Final = 80
_EMPTY_MEMBERS: Final = 0.2


def check_laws(emap: EntityMap, samples: int = SAMPLES, seed: int = 1) -> list[Finding]:
    """Findings for every unit and system that breaks a law; at most one for each law. Samples are invented values."""
    findings: list[Finding] = []
    for unit in (*emap.units, *emap.cells):
        if unit.kind == "rows":
            continue
        for system, column in unit.columns.items():
            steps = _steps(unit, system)
            for message in _breaches(unit, column, samples, Random(f"{seed}:{unit.name}:{system}")):  # noqa: S311 - samples, no secret
                findings.append(emap.source.finding("error", steps, message))
    return findings


def _steps(unit: Unit, system: str) -> Steps:
    return unit.place if unit.members else (*unit.place, system)


def _breaches(unit: Unit, column: Column, samples: int, rng: Random) -> Iterator[str]:
    if column.one_way:
        yield from _reading_only(column)
        return
    told: set[str] = set()
    refused = 0
    for _ in range(samples):
        value = _sample(unit, column, rng)
        try:
            breach = _first_breach(column, value, rng)
        except InvalidValue:
            refused += 1  # reported when it happens, never lost; but it must not be the rule
            continue
        except Exception as error:
            breach = f"the transform failed with {type(error).__name__} for {_shown(value)}"
        if breach and breach.partition(":")[0] not in told:
            told.add(breach.partition(":")[0])
            yield breach
    if refused * 2 > samples:
        yield f"'{column.system}' can express only {samples - refused} of {samples} sample values"


def _first_breach(column: Column, value: Canonical, rng: Random) -> str | None:
    natives = tuple(column.write(value))
    if len(natives) != len(column.paths):
        return f"the transform writes {len(natives)} values for {len(column.paths)} native fields"
    back = _read(column, natives)
    if not column.lossy and back != value:
        return f"what is written is not what is read: {_shown(value)} reads back as {_shown(back)}"
    if tuple(column.write(back)) != natives:
        return f"it never comes to rest: {_shown(value)} is written differently the second time"
    if any(native is not None for native in column.write(None)):
        return "an empty value is not written as empty"
    return _read_back_breach(column, _roughened(natives, rng))


def _read_back_breach(column: Column, natives: Sequence[NativeValue]) -> str | None:
    try:
        seen = _read(column, natives)
    except InvalidValue:
        return None  # a value that cannot be read stops its field; nothing is written back
    try:
        again = _read(column, tuple(column.write(seen)))
    except InvalidValue:
        return f"what is read cannot be written back: {_shown(seen)}"
    return None if again == seen else f"writing back what was read changes it: {_shown(seen)} to {_shown(again)}"


def _reading_only(column: Column) -> Iterator[str]:
    try:
        column.read(*[None] * len(column.paths))
    except Exception as error:
        yield f"the transform failed with {type(error).__name__} for an empty value"


def _read(column: Column, natives: Sequence[NativeValue]) -> Canonical:
    """As the compiled map reads: a single empty path is empty without asking anybody."""
    return None if len(natives) == 1 and natives[0] is None else column.read(*natives)


def _roughened(natives: Sequence[NativeValue], rng: Random) -> list[NativeValue]:
    """Native values as people leave them: blanks around, another case, a field left empty."""
    rough: list[NativeValue] = []
    for native in natives:
        if isinstance(native, str):
            shapes = (native, f"  {native} ", native.upper(), native.lower(), native.replace(" ", "  "), None)
            rough.append(rng.choice(shapes))
        else:
            rough.append(native)
    return rough


def _sample(unit: Unit, column: Column, rng: Random) -> Canonical:
    """A value of the unit, as far as this system can express it."""
    if not unit.members:
        return _drawn(unit.fields[0], column, rng)
    mine: dict[str, Scalar] = {}
    for known in unit.fields:
        if known.name in column.members:
            value = None if rng.random() < _EMPTY_MEMBERS else _drawn(known, column, rng)
            mine[known.name] = None if isinstance(value, list) else value
    return mine if any(value is not None for value in mine.values()) else None


def _drawn(known: CanonicalField, column: Column, rng: Random) -> Scalar | list[str]:
    """One of the values that a value map names, or any value of the type."""
    named = column.named.get(known.name)
    return rng.choice(named) if named else sample(known, rng)


def _shown(value: Canonical) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
