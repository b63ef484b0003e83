"""No binary fraction anywhere between two systems: amounts and quantities are exact from wire to wire.

The source is scanned: a `float` may be a span of time, a likeness of two names, or the number of a vendor's wire format
right where it is read or written. Everything else is an error of this test until somebody says why.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Double, Float, Numeric

from bridge.canonical.models import entities
from bridge.canonical.types import FIELD_TYPES, Hints
from bridge.canonical.values import InvalidValue
from bridge.store.schema import METADATA

SOURCE = Path(__file__).resolve().parents[2] / "src" / "bridge"
TIME = re.compile(
    r"seconds|wait|patience|sleep|timeout|overlap|interval|late|clock|looked|skew|after|_at|back_off|until|now|usual|to$"
)
SPANS = {"Seconds", "span", "_refused", "_known", "_skew"}
"""Names of times that do not say so, and the share of a quota."""
WIRE = {
    ("adapters/files/xlsxfile.py", "_text"): "a workbook's numbers are doubles: read by their shortest exact form",
    ("adapters/odoo/values.py", "scalar"): "Odoo's JSON numbers are doubles: read by their shortest exact form",
    ("adapters/odoo/values.py", "decimal_text"): "the same",
    ("adapters/odoo/levels.py", "_level"): "the same",
    ("adapters/odoo/levels.py", "_sum"): "the same, added up as decimals",
    ("adapters/odoo/drafts.py", "_kept_price"): "the same",
    ("adapters/odoo/movements.py", "_count"): "a count on its way to Odoo",
    ("adapters/erpnext/values.py", "_number"): "ERPNext's JSON numbers are doubles; what they cannot hold goes as text",
    ("adapters/erpnext/cursor.py", "decode"): "when the log was looked at",
    ("adapters/salesforce/settings.py", "_recent"): "the number of an API version",
    ("engine/plan/identity.py", "likeness"): "how alike two names are",
    ("engine/plan/identity.py", "_hits"): "how alike two names have to be",
    ("engine/plan/identity.py", "_alike"): "how alike two names are, and have to be",
    ("engine/plan/identity.py", "resemblance"): "how alike two records are, for people",
    ("engine/reviewing.py", "Candidate"): "the same",
    ("engine/plan/reunion.py", "_agreement"): "how much of a golden record a record shows",
    ("config/sections.py", "budget_of"): "calls a second, and the share of a day's calls",
    ("config/running.py", "_silence"): "how many times the longest silence",
    ("entrypoints/cli/output.py", "show"): "seconds in a table",
    ("entrypoints/cli/output.py", "text"): "seconds in a table",
}
CALLS = re.compile(r"^(calls_)?per_\w+$")
"""How many calls a second, a batch or a record."""
COUNTING = (
    "engine/budget.py",
    "engine/plan/forecast.py",
    "engine/plan/rhythm.py",
    "entrypoints/daemon/hearing.py",
    "entrypoints/daemon/loop.py",
    "entrypoints/daemon/metrics.py",
    "entrypoints/migration/page.py",
    "entrypoints/migration/stages.py",
    "entrypoints/migration/telling.py",
)
"""They know calls, shares, paces, silences and figures only, and nothing of a record."""
OUTSIDE = ("sandbox", "testing")
"""The sandboxes speak the vendors' own numbers; the contract suite has spans of time only."""


def floats() -> Iterator[tuple[str, str, str, int]]:
    """File, the innermost function or class, the name that has the type, and the line of each `float`."""
    for path in sorted(SOURCE.rglob("*.py")):
        file = path.relative_to(SOURCE).as_posix()
        if not file.startswith(OUTSIDE):
            yield from _in(file, ast.parse(path.read_text(encoding="utf-8")), "", "")


def _in(file: str, node: ast.AST, place: str, name: str) -> Iterator[tuple[str, str, str, int]]:
    if isinstance(node, ast.Name) and node.id == "float":
        yield file, place, name, node.lineno
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        place, name = node.name, node.name
    elif isinstance(node, ast.arg):
        name = node.arg
    elif isinstance(node, ast.AnnAssign):
        name = ast.unparse(node.target).rpartition(".")[2]
    elif isinstance(node, ast.Assign):
        name = ast.unparse(node.targets[0]).rpartition(".")[2]
    for child in ast.iter_child_nodes(node):
        yield from _in(file, child, place, name)


def test_a_float_is_a_time_or_stands_at_a_wire() -> None:
    found = list(floats())
    assert len(found) > 20, "the scan finds what there is"
    strangers = [
        f"{file}:{line} {place} {name}"
        for file, place, name, line in found
        if not TIME.search(name)
        and not CALLS.search(name)
        and name not in SPANS
        and (file, place) not in WIRE
        and file not in COUNTING
    ]
    assert strangers == []


def test_every_exception_is_still_needed() -> None:
    assert set(WIRE) <= {(file, place) for file, place, _, _ in floats()}


def test_the_scan_finds_a_planted_float() -> None:
    code = "class Line:\n  unit_price: float\ndef total(amount: float | None) -> Decimal:\n  return float(amount)\n"
    found = [(place, name) for _, place, name, _ in _in("x.py", ast.parse(code), "", "")]
    assert found == [("Line", "unit_price"), ("total", "amount"), ("total", "total")]
    assert not any(TIME.search(name) or name in SPANS for _, name in found)


@pytest.mark.parametrize("kind", ["money", "decimal", "integer"])
def test_a_float_that_got_in_is_refused_and_not_rounded(kind: str) -> None:
    parse = FIELD_TYPES[kind].parser(Hints())
    with pytest.raises(InvalidValue):
        parse(0.1)
    assert parse("3") == ("3" if kind != "integer" else 3)


def test_amounts_and_quantities_are_typed_as_such() -> None:
    """The fields of the canonical model that hold numbers, so that none slips in as text."""
    kinds = {
        f"{name}.{field.name}"
        for name, entity in entities().items()
        for fields in (entity.fields, *entity.tables.values())
        for field in fields.values()
        if field.type in ("money", "decimal")
    }
    assert kinds == {
        "customer.credit_limit", "product.list_price", "product.weight",
        "order.net_total", "order.tax_total", "order.gross_total",
        "order.quantity", "order.unit_price", "order.discount_percent",
        "stock_level.on_hand", "stock_level.reserved", "stock_level.available", "stock_movement.quantity",
    }  # fmt: skip


def test_the_store_has_no_column_that_rounds() -> None:
    rounding = [
        f"{table.name}.{column.name}"
        for table in METADATA.tables.values()
        for column in table.columns
        if isinstance(column.type, (Float, Double, Numeric))
    ]
    assert rounding == []
