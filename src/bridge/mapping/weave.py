"""Columns to begin with: mapping files of one system each, put together into one file for the systems of a site.

A column is an ordinary mapping file whose only system is called `self`; adapters bring theirs along. What names another
system (prefer a > b, the owner of a status) is the site's own to say and stands in no column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import yaml

from bridge.canonical.custom import known_entities

SELF: Final = "self"
_BY_SYSTEM: Final = ("ref", "transform", "default", "write")
"""Words that may hold for one system: written by system where the columns differ."""
_SHARED: Final = ("type", "required", "conflict", "empty", "missing", "unknown", "control", "moves")
_HEAD: Final = (
    "# A row is a field of bridge, a column is a system. Every word is explained in docs/reference/mapping.md."
)
_YES: Final = re.compile(r"(?<=required: )'yes'|(?<=control: )'yes'")

Data = dict[str, Any]


def entities_of(columns: Mapping[str, Iterable[str]]) -> list[str]:
    """Entities that at least two systems have (or the only one has): what can be kept in step. system -> entities."""
    counted: dict[str, int] = {}
    for entities in columns.values():
        for entity in entities:
            counted[entity] = counted.get(entity, 0) + 1
    return [entity for entity, number in counted.items() if number >= min(2, len(columns))]


def woven(columns: Mapping[str, Data], mapped: Mapping[str, Iterable[str]] | None = None) -> Data:
    """One mapping of these columns. mapped: entity -> the systems that have it, so that no reference leads nowhere.

    A line is kept where two systems have it (or the only one); so are the rules that such lines carry.
    """
    least = min(2, len(columns))
    first = next(iter(columns.values()))
    fields = _lines(columns, ("fields",), least, mapped)
    known = known_entities({}).get(first["entity"])
    for name, line in _lines(columns, ("fields",), 1, mapped).items():  # what bridge works out is worth showing in one
        sources = known.fields[name].computed if known and name in known.fields else None
        if sources and all(source in fields for source in sources):
            fields.setdefault(name, line)
    groups = _groups(columns, least)
    rows = {name: _rows(columns, name, least, mapped) for name in _names(columns, ("rows",))}
    found: Data = {
        "version": "1",
        "entity": first["entity"],
        "systems": {system: column["systems"][SELF] for system, column in columns.items()},
        "identity": {
            "key": {system: column["identity"]["key"][SELF] for system, column in columns.items()},
            "match": _match(columns.values(), {*fields, *groups}),
            "first contact": "hold",
        },
        "defaults": {"direction": "both", "conflict": "newest", "empty": "erases"},
        "fields": fields,
        "groups": groups,
        "rows": {name: section for name, section in rows.items() if section},
    }
    return {word: part for word, part in found.items() if part}


def _names(columns: Mapping[str, Data], steps: Sequence[str]) -> list[str]:
    """The lines of a section in all columns, in the order of the first that has them."""
    return list(dict.fromkeys(name for column in columns.values() for name in _at(column, steps)))


def _at(column: Data, steps: Sequence[str]) -> Data:
    for step in steps:
        column = column.get(step) or {}
    return column


def _lines(
    columns: Mapping[str, Data], steps: Sequence[str], least: int, mapped: Mapping[str, Iterable[str]] | None = None
) -> Data:
    found: Data = {}
    for name in _names(columns, steps):
        lines = {system: _at(column, steps).get(name) for system, column in columns.items()}
        there = {system: line for system, line in lines.items() if line and SELF in line}
        there = {system: line for system, line in there.items() if _leads(system, line.get("ref"), mapped)}
        if len(there) >= least:
            ways = {system: _direction(columns[system], line) for system, line in there.items()}
            found[name] = {**{system: line[SELF] for system, line in there.items()}, **_words(there), **_way(ways)}
    return found


def _leads(system: str, ref: Any, mapped: Mapping[str, Iterable[str]] | None) -> bool:
    """Whether the records that a line refers to are mapped for the system."""
    head, _, entity = str(ref or "").partition(" ")
    return head != "record" or mapped is None or system in mapped.get(entity, ())


def _words(lines: Mapping[str, Data]) -> Data:
    """The options of a line: what is shared once, what differs by system."""
    found: Data = {}
    for word in _SHARED:
        said = [line[word] for line in lines.values() if word in line]
        if said:
            found[word] = said[0]
    for word in _BY_SYSTEM:
        named = {system: line[word] for system, line in lines.items() if word in line}
        if named:
            same = len(named) == len(lines) and len(set(map(str, named.values()))) == 1
            found[word] = next(iter(named.values())) if same else named
    values: Data = {}
    for system, line in lines.items():
        for value, natives in (line.get("values") or {}).items():
            values.setdefault(value, {})[system] = natives[SELF] if isinstance(natives, dict) else natives
    return {**found, "values": values} if values else found


def _direction(column: Data, line: Data) -> str:
    """both, from or to: of the line, else of its column."""
    said = line.get("direction") or (column.get("defaults") or {}).get("direction") or "both"
    return str(said).split()[0]


def _way(ways: Mapping[str, str]) -> Data:
    """A system that is only read makes the line go one way; so does one that is only written."""
    for way in ("from", "to"):
        systems = [system for system, one in ways.items() if one == way]
        if systems and len(systems) < len(ways):
            return {"direction": " ".join((way, *systems))}
    return {}


def _groups(columns: Mapping[str, Data], least: int) -> Data:
    found: Data = {}
    for name in _names(columns, ("groups",)):
        sections = {system: _at(column, ("groups", name)) for system, column in columns.items()}
        there = {system: section for system, section in sections.items() if section}
        if len(there) >= least:
            ways = {system: _direction(columns[system], section) for system, section in there.items()}
            shared = {word: one[word] for one in there.values() for word in _SHARED if isinstance(one.get(word), str)}
            found[name] = {**shared, **_way(ways), **_members(there, least)}
    return found


def _members(sections: Mapping[str, Data], least: int) -> Data:
    """The members that several systems have; all, where one of them keeps the whole group in one field."""
    found: Data = {}
    if any("whole" in section for section in sections.values()):
        least = 1
    for member in dict.fromkeys(key for section in sections.values() for key in section):
        lines = {s: one[member] for s, one in sections.items() if isinstance(one.get(member), dict)}
        if len(lines) >= least:
            words = _words(lines)
            if member == "whole":  # always one word, for all its systems
                words = {"transform": next(iter(lines.values()))["transform"]}
            found[member] = {**{system: line[SELF] for system, line in lines.items()}, **words}
    return found


def _rows(columns: Mapping[str, Data], name: str, least: int, mapped: Mapping[str, Iterable[str]] | None) -> Data:
    there = {system: column for system, column in columns.items() if _at(column, ("rows", name))}
    if len(there) < least:
        return {}
    sections = {system: _at(column, ("rows", name)) for system, column in there.items()}
    return {
        "table": {system: section["table"][SELF] for system, section in sections.items()},
        "key": {system: section["key"][SELF] for system, section in sections.items()},
        **{word: section[word] for section in sections.values() for word in _SHARED if word in section},
        "fields": _lines(there, ("rows", name, "fields"), least, mapped),
    }


def _match(columns: Iterable[Data], units: set[str]) -> list[Data]:
    """The rules of all columns whose fields are there, each once."""
    found: list[Data] = []
    for column in columns:
        for rule in column["identity"].get("match") or ():
            names = rule.get("same") or rule.get("similar") or []
            if rule not in found and all(str(name).split(".")[0] in units for name in names):
                found.append(rule)
    return found


def column_of(mapping: Data, system: str) -> Data:
    """The column of one system of a mapping, with the words that hold for it alone."""
    otherwise = str((mapping.get("defaults") or {}).get("direction", "both"))
    fields = _own_lines(mapping.get("fields"), system, otherwise)
    groups: Data = {}
    for name, section in (mapping.get("groups") or {}).items():
        members = _own_lines(section, system)
        if "whole" in members:
            members["whole"]["transform"] = section["whole"]["transform"]
        if members:
            groups[name] = {
                **{word: section[word] for word in _SHARED if isinstance(section.get(word), str)},
                **members,
            }
    rows: Data = {}
    for name, section in (mapping.get("rows") or {}).items():
        if system in section["table"]:
            rows[name] = {
                "table": {SELF: section["table"][system]},
                "key": {SELF: section["key"][system]},
                **{word: section[word] for word in _SHARED if word in section},
                "fields": _own_lines(section["fields"], system),
            }
    identity = {"key": {SELF: mapping["identity"]["key"][system]}, "match": _match([mapping], {*fields, *groups})}
    found = {
        "version": "1",
        "entity": mapping["entity"],
        "systems": {SELF: mapping["systems"][system]},
        "identity": {word: part for word, part in identity.items() if part},
        "fields": fields,
        "groups": groups,
        "rows": rows,
    }
    return {word: part for word, part in found.items() if part}


def _own_lines(section: Any, system: str, otherwise: str = "both") -> Data:
    """The lines of a section that the system has."""
    lines = {name: line for name, line in (section or {}).items() if isinstance(line, dict) and system in line}
    return {name: _own_line(line, system, otherwise) for name, line in lines.items()}


def _own_line(line: Data, system: str, otherwise: str) -> Data:
    found: Data = {SELF: line[system]}
    for word in _SHARED:
        if word in line and not (word == "conflict" and _names_systems(str(line[word]))):
            found[word] = line[word]
    for word in _BY_SYSTEM:
        said = line.get(word)
        said = said.get(system) if isinstance(said, dict) else said
        if said is not None:
            found[word] = said
    values = line.get("values") or {}
    own = {value: {SELF: natives[system]} for value, natives in values.items() if system in natives}
    way = _own_way(str(line.get("direction") or otherwise), system)
    return {**found, **({"values": own} if own else {}), **({"direction": way} if way != "both" else {})}


def _names_systems(policy: str) -> bool:
    return policy.split()[0] in ("prefer", "owner")


def _own_way(direction: str, system: str) -> str:
    """What a direction means for one system: the named ones of `from` are only read, all others only written."""
    way, *named = direction.split()
    if way == "both":
        return way
    return f"from {SELF}" if (way == "from") == (system in named) else f"to {SELF}"


def text_of(mapping: Data, head: str = _HEAD) -> str:
    """A mapping as a file: sections as blocks, each line of a field in one line."""
    parts = [head.rstrip("\n")] if head else []
    for word, part in mapping.items():
        short = word in ("version", "entity", "defaults")
        parts.append(f"{word}: {_flow(part)}" if short else f"\n{word}:\n{_block(part, word)}")
    return "\n".join(parts) + "\n"


def _block(part: Data, word: str) -> str:
    deep = word in ("groups", "rows")
    lines = []
    for name, one in part.items():
        if name == "match":
            lines += ["  match:", *(f"    - {_flow(rule)}" for rule in one)]
        elif (deep and isinstance(one, dict)) or (isinstance(one, dict) and "values" in one):
            lines += [f"  {_flow(name)}:", *_inner(one, "    ")]
        else:
            lines.append(f"  {_flow(name)}: {_flow(one)}")
    return "\n".join(lines)


def _inner(section: Data, indent: str) -> list[str]:
    lines = []
    for name, one in section.items():
        if name in ("fields", "values", "moves") and isinstance(one, dict):
            lines += [f"{indent}{_flow(name)}:", *_inner(one, indent + "  ")]
        else:
            lines.append(f"{indent}{_flow(name)}: {_flow(one)}")
    return lines


def _flow(value: Any) -> str:
    """A value on one line. All are texts: what YAML would take for something else is quoted."""
    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000, sort_keys=False)
    return _YES.sub("yes", text.removesuffix("\n").removesuffix("\n..."))
