"""Profile: what is in the source, and what of it will not fit the target. Counts in bounded memory, page by page.

Pure: pages come in, figures come out. No value of a record is kept, but for the words of choices (a status, a
currency); a record that does not fit is named by its id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bridge.engine.migrate.sketch import Sketch, Words
from bridge.engine.plan.identity import match_keys
from bridge.mapping.compiled import EntityMap
from bridge.mapping.units import Column, Unit
from bridge.ports.adapter import NativeField, NativeSchema
from bridge.ports.errors import MappingError
from bridge.ports.records import BadRow, NativeRecord, NativeValue
from bridge.ports.work import Canonical

NAMED: Final = 5
"""Ids of records that are named for each misfit."""

KEYS: Final = 32_768
"""Values of a match rule that are counted exactly: who has fewer duplicates than that wants to know how many."""

CHOICES: Final = frozenset({"choice", "boolean", "country", "currency", "language", "unit", "region"})
"""Types of which the words themselves are told: they say nothing of a person."""


@dataclass(slots=True)
class FieldProfile:
    """One unit: how many records have a value, and how many different ones. stays: why they are not carried over."""

    unit: str
    kind: str
    stays: str = ""
    filled: int = 0
    values: Sketch = field(default_factory=Sketch)
    words: Words | None = None


@dataclass(slots=True)
class Misfit:
    """One reason why values do not fit: in how many records, and the ids of a few."""

    number: int = 0
    ids: list[str] = field(default_factory=list)


class Profile:
    """What the records of one entity are like. See `as_json` for the figures.

    schema: of the target's object, None where it could not be had: then only the mapping is asked what fits.
    """

    def __init__(self, emap: EntityMap, source: str, target: str, schema: NativeSchema | None) -> None:
        self.emap, self.source, self.target, self.schema = emap, source, target, schema
        self.records = 0
        self.archived = 0
        self.bad = 0
        units = [unit for unit in emap.units if unit.columns.get(source) is not None and unit.kind != "rows"]
        self.units = {unit.name: unit for unit in units}
        self.fields = {unit.name: _empty(unit, target) for unit in units}
        self.rows: Counter[str] = Counter()
        self.misfits: dict[tuple[str, str], Misfit] = {}
        self._rules = {index: Sketch(KEYS) for index, rule in enumerate(emap.match) if rule.kind == "same"}

    def add(self, records: Iterable[NativeRecord]) -> None:
        """Count one page."""
        for record in records:
            self.records += 1
            self.archived += record.archived
            decoded = self.emap.decode(self.source, record.values)
            for problem in decoded.problems:
                self._misfit(problem.unit, f"cannot be read: {problem.message}", record.native_id)
            troubled = {problem.unit for problem in decoded.problems}
            for name, unit in self.units.items():
                self._see(unit, decoded.values.get(name), record.native_id, troubled=name in troubled)
            for table, _ in self.emap.keys_in(record.values, self.source):
                self.rows[table] += 1
            self._match(decoded.values)

    def add_bad(self, rows: Iterable[BadRow]) -> None:
        """Count the rows of a page that the source could not give; each is named by its place."""
        for row in rows:
            self.bad += 1
            self._misfit(row.column or "(row)", f"is a bad row: {row.reason}", row.place)

    def _see(self, unit: Unit, value: Canonical, native_id: str, *, troubled: bool) -> None:
        said = self.fields[unit.name]
        if value is not None and value != []:
            said.filled += 1
            said.values.add(repr(value))
            if said.words is not None:
                said.words.add(str(value))
        if self.target not in unit.writes or self.target not in unit.columns:
            return
        if value is None:
            if unit.required and unit.default_for(self.target) is None and not troubled:
                self._misfit(unit.name, "is required and empty", native_id)
            return
        if unit.record_ref is None:
            for reason in self._unfit(unit, value):
                self._misfit(unit.name, reason, native_id)

    def _unfit(self, unit: Unit, value: Canonical) -> Iterable[str]:
        try:
            natives = self.emap.encode_unit(self.target, unit, value)
        except MappingError as error:
            return [error.message.partition(": ")[2] or error.message]
        return self._refused(unit.columns[self.target], natives)

    def _refused(self, column: Column, natives: Mapping[str, NativeValue]) -> list[str]:
        refs = {spec.path for spec in column.fields if spec.ref}
        known = self.schema.fields if self.schema is not None else {}
        found = [(path, known.get(path), native) for path, native in natives.items()]
        reasons = [f"lacks {path}, without which {self.target} takes none" for path, told, native in found
                   if native is None and told is not None and told.required and len(found) > 1]  # fmt: skip
        plain = [(path, told, native) for path, told, native in found if path not in refs and told is not None]
        return [*reasons, *(reason for path, told, native in plain for reason in unfit(path, told, native))]

    def _match(self, values: Mapping[str, Canonical]) -> None:
        for index, sketch in self._rules.items():
            for _, key in match_keys([self.emap.match[index]], values):
                sketch.add(key)

    def _misfit(self, unit: str, reason: str, native_id: str) -> None:
        found = self.misfits.setdefault((unit, reason), Misfit())
        found.number += 1
        if len(found.ids) < NAMED:
            found.ids.append(native_id)

    def as_json(self) -> dict[str, Any]:
        """The figures as plain values."""
        rules = {index: sketch for index, sketch in self._rules.items() if sketch.surplus}
        misfits = sorted(self.misfits.items(), key=lambda item: (-item[1].number, item[0]))
        return {
            "records": self.records,
            "archived": self.archived,
            "bad": self.bad,
            "rows": dict(self.rows),
            "fields": [_field(one, self.records) for one in self.fields.values()],
            "misfits": [
                {"field": unit, "reason": reason, "records": one.number, "ids": one.ids}
                for (unit, reason), one in misfits
            ],
            "duplicates": [
                {"same": list(self.emap.match[index].fields), "values": sketch.doubled, "surplus": sketch.surplus,
                 "exact": sketch.exact}
                for index, sketch in rules.items()
            ],
        }  # fmt: skip


def _empty(unit: Unit, target: str) -> FieldProfile:
    worded = unit.kind in CHOICES or any(column.named for column in unit.columns.values())
    stays = "" if unit.control or target in unit.writes else f"the mapping never writes it to {target}"
    if target not in unit.columns:
        stays = f"the mapping has no place for it in {target}"
    return FieldProfile(unit.name, unit.kind, stays, words=Words() if worded and not unit.members else None)


def _field(one: FieldProfile, records: int) -> dict[str, Any]:
    return {
        "field": one.unit,
        "type": one.kind,
        "filled": one.filled,
        "stays": one.stays,
        "share": round(one.filled / records, 4) if records else 0.0,
        "distinct": one.values.distinct,
        "exact": one.values.exact,
        "top": [list(pair) for pair in one.words.top(10)] if one.words is not None else [],
    }


def unfit(path: str, told: NativeField, native: NativeValue) -> list[str]:
    """Why a native value does not fit a field of the target; empty where nothing is known against it."""
    if native is None:
        return []
    found = []
    if isinstance(native, str) and told.length is not None and len(native) > told.length:
        found.append(f"is longer than the {told.length} characters of {path}")
    if told.choices and told.choices_closed and _unknown(native, told.choices):
        found.append(f"is no choice of {path}")
    if not told.createable and not told.updateable:
        found.append(f"cannot be written to {path}")
    return found


def _unknown(native: NativeValue, choices: Sequence[str]) -> bool:
    said = native if isinstance(native, list) else [str(native)]
    return any(one not in choices for one in said)
