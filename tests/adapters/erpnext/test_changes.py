"""The feed: nothing is lost, nothing is delivered on every poll, and an unchanged object is cheap."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

import pytest
from tests.adapters.erpnext.double import Metas, Place, Tables

from bridge.adapters.erpnext import changes as changes_module
from bridge.adapters.erpnext import remembered
from bridge.adapters.erpnext.changes import Changes
from bridge.adapters.erpnext.cursor import Position
from bridge.adapters.erpnext.document import layout_of
from bridge.adapters.erpnext.reading import Reader
from bridge.adapters.erpnext.settings import load
from bridge.ports.errors import CursorExpired
from bridge.ports.records import ChangePage, Condition, FieldSpec, NativeRecord, ObjectSpec

PLAIN = ("customer_name", "tax_id")
WHOLE = (*PLAIN, "Address.Billing.city")


class Feed:
    """A feed over tables in memory, and its position."""

    def __init__(
        self,
        tables: Tables,
        paths: Sequence[str] = WHOLE,
        *,
        interval: float | None = 0.0,
        where: tuple[Condition, ...] = (),
    ) -> None:
        self.tables = tables
        settings = load("fin", {"url": "http://localhost", "api_key": "k", "api_secret": "s"})
        self.settings = settings.model_copy(update={"deletes_interval": interval})
        spec = ObjectSpec("customer", "Customer", "custom_bridge_id", tuple(map(FieldSpec, paths)), where)
        self.layout = layout_of(spec, cast(Any, Metas()))
        self.cursor: str | None = None
        self.restart()

    def restart(self) -> None:
        """Another process: the position stays, the memory goes."""
        client, place = cast(Any, self.tables), cast(Any, Place())
        self.changes = Changes(client, Reader(client, place, 2000), place, self.settings, self.seconds)

    def seconds(self) -> float:
        return self.tables.now.timestamp()

    def page(self, limit: int = 100) -> ChangePage:
        page = self.changes.page(self.layout, self.cursor, limit)
        self.cursor = page.cursor
        return page

    def poll(self, limit: int = 100) -> tuple[list[NativeRecord], list[str]]:
        records: list[NativeRecord] = []
        gone: list[str] = []
        while True:
            page = self.page(limit)
            assert len(page.records) <= limit
            records += page.records
            gone += [tombstone.native_id for tombstone in page.tombstones]
            if not page.more:
                return records, gone

    def names(self, limit: int = 100) -> list[str]:
        return [record.native_id for record in self.poll(limit)[0]]


@pytest.fixture
def tables() -> Tables:
    return Tables()


def later(tables: Tables, seconds: float) -> None:
    tables.now += timedelta(seconds=seconds)


def touch(tables: Tables, row: dict[str, Any], **values: Any) -> None:
    row.update(values, modified=tables.stamp())


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_equal_stamps_on_page_edges_lose_nothing(tables: Tables, limit: int) -> None:
    for name in ("a", "b", "c", "d", "e"):
        tables.customer(name, tables.stamp(3600))
    feed = Feed(tables)
    assert feed.names(limit) == ["a", "b", "c", "d", "e"]
    later(tables, 1)
    for row in tables.rows_of["Customer"]:
        touch(tables, row)
    assert sorted(feed.names(limit)) == ["a", "b", "c", "d", "e"]
    assert feed.names(limit) == []


def test_a_row_committed_late_with_an_older_stamp_is_found(tables: Tables) -> None:
    feed = Feed(tables)
    tables.customer("early", tables.stamp())
    assert feed.names() == ["early"]
    later(tables, 5)
    tables.customer("late", tables.stamp(30))
    assert feed.names() == ["late"]
    assert feed.names() == []


def test_a_row_committed_late_on_the_last_page_of_a_first_reading_is_found(tables: Tables) -> None:
    for name in ("a", "b", "c"):
        tables.customer(name, tables.stamp())
    feed = Feed(tables)
    feed.page(2)
    tables.customer("late", tables.stamp(4))
    assert "late" in feed.names(2) + feed.names(2)


def test_an_edit_of_an_address_brings_its_customer(tables: Tables) -> None:
    tables.customer("A", tables.stamp(3600))
    row = tables.address("A-Billing", "A", stamp=tables.stamp(3600))
    feed = Feed(tables)
    assert [record.values["Address.Billing.city"] for record in feed.poll()[0]] == ["Bonn"]
    later(tables, 100)
    touch(tables, row, city="Köln")
    (record,) = feed.poll()[0]
    assert record.native_id == "A"
    assert record.values["Address.Billing.city"] == "Köln"
    assert record.modified == tables.now
    assert feed.names() == []


def test_an_address_shared_by_two_customers_brings_both(tables: Tables) -> None:
    owner = tables.customer("A")
    tables.customer("B")
    row = tables.address("shared", "A", "B")
    feed = Feed(tables)
    feed.poll()
    later(tables, 1)
    touch(tables, row, city="Köln")
    touch(tables, owner)  # A comes by itself, with the new address: B must come all the same
    names = feed.names()
    assert names.count("B") == 1


def test_the_version_moves_with_the_address(tables: Tables) -> None:
    tables.customer("A")
    row = tables.address("A-Billing", "A")
    feed = Feed(tables)
    before = feed.poll()[0][0].version
    later(tables, 1)
    touch(tables, row)
    assert feed.poll()[0][0].version != before


def test_an_address_that_became_a_billing_address_is_seen(tables: Tables) -> None:
    tables.customer("A")
    row = tables.address("A-Other", "A", address_type="Other")
    feed = Feed(tables)
    assert feed.poll()[0][0].values["Address.Billing.city"] is None
    later(tables, 1)
    touch(tables, row, address_type="Billing")
    assert feed.poll()[0][0].values["Address.Billing.city"] == "Bonn"


def test_a_deleted_address_brings_its_customer(tables: Tables) -> None:
    tables.customer("A")
    tables.address("A-Billing", "A")
    feed = Feed(tables)
    feed.poll()
    later(tables, 1)
    tables.drop("Address", "A-Billing", ["A"])
    (record,), gone = feed.poll()
    assert record.values["Address.Billing.city"] is None
    assert gone == []


@pytest.mark.parametrize(("paths", "calls"), [(PLAIN, 1), (WHOLE, 2)])
@pytest.mark.parametrize("age", [0.0, 86_400.0])
def test_an_unchanged_object_of_1000_records_costs_so_many_calls(
    tables: Tables, paths: Sequence[str], calls: int, age: float
) -> None:
    for at in range(1000):
        tables.customer(f"C{at:04}", tables.stamp(age))
        tables.address(f"A{at:04}", f"C{at:04}", stamp=tables.stamp(age))
    feed = Feed(tables, paths, interval=60.0)
    assert len(feed.names(2000)) == 1000
    tables.asked.clear()
    polls = 20
    for _ in range(polls):
        later(tables, 10)
        assert feed.names(200) == []
    # where only documents are asked for, the delete log adds a call a minute
    assert len(tables.asked) <= calls * polls + (4 if paths is PLAIN else 0)
    assert "Deleted Document" in tables.asked


def test_the_position_of_an_unchanged_object_stays_as_it_is(tables: Tables) -> None:
    tables.customer("A")
    feed = Feed(tables, interval=None)
    feed.poll()
    feed.poll()
    before = feed.cursor
    feed.poll()
    assert feed.cursor == before


def test_a_replayed_position_delivers_again(tables: Tables) -> None:
    tables.customer("A")
    feed = Feed(tables)
    feed.poll()
    start = feed.cursor
    later(tables, 1)
    tables.customer("B", tables.stamp(5))
    assert feed.names() == ["B"]
    feed.cursor = start
    assert feed.names() == ["B"]


def test_another_process_knows_what_was_delivered(tables: Tables) -> None:
    """Also right after a run that wrote much, an unchanged object costs no more calls than any other."""
    tables.customer("A")
    feed = Feed(tables)
    feed.poll()
    feed.restart()
    later(tables, 1)
    tables.customer("B", tables.stamp(5))
    assert feed.names() == ["B"]


class TestOwnWrites:
    """What bridge wrote and has taken in need not be read once more; all else must be."""

    def written(self, tables: Tables, feed: Feed, *names: str) -> None:
        """As after a write: read back, and told to the position."""
        records = list(feed.changes._reader.fetch(feed.layout, names).values())
        feed.changes.wrote(feed.layout, records)
        assert feed.cursor is not None
        feed.cursor = feed.changes.amended(feed.layout, feed.cursor, records)
        feed.restart()

    @pytest.fixture
    def feed(self, tables: Tables) -> Feed:
        tables.customer("A")
        tables.customer("B")
        feed = Feed(tables)
        feed.poll()
        later(tables, 1)
        return feed

    def test_they_are_not_read_again(self, tables: Tables, feed: Feed) -> None:
        tables.customer("C")
        tables.address("Home of C", "C")
        self.written(tables, feed, "C")
        assert feed.names() == []

    def test_a_users_edit_afterwards_is(self, tables: Tables, feed: Feed) -> None:
        tables.customer("C")
        self.written(tables, feed, "C")
        later(tables, 1)
        tables.put("Customer", "C", {"customer_name": "by hand"})
        assert feed.names() == ["C"]

    def test_a_users_edit_of_the_address_afterwards_is(self, tables: Tables, feed: Feed) -> None:
        tables.customer("C")
        tables.address("Home of C", "C")
        self.written(tables, feed, "C")
        later(tables, 1)
        tables.put("Address", "Home of C", {"city": "Köln"})
        assert feed.names() == ["C"]

    def test_an_address_of_two_reaches_the_other(self, tables: Tables, feed: Feed) -> None:
        """The other customer's record changed, too, and nobody has taken that in."""
        tables.customer("C")
        tables.address("Shared", "C", "A")
        self.written(tables, feed, "C")
        assert feed.names() == ["A"]

    def test_in_the_middle_of_a_pass_the_position_stays(self, tables: Tables, feed: Feed) -> None:
        for name in ("C", "D", "E"):
            tables.customer(name)
        page = feed.page(1)
        assert page.more
        records = list(feed.changes._reader.fetch(feed.layout, ["E"]).values())
        assert feed.changes.amended(feed.layout, page.cursor, records) == page.cursor


def test_more_than_a_position_carries_is_read_again_and_nothing_is_lost(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "_CARRIED", 1)
    tables.customer("A")
    tables.customer("A2")
    feed = Feed(tables)
    feed.poll()
    feed.restart()
    later(tables, 1)
    tables.customer("B", tables.stamp(5))
    assert sorted(set(feed.names())) == ["A", "B"], "the one that was delivered last is carried along"


def test_what_is_remembered_of_own_writes_has_an_end(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration writes for hours between two readings."""
    monkeypatch.setattr(remembered, "_CARRIED", 5)
    monkeypatch.setattr(changes_module, "_ROWS_KEPT", 20)
    tables.customer("A")
    feed = Feed(tables)
    feed.poll()
    later(tables, 1)
    for n in range(40):
        tables.customer(f"C{n:02}")
        records = list(feed.changes._reader.fetch(feed.layout, [f"C{n:02}"]).values())
        feed.changes.wrote(feed.layout, records)
        assert feed.cursor is not None
        feed.cursor = feed.changes.amended(feed.layout, feed.cursor, records)
    assert feed.changes._rows_in_memory() <= 20
    assert set(feed.changes._recall(Position.decode(feed.cursor, "fin")).rows) == {f"C{n}" for n in range(35, 40)}
    assert set(feed.names()) == {"A", *(f"C{n:02}" for n in range(35))}, "the others are delivered once more"


def test_a_position_that_was_tampered_with_is_read_again() -> None:
    assert remembered.Remembered.unpack("no such thing") == remembered.Remembered()
    full = remembered.Remembered(rows={"A": "2026-01-01 00:00:00"})
    assert remembered.Remembered.unpack(full.pack()) == full


def test_deletes_become_tombstones_once(tables: Tables) -> None:
    tables.customer("A")
    tables.customer("B")
    feed = Feed(tables)
    feed.poll()
    later(tables, 1)
    tables.drop("Customer", "A")
    assert feed.poll() == ([], ["A"])
    assert feed.poll() == ([], [])


def test_a_name_used_again_after_a_delete_is_not_gone(tables: Tables) -> None:
    tables.customer("A")
    feed = Feed(tables)
    feed.poll()
    later(tables, 1)
    tables.drop("Customer", "A")
    later(tables, 1)
    tables.customer("A")
    records, gone = feed.poll()
    assert [record.native_id for record in records] == ["A"]
    assert gone == []


def test_deletes_are_looked_for_only_once_in_an_interval(tables: Tables) -> None:
    tables.customer("A")
    feed = Feed(tables, PLAIN, interval=300.0)
    feed.poll()
    tables.asked.clear()
    for _ in range(10):
        later(tables, 29)
        feed.poll()
    assert tables.asked.count("Deleted Document") == 0
    later(tables, 20)
    feed.poll()
    assert tables.asked.count("Deleted Document") == 1


def test_rare_polls_look_at_addresses_and_deletes_in_turn(tables: Tables) -> None:
    tables.customer("A", tables.stamp(7200))
    row = tables.address("A-Billing", "A", stamp=tables.stamp(7200))
    feed = Feed(tables, interval=30.0)
    feed.poll()
    for city in ("Ulm", "Rom"):
        later(tables, 3600)
        touch(tables, row, city=city)
        seen = [record.values["Address.Billing.city"] for _ in range(2) for record in feed.poll()[0]]
        later(tables, 3600)
        assert city in seen + [record.values["Address.Billing.city"] for record in feed.poll()[0]]


def test_a_rename_tells_the_old_name_first_and_alone(tables: Tables) -> None:
    row = tables.customer("Müller & Co", tables.stamp(100))
    feed = Feed(tables)
    feed.poll()
    later(tables, 1)
    touch(tables, row, name="Müller/Co")
    tables.add(
        "Comment",
        "c1",
        content="renamed from <strong>Müller &amp; Co</strong> to <strong>Müller/Co</strong>",
        reference_doctype="Customer",
        reference_name="Müller/Co",
        comment_type="Edit",
    )
    first = feed.page()
    assert first.records == ()
    assert [(one.native_id, one.merged_into) for one in first.tombstones] == [("Müller & Co", "Müller/Co")]
    assert first.more
    assert feed.names() == ["Müller/Co"]
    assert feed.poll() == ([], [])


def test_a_merge_names_the_winner(tables: Tables) -> None:
    tables.customer("A")
    tables.customer("B")
    feed = Feed(tables)
    feed.poll()
    later(tables, 1)
    tables.add(
        "Comment",
        "c1",
        content="merged <strong>A</strong> into <strong>B</strong>",
        reference_doctype="Customer",
        reference_name="B",
        comment_type="Edit",
    )
    tables.drop("Customer", "A")
    page = feed.page()
    while not page.tombstones and page.more:
        page = feed.page()
    assert [(one.native_id, one.merged_into) for one in page.tombstones] == [("A", "B")]


def test_a_log_of_deletes_that_may_not_be_read_is_done_without(tables: Tables) -> None:
    tables.denied.add("Deleted Document")
    tables.customer("A")
    feed = Feed(tables)
    assert feed.names() == ["A"]
    later(tables, 1)
    tables.customer("B")
    assert feed.names() == ["B"]
    assert not feed.changes.shows_deletes


def test_a_position_older_than_the_log_is_kept_asks_for_a_full_reading(tables: Tables) -> None:
    tables.customer("A")
    feed = Feed(tables)
    feed.poll()
    later(tables, 31 * 86_400)
    with pytest.raises(CursorExpired):
        feed.poll()


def test_only_what_the_where_takes_is_delivered(tables: Tables) -> None:
    tables.customer("A", group="Commercial")
    other = tables.customer("B", group="Other")
    tables.address("A-Billing", "A")
    row = tables.address("B-Billing", "B")
    feed = Feed(tables, where=(Condition("group", "=", "Commercial"),))
    assert feed.names() == ["A"]
    later(tables, 1)
    touch(tables, other)
    touch(tables, row)
    assert feed.names() == []


def test_stamps_that_go_back_an_hour_in_autumn_are_read(tables: Tables) -> None:
    tables.now = tables.now.replace(year=2026, month=10, day=25, hour=0, minute=59)
    tables.customer("before")
    feed = Feed(tables)
    assert feed.names() == ["before"]
    later(tables, 600)
    row = tables.customer("after")
    assert row["modified"] < tables.rows_of["Customer"][0]["modified"]
    assert feed.names() == ["after"]
