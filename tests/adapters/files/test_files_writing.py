"""Writes: whole files or none, nobody's edit overwritten, nothing doubled; whatever is killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from adapters.files.reading import CUSTOMERS, ORDERS, desk, everything, read
from bridge.ports.errors import ConfigError, Rejected
from bridge.ports.records import CreateItem, DeleteItem, UpdateItem

HEAD = "id,bridge_id,name,city,credit,since,note\n"


def begin(folder: Path, lines: str = "1,,A,Ulm,1,,x\n2,,B,Bonn,2,,y\n") -> Path:
    path = folder / "customers.csv"
    path.write_text(HEAD + lines)
    return path


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file counts as a large one: it is written at the end."""
    monkeypatch.setattr("bridge.adapters.files.mirror.AT_ONCE", -1)


def test_a_large_file_is_written_once(tmp_path: Path, late: None) -> None:
    path = begin(tmp_path)
    adapter = desk(tmp_path)
    before = path.read_bytes()
    for n in range(5):
        adapter.create(CUSTOMERS, [CreateItem(f"k{n}", {"name": f"N{n}"})])
        assert path.read_bytes() == before
    assert set(desk(tmp_path).find(CUSTOMERS, ["k3"])["k3"][0].values) >= {"name"}
    adapter.close()
    assert [line.split(",")[1] for line in path.read_text().splitlines()[3:]] == [f"k{n}" for n in range(5)]
    assert not list(tmp_path.glob(".*.tmp"))


def test_a_person_edits_the_same_row_before_the_file_is_written(tmp_path: Path, late: None) -> None:
    path = begin(tmp_path)
    adapter = desk(tmp_path)
    cursor = everything(adapter, CUSTOMERS).cursor
    adapter.update(CUSTOMERS, [UpdateItem("1", {"name": "A of bridge", "city": "Köln"})])
    path.write_text(HEAD + "1,,A of a person,Ulm,1,,x2\n2,,B,Bonn,2,,y\n")
    adapter.close()
    assert path.read_text() == HEAD + "1,,A of a person,Köln,1,,x2\n2,,B,Bonn,2,,y\n"
    page = everything(desk(tmp_path), CUSTOMERS, cursor)
    assert [record.values["name"] for record in page.records] == ["A of a person"], "the engine is not told of the edit"


def test_a_person_breaks_the_row_that_bridge_has_changed(tmp_path: Path, late: None) -> None:
    path = begin(tmp_path)
    adapter = desk(tmp_path)
    adapter.update(CUSTOMERS, [UpdateItem("1", {"name": "A of bridge"}), UpdateItem("2", {"name": "B of bridge"})])
    path.write_text(HEAD + "1,,A,Ulm,one,,x\n2,,B,Bonn,2,,y\n")
    adapter.close()
    assert path.read_text() == HEAD + "1,,A,Ulm,one,,x\n2,,B of bridge,Bonn,2,,y\n"
    path.write_text(HEAD + "1,,A,Ulm,1,,x\n2,,B of bridge,Bonn,2,,y\n")
    adapter = desk(tmp_path)
    adapter.open([CUSTOMERS])
    adapter.close()
    assert path.read_text().splitlines()[1] == "1,,A of bridge,Ulm,1,,x"


def test_a_person_edits_what_bridge_deletes(tmp_path: Path, late: None) -> None:
    path = begin(tmp_path)
    adapter = desk(tmp_path)
    cursor = everything(adapter, CUSTOMERS).cursor
    adapter.delete(CUSTOMERS, [DeleteItem("1"), DeleteItem("2")])
    path.write_text(HEAD + "1,,A,Ulm,1,,x\n2,,B is needed,Bonn,2,,y\n")
    adapter.close()
    assert path.read_text() == HEAD + "2,,B is needed,Bonn,2,,y\n"
    page = everything(desk(tmp_path), CUSTOMERS, cursor)
    assert [record.values["name"] for record in page.records] == ["B is needed"]
    assert [stone.native_id for stone in page.tombstones] == ["1"]


def test_the_file_changes_while_it_is_written(tmp_path: Path) -> None:
    path = begin(tmp_path)

    def point(name: str) -> None:
        if name == "before rename" and "hurry" not in path.read_text():
            path.write_text(HEAD + "1,,A,Ulm,1,,hurry\n2,,B,Bonn,2,,y\n")

    adapter = desk(tmp_path)
    adapter._mirror._point = point
    adapter.update(CUSTOMERS, [UpdateItem("2", {"name": "B of bridge"})])
    assert "hurry" in path.read_text()
    adapter.close()
    assert path.read_text() == HEAD + "1,,A,Ulm,1,,hurry\n2,,B of bridge,Bonn,2,,y\n"


KILLED = """
import os, signal, sys
from pathlib import Path
from adapters.files.reading import CUSTOMERS, ORDERS, desk
from bridge.ports.records import CreateItem, DeleteItem, UpdateItem
folder, moment, number = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
def point(name):
    global number
    if name == moment:
        number -= 1
        if not number:
            os.kill(os.getpid(), signal.SIGKILL)
adapter = desk(folder)
adapter._mirror._point = point
adapter.create(ORDERS, [CreateItem("golden", {"customer": "K2", "lines": ["n1"], "lines[n1].product": "P1"})])
adapter.update(ORDERS, [UpdateItem("A1", {"customer": "K9", "lines": ["r9"], "lines[r9].product": "P9"})])
adapter.delete(ORDERS, [DeleteItem("A2")])
adapter.close()
"""


@pytest.mark.parametrize(
    ("moment", "number"),
    [("before rename", n) for n in (1, 2, 3)] + [("after rename", n) for n in (1, 2, 3, 4, 5)],
)
def test_killed_in_the_middle_nothing_is_lost_or_doubled(tmp_path: Path, moment: str, number: int) -> None:
    orders, lines = tmp_path / "orders.csv", tmp_path / "orders_lines.csv"
    orders.write_text("id,bridge_id,customer,day\nA1,,K1,2026-03-01\nA2,,K1,2026-03-01\n")
    lines.write_text("parent,bridge_line,product,quantity\nA1,r1,P1,2\nA2,r2,P2,3\n")
    command = [sys.executable, "-c", KILLED, str(tmp_path), moment, str(number)]
    paths = os.pathsep.join([str(Path(__file__).resolve().parents[2]), *sys.path])
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    adapter = desk(tmp_path)
    adapter.open([ORDERS])
    adapter.create(ORDERS, [CreateItem("golden", {"customer": "K2", "lines": ["n1"], "lines[n1].product": "P1"})])
    adapter.update(ORDERS, [UpdateItem("A1", {"customer": "K9", "lines": ["r9"], "lines[r9].product": "P9"})])
    adapter.delete(ORDERS, [DeleteItem("A2")])
    adapter.close()
    assert orders.read_text() == "id,bridge_id,customer,day\nA1,,K9,2026-03-01\ngolden,golden,K2,\n"
    assert lines.read_text() == "parent,bridge_line,product,quantity\nA1,r9,P9,\ngolden,n1,P1,\n"
    assert read(tmp_path, ORDERS)[1] == []


def test_what_is_remembered_can_be_thrown_away(tmp_path: Path) -> None:
    begin(tmp_path)
    adapter = desk(tmp_path)
    cursor = everything(adapter, CUSTOMERS).cursor
    (made,) = adapter.create(CUSTOMERS, [CreateItem("k", {"name": "N"})])
    adapter.close()
    for file in (tmp_path / ".bridge").iterdir():
        file.unlink()
    adapter = desk(tmp_path)
    assert adapter.fetch(CUSTOMERS, ["k"])["k"].version == made.stored.version
    assert adapter.create(CUSTOMERS, [CreateItem("k", {"name": "N"})])[0].created is False
    with pytest.raises(Exception, match="position"):
        adapter.changes(CUSTOMERS, cursor, 10)


def test_formulas(tmp_path: Path) -> None:
    path = begin(tmp_path, "")
    spoken = {"=1+1": "'=1+1", "-x": "'-x", "@a": "'@a", "'=b": "''=b", "plain": "plain", "'s": "'s"}
    adapter = desk(tmp_path, safe="yes")
    items = [CreateItem(f"k{n}", {"name": name, "credit": "-5"}) for n, name in enumerate(spoken)]
    assert [r.stored.values["name"] for r in adapter.create(CUSTOMERS, items)] == list(spoken)
    adapter.close()
    assert [line.split(",")[2] for line in path.read_text().splitlines()[1:]] == list(spoken.values())
    assert ",-5," in path.read_text()
    (tmp_path / ".bridge" / "files.db").unlink()
    assert [r.values["name"] for r in read(tmp_path, safe="yes")[0].values()] == list(spoken)


def test_what_a_file_cannot_hold_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_bytes((HEAD + "1,,Müller,Köln,,,\n").encode("cp1252"))
    adapter = desk(tmp_path, encoding="cp1252")
    results = adapter.create(
        CUSTOMERS,
        [CreateItem("a", {"name": "日本"}), CreateItem("b", {"name": "Öl"}), CreateItem("c", {"name": "x"})],
    )
    assert [one.outcome for one in results] == ["failed", "ok", "ok"]
    assert isinstance(results[0].error, Rejected)
    assert results[0].error.fields == ("name",)
    adapter.close()
    assert "Öl" in path.read_bytes().decode("cp1252")


def test_wrong_settings_are_told_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as told:
        desk(
            tmp_path,
            encoding="klingon",
            decimal=",",
            thousands=".",
            timezone="Mars",
            dates="soon",
            files={"customers": {"columns": {"a": "numbr"}}},
        )
    assert len(told.value.problems) == 4
    with pytest.raises(ConfigError, match="leads out of the folder"):
        desk(tmp_path, files={"customers": {"path": "../../etc/passwd.csv"}})


def peak(folder: Path, rows: int) -> int:
    """The most memory that reading all, and changing a page of it, takes."""
    folder.mkdir()
    with (folder / "customers.csv").open("w") as stream:
        stream.write(HEAD)
        stream.writelines(f"{n},,Customer {n},Ulm,{n}.5,2026-01-31,\n" for n in range(rows))
    tracemalloc.start()
    adapter = desk(folder)
    cursor, more = None, True
    while more:
        page = adapter.changes(CUSTOMERS, cursor, 500)
        cursor, more = page.cursor, page.more
    adapter.update(CUSTOMERS, [UpdateItem(str(n), {"name": "x"}) for n in range(500)])
    adapter.close()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    small, large = peak(tmp_path / "small", 1_000), peak(tmp_path / "large", 6_000)
    assert large < 1.5 * small, f"1,000 rows take {small:,} bytes, 6,000 take {large:,}"
