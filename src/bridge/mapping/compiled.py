"""A mapping, compiled: what merge, plan and delivery use. Immutable, without I/O, and quick.

A *unit* is what is merged as one: a field, or a whole group such as an address. Its *column* in a system says at which
native paths that system keeps it, and turns native values into the canonical value and back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Literal, get_args

from bridge.canonical.models import CanonicalField
from bridge.canonical.values import InvalidValue
from bridge.mapping.source import Source
from bridge.ports.errors import MappingError
from bridge.ports.records import Condition, FieldSpec, NativeValue, ObjectSpec, split_row_path
from bridge.ports.work import Canonical, Scalar

PolicyKind = Literal["newest", "prefer", "ask", "highest", "lowest", "union", "sum", "owner"]
Moves = Mapping[str, frozenset[str]]
"""Value -> the values that can follow it, directly or by way of others."""
POLICY_KINDS: tuple[str, ...] = get_args(PolicyKind)

Empty = Literal["erases", "keeps"]
Missing = Literal["wait", "leave"]


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One unit of one record that cannot be read. The message is for a person and never holds the value.

    path: the native field where the trouble is.
    code: what kind of trouble: unknown value, transform, or the type that the value does not fit (email, date, ...).
    """

    unit: str
    path: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a record says: unit -> canonical value for what could be read, and a problem for each that could not."""

    values: dict[str, Canonical]
    problems: tuple[FieldProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """How a conflict on a unit is settled.

    order: the systems of `prefer`, best first; the unit that decides for `owner`; else empty.
    """

    kind: PolicyKind
    order: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind == "prefer":
            return f"prefer {' > '.join(self.order)}"
        return f"owner by {self.order[0]}" if self.kind == "owner" else self.kind


@dataclass(frozen=True, slots=True)
class RecordRef:
    """The unit holds the id of a record of this entity: native ids in systems, golden ids in the golden record."""

    entity: str


@dataclass(frozen=True, slots=True)
class MatchRule:
    """How records of different systems are recognised as the same.

    kind: same = equal canonical values; similar = alike enough.
    fields: units, or "unit.member" of a group. An empty value never matches.
    above: least likeness between 0 and 1, for similar.
    then: link them, or put the pair before a person.
    """

    kind: Literal["same", "similar"]
    fields: tuple[str, ...]
    above: Decimal | None = None
    then: Literal["link", "review"] = "link"


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One unit in one system.

    read: the native values at `paths`, in order -> canonical value; raises InvalidValue.
    write: canonical value -> native values in the same order; raises InvalidValue where it cannot be expressed.
    lossy: what is written may read back as less (declared by its transform). one_way: it cannot be written at all.
    choices: path -> the native values that a value map reads there; written: path -> those it writes;
        named: field or member -> the canonical values that its map has. All empty without a value map.
    homes: path -> member, for a group whose members have native fields of their own.
    silent: paths that are read and never written (the delivery status beside the state of an order).
    """

    system: str
    paths: tuple[str, ...]
    members: tuple[str, ...]
    fields: tuple[FieldSpec, ...]
    read: Callable[..., Canonical] = field(repr=False)
    write: Callable[[Canonical], Sequence[NativeValue]] = field(repr=False)
    lossy: bool = False
    one_way: bool = False
    choices: Mapping[str, frozenset[str]] = field(default_factory=dict)
    written: Mapping[str, frozenset[str]] = field(default_factory=dict)
    named: Mapping[str, tuple[Scalar | list[str], ...]] = field(default_factory=dict)
    homes: Mapping[str, str] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()

    def member_at(self, path: str) -> str | None:
        """The member of the group that lives at this path; None for a plain field, or a group kept in one field."""
        return self.homes.get(path)


@dataclass(frozen=True, slots=True)
class Unit:
    """What is merged as one.

    members: names of a group's members, in fixed order; empty for a plain field.
    fields: what the canonical model says of it: the field itself, or the group's members.
    kind: the canonical type, or "group".
    reads, writes: systems whose word counts, systems it is written to.
    on_create_only: systems that get it when a record is created and never again.
    empty: whether emptying it in one system empties it everywhere.
    default: what a create sends where the golden value is empty; `defaults` where that differs by system.
    missing: where the record (or user) it refers to is not in the target system: wait for it, or leave the field out.
    moves: for a status: which values can follow which; empty where any can follow any. It is written after all else.
    owners: for a status: value -> the systems whose word counts while it stands, best first.
    control: each system's own sum of the same thing: compared, never written.
    place: the entry of the mapping file that it comes from.
    """

    name: str
    kind: str
    columns: Mapping[str, Column] = field(repr=False, compare=False)
    members: tuple[str, ...] = ()
    fields: tuple[CanonicalField, ...] = field(default=(), repr=False, compare=False)
    policy: Policy = Policy("newest")
    record_ref: RecordRef | None = None
    required: bool = False
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    on_create_only: frozenset[str] = frozenset()
    empty: Empty = "erases"
    missing: Missing = "wait"
    default: Canonical = field(default=None, hash=False)
    defaults: Mapping[str, Canonical] = field(default_factory=dict, hash=False)
    moves: Moves = field(default_factory=dict, hash=False)
    owners: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    control: bool = False
    place: tuple[str, ...] = field(default=(), compare=False)

    def paths(self, system: str) -> tuple[str, ...]:
        """The native paths that hold this unit in a system; empty if it is not mapped there."""
        column = self.columns.get(system)
        return column.paths if column else ()

    def members_in(self, system: str) -> tuple[str, ...]:
        """The members of the group that a system can express; empty for a plain field."""
        column = self.columns.get(system)
        return column.members if column else ()

    def default_for(self, system: str) -> Canonical:
        """What a create in this system sends where the golden value is empty."""
        return self.defaults.get(system, self.default)


_Step = tuple[str, str | None, tuple[str, ...], Callable[..., Canonical]]
_ROWS_REMEMBERED = 8192
Key = tuple[str, str]
"""A table and the key of one of its rows."""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a record.

    keys: the unit that says which rows there are; its value is the sorted list of their keys.
    cells: the fields of a row, without a key: their names are "lines[].quantity", their paths "order_line[].qty".
    """

    name: str
    keys: Unit
    cells: tuple[Unit, ...]


def in_rows(template: str, names: Iterable[str]) -> list[str]:
    """The names that `template` stands for: "lines[].product" for that cell of every row; a plain one for itself."""
    head, marked, tail = template.partition("[]")
    if not marked:
        return [name for name in names if name == template]
    return [name for name in names if name.startswith(f"{head}[") and name.endswith(f"]{tail}")]


def cell_of(unit: Unit, key: str) -> Unit:
    """A field of the row with this key: a unit like any other."""
    place = f"[{key}]"
    columns = {
        system: replace(column, paths=tuple([path.replace("[]", place, 1) for path in column.paths]))
        for system, column in unit.columns.items()
    }
    return replace(unit, name=unit.name.replace("[]", place, 1), columns=columns)


class EntityMap:
    """The compiled mapping of one entity between any number of systems.

    systems: in the order of the mapping file, which settles ties.
    depends_on: entities whose records this one refers to (itself, where records have parents).
    first_contact: how differing values are settled when records meet for the first time; None = held for a person.
    digest: hex text that changes whenever the meaning of the mapping does, and not with comments or layout.
    """

    def __init__(
        self,
        *,
        entity: str,
        units: Sequence[Unit],
        specs: Mapping[str, ObjectSpec],
        match: Sequence[MatchRule] = (),
        first_contact: Policy | None = None,
        digest: str = "",
        source: Source | None = None,
        tables: Sequence[Table] = (),
    ) -> None:
        self.entity = entity
        self.systems: tuple[str, ...] = tuple(specs)
        self.units: tuple[Unit, ...] = (*units, *(table.keys for table in tables))
        self.tables: tuple[Table, ...] = tuple(tables)
        self.cells: tuple[Unit, ...] = tuple(cell for table in tables for cell in table.cells)
        self.record_units: tuple[Unit, ...] = tuple(unit for unit in (*units, *self.cells) if unit.record_ref)
        self.depends_on: tuple[str, ...] = tuple(
            dict.fromkeys(unit.record_ref.entity for unit in self.record_units if unit.record_ref)
        )
        self.first_contact = first_contact
        self.match: tuple[MatchRule, ...] = tuple(match)
        self.digest = digest
        self.source = source or Source.nowhere(entity)
        self._specs = dict(specs)
        self._units = {unit.name: unit for unit in self.units}
        self._tables = {table.name: table for table in tables}
        self._row = lru_cache(maxsize=_ROWS_REMEMBERED)(self._make_row)
        self._plans = {system: self._plan(system, self.units) for system in specs}
        self._row_plans = {
            system: {table.keys.paths(system)[0]: self._plan(system, table.cells) for table in tables
                     if table.keys.paths(system)}
            for system in specs
        }  # fmt: skip
        self.status: Unit | None = next((unit for unit in units if unit.owners), None)

    def __repr__(self) -> str:
        return f"EntityMap({self.entity!r}, {len(self.units)} units, systems={self.systems})"

    @property
    def hash(self) -> str:
        """The digest, under the name that the store keeps it by."""
        return self.digest

    def unit(self, name: str) -> Unit:
        """The unit of this name, "lines[k1].quantity" for one of a row. Raises KeyError for an unknown one."""
        found = self._units.get(name)
        if found is not None:
            return found
        table, key, _ = split_row_path(name) or ("", "", "")
        return next(one for one in (self._row(table, key) if table in self._tables else ()) if one.name == name)

    def keys_in(self, values: Mapping[str, Canonical], system: str | None = None) -> list[Key]:
        """The rows that a golden record has, or (with `system`) that native values have, table by table."""
        found: list[Key] = []
        for table in self.tables:
            paths = (table.name,) if system is None else table.keys.paths(system)
            keys = values.get(paths[0]) if paths else None
            if isinstance(keys, list):
                found.extend((table.name, key) for key in keys)
        return found

    def row(self, key: Key) -> tuple[Unit, ...]:
        """The units of one row."""
        return self._row(*key)

    def units_with(self, keys: Iterable[Key]) -> Sequence[Unit]:
        """All units of a record that has these rows; which rows there are comes before what stands in them."""
        if not self.tables:
            return self.units
        return [*self.units, *(unit for key in dict.fromkeys(keys) for unit in self._row(*key))]

    def _make_row(self, table: str, key: str) -> tuple[Unit, ...]:
        return tuple(cell_of(unit, key) for unit in self._tables[table].cells)

    def spec(self, system: str) -> ObjectSpec:
        """What an adapter needs to know. Raises KeyError for a system that this mapping does not name."""
        return self._specs[system]

    def where(self, system: str) -> tuple[Condition, ...]:
        """The conditions that make a native record one of this entity."""
        return self._specs[system].where

    def decode(self, system: str, values: Mapping[str, NativeValue]) -> Decoded:
        """Native values -> canonical values, for every unit all of whose paths are given. Bad data is a problem."""
        found: dict[str, Canonical] = {}
        problems: list[FieldProblem] = []
        for step in self._plans[system]:
            _decode(step, values, found, problems)
        if self.tables:
            for step in self._row_steps(system, values):
                _decode(step, values, found, problems)
        return Decoded(found, tuple(problems))

    def _row_steps(self, system: str, values: Mapping[str, NativeValue]) -> Iterator[_Step]:
        """The steps for every row of which a cell is given."""
        plans = self._row_plans[system]
        rows = dict.fromkeys(parts[:2] for path in values if (parts := split_row_path(path)) and parts[0] in plans)
        for native, key in rows:
            place = f"[{key}]"
            for name, single, paths, read in plans[native]:
                at = name.replace("[]", place, 1)
                if single is not None:
                    yield at, single.replace("[]", place, 1), (), read
                else:
                    yield at, None, tuple([path.replace("[]", place, 1) for path in paths]), read

    def encode(self, system: str, unit_name: str, value: Canonical) -> dict[str, NativeValue]:
        """A canonical value -> native values by path; empty where the system does not keep the unit.

        Raises MappingError where the system cannot express the value.
        """
        return self.encode_unit(system, self.unit(unit_name), value)

    def encode_unit(self, system: str, unit: Unit, value: Canonical) -> dict[str, NativeValue]:
        """As `encode`, for a unit at hand."""
        column, unit_name = unit.columns.get(system), unit.name
        if column is None:
            return {}
        try:
            natives = column.write(value)
        except InvalidValue as error:
            raise MappingError(f"{self.entity}.{unit_name}: {error.message}", system=system) from None
        except Exception as error:
            message = f"{self.entity}.{unit_name}: the transform failed ({type(error).__name__})"
            raise MappingError(message, system=system) from None
        written = dict(zip(column.paths, natives, strict=True))
        if column.silent:
            return {path: native for path, native in written.items() if path not in column.silent}
        return written

    def _plan(self, system: str, units: Iterable[Unit]) -> tuple[_Step, ...]:
        steps: list[_Step] = []
        for unit in units:
            column = unit.columns.get(system)
            if column is not None:
                single = column.paths[0] if len(column.paths) == 1 else None
                steps.append((unit.name, single, column.paths, column.read))
        return tuple(steps)


def _decode(
    step: _Step, values: Mapping[str, NativeValue], found: dict[str, Canonical], problems: list[FieldProblem]
) -> None:
    name, single, paths, read = step
    if single is not None:
        if single not in values:
            return
        native = values[single]
        if native is None:
            found[name] = None
            return
        natives: tuple[NativeValue, ...] = (native,)
    elif all(path in values for path in paths):
        natives = tuple([values[path] for path in paths])
    else:
        return
    first = single if single is not None else paths[0]
    try:
        found[name] = read(*natives)
    except InvalidValue as error:
        problems.append(FieldProblem(name, error.path or first, error.code, error.message))
    except Exception as error:  # a site's own transform may raise anything; the other fields go on
        problems.append(FieldProblem(name, first, "transform", f"the transform failed ({type(error).__name__})"))
