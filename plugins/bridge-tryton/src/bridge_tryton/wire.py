"""Tryton's JSON: what plain JSON has no form for stands in a dict with `__class__`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson


def dumps(value: Any) -> bytes:
    """A call as the body of a request."""
    return orjson.dumps(_packed(value))


def loads(body: bytes) -> Any:
    """An answer. Raises ValueError (orjson.JSONDecodeError) where it is no JSON."""
    return _unpacked(orjson.loads(body))


def _packed(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, datetime):
        at = value.astimezone(UTC)
        return {"__class__": "datetime", "year": at.year, "month": at.month, "day": at.day, "hour": at.hour,
                "minute": at.minute, "second": at.second, "microsecond": at.microsecond}  # fmt: skip
    if isinstance(value, date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    if isinstance(value, Mapping):
        return {name: _packed(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_packed(one) for one in value]
    return value


def _unpacked(value: Any) -> Any:
    if isinstance(value, list):
        return [_unpacked(one) for one in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("__class__")
    if kind == "Decimal":
        return Decimal(str(value["decimal"]))
    if kind == "datetime":
        parts = (value["year"], value["month"], value["day"], value["hour"], value["minute"], value["second"])
        return datetime(*parts, value.get("microsecond", 0), tzinfo=UTC)
    if kind == "date":
        return date(value["year"], value["month"], value["day"])
    return {name: _unpacked(one) for name, one in value.items()}
