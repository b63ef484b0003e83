"""Control totals: sums of money and quantities, by currency where records have one. Pure and exact."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from bridge.mapping.compiled import EntityMap
from bridge.mapping.units import Unit
from bridge.ports.work import Canonical

SUMMED: Final = frozenset({"money", "decimal", "integer"})


class Totals:
    """Sums of every number that is carried from source to target. Names are those of the units, "lines[].quantity" for
    rows. What the mapping never writes there (a credit limit that the ERP alone says) stays behind by intention, and
    its sum would show a difference that is none."""

    def __init__(self, emap: EntityMap, source: str, target: str) -> None:
        both = [unit for unit in (*emap.units, *emap.cells) if _carried(unit, source, target)]
        self.names = {unit.name: unit.kind for unit in both if unit.kind in SUMMED}
        self._currency = next((unit.name for unit in emap.units if unit.kind == "currency"), "")
        self.sums: dict[tuple[str, str], Decimal] = {}
        self.records = 0

    def add(self, values: Mapping[str, Canonical]) -> None:
        """One record."""
        self.records += 1
        currency = str(values.get(self._currency) or "")
        for path, value in values.items():
            name = _template(path)
            if name in self.names and isinstance(value, str | int) and not isinstance(value, bool):
                place = (name, currency if self.names[name] == "money" else "")
                self.sums[place] = self.sums.get(place, Decimal(0)) + _number(value)


def _carried(unit: Unit, source: str, target: str) -> bool:
    held = unit.columns.get(source) is not None and target in unit.columns
    return held and (unit.control or target in unit.writes)  # a sum of an order is worked out by each system itself


def _template(path: str) -> str:
    """ "lines[k1].quantity" is "lines[].quantity"."""
    head, opened, rest = path.partition("[")
    return f"{head}[]{rest.partition(']')[2]}" if opened else path


def _number(value: str | int) -> Decimal:
    try:
        return Decimal(value)
    except InvalidOperation:
        return Decimal(0)


def side_by_side(source: Totals, target: Totals) -> list[dict[str, object]]:
    """Every sum on both sides, and whether they are the same. Nought counts as nothing."""
    found = []
    for name, currency in sorted({*source.sums, *target.sums}):
        mine, theirs = source.sums.get((name, currency), Decimal(0)), target.sums.get((name, currency), Decimal(0))
        found.append(
            {"field": name, "currency": currency, "source": plain(mine), "target": plain(theirs),
             "difference": plain(theirs - mine), "equal": mine == theirs}
        )  # fmt: skip
    return found


def plain(number: Decimal) -> str:
    """Without exponent or trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") or "0" if "." in text else text
