"""From a mapping line to the pair of functions that the hot path calls. Everything is decided here, once.

A *cell* is one field, or one member of a group, in one system.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bridge.canonical.models import CanonicalField
from bridge.canonical.types import FIELD_TYPES, Hints, Parser, Writer
from bridge.canonical.values import InvalidValue, Normal, Plain
from bridge.mapping.joined import STAGE
from bridge.mapping.pairs import Transform
from bridge.mapping.units import Column
from bridge.mapping.value_maps import ValueMap, native_word
from bridge.ports.records import FieldSpec, NativeValue
from bridge.ports.work import Canonical


@dataclass(frozen=True, slots=True)
class Cell:
    """One field or member in one system, ready to use."""

    name: str
    paths: tuple[str, ...]
    read: Callable[..., Normal]
    write: Callable[..., Sequence[NativeValue]]
    specs: tuple[FieldSpec, ...]
    lossy: bool = False
    one_way: bool = False
    values: ValueMap | None = None
    silent: frozenset[str] = frozenset()
    joined: bool = False
    constant: tuple[Normal, ...] = ()
    as_is: bool = False

    def inside(self, table: str) -> Cell:
        """The same as a field of the rows of a native table."""
        specs = tuple(replace(spec, path=f"{table}[].{spec.path}") for spec in self.specs)
        return replace(self, paths=tuple(spec.path for spec in specs), specs=specs)


def cell(
    known: CanonicalField,
    paths: tuple[str, ...],
    *,
    ref: str | None,
    transform: Transform | None,
    values: ValueMap | None,
    hints: Hints,
) -> Cell:
    """Join transform, value map and field type into one pair of functions."""
    kind = FIELD_TYPES[known.type]
    parse, out = _reader(known, kind.parser(hints), values), _writer(kind.write, values)
    native_type = "boolean" if values and values.boolean else "choice" if values else kind.native
    specs = tuple(FieldSpec(path, ref, native_type) for path in paths)
    if transform is None:
        as_is = kind.as_is and values is None
        return Cell(known.name, paths, parse, lambda value: (out(value),), specs, values=values, as_is=as_is)
    return Cell(
        known.name,
        paths,
        _through(transform, parse),
        _back_through(transform, out),
        specs,
        lossy=transform.lossy,
        one_way=transform.write is None,
        values=values,
        silent=frozenset(paths[1:]) if transform.silent else frozenset(),
        joined=transform.joined,
    )


def constant_cell(known: CanonicalField, value: Normal) -> Cell:
    """What is the same for every record of a system that has no field for it: it reads as that, and takes no other."""

    def write(wanted: Normal) -> Sequence[NativeValue]:
        if wanted is not None and wanted != value:
            raise InvalidValue("constant", f"all records of this system have '{value}' there, and this one has not")
        return ()

    return Cell(known.name, (), lambda: value, write, (), constant=(value,))


def _reader(known: CanonicalField, parse: Parser, values: ValueMap | None) -> Parser:
    if values is not None:
        table = values.read

        def read_mapped(value: Plain) -> Normal:
            word = native_word(value)
            if word in table:
                return table[word]
            if not word:
                return None
            raise InvalidValue("unknown value", "a native value that `values` does not name")

        return read_mapped
    if not known.choices:
        return parse
    choices = frozenset(known.choices)

    def read_choice(value: Plain) -> Normal:
        word = parse(value)
        if word is not None and word not in choices:
            raise InvalidValue("unknown value", f"none of {', '.join(known.choices)}; name it in `values`")
        return word

    return read_choice


def _writer(out: Writer, values: ValueMap | None) -> Writer:
    if values is None:
        return out
    table = values.write

    def write_mapped(value: Normal) -> Plain:
        if value is None:
            return None
        if str(value) not in table:
            raise InvalidValue("unknown value", "`values` names no native value for it in this system")
        return table[str(value)]

    return write_mapped


def _through(transform: Transform, parse: Parser) -> Callable[..., Normal]:
    read = transform.read

    def read_transformed(*natives: Plain) -> Normal:
        value = read(*natives)
        if isinstance(value, dict):
            raise InvalidValue("transform", "the transform reads a whole group, not one field")
        return parse(value)

    return read_transformed


def _back_through(transform: Transform, out: Writer) -> Callable[[Normal], Sequence[NativeValue]]:
    write = transform.write
    if write is None:
        return _no_way_back
    return lambda value: write(out(value))


def _no_way_back(_value: object) -> Sequence[NativeValue]:
    raise InvalidValue("transform", "the transform serves reading only")


def _by_path(one: Cell, words: frozenset[str]) -> dict[str, frozenset[str]]:
    """Each path with its share of the words of a value map: all of them at the first, or one of each joined word."""
    if not one.joined:
        return {one.paths[0]: words}
    apart = [word.split(STAGE) for word in words]
    told = [path for path in one.paths if path not in one.silent]
    return {path: frozenset(each[at] for each in apart if len(each) > at) for at, path in enumerate(told)}


def field_column(system: str, one: Cell) -> Column:
    """The column of a plain field."""
    return Column(
        system=system,
        paths=one.paths,
        members=(),
        fields=one.specs,
        read=one.read,
        write=one.write,
        lossy=one.lossy,
        one_way=one.one_way,
        choices=_by_path(one, frozenset(one.values.read)) if one.values else {},
        written=_by_path(one, one.values.written) if one.values else {},
        named={one.name: one.values.named if one.values else one.constant} if one.values or one.constant else {},
        silent=one.silent,
        as_is=one.as_is,
    )


def keys_column(system: str, table: str) -> Column:
    """The column of the unit that says which rows there are."""

    def read(keys: NativeValue) -> Canonical:
        return sorted(keys) if isinstance(keys, list) and keys else None

    def write(value: Canonical) -> Sequence[NativeValue]:
        return (list(value) if isinstance(value, list) else [],)

    return Column(system, (table,), (), (), read, write)


def group_column(system: str, cells: Sequence[Cell]) -> Column:
    """The column of a group whose members have native fields of their own."""
    paths = tuple(path for one in cells for path in one.paths)
    parts: list[tuple[str, int, int, Callable[..., Normal]]] = []
    start = 0
    for one in cells:
        parts.append((one.name, start, start + len(one.paths), one.read))
        start += len(one.paths)

    def read(*natives: NativeValue) -> Canonical:
        found: dict[str, bool | int | str | None] = {}
        filled = False
        for name, at, end, read_one in parts:
            try:
                value = None if natives[at] is None and end - at == 1 else read_one(*natives[at:end])
            except InvalidValue as error:
                error.path = paths[at]
                raise
            if isinstance(value, list):
                raise InvalidValue("list", "a list inside a group")
            filled = filled or value is not None
            found[name] = value
        return found if filled else None

    def write(value: Canonical) -> Sequence[NativeValue]:
        members = value if isinstance(value, dict) else {}
        return [native for one in cells for native in one.write(members.get(one.name))]

    return Column(
        system=system,
        paths=paths,
        members=tuple(one.name for one in cells),
        fields=tuple(spec for one in cells for spec in one.specs),
        read=read,
        write=write,
        lossy=any(one.lossy for one in cells),
        one_way=any(one.one_way for one in cells),
        choices={one.paths[0]: frozenset(one.values.read) for one in cells if one.values},
        written={one.paths[0]: one.values.written for one in cells if one.values},
        named={one.name: one.values.named for one in cells if one.values},
        homes={path: one.name for one in cells for path in one.paths},
        as_is=all(one.as_is for one in cells),
    )


def whole_column(system: str, paths: tuple[str, ...], members: Mapping[str, CanonicalField], how: Transform) -> Column:
    """The column of a group that a system keeps in one native field."""
    parsers = {name: FIELD_TYPES[known.type].parser(Hints()) for name, known in members.items()}

    def read(*natives: NativeValue) -> Canonical:
        split = how.read(*natives)
        if not isinstance(split, dict):
            raise InvalidValue("transform", "the transform reads one field, not a whole group")
        found: dict[str, bool | int | str | None] = {}
        for name, parse in parsers.items():
            value = parse(split.get(name))
            if isinstance(value, list):
                raise InvalidValue("list", "a list inside a group")
            found[name] = value
        return None if all(value is None for value in found.values()) else found

    def write(value: Canonical) -> Sequence[NativeValue]:
        if how.write is None:
            return _no_way_back(value)
        return how.write(value if isinstance(value, dict) else {})

    specs = tuple(FieldSpec(path) for path in paths)
    return Column(system, paths, tuple(members), specs, read, write, how.lossy, how.write is None)
