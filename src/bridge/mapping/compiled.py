"""A mapping, compiled: what merge, plan and delivery use. Immutable, without I/O, and quick.

What it is made of stands in `units`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from bridge.canonical.values import InvalidValue
from bridge.mapping.deletes import Deletes
from bridge.mapping.outline import Outline
from bridge.mapping.source import Source
from bridge.mapping.units import Column, Decoded, FieldProblem, Key, MatchRule, Policy, Table, Unit, cell_of
from bridge.ports.errors import MappingError
from bridge.ports.records import Condition, NativeValue, ObjectSpec, split_row_path
from bridge.ports.work import Canonical

Told = tuple[Unit, str, str | None, Column | None]
_Step = tuple[str, str | None, tuple[str, ...], Callable[..., Canonical]]
_ROWS_REMEMBERED = 4096
_NO_DELETES: Mapping[str, Deletes] = {}


class EntityMap:
    """The compiled mapping of one entity between any number of systems.

    systems: in the order of the mapping file, which settles ties.
    depends_on: entities whose records this one refers to (itself, where records have parents).
    first_contact: how differing values are settled when records meet for the first time; None = held for a person.
    deletes: system -> what deletes mean there; a system that is not named keeps its records and its deletes count.
    outline: the same line by line; None for a mapping that comes from no file.
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
        deletes: Mapping[str, Deletes] = _NO_DELETES,
        outline: Outline | None = None,
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
        self.deletes: dict[str, Deletes] = {system: deletes.get(system, Deletes()) for system in specs}
        self.followers = frozenset(system for system, one in self.deletes.items() if one.follows)
        self.match: tuple[MatchRule, ...] = tuple(match)
        self.digest = digest
        self.outline = outline
        self.source = source or Source.nowhere(entity)
        self._specs = dict(specs)
        self._units = {unit.name: unit for unit in self.units}
        self._tables = {table.name: table for table in tables}
        self._row = lru_cache(maxsize=_ROWS_REMEMBERED)(self._make_row)
        self._plans = {system: self._plan(system, self.units) for system in specs}
        self._archive_units = {system: self._writers(system, one.archive) for system, one in self.deletes.items()}
        self._row_plans = {
            system: {table.keys.paths(system)[0]: self._plan(system, table.cells) for table in tables
                     if table.keys.paths(system)}
            for system in specs
        }  # fmt: skip
        plain = [unit for unit in self.units if unit.kind != "rows"]
        self._taken = {system: tuple(unit for unit in plain if system in unit.writes) for system in specs}
        self._constants = {
            system: tuple(unit for unit in self.units if system in unit.columns and not unit.paths(system))
            for system in specs
        }
        self.plain = frozenset(unit.name for unit in plain if unit.plain)
        self._told = {system: tuple(_told(unit, system) for unit in taken) for system, taken in self._taken.items()}
        self._shown = {
            system: tuple((unit, unit.paths(system)) for unit in self.units if unit.paths(system)) for system in specs
        }
        self.summed: tuple[Unit, ...] = tuple(unit for unit in self.units if unit.policy.kind == "sum")
        self.controls: tuple[Unit, ...] = tuple(unit for unit in self.units if unit.control)
        self.computed: tuple[Unit, ...] = tuple(unit for unit in units if unit.computed)
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
        for one in self._row(table, key) if table in self._tables else ():
            if one.name == name:
                return one
        raise KeyError(name)

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

    def minds_deletes(self, system: str) -> bool:
        """Whether anything follows from a delete made in this system: elsewhere, or there."""
        return bool(self.followers - {system}) or self.deletes[system].here == "restore"

    def archive_units(self, system: str) -> Mapping[str, str | None]:
        """Native path of a system's archive -> the unit that is written to it, None where no unit is."""
        return self._archive_units[system]

    def taken(self, system: str) -> tuple[Unit, ...]:
        """The units that are written to a system, without those that say which rows there are."""
        return self._taken[system]

    def told(self, system: str) -> tuple[Told, ...]:
        """The same, each with its name and, where nothing is special about the unit, with the path at which its value
        stands as it is, or else with its column."""
        return self._told[system]

    def shown(self, system: str) -> tuple[tuple[Unit, tuple[str, ...]], ...]:
        """The units that a system shows, without the cells of rows, each with its paths."""
        return self._shown[system]

    def constants(self, system: str) -> tuple[Unit, ...]:
        """The units that have one value in all records of a system."""
        return self._constants[system]

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

    def decode_unit(self, system: str, unit: Unit, values: Mapping[str, NativeValue]) -> Decoded:
        """As `decode`, for one unit, of a record or of a row."""
        found: dict[str, Canonical] = {}
        problems: list[FieldProblem] = []
        column = unit.columns.get(system)
        if column is not None:
            single = column.paths[0] if len(column.paths) == 1 else None
            _decode((unit.name, single, column.paths, column.read), values, found, problems)
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

    def _writers(self, system: str, archive: Iterable[str]) -> Mapping[str, str | None]:
        writing = [unit for unit in self.units if system in unit.writes and system not in unit.on_create_only]
        named = {path: unit.name for unit in writing for path in unit.paths(system)}
        return {path: named.get(path) for path in archive}

    def _plan(self, system: str, units: Iterable[Unit]) -> tuple[_Step, ...]:
        steps: list[_Step] = []
        for unit in units:
            column = unit.columns.get(system)
            if column is not None:
                single = column.paths[0] if len(column.paths) == 1 else None
                steps.append((unit.name, single, column.paths, column.read))
        return tuple(steps)


def _told(unit: Unit, system: str) -> Told:
    column = unit.columns.get(system) if unit.plain else None
    as_is = column is not None and column.as_is and not column.members
    return unit, unit.name, column.paths[0] if column is not None and as_is else None, column


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
    first = single or next(iter(paths), "")
    try:
        found[name] = read(*natives)
    except InvalidValue as error:
        problems.append(FieldProblem(name, error.path or first, error.code, error.message))
    except Exception as error:  # a site's own transform may raise anything; the other fields go on
        problems.append(FieldProblem(name, first, "transform", f"the transform failed ({type(error).__name__})"))
