"""One cell of an imported row: from text to the value that `create` takes, or a message that says why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bridge.sandbox.odoo.environment import Environment
from bridge.sandbox.odoo.models import Field
from bridge.sandbox.odoo.values import SECONDS

_TRUE = frozenset({"1", "true", "yes"})
_FALSE = frozenset({"", "0", "false", "no"})


class CellError(Exception):
    """A cell that cannot be imported. `message` is what goes into the answer."""

    def __init__(self, message: dict[str, Any]) -> None:
        super().__init__(message["message"])
        self.message = message


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with the path of its column."""

    env: Environment
    field: Field
    path: tuple[str, ...]
    value: Any

    def refuse(self, message: str, moreinfo: Any = None) -> CellError:
        """An error about this cell."""
        told: dict[str, Any] = {"field": self.field.name, "message": message, "field_name": self.field.label}
        if moreinfo is not None:
            told["moreinfo"] = moreinfo
        return CellError(told)


def read_cell(cell: Cell) -> Any:
    """The value of a cell; an empty one clears the field."""
    field, value = cell.field, cell.value
    if field.type == "boolean":
        return _boolean(cell)
    if value in ("", None, False):
        return [[5, 0, 0]] if field.is_list else False
    if field.type == "many2one":
        return _target(cell, value)
    if field.is_list:
        parts = [part for part in str(value).split(",") if part]
        return [[6, 0, [_target(cell, part) for part in parts]]]
    if field.type in ("integer", "float", "monetary"):
        return _number(cell)
    if field.type == "selection":
        return _selection(cell)
    if field.type in ("date", "datetime"):
        return _moment(cell)
    return value


def _boolean(cell: Cell) -> bool:
    text = str(cell.value if cell.value is not None else "").strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise cell.refuse(
        f"Unknown value '{cell.value}' for boolean field '{cell.field.label}'", "Use '1' for yes and '0' for no"
    )


def _number(cell: Cell) -> int | float:
    try:
        return int(cell.value) if cell.field.type == "integer" else float(cell.value)
    except (TypeError, ValueError):
        kind = "an integer" if cell.field.type == "integer" else "a number"
        raise cell.refuse(f"'{cell.value}' does not seem to be {kind} for field '{cell.field.label}'") from None


def _selection(cell: Cell) -> Any:
    for key, label in cell.field.selection or ((cell.value, cell.value),):
        if str(cell.value).lower() in (str(key).lower(), str(label).lower()):
            return key
    labels = [label for _, label in cell.field.selection or ()]
    raise cell.refuse(f"Value '{cell.value}' not found in selection field '{cell.field.label}'", labels)


def _moment(cell: Cell) -> str:
    """A datetime is read in the time zone of the context, else of the user."""
    text = str(cell.value)
    pattern = "%Y-%m-%d" if cell.field.type == "date" else SECONDS
    try:
        moment = datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone is the user's, see below
    except ValueError:
        kind = "date" if cell.field.type == "date" else "datetime"
        raise cell.refuse(
            f"'{text}' does not seem to be a valid {kind} for field '{cell.field.label}'",
            "Use the format '2012-12-31'" if kind == "date" else "Use the format '2012-12-31 23:59:59'",
        ) from None
    if cell.field.type == "date":
        return text
    zone = cell.env.context.get("tz") or cell.env.path("res.users", cell.env.uid, "partner_id.tz") or "UTC"
    return moment.replace(tzinfo=ZoneInfo(str(zone))).astimezone(UTC).strftime(SECONDS)


def _target(cell: Cell, value: Any) -> int:
    """The record a cell points to: by database id, by external id, or by name."""
    kind = cell.path[1] if len(cell.path) > 1 else "name"
    if kind == ".id":
        return _by_database_id(cell, value)
    return _by_external_id(cell, str(value)) if kind == "id" else _by_name(cell, str(value))


def _by_database_id(cell: Cell, value: Any) -> int:
    text = str(value).strip()
    if not text.isdigit():
        raise cell.refuse(f"Invalid database id '{value}' for the field '{cell.field.label}'")
    if int(text) not in cell.env.store.tables[cell.field.relation]:
        raise _no_match(cell, "database id", value)
    return int(text)


def _by_external_id(cell: Cell, value: str) -> int:
    from bridge.sandbox.odoo.importing import find_xmlid, split_xmlid

    found = find_xmlid(cell.env, *split_xmlid(value))
    if found is None or found[0] != cell.field.relation:
        raise _no_match(cell, "external id", value)
    return found[1]


def _by_name(cell: Cell, value: str) -> int:
    found = cell.env.search_ids(cell.field.relation, [["display_name", "=", value]])
    if not found:
        raise _no_match(cell, "name", value)
    return found[0]


def _no_match(cell: Cell, kind: str, value: Any) -> CellError:
    moreinfo = {
        "name": "Possible Values",
        "type": "ir.actions.act_window",
        "target": "new",
        "view_mode": "list,form",
        "views": [[False, "list"], [False, "form"]],
        "context": {"create": False},
        "help": "See all possible values",
        "res_model": cell.field.relation,
    }
    return cell.refuse(f"No matching record found for {kind} '{value}' in field '{cell.field.label}'", moreinfo)
