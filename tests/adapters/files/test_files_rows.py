"""The rows of a record: in a file of their own, in the record's file, inside its line of JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.files.reading import ORDERS, desk, everything, read
from bridge.ports.records import CreateItem, UpdateItem

ROWS = {"same_file": "yes", "id": "pos", "columns": {"product": "text", "quantity": "number"}}
SHARED = {"files": {"orders": {"rows": {"lines": ROWS}}}}
NESTED = {"files": {"orders": {"columns": {"bridge_id": "text", "customer": "text", "day": "date"}}}}
WAYS = ["own file", "shared file", "nested"]


def begin(folder: Path, way: str) -> dict[str, Any]:
    """One order with two lines; the settings that read it."""
    if way == "own file":
        (folder / "orders.csv").write_text("id,bridge_id,customer,day\nA1,,K1,2026-03-01\n")
        (folder / "orders_lines.csv").write_text(
            "parent,bridge_line,product,quantity,note\nA1,,P1,2,keep\nA1,,P2,3.5,\n"
        )
        return {}
    if way == "shared file":
        head = "id,bridge_id,customer,day,pos,bridge_line,product,quantity\n"
        (folder / "orders.csv").write_text(head + "A1,,K1,2026-03-01,10,,P1,2\nA1,,,,20,,P2,3.5\n")
        return SHARED
    lines = [{"product": "P1", "quantity": 2, "note": "keep"}, {"product": "P2", "quantity": 3.5}]
    row = {"id": "A1", "customer": "K1", "day": "2026-03-01", "lines": lines}
    (folder / "orders.jsonl").write_text(json.dumps(row) + "\n")
    return NESTED


@pytest.mark.parametrize("way", WAYS)
def test_rows_are_read_written_and_read_again(tmp_path: Path, way: str) -> None:
    settings = begin(tmp_path, way)
    adapter = desk(tmp_path, **settings)
    (order,) = everything(adapter, ORDERS).records
    first, second = order.values["lines"]
    assert order.values[f"lines[{first}].product"] == "P1"
    assert order.values[f"lines[{second}].quantity"] == "3.5"
    values = {
        "lines": [second, "r9"],
        "lines[r9].product": "P9",
        "lines[r9].quantity": "9",
        f"lines[{second}].quantity": "4",
    }
    (result,) = adapter.update(ORDERS, [UpdateItem("A1", values, order.version)])
    assert result.outcome == "ok", result.error
    made = {
        "customer": "K2",
        "day": "2026-04-01",
        "lines": ["n1"],
        "lines[n1].product": "P1",
        "lines[n1].quantity": "1",
    }
    (created,) = adapter.create(ORDERS, [CreateItem("golden", made)])
    assert created.outcome == "ok", created.error
    adapter.close()
    found, bad = read(tmp_path, ORDERS, **settings)
    assert bad == []
    again = found["A1"].values
    assert again["lines"][-1] == "r9"
    assert [again[f"lines[{key}].quantity"] for key in again["lines"]] == ["4", "9"]
    new = found["golden"]
    assert new.key == "golden"
    assert {path: new.values[path] for path in made} == made


def test_cells_that_the_mapping_does_not_know_stay(tmp_path: Path) -> None:
    begin(tmp_path, "own file")
    adapter = desk(tmp_path)
    (order,) = everything(adapter, ORDERS).records
    first = order.values["lines"][0]
    adapter.update(ORDERS, [UpdateItem("A1", {f"lines[{first}].quantity": "5"})])
    adapter.close()
    assert (tmp_path / "orders_lines.csv").read_text().splitlines()[1] == "A1,,P1,5,keep"


def test_a_bad_row_takes_its_order_along_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("id,bridge_id,customer,day\nA1,,K1,2026-03-01\nA2,,K1,2026-03-01\n")
    rows = "parent,bridge_line,product,quantity\nA1,,P1,2\nA1,,P2,many\nA2,,P1,1\nA3,,P1,1\n,,P1,1\n"
    (tmp_path / "orders_lines.csv").write_text(rows)
    found, bad = read(tmp_path, ORDERS)
    assert list(found) == ["A2"], "an order without one of its lines is another order"
    assert bad == [
        "orders_lines.csv:6 parent: names no record",
        "orders.csv:2: orders_lines.csv:3 quantity: is no number such as 1234.5",
        "orders_lines.csv:2 parent: the record that it belongs to is not in orders.csv, or is not taken in itself",
        "orders_lines.csv:3 parent: is no number such as 1234.5",
        "orders_lines.csv:5 parent: the record that it belongs to is not in orders.csv, or is not taken in itself",
    ]
    adapter = desk(tmp_path)
    adapter.update(ORDERS, [UpdateItem("A2", {"customer": "K9"})])
    adapter.close()
    assert sorted((tmp_path / "orders_lines.csv").read_text().splitlines()) == sorted(rows.splitlines())
    assert "A1,,K1,2026-03-01" in (tmp_path / "orders.csv").read_text()


def test_lines_of_one_order_that_contradict_each_other(tmp_path: Path) -> None:
    head = "id,bridge_id,customer,day,pos,bridge_line,product,quantity\n"
    (tmp_path / "orders.csv").write_text(head + "A1,,K1,,10,,P1,2\nA1,,K2,,20,,P2,3\nA2,,K1,,10,,P1,2\n")
    found, bad = read(tmp_path, ORDERS, **SHARED)
    assert list(found) == ["A2"]
    assert bad[0] == "orders.csv:2 customer: says something else than line 2 of the same record"
