"""Constraints of the database and of Python, in the words of each version."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bridge.sandbox.odoo.environment import Environment
from bridge.sandbox.odoo.errors import RedirectWarning, ValidationError
from bridge.sandbox.odoo.models import Field, Model

_BROKEN = "The operation cannot be completed: "
_UNIQUE: dict[str, tuple[tuple[str, ...], str]] = {
    "res.users": (("login",), "You can not have two users with the same login!"),
    "res.currency": (("name",), "The currency code must be unique!"),
    "res.country": (("code",), "The code of the country must be unique!"),
    "res.country.state": (("country_id", "code"), "The code of the state must be unique by country!"),
    "res.lang": (("code",), "The code of the language must be unique!"),
    "ir.config_parameter": (("key",), "Key must be unique."),
    "ir.model.data": (("module", "name"), ""),
}
_RESTRICT = {("res.partner", "country_id"), ("res.partner", "state_id"), ("res.country", "currency_id")}


def check_constraints(env: Environment, model: Model, ids: Iterable[int], changed: set[str] | None) -> None:
    """Check records after a write of the fields `changed`, or after their creation (None)."""
    table = env.store.tables[model.name]
    required = [item for item in model.fields.values() if item.required and item.store]
    unique = _UNIQUE.get(model.name)
    for record in ids:
        row = table[record]
        for item in required:
            if row[item.name] is None:
                template = env.store.models.get("product.template")
                inside = model.name == "product.product" and template is not None and item.name in template.fields
                raise ValidationError(_missing(env, template if inside and template else model, item))  # 199
        if model.name == "res.partner" and row["type"] == "contact" and not row["name"] and row["name"] != "":
            raise ValidationError(f"{_BROKEN}Contacts require a name")
        if unique and (changed is None or changed & set(unique[0])):
            _check_unique(env, model, record, *unique)
        if changed is None or "parent_id" in changed:
            _check_recursion(env, model, record)


def _missing(env: Environment, model: Model, field: Field) -> str:
    if env.version == "19":
        return (
            f"{_BROKEN}Missing required value for the field '{field.label}' ({field.name}).\n"
            f"Model: '{model.label}' ({model.name})\n"
            "- create/update: a mandatory field is not set\n"
            "- delete: another model requires the record being deleted, you can archive it instead\n"
        )
    return (
        "The operation cannot be completed:\n- Create/update: a mandatory field is not set.\n"
        "- Delete: another model requires the record being deleted. If possible, archive it instead.\n\n"
        f"Model: {model.label} ({model.name})\nField: {field.label} ({field.name})\n"
    )


def _check_unique(env: Environment, model: Model, record: int, columns: tuple[str, ...], text: str) -> None:
    table = env.store.tables[model.name]
    key = [table[record][column] for column in columns]
    indexed = next((column for column in columns if env.store.is_indexed(model.name, column)), None)
    others: Iterable[int] = env.store.where(model.name, indexed, [table[record][indexed]]) if indexed else table
    for other in others:
        if other != record and [table[other][column] for column in columns] == key:
            detail = (
                f'duplicate key value violates unique constraint "{model.table}_{"_".join(columns)}_uniq_index"\n'
                f"DETAIL:  Key ({', '.join(columns)})=({', '.join(map(str, key))}) already exists.\n"
            )
            raise ValidationError(_BROKEN + (text or detail))


def _check_recursion(env: Environment, model: Model, record: int) -> None:
    parent = env.store.tables[model.name][record].get("parent_id")
    seen: set[Any] = {record}
    while parent:
        if parent in seen:
            named = {"res.partner": "Partner hierarchies", "res.partner.category": "tags"}.get(model.name)
            raise ValidationError(f"You cannot create recursive {named}." if named else "Recursion Detected.")
        seen.add(parent)
        row = env.store.get(model.name, parent)
        parent = row["parent_id"] if row else None


def check_deletion(env: Environment, model: Model, ids: Iterable[int]) -> None:
    """Refuse to delete what other records need. Raises ValidationError naming the first that does."""
    leaving = list(ids)
    references = list(env.store.references(model.name))
    for other, column in references if env.version == "18" else reversed(references):
        if not env.store.is_indexed(other.name, column):
            continue
        field = other.fields[column]
        if not field.required and (other.name, column) not in _RESTRICT:
            continue
        if not env.store.where(other.name, column, leaving):
            continue
        if other.name == "res.users" and column == "partner_id":
            raise RedirectWarning(
                "You cannot delete contacts linked to an active user.\n"
                "Ask an administrator to archive their associated user first."
            )
        raise ValidationError(_in_use(env, other, field))


def _in_use(env: Environment, other: Model, field: Field) -> str:
    if env.version == "19":
        return (
            f"{_BROKEN}Another model is using the record you are trying to delete.\n\n"
            f"The troublemaker is: '{other.label}' ({other.name})\n"
            f"Thanks to the following constraint: '{field.label}' ({field.name})\n"
            "How about archiving the record instead?"
        )
    return (
        f"{_BROKEN}another model requires the record being deleted. If possible, archive it instead.\n\n"
        f"Model: {other.label} ({other.name})\nConstraint: {other.table}_{field.name}_fkey\n"
    )
