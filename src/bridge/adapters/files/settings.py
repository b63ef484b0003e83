"""What a configuration may say about a folder of files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from bridge.adapters.files.style import pattern
from bridge.ports.errors import ConfigError
from bridge.transport.settings import SystemSettings, checked

ColumnType = Literal["text", "integer", "number", "date", "datetime", "boolean", "list", "reference"]
FORMATS: Final = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".xlsx": "xlsx", ".jsonl": "jsonl", ".ndjson": "jsonl"}
ENDINGS: Final = (".csv", ".xlsx", ".jsonl", ".tsv", ".txt", ".ndjson")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnSettings(_Part):
    """One column. length: most characters of a text. required: a row without it is a bad row."""

    type: ColumnType = "text"
    length: int | None = Field(default=None, ge=1)
    required: bool = False


def _as_column(said: object) -> object:
    return {"type": said} if isinstance(said, str) else said


def _as_list(said: object) -> object:
    return [said] if isinstance(said, str) else said


Columns = dict[str, Annotated[ColumnSettings, BeforeValidator(_as_column)]]
Names = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class RowsSettings(_Part):
    """The rows of a record, such as the lines of an order.

    path: their own file, by default OBJECT_TABLE; parent: its column that holds the id of the record. same_file: they
    stand in the record's own file, which then has a line for each row, those of a record one after the other: `columns`
    are those of the row, all others the record's. In JSON Lines the rows are a list inside the record, without a path.
    id: the column that tells the rows of one record apart; without it their place does.
    """

    path: str = ""
    sheet: str = ""
    same_file: bool = False
    parent: str = "parent"
    id: str = ""
    columns: Columns = Field(default_factory=dict)


class Manner(_Part):
    """How files are written; said for all, and for one file where it differs.

    encoding: `auto` looks at the bytes. delimiter: `auto` looks at the header. decimal, thousands: of numbers. dates,
    datetimes: as DD.MM.YYYY, DD.MM.YYYY hh:mm; all are read, the first is written. timezone: of times without one.
    empty: texts that mean nothing. true, false: words of yes and no; all are read, the first is written. separator:
    between the items of a list. complete: whether a row that is gone has been deleted. safe: whether exported texts
    that a spreadsheet would run as a formula get an apostrophe before them.
    """

    encoding: str = "auto"
    delimiter: str = "auto"
    quote: str = Field(default='"', min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
    thousands: str = Field(default="", max_length=1)
    dates: Names = ("YYYY-MM-DD",)
    datetimes: Names = ("YYYY-MM-DDThh:mm:ss", "YYYY-MM-DD hh:mm:ss", "YYYY-MM-DD hh:mm")
    timezone: str = "UTC"
    empty: Names = ("",)
    true: Names = ("true", "yes", "1")
    false: Names = ("false", "no", "0")
    separator: str = Field(default=";", min_length=1)
    complete: bool = True
    safe: bool = False

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, said: str) -> str:
        try:
            return said if said == "auto" else "".encode(said).decode(said) or said
        except LookupError:
            raise ValueError("is no encoding that bridge knows; write auto, utf-8, cp1252, utf-16 …") from None

    @field_validator("delimiter")
    @classmethod
    def _one_sign(cls, said: str) -> str:
        said = {"tab": "\t", "\\t": "\t"}.get(said, said)
        if said != "auto" and len(said) != 1:
            raise ValueError("is one sign, `tab`, or `auto`")
        return said

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, said: str) -> str:
        try:
            ZoneInfo(said)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("is no time zone; write one as Europe/Berlin") from None
        return said

    @field_validator("dates", "datetimes")
    @classmethod
    def _patterns(cls, said: tuple[str, ...]) -> tuple[str, ...]:
        if not said or any("%" not in pattern(one) for one in said):
            raise ValueError("is written with YYYY, MM, DD, hh, mm, ss, as DD.MM.YYYY")
        return said


class FileSettings(Manner):
    """One object's file.

    path: its place in the folder; by default the object's name with one of the endings. sheet: of a workbook; by
    default the first. id: the columns that tell the rows apart. columns: their types; a column that is not named here
    has the type that the mapping gives its field. rows: table -> where the rows of a record stand.
    """

    path: str = ""
    sheet: str = ""
    id: Names = ("id",)
    columns: Columns = Field(default_factory=dict)
    rows: dict[str, RowsSettings] = Field(default_factory=dict)


class Settings(SystemSettings, Manner):
    """The settings of a folder of files.

    folder: where the files are. state: where bridge remembers what it has read of them and keeps bad rows; by default
    `.bridge` in the folder. format: of files that are not there yet. files: object -> what is special about its file.
    """

    folder: Path = Field(examples=["data"])
    state: Path | None = None
    format: Literal["csv", "xlsx", "jsonl"] = "csv"
    files: dict[str, FileSettings] = Field(default_factory=dict)

    def of(self, obj: str) -> FileSettings:
        """The settings of one object's file; what it does not say itself is said for all."""
        own = self.files.get(obj, FileSettings())
        shared = {name: getattr(self, name) for name in Manner.model_fields if name not in own.model_fields_set}
        return own.model_copy(update=shared)

    @property
    def memory(self) -> Path:
        """The folder in which bridge remembers."""
        return self.state or self.folder / ".bridge"


def load(system: str, settings: Mapping[str, object]) -> Settings:
    """Validate settings; raises ConfigError with one sentence per problem and no value in it."""
    found = checked(Settings, system, settings)
    problems = []
    for obj, file in found.files.items():
        where = f"systems.{system}.files.{obj}"
        if file.path and Path(file.path).suffix.lower() not in FORMATS:
            problems.append(f"{where}.path: ends with none of {', '.join(FORMATS)}.")
        manner = found.of(obj)
        if manner.thousands == manner.decimal:
            problems.append(f"{where}: `thousands` and `decimal` are the same sign.")
        if not file.id:
            problems.append(f"{where}.id: name at least one column.")
        for path in (file.path, *(rows.path for rows in file.rows.values())):
            if Path(path).is_absolute() or ".." in Path(path).parts:
                problems.append(f"{where}: a path leads out of the folder; write it relative to `folder`.")
    if problems:
        raise ConfigError(problems)
    return found
