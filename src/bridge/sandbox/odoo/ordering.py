"""Sorting as PostgreSQL does for an order clause of Odoo: NULL last when ascending, the case of letters last of all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bridge.sandbox.odoo.errors import UserError
from bridge.sandbox.odoo.models import Field, Model

if TYPE_CHECKING:
    from bridge.sandbox.odoo.environment import Environment

_TERM = re.compile(r"^\s*([a-z0-9_]+)(\.[a-z0-9_]+)?(:\w+)?(\s+(?:asc|desc))?(\s+nulls\s+(?:first|last))?\s*$", re.I)
_PUNCTUATION = re.compile(r"[^\w]+")


def sort_ids(env: Environment, model: Model, ids: list[int], order: str | None) -> list[int]:
    """Ids in the given order, or in the model's. Raises ValueError for a field that is not there."""
    terms = [_term(model, text) for text in (order or model.order).split(",")]
    ordered = sorted(ids)
    for field, descending in reversed(terms):
        keys = {record: _key(env, model, record, field) for record in ordered}
        ordered.sort(key=keys.__getitem__, reverse=descending)
    return ordered


def _term(model: Model, text: str) -> tuple[Field, bool]:
    matched = _TERM.match(text)
    if matched is None:
        raise UserError(
            f'Invalid "order" specified ({text}). '
            'A valid "order" specification is a comma-separated list of valid field names '
            "(optionally followed by asc/desc for the direction)"
        )
    field = model.fields.get(matched[1])
    if field is None:
        raise ValueError(f"Invalid field {matched[1]!r} on model {model.name!r}")
    if not field.store and not field.related and field.name != "display_name":
        raise ValueError(f"Cannot convert {model.name}.{field.name} to SQL because it is not stored")
    return field, (matched[4] or "").strip().lower() == "desc"


def _key(env: Environment, model: Model, record: int, field: Field) -> tuple[Any, ...]:
    value = env.column(model.name, record, field)
    if field.type == "many2one" and value:
        value = env.display_name(field.relation, value)
    if value is None:
        return (1,)
    if isinstance(value, str):
        return 0, _PUNCTUATION.sub("", value).casefold(), value
    return 0, value
