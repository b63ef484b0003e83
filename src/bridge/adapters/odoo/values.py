"""Plain values as Odoo spells them. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bridge.ports.records import NativeValue

_SECONDS = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")


def instant(text: object) -> datetime | None:
    """A stamp of Odoo: whole seconds, UTC without saying so."""
    if not isinstance(text, str) or not _SECONDS.match(text):
        return None
    return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)


def scalar(raw: Any, *, instant_there: bool) -> NativeValue:
    """The native value of what is no boolean and no reference."""
    if raw is None or raw == "":
        return None
    if isinstance(raw, int):
        return raw
    if isinstance(raw, float):
        return decimal_text(raw)
    if isinstance(raw, list):
        return [str(one) for one in raw]
    text = str(raw)
    if instant_there and _SECONDS.fullmatch(text):
        return text.replace(" ", "T") + "Z"
    return text


def decimal_text(number: float | int) -> str:
    """A number without exponent and without trailing noughts; repr of a float is its shortest exact form."""
    text = format(Decimal(repr(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
