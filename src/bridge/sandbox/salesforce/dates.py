"""Dates in words (TODAY, LAST_N_DAYS:3): each is a span of days, not a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

Span = tuple[datetime, datetime]


def span(word: str, now: datetime) -> Span | None:
    """First moment, and first moment after it; None for a word that is not known. Days are those of UTC."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    day = timedelta(days=1)
    single = {"today": 0, "yesterday": -1, "tomorrow": 1}.get(word)
    if single is not None:
        return today + single * day, today + (single + 1) * day
    name, _, number = word.partition(":")
    if not number.isdecimal():
        return None
    if name == "last_n_days":  # today belongs to it
        return today - int(number) * day, today + day
    if name == "next_n_days":  # today does not
        return today + day, today + (int(number) + 1) * day
    return None
