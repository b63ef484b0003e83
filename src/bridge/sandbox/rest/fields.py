"""What the service keeps, and what it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

FIELDS: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    "customers": {
        "name": {"type": "text", "max": 80, "required": True},
        "email": {"type": "text", "max": 120},
        "phone": {"type": "text", "max": 40},
        "city": {"type": "text", "max": 80},
        "note": {"type": "text"},
        "active": {"type": "boolean"},
    },
    "products": {
        "code": {"type": "text", "max": 40, "required": True},
        "name": {"type": "text", "max": 80},
        "price": {"type": "decimal"},
    },
}
"""Object -> field -> type, greatest length, whether it must be filled."""


class Refusal(Exception):
    """An answer that is no success: HTTP status, a code for programs, the field it is about."""

    def __init__(self, status: int, code: str, field: str | None = None) -> None:
        super().__init__(code)
        self.status, self.code, self.field = status, code, field


def checked(kind: str, values: Mapping[str, Any], *, new: bool) -> dict[str, Any]:
    """The values as they are stored: an empty text is no text. Raises Refusal for the first that does not fit."""
    known = FIELDS[kind]
    stored: dict[str, Any] = {}
    for name, value in values.items():
        if name == "external_id":
            stored[name] = value
            continue
        if name not in known:
            raise Refusal(422, "unknown_field", name)
        stored[name] = _fit(name, known[name], None if value == "" else value)
    for name, rule in known.items():
        if rule.get("required") and (new or name in stored) and stored.get(name) is None:
            raise Refusal(422, "required", name)
    return stored


def _fit(name: str, rule: Mapping[str, Any], value: Any) -> Any:
    if value is None:
        return None
    if rule["type"] == "boolean" and not isinstance(value, bool):
        raise Refusal(422, "not_a_boolean", name)
    if rule["type"] == "text" and not isinstance(value, str):
        raise Refusal(422, "not_a_text", name)
    if rule.get("max") and len(value) > rule["max"]:
        raise Refusal(422, "too_long", name)
    return value
