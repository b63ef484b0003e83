"""Exact numbers: rows keep JSON numbers, as the wire has them, and all sums are done in decimals."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any


def exact(number: Any) -> Decimal:
    """A number of a row; nothing counts as nought."""
    return Decimal(0) if number is None else Decimal(str(number))


def rounded(number: Decimal, scale: int) -> float:
    """The number as a row keeps it."""
    return float(number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP))
