"""A mapping against the live schemas: would each system really take, and give, what the file says?

Pure: the schemas come as values, and what differs comes back as findings at the lines of the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from bridge.mapping.compiled import EntityMap
from bridge.mapping.source import Finding, Level, Steps, suggest
from bridge.mapping.units import Column, Unit
from bridge.ports.adapter import NativeField, NativeSchema
from bridge.ports.records import Condition, FieldSpec, NativeValue

_TEXTS: Final = frozenset({"text", "longtext", "email", "phone", "url", "choice", "other"})
_FITS: Final[Mapping[str, frozenset[str]]] = {
    "boolean": frozenset({"boolean", "other"}),
    "integer": frozenset({"integer", "decimal", "other"}),
    "decimal": frozenset({"decimal", "other"}),
    "money": frozenset({"decimal", "other"}),
    "date": frozenset({"date", "other"}),
    "datetime": frozenset({"datetime", "other"}),
    "list": frozenset({"multichoice", "reference", "text", "longtext", "other"}),
    "reference": frozenset({"reference", "other"}),
}
"""Canonical type -> native types that hold it; every other type is held by a text."""

_SIZED: Final = frozenset({"text", "email", "phone", "url", "longtext"})
_NAMED: Final = 5

Note = tuple[Level, Steps, str]


def check_live(
    emap: EntityMap, schemas: Mapping[str, NativeSchema], maps: Mapping[str, EntityMap] | None = None
) -> list[Finding]:
    """Findings for every system whose schema is given.

    maps: all compiled mappings, so that references can be checked against the object they should lead to.
    """
    notes: list[Note] = []
    for system, schema in schemas.items():
        if system in emap.systems:
            notes.extend(_System(emap, system, schema, maps or {}).notes())
    notes.extend(_lengths(emap, schemas))
    return [emap.source.finding(level, steps, message) for level, steps, message in notes]


class _System:
    """One system's half of the check."""

    def __init__(self, emap: EntityMap, system: str, schema: NativeSchema, maps: Mapping[str, EntityMap]) -> None:
        self.emap = emap
        self.system = system
        self.schema = schema
        self.maps = maps

    def notes(self) -> Iterator[Note]:
        yield from self._object()
        for unit in (*self.emap.units, *self.emap.cells):
            column = unit.columns.get(self.system)
            if column is not None:
                for spec in column.fields:
                    yield from self._path(unit, column, spec)
        yield from self._demanded()
        for condition in self.emap.where(self.system):
            yield from self._condition(condition, "where")
        for condition in self.emap.spec(self.system).new:
            yield from self._condition(condition, "new")
        for path, value in self.emap.deletes[self.system].archive.items():
            yield from self._archive(path, value)

    def _object(self) -> Iterator[Note]:
        place: Steps = ("systems", self.system)
        named = self.schema.object
        if self.schema.key_problem:
            yield "error", ("identity", "key", self.system), self.schema.key_problem
        if not self.schema.readable:
            yield "error", place, f"the integration user may not read {named}"
        if any(self.system in unit.writes for unit in self.emap.units):
            if not self.schema.createable:
                yield "error", place, f"the integration user may not create {named}"
            if not self.schema.updateable:
                yield "error", place, f"the integration user may not change {named}"

    def _path(self, unit: Unit, column: Column, spec: FieldSpec) -> Iterator[Note]:
        steps = _place(unit, self.system)
        native = self.schema.fields.get(spec.path)
        if native is None:
            guess = suggest(spec.path, self.schema.fields)
            yield "error", steps, f"{self.schema.object} of '{self.system}' has no field '{spec.path}'{guess}"
            return
        yield from self._rights(unit, column, native)
        if spec.path in column.silent:
            return  # read beside the field that is written, and judged with it
        yield from self._type(unit, column, spec, native)
        yield from self._choices(unit, column, spec.path, native)
        yield from self._target(unit, native)

    def _rights(self, unit: Unit, column: Column, native: NativeField) -> Iterator[Note]:
        steps = _place(unit, self.system)
        named = f"'{native.path}' of '{self.system}'"
        if self.system in unit.reads and not native.readable:
            yield "error", steps, f"{named} cannot be read by the integration user"
        if self.system not in unit.writes or native.path in column.silent:
            return
        once = self.system in unit.on_create_only
        if not native.createable and not native.updateable:
            yield "error", steps, f"{named} cannot be written; say 'direction: from {self.system}'"
        elif not native.updateable and not once:
            yield "error", steps, f"{named} can be set only when a record is created; say 'write: on create'"
        elif not native.createable and not unit.moves:  # a status with moves is told after the record is made
            level: Level = "error" if once else "warning"
            yield level, steps, f"{named} cannot be set when a record is created, only changed later"

    def _type(self, unit: Unit, column: Column, spec: FieldSpec, native: NativeField) -> Iterator[Note]:
        kind = _type_of(unit, column, spec.path)
        steps = _place(unit, self.system)
        if kind is None or spec.path in column.choices:
            return  # whole groups and value maps say themselves how a value is held
        named = f"'{spec.path}' of '{self.system}' is of type {native.type}"
        if spec.ref not in (None, "record"):
            return  # the adapter resolves it
        if native.type == "reference" and kind != "reference":
            yield "error", steps, f"{named} and needs a 'ref', such as country.iso2 or user.email"
        elif native.type == "html" and not column.lossy:
            yield "warning", steps, f"{named}: say 'transform: {{{self.system}: html_text}}' to keep markup out"
        elif kind in ("decimal", "money") and native.type == "integer":
            yield "warning", steps, f"{named}: what stands after the point is lost there"
        elif not column.lossy and native.type not in _FITS.get(kind, _TEXTS | {"html"}):
            yield "error", steps, f"{named} and does not hold a {kind}"

    def _choices(self, unit: Unit, column: Column, path: str, native: NativeField) -> Iterator[Note]:
        if native.choices is None:
            return
        steps = _place(unit, self.system)
        named = f"'{path}' of '{self.system}'"
        if path not in column.choices:
            wanted = [choice for known in unit.fields if not unit.members for choice in known.choices]
            for choice in sorted(set(wanted) - set(native.choices)):
                yield "error", steps, f"{named} does not offer '{choice}'; name its value in 'values'"
            return
        if self.system in unit.writes:
            level: Level = "error" if native.choices_closed else "warning"
            for word in sorted(column.written[path] - set(native.choices)):
                yield level, (*unit.place, "values"), f"{named} does not offer '{word}'{suggest(word, native.choices)}"
        if self.system in unit.reads:
            left = [word for word in native.choices if word not in column.choices[path]]
            if left:
                shown = ", ".join(f"'{word}'" for word in left[:_NAMED]) + (", …" if len(left) > _NAMED else "")
                yield (
                    "warning",
                    (*unit.place, "values"),
                    f"{named} offers {shown} too: a record with it stops this field",
                )

    def _target(self, unit: Unit, native: NativeField) -> Iterator[Note]:
        if unit.record_ref is None or native.target is None or unit.record_ref.entity not in self.maps:
            return
        wanted = self.maps[unit.record_ref.entity].spec(self.system).object
        if native.target != wanted:
            message = f"'{native.path}' of '{self.system}' leads to {native.target}, but {unit.record_ref.entity} is"
            yield "error", _place(unit, self.system), f"{message} {wanted} there"

    def _demanded(self) -> Iterator[Note]:
        """What the system demands of a new record comes from somewhere."""
        writers = {
            path: unit for unit in self.emap.units if self.system in unit.writes for path in unit.paths(self.system)
        }
        if not writers:
            return
        spec = self.emap.spec(self.system)
        fixed = {spec.key} | {one.path for one in spec.given}
        own = (n.path for n in self.schema.fields.values() if n.required and n.createable and "." not in n.path)
        for path in dict.fromkeys([*self.schema.required, *own]):
            unit = writers.get(path)
            if path in fixed:
                continue
            if unit is None:
                message = f"{self.schema.object} of '{self.system}' demands '{path}', which no field is written to"
                yield "error", ("systems", self.system), message
            elif not unit.required and unit.default_for(self.system) is None:
                message = f"'{self.system}' demands '{path}': say 'required: yes', or give a default"
                yield "warning", _place(unit, self.system), message

    def _condition(self, condition: Condition, word: str) -> Iterator[Note]:
        place: Steps = ("systems", self.system, word)
        native = self.schema.fields.get(condition.path)
        if native is None and self._leads_on(condition.path):
            return
        if native is None:
            guess = suggest(condition.path, self.schema.fields)
            yield "error", place, f"{self.schema.object} of '{self.system}' has no field '{condition.path}'{guess}"
            return
        if native.choices is None or condition.value is None or native.type == "boolean":
            return
        values = condition.value if isinstance(condition.value, tuple) else (str(condition.value),)
        for word in values:
            if word not in native.choices:
                guess = suggest(word, native.choices)
                yield "error", place, f"'{condition.path}' of '{self.system}' does not offer '{word}'{guess}"

    def _archive(self, path: str, value: NativeValue) -> Iterator[Note]:
        """The field by which a record is archived is there and can be changed."""
        native = self.schema.fields.get(path)
        if native is not None and not native.updateable:
            words = f"'{path}' of '{self.system}' cannot be written: no record can be archived by it"
            yield "error", ("systems", self.system, "deletes"), words
        yield from self._condition(Condition(path, "=", value if isinstance(value, str) else None), "deletes")

    def _leads_on(self, path: str) -> bool:
        """Whether it is a field of the record that a reference leads to: `location_id.complete_name`."""
        head, dotted, _ = path.partition(".")
        native = self.schema.fields.get(head)
        return bool(dotted) and native is not None and native.type == "reference"


def _place(unit: Unit, system: str) -> Steps:
    return unit.place if unit.members else (*unit.place, system)


def _type_of(unit: Unit, column: Column, path: str) -> str | None:
    """The canonical type that a native path has to hold; None for a group kept in one field."""
    if not unit.members:
        return unit.fields[0].type
    member = column.member_at(path)
    return next((known.type for known in unit.fields if known.name == member), None)


def _lengths(emap: EntityMap, schemas: Mapping[str, NativeSchema]) -> Iterator[Note]:
    """Where one system holds longer texts than another that is written."""
    for unit in (*emap.units, *emap.cells):
        for known in unit.fields:
            sizes = {
                system: native
                for system, schema in schemas.items()
                if (native := _single(unit, system, known.name, schema)) is not None and native.type in _SIZED
            }
            for system, native in sizes.items():
                longer = sorted(
                    other
                    for other, theirs in sizes.items()
                    if other != system and other in unit.reads and (theirs.length or 10**9) > (native.length or 10**9)
                )
                if longer and system in unit.writes:
                    message = f"'{native.path}' of '{system}' holds {native.length} characters, fewer than "
                    yield (
                        "warning",
                        _place(unit, system),
                        f"{message}{', '.join(longer)}: a longer text is refused there",
                    )


def _single(unit: Unit, system: str, name: str, schema: NativeSchema) -> NativeField | None:
    """The one native field of a field or member; None where it has several, or shares one."""
    column = unit.columns.get(system)
    if column is None:
        return None
    paths = column.paths if not unit.members else tuple(p for p in column.paths if column.member_at(p) == name)
    return schema.fields.get(paths[0]) if len(paths) == 1 else None
