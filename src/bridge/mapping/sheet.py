"""A mapping file as the sheet an analyst works in (CSV), and back into the same file with its comments.

The sheet holds the fields and groups: row = field, column = system, then the options. Rows of the form
"status = active" hold a value map, "billing_address.street" is the member of a group. Systems, identity, defaults and
the rows of a record stay in the file. What is not in the sheet any more is taken out of the file: the import says each
change it makes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bridge.mapping.edit import Change, rewrite
from bridge.mapping.reading import Data, read_yaml
from bridge.ports.errors import ConfigError

OPTIONS: Final = (
    "direction",
    "conflict",
    "required",
    "empty",
    "default",
    "write",
    "type",
    "ref",
    "missing",
    "transform",
    "unknown",
    "control",
)
"""The columns after the systems: every option of a line but `values`, which has rows of its own, and KEPT."""

KEPT: Final = ("moves", "owner")
"""Options that no cell can hold: they stay as they are in the file."""

_VALUE: Final = " = "
_SEVERAL: Final = " | "
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

Tree = dict[str, Data]


@dataclass(frozen=True, slots=True)
class Imported:
    """The new text of the mapping file, and what changed in it, one sentence each."""

    text: str
    changes: tuple[str, ...]


def export_sheet(text: str, file: str) -> str:
    """The fields and groups of a mapping file as CSV. Raises ConfigError if the file cannot be read."""
    data = _data(text, file)
    systems = list(_tree(data.get("systems")))
    out = io.StringIO()
    writer = csv.DictWriter(out, ["field", *systems, *OPTIONS], restval="", lineterminator="\n")
    writer.writeheader()
    for row in _rows(data, systems):
        writer.writerow({key: _guarded(cell) for key, cell in row.items()})
    return out.getvalue()


def import_sheet(text: str, sheet: str, file: str) -> Imported:
    """Bring the changes of a sheet into the text of the mapping file; comments and layout stay.

    The result is not judged here: load it to see whether it holds together. Raises ConfigError if the sheet or the file
    cannot be read.
    """
    data = _data(text, file)
    wanted = _wanted(sheet, list(_tree(data.get("systems"))))
    current = {part: _tree(data.get(part)) for part in ("fields", "groups")}
    for name, line in current["fields"].items():
        if name in wanted["fields"]:
            held = {option: value for option, value in _tree(line).items() if option in KEPT}
            _tree(wanted["fields"][name]).update(held)
    changes: list[Change] = []
    new_text = rewrite(text, current, wanted, changes)
    if {part: _tree(_data(new_text, file).get(part)) for part in wanted} != wanted:
        raise ConfigError(f"{file}: the sheet asks for a change that cannot be made without losing the layout; "
                          "make it in the file")  # fmt: skip
    return Imported(new_text, tuple(str(change) for change in changes))


def _data(text: str, file: str) -> Tree:
    document = read_yaml(text, file)
    if document.findings or not isinstance(document.data, dict):
        problems = [str(finding) for finding in document.findings]
        raise ConfigError(problems or f"{file}: this is no mapping file")
    return document.data


def _tree(data: Data | None) -> Tree:
    return data if isinstance(data, dict) else {}


def _rows(data: Tree, systems: list[str]) -> Iterator[dict[str, str]]:
    for name, line in _tree(data.get("fields")).items():
        yield from _line_rows(name, _tree(line), systems)
    for name, group in _tree(data.get("groups")).items():
        members = {key: value for key, value in _tree(group).items() if isinstance(value, dict) and key not in OPTIONS}
        own = {key: _cell(value) for key, value in _tree(group).items() if key not in members}
        yield {"field": name, **own}
        for member, line in members.items():
            yield from _line_rows(f"{name}.{member}", _tree(line), systems)


def _line_rows(name: str, line: Tree, systems: list[str]) -> Iterator[dict[str, str]]:
    yield {"field": name, **{key: _cell(value) for key, value in line.items() if key in (*systems, *OPTIONS)}}
    for value, natives in _tree(line.get("values")).items():
        cells = natives if isinstance(natives, dict) else {system: natives for system in systems if system in line}
        yield {"field": f"{name}{_VALUE}{value}", **{system: _cell(native) for system, native in cells.items()}}


def _cell(value: Data) -> str:
    if isinstance(value, list):
        return _SEVERAL.join(str(item) for item in value)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_cell(inner)}" for key, inner in value.items())
    return value


def _guarded(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula, made a text."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _wanted(sheet: str, systems: list[str]) -> dict[str, Tree]:
    """The fields and groups that a sheet describes, as they would stand in the file."""
    sheet = sheet.removeprefix("\ufeff")
    head = sheet.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(sheet), delimiter=";" if head.count(";") > head.count(",") else ",")
    known = ["field", *systems, *OPTIONS]
    strange = [name for name in reader.fieldnames or [] if name not in known]
    if "field" not in (reader.fieldnames or []) or strange:
        named = f"unknown columns {', '.join(strange)}" if strange else "no column 'field'"
        raise ConfigError(f"the sheet has {named}; known: {', '.join(known)}")
    rows = [{key: _unguarded((row.get(key) or "").strip()) for key in known} for row in reader]
    wanted: dict[str, Tree] = {"fields": {}, "groups": {}}
    groups = {row["field"].partition(".")[0] for row in rows if "." in row["field"].partition(_VALUE)[0]}
    for number, row in enumerate(rows, start=2):
        if row["field"]:
            _add(wanted, row, systems, groups, number)
    return wanted


def _add(wanted: dict[str, Tree], row: Mapping[str, str], systems: list[str], groups: set[str], number: int) -> None:
    name, is_value, value = row["field"].partition(_VALUE)
    head, _, member = name.partition(".")
    home = _tree(wanted["groups"].setdefault(head, {})) if head in groups else wanted["fields"]
    if is_value:
        line = _tree(home.get(member or head))
        if not line:
            raise ConfigError(f"line {number} of the sheet: '{name}' must come before its values")
        values = line.setdefault("values", {})
        natives: Tree = {system: _natives(row[system]) for system in systems if row[system]}
        _tree(values)[value.strip()] = natives
        return
    entries: Tree = {system: row[system] for system in systems if row[system]}
    entries |= {option: _option(row[option], systems) for option in OPTIONS if row[option]}
    if head in groups and not member:
        home.update(entries)
    elif (member or head) in home:
        raise ConfigError(f"line {number} of the sheet: '{name}' stands there twice")
    else:
        home[member or head] = entries


def _natives(cell: str) -> Data:
    words = [word.strip() for word in cell.split(_SEVERAL.strip()) if word.strip()]
    return words[0] if len(words) == 1 else [*words]


def _option(cell: str, systems: list[str]) -> Data:
    """'erp: html_text; fin: upper' -> by system; anything else as it stands."""
    parts = [part.partition(":") for part in cell.split(";")]
    if all(colon and head.strip() in systems for head, colon, _ in parts):
        return {head.strip(): tail.strip() for head, _, tail in parts}
    return cell
