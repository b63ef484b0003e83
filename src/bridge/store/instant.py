"""The column type of instants: microseconds since 1970 (UTC), exact, ordered and the same in every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def microseconds(value: Any) -> int | None:
    """Microseconds since 1970, of an instant or nothing. Raises TypeError for anything else."""
    return None if value is None else (value - EPOCH) // MICROSECOND


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant, as microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=value)
