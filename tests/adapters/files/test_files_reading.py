"""What stands in a file, in any manner of writing it; what is wrong stays in its line, and is told with its place."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from adapters.files.reading import CUSTOMERS, desk, everything, read
from bridge.ports.errors import CursorExpired, NotFound, Transient, Unsupported
from bridge.ports.records import CreateItem

HEAD = "id,bridge_id,name,city,credit,since\n"


def put(folder: Path, text: str, encoding: str = "utf-8", name: str = "customers.csv") -> None:
    (folder / name).write_bytes(text.encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    names = ["Müller Söhne", "Bäckerei Grün", "Fußpflege Jäger", "Café Öçal"]
    put(tmp_path, HEAD + "".join(f"{n},,{name},Köln,,\n" for n, name in enumerate(names)), encoding)
    found, bad = read(tmp_path)
    assert bad == []
    assert [found[str(n)].values["name"] for n in range(4)] == names


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    put(tmp_path, HEAD.replace(",", delimiter) + delimiter.join(["1", "", '"Muster, Sohn; und |"', "Ulm", "", ""]))
    assert read(tmp_path)[0]["1"].values["name"] == "Muster, Sohn; und |"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends_and_quoted_ones(tmp_path: Path, newline: str) -> None:
    put(tmp_path, newline.join([HEAD.strip(), '1,,"two\nlines ""here""",Ulm,,', "", "2,,B,Bonn,,", ""]))
    found, bad = read(tmp_path)
    assert bad == []
    assert {key: record.values["name"] for key, record in found.items()} == {"1": 'two\nlines "here"', "2": "B"}


def test_numbers_and_dates_of_another_country(tmp_path: Path) -> None:
    put(tmp_path, "id;name;credit;since\n1;A;1.234,50;31.01.2026\n2;B;1234,5;\n3;C;1.5;1.2.2026\n4;D;n/a;\n")
    manner = {"decimal": ",", "thousands": ".", "dates": "DD.MM.YYYY", "empty": ["", "n/a"]}
    found, bad = read(tmp_path, **manner)
    assert [(r.values["credit"], r.values["since"]) for r in found.values()] == [
        ("1234.5", "2026-01-31"),
        ("1234.5", None),
        (None, None),
    ]
    assert bad == ['customers.csv:4 credit: is no number such as 1234,5 (with `decimal: "."` it is one)']


def test_what_is_wrong_stays_in_its_line(tmp_path: Path) -> None:
    lines = [
        "1,,A,Köln,10,2026-01-31",
        "2,,B,Ulm,10,2026-02-30",
        "3,,C,Ulm,zehn,",
        '4,,D "the best",Ulm,"1,',
        "5,,E,Ulm",
        "6,,F,Ulm,1,,,",
        ",,G,Ulm,1,",
        "1,,H,Ulm,1,",
        "9,,I,Ulm,1,",
    ]
    data = (HEAD + "\n".join(lines) + "\n").encode() + b"10,,M\xfcller,Ulm,1,\n11,,J,Ulm,1,\n"
    (tmp_path / "customers.csv").write_bytes(data)
    found, bad = read(tmp_path)
    assert list(found) == ["1", "9", "11"]
    assert bad == [
        "customers.csv:3 since: is no date such as YYYY-MM-DD",
        "customers.csv:4 credit: is no number such as 1234.5",
        "customers.csv:5: the quotes of this line do not match: a quote inside a text is written twice",
        "customers.csv:6: has 4 cells where the header names 6",
        "customers.csv:7: has 8 cells where the header names 6",
        "customers.csv:8 id: the row has no id",
        "customers.csv:9 id: the same id stands in a line before",
        "customers.csv:11 name: cannot be read in the file's encoding utf-8",
    ]
    assert "zehn" not in "".join(bad)  # what stands there is nobody's but the file's


def test_a_required_or_too_long_text(tmp_path: Path) -> None:
    put(tmp_path, HEAD + "1,,,,,\n2,,ABCDEF,,,\n3,,ABC,,,\n")
    columns = {"name": {"type": "text", "length": "5", "required": "yes"}}
    found, bad = read(tmp_path, files={"customers": {"columns": columns}})
    assert list(found) == ["3"]
    assert bad == ["customers.csv:2 name: a value is missing", "customers.csv:3 name: is longer than 5 characters"]


def test_a_header_that_stands_twice_is_told_and_kept(tmp_path: Path) -> None:
    put(tmp_path, "id,bridge_id,name,city,city\n1,,A,Ulm,Bonn\n")
    adapter = desk(tmp_path)
    page = everything(adapter, CUSTOMERS)
    assert page.records[0].values["city"] == "Ulm"
    assert "customers.csv:1: the column 'city' stands twice" in adapter.check().problems[0]
    adapter.create(CUSTOMERS, [CreateItem("k", {"name": "B", "city": "Köln"})])
    adapter.close()
    assert (tmp_path / "customers.csv").read_text() == "id,bridge_id,name,city,city\n1,,A,Ulm,Bonn\nk,k,B,Köln,\n"


def test_a_missing_column_is_not_an_empty_one(tmp_path: Path) -> None:
    put(tmp_path, "id,name\n1,A\n")
    found, _ = read(tmp_path)
    assert dict(found["1"].values) == {"name": "A"}


def test_no_id_column_is_told_with_what_to_do(tmp_path: Path) -> None:
    put(tmp_path, "number,name\n1,A\n")
    with pytest.raises(Transient, match="no column 'id', by which its rows are told apart; name those"):
        read(tmp_path)
    assert list(read(tmp_path, files={"customers": {"id": "number"}})[0]) == ["1"]
    assert list(read(tmp_path, files={"customers": {"id": ["number", "name"]}})[0]) == ["1|A"]


def test_a_file_that_is_not_there_or_empty_deletes_nothing(tmp_path: Path) -> None:
    put(tmp_path, HEAD + "1,,A,,,\n")
    adapter = desk(tmp_path)
    cursor = everything(adapter, CUSTOMERS).cursor
    put(tmp_path, "")
    with pytest.raises(Transient, match="not even a header"):
        adapter.changes(CUSTOMERS, cursor, 10)
    (tmp_path / "customers.csv").unlink()
    with pytest.raises(NotFound, match=r"no file customers.csv .* `bridge setup desk` makes one"):
        adapter.changes(CUSTOMERS, cursor, 10)
    put(tmp_path, HEAD + "1,,A,,,\n")
    assert everything(adapter, CUSTOMERS, cursor).tombstones == ()


def test_what_did_not_change_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, HEAD + "1,,A,,,\n2,,B,,,\n")
    adapter = desk(tmp_path)
    cursor = everything(adapter, CUSTOMERS).cursor
    os.utime(tmp_path / "customers.csv", (1, 1))  # touched, and nothing else
    monkeypatch.setattr("bridge.adapters.files.mirror.Scan", None)
    assert everything(adapter, CUSTOMERS, cursor).records == ()


def test_an_edit_that_leaves_size_and_stamp_is_seen(tmp_path: Path) -> None:
    put(tmp_path, HEAD + "1,,A,,,\n")
    adapter = desk(tmp_path)
    cursor = everything(adapter, CUSTOMERS).cursor
    stat = (tmp_path / "customers.csv").stat()
    put(tmp_path, HEAD + "1,,B,,,\n")
    os.utime(tmp_path / "customers.csv", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert [r.values["name"] for r in everything(adapter, CUSTOMERS, cursor).records] == ["B"]


def test_gone_rows_and_one_that_goes_on_under_another_id(tmp_path: Path) -> None:
    put(tmp_path, HEAD + "1,k1,A,,,\n2,,B,,,\n3,,C,,,\n")
    adapter = desk(tmp_path)
    cursor = everything(adapter, CUSTOMERS).cursor
    put(tmp_path, HEAD + "9,k1,A,,,\n3,,C,,,\n")
    page = everything(adapter, CUSTOMERS, cursor, limit=1)
    assert {(stone.native_id, stone.merged_into) for stone in page.tombstones} == {("1", "9"), ("2", None)}
    assert [record.native_id for record in page.records] == ["9"]


def test_a_row_that_became_bad_is_not_gone(tmp_path: Path) -> None:
    put(tmp_path, HEAD + "1,,A,,1,\n2,,B,,2,\n")
    adapter = desk(tmp_path)
    cursor = everything(adapter, CUSTOMERS).cursor
    put(tmp_path, HEAD + "1,,A,,one,\n2,,B,,2,\n")
    page = everything(adapter, CUSTOMERS, cursor)
    assert (page.records, page.tombstones, len(page.bad)) == ((), (), 1)
    put(tmp_path, HEAD + "2,,B,,2,\n\x00,,,\n")  # and where a line cannot even be told apart, none is believed gone
    assert everything(adapter, CUSTOMERS, page.cursor).tombstones == ()


def test_a_file_that_does_not_hold_everything(tmp_path: Path) -> None:
    put(tmp_path, HEAD + "1,,A,,,\n2,,B,,,\n")
    adapter = desk(tmp_path, complete="no")
    cursor = everything(adapter, CUSTOMERS).cursor
    put(tmp_path, HEAD + "2,,B2,,,\n")
    page = everything(adapter, CUSTOMERS, cursor)
    assert ([r.native_id for r in page.records], page.tombstones) == (["2"], ())
    assert adapter.capabilities(CUSTOMERS).create == "unsupported"
    with pytest.raises(Unsupported):
        adapter.create(CUSTOMERS, [CreateItem("k", {"name": "C"})])


def test_another_manner_makes_old_positions_worthless(tmp_path: Path) -> None:
    put(tmp_path, "id,name,credit\n1,A,1.500\n")
    first = everything(desk(tmp_path), CUSTOMERS)
    with pytest.raises(CursorExpired):
        desk(tmp_path, decimal=",", thousands=".").changes(CUSTOMERS, first.cursor, 10)
    assert read(tmp_path, decimal=",", thousands=".")[0]["1"].values["credit"] == "1500"


def test_what_was_read_in_another_manner_is_a_bad_line_and_stays_as_it_was_known(tmp_path: Path) -> None:
    manner: dict[str, Any] = {"decimal": ",", "thousands": "."}
    put(tmp_path, 'id,name,credit\n1,A,"1.500,25"\n')
    assert read(tmp_path, **manner)[0]["1"].values["credit"] == "1500.25"
    records, bad = read(tmp_path)
    assert records["1"].values == {"name": "A"}
    assert bad == [
        'customers.csv:2 credit: is no number such as 1234.5 (with `decimal: ","` and `thousands: "."` it is one)'
    ]
    assert read(tmp_path, **manner)[0]["1"].values["credit"] == "1500.25"


@pytest.mark.parametrize(
    ("manner", "text", "hint"),
    [
        ({}, "1234,5", 'such as 1234.5 (with `decimal: ","` it is one)'),
        ({}, "1,234.5", 'such as 1234.5 (with `thousands: ","` it is one)'),
        ({"decimal": ","}, "1'234,5", 'such as 1234,5 (with `thousands: "\'"` it is one)'),
        ({"decimal": ","}, "many", "such as 1234,5"),
    ],
)
def test_a_number_in_another_manner_is_told_with_what_would_read_it(
    tmp_path: Path, manner: dict[str, Any], text: str, hint: str
) -> None:
    put(tmp_path, f'id,name,credit\n1,A,"{text}"\n')
    assert read(tmp_path, **manner)[1] == [f"customers.csv:2 credit: is no number {hint}"]


def test_workbooks_hold_numbers_dates_and_sheets(tmp_path: Path) -> None:
    book = Workbook()
    book.create_sheet("Kunden")
    rows = [["id", "name", "credit", "since"], [1001, "A", 12.5, date(2026, 1, 31)], [1002, 7, "1,5", "31.01.2026"]]
    for row in rows:
        book["Kunden"].append(row)
    book.save(tmp_path / "customers.xlsx")
    manner = {"decimal": ",", "dates": ["DD.MM.YYYY"], "files": {"customers": {"sheet": "Kunden"}}}
    found, bad = read(tmp_path, **manner)
    assert bad == []
    assert {key: list(record.values.values()) for key, record in found.items()} == {
        "1001": ["A", "12.5", "2026-01-31"],
        "1002": ["7", "1.5", "2026-01-31"],
    }
    result = desk(tmp_path, **manner)
    with pytest.raises(Unsupported, match="several sheets"):
        result.create(CUSTOMERS, [CreateItem("k", {"name": "C"})])
    (tmp_path / "customers.xlsx").write_bytes(b"no workbook")
    with pytest.raises(Transient, match="no workbook"):
        read(tmp_path, **manner)


def test_json_lines_keep_what_they_hold(tmp_path: Path) -> None:
    rows = [
        '{"id": 1, "name": "A", "credit": 0.10000000000000000001, "extra": {"a": [1, 2.50], "b": null}}',
        "not json",
        '{"id": 2, "name": "B"}',
    ]
    put(tmp_path, "\n".join(rows) + "\n", name="customers.jsonl")
    settings = {"files": {"customers": {"columns": {"bridge_id": "text", "city": "text"}}}}
    found, bad = read(tmp_path, **settings)
    assert found["1"].values["credit"] == "0.10000000000000000001"
    assert "credit" not in found["2"].values
    assert bad == ["customers.jsonl:2: is no JSON"]
    adapter = desk(tmp_path, **settings)
    assert adapter.create(CUSTOMERS, [CreateItem("k", {"name": "C", "credit": "1.50"})])[0].outcome == "ok"
    adapter.close()
    lines = (tmp_path / "customers.jsonl").read_text().splitlines()
    assert lines[0].startswith('{"id": 1, "name": "A", "credit": 0.10000000000000000001, ')
    assert json.loads(lines[0])["extra"]["a"] == [1, 2.5]
    assert lines[1] == "not json"
    assert json.loads(lines[3])["credit"] == 1.5


def test_a_place_where_nothing_can_be_remembered_is_told(tmp_path: Path) -> None:
    put(tmp_path, HEAD + "1,,A,,,\n")
    (tmp_path / "full").write_text("no folder")
    adapter = desk(tmp_path, state=str(tmp_path / "full"))
    for call in (lambda: adapter.open([CUSTOMERS]), lambda: adapter.changes(CUSTOMERS, None, 10)):
        with pytest.raises(Transient):
            call()
