"""Where the records of an object stand: which file, which columns of which type, and where their rows are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Final

from bridge.adapters.files.csvfile import Csv
from bridge.adapters.files.jsonlfile import Jsonl
from bridge.adapters.files.settings import ENDINGS, FORMATS, Columns, FileSettings, Settings
from bridge.adapters.files.sheets import Format, Manners
from bridge.adapters.files.style import Column, Style
from bridge.adapters.files.xlsxfile import Xlsx
from bridge.ports.records import FieldSpec, ObjectSpec, TableSpec

FORMAT_OF: Final[Mapping[str, Format]] = {"csv": Csv(), "xlsx": Xlsx(), "jsonl": Jsonl()}
BESIDE: Final = "external id"
"""The key that is kept beside the record and not in a column."""
_TYPE_OF: Final = {
    "integer": "integer",
    "decimal": "number",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "multichoice": "list",
}
_STYLE: Final = (
    "decimal",
    "thousands",
    "dates",
    "datetimes",
    "timezone",
    "empty",
    "true",
    "false",
    "separator",
)


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a record. path: their own file; None where they stand in the record's.

    key: the column with the key that bridge gave the row. columns: the row's own, where it shares a file.
    """

    name: str
    key: str
    path: Path | None
    parent: str
    id: str
    columns: tuple[str, ...]
    types: Mapping[str, Column]
    manners: Manners
    format: Format


@dataclass(frozen=True, slots=True)
class Layout:
    """One object's file, and those of its rows."""

    object: str
    path: Path
    format: Format
    manners: Manners
    id: tuple[str, ...]
    key: str
    types: Mapping[str, Column]
    tables: Mapping[str, Table] = field(default_factory=dict)
    complete: bool = True
    digest: str = ""
    declared: tuple[str, ...] = ()

    @property
    def files(self) -> list[Path]:
        """Every file of the object, its own first."""
        return [self.path, *(table.path for table in self.tables.values() if table.path is not None)]

    @property
    def shared(self) -> Table | None:
        """The table whose rows stand in the record's own file, one line each."""
        found = [table for table in self.tables.values() if table.path is None and table.columns]
        return found[0] if found else None


def layout(settings: Settings, spec: ObjectSpec) -> Layout:
    """The layout of an object. No I/O but looking which file is there."""
    own = settings.of(spec.object)
    path = _place(settings.folder, own.path or spec.object, settings.format)
    form = FORMAT_OF[FORMATS[path.suffix.lower()]]
    style = Style(**{name: getattr(own, name) for name in _STYLE})
    types = _types(own.columns, spec.fields)
    types.update(dict.fromkeys(own.id, Column("text", None, required=False)))
    told = repr((own, path.name, spec.key, sorted(types.items()), [(t.path, t.key) for t in spec.tables]))
    tables: dict[str, Table] = {}
    for table in spec.tables:
        tables[table.path] = _table(settings, own, path, form, table, style)
        told += repr(sorted(tables[table.path].types.items()))
    shared = {name: kind for one in tables.values() if one.path is None for name, kind in one.types.items()}
    manners = _manners(own, style, {**types, **shared}, own.sheet, {n: t.types for n, t in tables.items()})
    declared = (*own.id, *own.columns)
    digest = blake2b(told.encode(), digest_size=8).hexdigest()
    return Layout(spec.object, path, form, manners, own.id, spec.key, types, tables, own.complete, digest, declared)


def _place(folder: Path, said: str, otherwise: str) -> Path:
    """A file by its name, or by its name without an ending: the one that is there."""
    path = folder / said
    if path.suffix.lower() in FORMATS:
        return path
    for ending in ENDINGS:
        if (found := folder / f"{said}{ending}").exists():
            return found
    return folder / f"{said}.{otherwise}"


def _types(columns: Columns, fields: tuple[FieldSpec, ...]) -> dict[str, Column]:
    """What is declared, else what the mapping takes the field for."""
    found = {one.path: Column("list" if one.ref == "tag.name" else _TYPE_OF.get(one.type, "text")) for one in fields}
    found.update({name: Column(one.type, one.length, one.required) for name, one in columns.items()})
    return found


def _table(settings: Settings, own: FileSettings, path: Path, form: Format, table: TableSpec, style: Style) -> Table:
    said = own.rows.get(table.path)
    types = _types(said.columns if said else {}, table.fields)
    inside = form.nested and not (said and said.path)
    shares = said is not None and said.same_file and not form.nested
    place = None
    if not (inside or shares):
        suffix = path.suffix.lstrip(".")
        place = _place(settings.folder, (said.path if said else "") or f"{path.stem}_{table.path}", suffix)
    columns = tuple(types) if shares else ()
    if shares:
        columns = tuple(dict.fromkeys([*columns, *([table.key] if table.key != BESIDE else []), *_named(said)]))
    return Table(
        table.path,
        table.key,
        place,
        said.parent if said else "parent",
        said.id if said else "",
        columns,
        types,
        _manners(own, style, types, said.sheet if said else ""),
        FORMAT_OF[FORMATS[place.suffix.lower()]] if place else form,
    )


def _named(said: object) -> list[str]:
    name = getattr(said, "id", "")
    return [name] if name else []


def _manners(
    own: FileSettings,
    style: Style,
    columns: Mapping[str, Column],
    sheet: str,
    tables: Mapping[str, Mapping[str, Column]] | None = None,
) -> Manners:
    return Manners(style, columns, tables or {}, own.encoding, own.delimiter, own.quote, own.safe, sheet)
