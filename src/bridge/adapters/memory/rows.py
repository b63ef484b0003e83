"""What a system in memory is made of: rows, the shape of an object, and why a record is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bridge.ports.adapter import NativeField
from bridge.ports.records import NativeValue, split_row_path

Reason = Literal[
    "unknown field", "read only", "too long", "missing", "choice", "reference", "key taken", "no key field"
]


class Refusal(Exception):
    """The system refuses a record. `other` is the record that has the key already."""

    def __init__(self, reason: Reason, path: str = "", other: str | None = None) -> None:
        super().__init__(f"{reason} {path}".strip())
        self.reason, self.path, self.other = reason, path, other


@dataclass(slots=True)
class Row:
    """One record; a deleted one stays for the feed. `number` moves with every write."""

    id: str
    values: dict[str, NativeValue]
    at: datetime
    number: int
    key: str | None = None
    deleted: bool = False
    archived: bool = False
    merged_into: str | None = None


@dataclass(slots=True)
class Shape:
    """What an object is. fields None: it takes whatever field a mapping names."""

    fields: Mapping[str, NativeField] | None = None
    key_field: bool = True


def declared_path(path: str) -> str:
    """The name under which the field of a cell is declared: items[k1].qty stands for items[].qty."""
    cell = split_row_path(path)
    return path if cell is None else f"{cell[0]}[].{cell[2]}"


def without_gone_rows(held: dict[str, NativeValue], written: Mapping[str, NativeValue]) -> dict[str, NativeValue]:
    """A list of row keys that is written takes the cells of all other rows with it."""
    for path, keys in written.items():
        if isinstance(keys, list):
            for name in [name for name in held if (cell := split_row_path(name)) and cell[0] == path]:
                if (split_row_path(name) or ("", "", ""))[1] not in keys:
                    del held[name]
    return held


def texts(value: NativeValue) -> Iterable[str]:
    """The words of a value that is one, or a list of them."""
    return value if isinstance(value, list) else [str(value)]
