"""The child tables of a document: e-mail addresses, numbers and links. Pure.

A PUT replaces a table by the list it is given, and every row must be whole: what is left out of a row is reset
(recordings 177, 178). So rows that stay are sent back as they were read, with their names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Line = dict[str, Any]

TABLE_OF = {"email_id": "email_ids", "phone": "phone_nos", "mobile_no": "phone_nos"}
FLAG_OF = {"email_id": "is_primary", "phone": "is_primary_phone", "mobile_no": "is_primary_mobile_no"}
CHILD_OF = {"email_ids": "Contact Email", "phone_nos": "Contact Phone", "links": "Dynamic Link"}
_COLUMN = {"email_ids": "email_id", "phone_nos": "phone"}
_BOOKKEEPING = frozenset(
    {
        "owner",
        "creation",
        "modified",
        "modified_by",
        "docstatus",
        "idx",
        "parent",
        "parentfield",
        "parenttype",
        "doctype",
    }
)


def whole(row: Mapping[str, Any]) -> Line:
    """A row as it must be sent back: its name and its own fields."""
    return {name: value for name, value in row.items() if name not in _BOOKKEEPING and not name.startswith("_")}


def with_channels(table: str, lines: Sequence[Line], wanted: Mapping[str, str | None]) -> list[Line]:
    """The rows of an e-mail or number table with other primary ones. `wanted`: channel -> its new value."""
    result = [dict(line) for line in lines]
    for channel, value in wanted.items():
        result = _with_primary(table, result, FLAG_OF[channel], value)
    return result


def _with_primary(table: str, lines: list[Line], flag: str, value: str | None) -> list[Line]:
    """The primary row gets the value; a row that is primary for another channel too is left for that one."""
    column = _COLUMN[table]
    flags = {flag_ for channel, flag_ in FLAG_OF.items() if TABLE_OF[channel] == table}
    result: list[Line] = []
    place: int | None = None
    for line in lines:
        if not line.get(flag):
            result.append(line)
        elif any(line.get(other) for other in flags - {flag}):
            result.append({**line, flag: 0})
        elif value is not None and place is None:
            place = len(result)
            result.append({**line, column: value})
    if value is None:
        return result
    twins = [at for at, line in enumerate(result) if at != place and line[column] == value]
    if place is None and twins:
        result[twins[0]] = {**result[twins[0]], flag: 1}
        return result
    if place is None:
        return [*result, {column: value, flag: 1}]
    spare = {at for at in twins if not any(result[at].get(one) for one in flags)}
    return [line for at, line in enumerate(result) if at not in spare]


def with_first(lines: Sequence[Line], wanted: Mapping[str, Any]) -> list[Line]:
    """The rows with other values in the first; a first row that keeps none of what is wanted goes."""
    first = {**(lines[0] if lines else {}), **wanted}
    rest = [dict(line) for line in lines[1:]]
    return [first, *rest] if any(first.get(name) not in (None, "") for name in wanted) else rest


def with_links(lines: Sequence[Line], wanted: Mapping[str, str | None]) -> list[Line]:
    """The link rows with other first links. `wanted`: doctype -> the name to link to, None to take the link away."""
    result = [dict(line) for line in lines]
    for doctype, name in wanted.items():
        places = [at for at, line in enumerate(result) if line.get("link_doctype") == doctype]
        if name is None:
            result = [line for at, line in enumerate(result) if at not in places[:1]]
        elif not places:
            result.append({"link_doctype": doctype, "link_name": name})
        else:
            others = {at for at in places[1:] if result[at].get("link_name") == name}
            # the title is a copy of the linked document's and is filled anew
            result[places[0]] = {**result[places[0]], "link_name": name, "link_title": None}
            result = [line for at, line in enumerate(result) if at not in others]
    return result
