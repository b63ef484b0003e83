"""One entity in one system's own form: decode, encode, and "is the system in step with the golden value?".

References between records are native ids in a system and golden ids in the golden record; `RefBook` holds the
translations that a page needs, fetched beforehand, so that everything here stays a pure function.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field

from bridge.mapping.compiled import EntityMap
from bridge.mapping.units import Column, FieldProblem, Unit, in_rows
from bridge.ports.errors import MappingError
from bridge.ports.records import NativeValue
from bridge.ports.values import value
from bridge.ports.work import Canonical


@value(frozen=True, slots=True)
class RefBook:
    """golden_of: (system, entity, native id) -> golden id; native_of: (system, entity, golden id) -> native id.

    lost: (system, entity, native id) of records that were deleted there and are, or have been, made again.
    """

    golden_of: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    native_of: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    lost: frozenset[tuple[str, str, str]] = frozenset()


@value(frozen=True, slots=True)
class Reading:
    """What a record says, in canonical form.

    unresolved: unit -> (entity, native id) of a record that is not known yet.
    """

    values: Mapping[str, Canonical]
    unresolved: Mapping[str, tuple[str, str]]
    problems: tuple[FieldProblem, ...]


def normal(value: Canonical) -> Canonical:
    """A group without any member is empty."""
    if isinstance(value, dict) and all(member is None for member in value.values()):
        return None
    return value


def same(unit: Unit, a: Canonical, b: Canonical, members: tuple[str, ...] | None = None) -> bool:
    """Equal as far as `members` can tell (all members by default): a system cannot disagree on what it cannot hold."""
    if not unit.members:
        return a == b
    mine = a if isinstance(a, dict) else {}
    other = b if isinstance(b, dict) else {}
    return all(mine.get(name) == other.get(name) for name in (members or unit.members))


def complete(unit: Unit, value: Canonical, golden: Canonical, members: tuple[str, ...]) -> Canonical:
    """A system's word on a group, with the members that it cannot express kept from the golden value.

    An address that was emptied as far as the system can see is empty: no orphaned state code stays behind.
    """
    if not unit.members or not isinstance(value, dict) or not isinstance(golden, dict):
        return normal(value)
    if normal(value) is None:
        return None
    return {name: value.get(name) if name in members else golden.get(name) for name in unit.members}


def holds(column: Column, golden: Canonical, base: Mapping[str, NativeValue]) -> bool:
    """Whether a system holds the very values that would be sent; asked for every field of every record."""
    paths = column.paths
    if column.as_is:
        if not column.members:
            path = paths[0]
            return path in base and base[path] == golden
        members = golden if isinstance(golden, dict) else {}
        for path, member in zip(paths, column.members, strict=True):
            if path not in base or base[path] != members.get(member):
                return False
        return True
    try:
        natives = column.write(golden)
    except Exception:
        return False  # what is wrong with it is said where it is to be sent
    return all(path in base and base[path] == native for path, native in zip(paths, natives, strict=False))


def _says(column: Column, golden: Canonical, base: Mapping[str, NativeValue]) -> bool:
    """Whether the one field that a system has for a value says it in another spelling (a phone number with blanks)."""
    if column.members or len(column.paths) != 1 or (native := base.get(column.paths[0])) is None:
        return False
    try:
        return bool(column.read(native) == golden)
    except Exception:
        return False  # what is wrong with it is said where it is read


class Form:
    """An entity as one system has it."""

    def __init__(self, emap: EntityMap, system: str, refs: RefBook) -> None:
        self.emap = emap
        self.system = system
        self._refs = refs

    def read(self, values: Mapping[str, NativeValue]) -> Reading:
        """Decode native values; references become golden ids, or are reported as unresolved."""
        decoded = self.emap.decode(self.system, values)
        unresolved: dict[str, tuple[str, str]] = {}
        found: dict[str, Canonical] = dict(decoded.values)
        for unit in self.emap.record_units:
            for name in in_rows(unit.name, decoded.values):
                native = found[name]
                if not isinstance(native, str) or unit.record_ref is None:
                    continue
                golden_id = self._refs.golden_of.get((self.system, unit.record_ref.entity, native))
                if golden_id is None:
                    del found[name]
                    unresolved[name] = (unit.record_ref.entity, native)
                else:
                    found[name] = golden_id
        return Reading(found, unresolved, decoded.problems)

    def read_unit(self, unit: Unit, values: Mapping[str, NativeValue]) -> Reading:
        """As `read`, for one unit."""
        decoded = self.emap.decode_unit(self.system, unit, values)
        native = decoded.values.get(unit.name)
        if unit.record_ref is None or not isinstance(native, str):
            return Reading(decoded.values, {}, decoded.problems)
        golden_id = self._refs.golden_of.get((self.system, unit.record_ref.entity, native))
        if golden_id is None:
            return Reading({}, {unit.name: (unit.record_ref.entity, native)}, decoded.problems)
        return Reading({unit.name: golden_id}, {}, decoded.problems)

    def read_units(self, units: Iterable[Unit], values: Mapping[str, NativeValue]) -> dict[str, Canonical]:
        """What a record says of these units, as far as it can be read."""
        found: dict[str, Canonical] = {}
        for unit in units:
            found.update(self.read_unit(unit, values).values)
        return found

    def lost(self, unit: Unit, word: Canonical, base: Mapping[str, NativeValue]) -> bool:
        """Whether a reference is empty because the system itself emptied it when the record it led to was deleted, and
        that delete is taken back: nobody's edit."""
        if unit.record_ref is None or word is not None:
            return False
        held = [base.get(path) for path in unit.paths(self.system)]
        return any((self.system, unit.record_ref.entity, native) in self._refs.lost for native in held)

    def write(self, unit: Unit, value: Canonical) -> Mapping[str, NativeValue] | None:
        """Encode one unit; None where it refers to a record that this system does not have yet.

        Raises MappingError where the system cannot express the value.
        """
        if unit.record_ref is not None and value is not None:
            native = self._refs.native_of.get((self.system, unit.record_ref.entity, str(value)))
            if native is None:
                return None
            value = native
        return self.emap.encode_unit(self.system, unit, value)

    def in_step(
        self, unit: Unit, golden: Canonical, base: Mapping[str, NativeValue], echo: Mapping[str, NativeValue]
    ) -> bool:
        """Whether the system already shows the golden value, as it can.

        True if what would be sent is what it holds; or what was sent before and the system turned into what it holds
        (it normalises); or if what it holds means the golden value in another spelling (no cosmetic writes).
        """
        column = unit.columns.get(self.system)
        if column is not None and column.silent:
            return self._shows(unit, golden, base)
        plain = column if unit.record_ref is None else None
        if plain is not None and (holds(plain, golden, base) or _says(plain, golden, base)):
            return True
        try:
            due = self.write(unit, golden)
        except MappingError:
            due = None
        if due is not None and all(path in base and value == base[path] for path, value in due.items()):
            return True
        if due is not None and all(value == echo.get(path, base.get(path)) for path, value in due.items()):
            return True
        return self._means(unit, golden, base)

    def _means(self, unit: Unit, golden: Canonical, base: Mapping[str, NativeValue]) -> bool:
        if not all(path in base for path in unit.paths(self.system)):
            return False
        reading = self.read_unit(unit, base)
        if unit.name not in reading.values:
            return False
        return same(unit, reading.values[unit.name], golden, unit.members_in(self.system))

    def _shows(self, unit: Unit, golden: Canonical, base: Mapping[str, NativeValue]) -> bool:
        """For a status of which the system is told a part only: it shows the golden one, or all that it can be told.

        An order that was shipped elsewhere is "confirmed" at best here; one that is shipped here is not "confirmed".
        """
        if self._means(unit, golden, base):
            return True
        try:
            told = self.emap.encode_unit(self.system, unit, golden)
        except MappingError:
            return False
        silent = dict.fromkeys(unit.columns[self.system].silent)
        best = self.read_unit(unit, {**silent, **told}).values.get(unit.name)
        return self._means(unit, best, base)
