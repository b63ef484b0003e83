"""Calendar dates and instants. A date never passes through a time zone; an instant is always UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from bridge.canonical.text import as_text
from bridge.canonical.values import InvalidValue, Plain

_DATE_LENGTH: Final = len("2026-01-31")


def calendar_date(value: Plain) -> str | None:
    """A calendar date "2026-01-31". An instant is refused: which day it is depends on where one stands."""
    shown = as_text(value)
    if shown is None:
        return None
    if len(shown) != _DATE_LENGTH:
        raise InvalidValue("date", "not a calendar date of the form 2026-01-31")
    try:
        return date.fromisoformat(shown).isoformat()
    except ValueError:
        raise InvalidValue("date", "not a calendar date of the form 2026-01-31") from None


def instant(value: Plain) -> str | None:
    """An instant as UTC text "2026-01-31T08:00:00Z", with microseconds only where there are any."""
    shown = as_text(value)
    if shown is None:
        return None
    try:
        at = datetime.fromisoformat(shown)
    except ValueError:
        raise InvalidValue("datetime", "not an instant of the form 2026-01-31T08:00:00Z") from None
    if at.tzinfo is None:
        raise InvalidValue("datetime", "an instant without a time zone")
    try:
        return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    except OverflowError:
        raise InvalidValue("datetime", "an instant outside the calendar") from None
