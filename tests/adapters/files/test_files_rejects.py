"""Bad rows as a CSV file: written with the reasons, mended, put back where they were; nobody else's change undone."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from adapters.files.reading import CUSTOMERS, ORDERS, desk, everything
from bridge.ports.records import ObjectSpec

HEAD = "id,bridge_id,name,city,credit,since\n"


def rejects(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def mend(path: Path, delimiter: str = ",", **cells: dict[str, str]) -> None:
    """A person changes cells, by line, in a spreadsheet that may write another delimiter."""
    rows = rejects(path)
    for row in rows:
        row.update(cells.get(f"line{row['bridge_at_line']}", {}))
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_mended_rows_stand_in_their_old_places(tmp_path: Path, delimiter: str) -> None:
    path, out = tmp_path / "customers.csv", tmp_path / "out" / "customer.csv"
    path.write_bytes((HEAD + "1,,A,Köln,1,\n2,,B,Ulm,two,\n").encode() + b"3,,M\xfcller,Ulm,3,\n4,,D\n5,,E,Ulm,5,\n")
    adapter = desk(tmp_path)
    cursor = everything(adapter, CUSTOMERS).cursor
    assert adapter.write_rejects(CUSTOMERS, out) == 3
    assert (out.stat().st_mode & 0o777) == 0o600
    assert [(row["bridge_at_line"], row["bridge_column"]) for row in rejects(out)] == [
        ("3", "credit"),
        ("4", "name"),
        ("5", ""),
    ]
    mend(out, delimiter, line3={"credit": "2"}, line4={"name": "Müller"})
    done = adapter.replay(CUSTOMERS, out)
    assert (done.replaced, done.unchanged, done.unknown, done.still_bad) == (2, 1, 0, 1)
    assert path.read_text() == HEAD + "1,,A,Köln,1,\n2,,B,Ulm,2,\n3,,Müller,Ulm,3,\n4,,D\n5,,E,Ulm,5,\n"
    assert [record.native_id for record in everything(adapter, CUSTOMERS, cursor).records] == ["2", "3"]
    again = adapter.replay(CUSTOMERS, out)
    assert (again.replaced, again.unknown) == (0, 2), "what was put back is put back once"
    adapter.write_rejects(CUSTOMERS, out)
    mend(out, line5={"id": "4", "name": "D", "city": "Bonn"})
    assert adapter.replay(CUSTOMERS, out).still_bad == 0


def test_mended_badly_is_told_again(tmp_path: Path) -> None:
    path, out = tmp_path / "customers.csv", tmp_path / "customer.csv"
    path.write_text(HEAD + "1,,A,Ulm,one,\n")
    adapter = desk(tmp_path)
    adapter.write_rejects(CUSTOMERS, out)
    mend(out, line2={"credit": "uno"})
    assert adapter.replay(CUSTOMERS, out).still_bad == 1
    assert [str(row) for row in adapter.bad_rows(CUSTOMERS)] == ["customers.csv:2 credit: is no number such as 1234.5"]


def test_refused_rows_unless_somebody_has_changed_them(tmp_path: Path) -> None:
    path, out = tmp_path / "customers.csv", tmp_path / "customer.csv"
    path.write_text(HEAD + "1,,A,Ulm,1,\n2,,B,Ulm,2,\n")
    adapter = desk(tmp_path)
    assert adapter.write_rejects(CUSTOMERS, out, {"1": "crm refuses it", "2": "crm refuses it"}) == 2
    path.write_text(HEAD + "1,,A,Ulm,1,\n2,,B of a person,Ulm,2,\n")
    out.write_text(out.read_text("utf-8-sig").replace(",A,", ",A2,").replace(",B,", ",B2,"), "utf-8-sig")
    done = adapter.replay(CUSTOMERS, out)
    assert (done.replaced, done.unknown) == (1, 1)
    assert path.read_text() == HEAD + "1,,A2,Ulm,1,\n2,,B of a person,Ulm,2,\n"


def test_the_lines_of_an_order_are_mended_in_their_own_file(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("id,bridge_id,customer,day\nA1,,K1,2026-03-01\n")
    (tmp_path / "orders_lines.csv").write_text("parent,bridge_line,product,quantity\nA1,,P1,2\nA1,,P2,many\n")
    adapter = desk(tmp_path)
    assert adapter.write_rejects(ORDERS, tmp_path / "order.csv") == 3
    mend(tmp_path / "order_lines.csv", line3={"quantity": "3"})
    assert adapter.replay(ORDERS, tmp_path / "order.csv").still_bad == 0
    (order,) = everything(adapter, ORDERS).records
    assert len(order.values["lines"]) == 2


def test_a_good_line_whose_order_is_mended_needs_no_mending_and_keeps_its_cells(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("id,bridge_id,customer,day\nA1,,K1,2026-02-31\n")
    (tmp_path / "orders_lines.csv").write_text("parent,bridge_line,product,quantity\nA1,,P1,2\nA1,r2,P2,3\n")
    adapter = desk(tmp_path)
    assert adapter.write_rejects(ORDERS, tmp_path / "order.csv") == 3
    assert [row["bridge_line"] for row in rejects(tmp_path / "order_lines.csv")] == ["", "r2"], "the line's own key"
    mend(tmp_path / "order.csv", line2={"day": "2026-02-28"})
    done = adapter.replay(ORDERS, tmp_path / "order.csv")
    assert (done.replaced, done.unchanged, done.unknown, done.still_bad) == (1, 0, 0, 0)
    assert (tmp_path / "orders_lines.csv").read_text().splitlines()[1:] == ["A1,,P1,2", "A1,r2,P2,3"]
    (order,) = everything(adapter, ORDERS).records
    assert len(order.values["lines"]) == 2


def test_json_lines(tmp_path: Path) -> None:
    path, out = tmp_path / "customers.jsonl", tmp_path / "customer.csv"
    path.write_text('{"id": 1, "name": "A", "credit": "one", "more": [1, {"a": 2}]}\nnothing\n')
    adapter = desk(tmp_path, files={"customers": {"columns": {"credit": "number"}}})
    assert adapter.write_rejects(CUSTOMERS, out) == 2
    assert rejects(out)[1]["bridge_raw"] == "nothing"
    mend(out, line1={"credit": "1.50"}, line2={"id": "2", "name": "B"})
    assert adapter.replay(CUSTOMERS, out).still_bad == 0
    first, second = (json.loads(line) for line in path.read_text().splitlines())
    assert first == {"id": 1, "name": "A", "credit": 1.5, "more": [1, {"a": 2}]}
    assert (second["id"], second["name"]) == ("2", "B")


def test_setup_gives_bad_rows_the_new_column_too(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("id,name,credit\n1,A,1\n2,B,two\n3,C\n")
    spec = ObjectSpec("customer", "customers", "bridge_id", CUSTOMERS.fields[:1] + CUSTOMERS.fields[2:3])
    adapter = desk(tmp_path)
    assert {step.state for step in adapter.setup(spec, apply=True)} == {"present", "done"}
    assert path.read_text() == "id,name,credit,bridge_id\n1,A,1,\n2,B,two,\n3,C\n"
    assert [str(row) for row in adapter.bad_rows(spec)] == [
        "customers.csv:3 credit: is no number such as 1234.5",
        "customers.csv:4: has 2 cells where the header names 4",
    ]
