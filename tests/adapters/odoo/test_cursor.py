"""What a reading must not miss: Odoo's stamps are whole seconds, compared differently by 18 and 19."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import pytest
from tests.adapters.odoo.installation import Installation, read_all, read_later
from tests.adapters.odoo.shipped import item, specs

from bridge.adapters.odoo.reading import Position
from bridge.ports.errors import BridgeError, CursorExpired
from bridge.ports.records import NativeRecord

CUSTOMER = specs()["customer"]


def company(odoo: Installation, n: int, **values: object) -> str:
    """A user makes a company."""
    return odoo.insert(name=f"Company {n}", is_company=True, **values)


def ours(records: Sequence[NativeRecord]) -> list[str]:
    """Ids of the companies made by the test, as they came."""
    return [one.native_id for one in records if str(one.values["name"]).startswith("Company")]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_equal_stamps_at_the_edges_of_pages(odoo: Installation, limit: int) -> None:
    odoo.clock(freeze=True)
    made = [company(odoo, n) for n in range(5)]
    adapter = odoo.adapter()
    records, cursor = read_all(adapter, CUSTOMER, limit=limit)
    assert set(ours(records)) == set(made)
    edited = made[1:4]
    for native_id in edited:  # within the very second of the reading
        odoo.edit(native_id, city="Same second")
    records, cursor = read_all(adapter, CUSTOMER, cursor, limit=limit)
    assert {one.native_id for one in records if one.values["city"] == "Same second"} == set(edited)
    cursor = read_later(odoo, adapter, CUSTOMER, cursor)
    assert read_all(adapter, CUSTOMER, cursor, limit=limit)[0] == []


def test_stamps_of_the_same_second_with_different_fractions(odoo: Installation) -> None:
    adapter = odoo.adapter()
    odoo.clock(freeze=True)
    _, cursor = read_all(adapter, CUSTOMER)
    made = []
    for n in range(6):
        made.append(company(odoo, n))
        odoo.clock(advance=0.15)
        records, cursor = read_all(adapter, CUSTOMER, cursor, limit=2)
        assert set(made) <= set(ours(records))  # behind the overlap nothing is lost, whatever the fraction


def test_a_late_commit_with_an_older_stamp_is_read(odoo: Installation) -> None:
    adapter = odoo.adapter()
    odoo.clock(freeze=True)
    _, cursor = read_all(adapter, CUSTOMER)
    odoo.fault("late_commit", "load res.partner", seconds=60)
    writer = odoo.adapter()
    with suppress(BridgeError):  # it may stumble over what cannot be read back yet
        writer.create(CUSTOMER, [item(1)])
    odoo.clock(advance=30)
    quick = company(odoo, 2)
    records, cursor = read_all(adapter, CUSTOMER, cursor)
    assert [one.native_id for one in records if one.key == item(1).key] == []
    assert quick in ours(records)
    odoo.clock(advance=31)
    records, _ = read_all(adapter, CUSTOMER, cursor)
    (late,) = [one for one in records if one.key == item(1).key]
    (newer,) = [one for one in records if one.native_id == quick]
    assert late.modified is not None
    assert newer.modified is not None
    assert late.modified < newer.modified


def test_edits_between_the_pages_are_read(odoo: Installation) -> None:
    adapter = odoo.adapter()
    made = [company(odoo, n) for n in range(6)]
    page = adapter.changes(CUSTOMER, None, 2)
    seen = list(page.records)
    odoo.clock(advance=400)  # longer than the overlap
    odoo.edit(made[0], city="Behind the back")  # its page is over
    odoo.edit(made[5], city="Ahead")
    added = company(odoo, 7)
    while page.more:
        page = adapter.changes(CUSTOMER, page.cursor, 2)
        seen += page.records
    latest = {one.native_id: one.values["city"] for one in seen}
    assert latest[made[0]] == "Behind the back"
    assert latest[made[5]] == "Ahead"
    assert added in latest
    assert set(made) <= set(latest)


def test_a_page_may_be_read_again(odoo: Installation) -> None:
    adapter = odoo.adapter()
    for n in range(4):
        company(odoo, n)
    first = adapter.changes(CUSTOMER, None, 2)
    second = adapter.changes(CUSTOMER, first.cursor, 2)
    assert odoo.adapter().changes(CUSTOMER, first.cursor, 2) == second
    assert not {one.native_id for one in first.records} & {one.native_id for one in second.records}


def test_archived_records_are_read_as_such(odoo: Installation) -> None:
    adapter = odoo.adapter()
    made = company(odoo, 1)
    records, cursor = read_all(adapter, CUSTOMER)
    before = next(one for one in records if one.native_id == made)
    assert not before.archived
    odoo.edit(made, active=False)
    records, cursor = read_all(adapter, CUSTOMER, cursor)
    after = next(one for one in records if one.native_id == made)
    assert after.archived
    assert after.version != before.version
    assert made in [one for page in adapter.refs(CUSTOMER) for one in page]
    assert adapter.fetch(CUSTOMER, [made])[made] == after
    odoo.edit(made, active=True)
    records, _ = read_all(adapter, CUSTOMER, cursor)
    assert next(one for one in records if one.native_id == made).version == before.version


def test_a_delivery_address_changed_alone_is_read(odoo: Installation) -> None:
    adapter = odoo.adapter()
    (result,) = adapter.create(CUSTOMER, [item(1)])
    native_id = str(result.native_id)
    other = company(odoo, 2)
    below = next(one for one, row in odoo.rows().items() if row["parent_id"] == int(native_id))
    cursor = read_later(odoo, adapter, CUSTOMER, None)
    stamp = odoo.rows()[native_id]["write_date"]
    odoo.edit(below, city="Ostend")
    assert odoo.rows()[native_id]["write_date"] == stamp  # nothing at the customer tells of it
    records, _ = read_all(adapter, CUSTOMER, cursor)
    assert [(one.native_id, one.values["delivery.city"]) for one in records] == [(native_id, "Ostend")]
    assert other not in ours(records)


def test_an_archived_delivery_address_is_none(odoo: Installation) -> None:
    adapter = odoo.adapter()
    (result,) = adapter.create(CUSTOMER, [item(1)])
    below = next(one for one, row in odoo.rows().items() if row["parent_id"] == int(str(result.native_id)))
    cursor = read_later(odoo, adapter, CUSTOMER, None)
    odoo.edit(below, active=False)
    records, _ = read_all(adapter, CUSTOMER, cursor)
    assert [one.values["delivery.city"] for one in records if one.native_id == result.native_id] == [None]


def test_a_write_that_changes_nothing_keeps_the_version(odoo: Installation) -> None:
    adapter = odoo.adapter()
    made = company(odoo, 1, city="Gent")
    records, cursor = read_all(adapter, CUSTOMER)
    before = next(one for one in records if one.native_id == made)
    odoo.clock(advance=5)
    odoo.edit(made, city="Gent")
    records, _ = read_all(adapter, CUSTOMER, cursor)
    after = next(one for one in records if one.native_id == made)
    assert after.modified != before.modified  # Odoo stamps it all the same
    assert after.version == before.version


def test_records_outside_the_condition_are_not_read(odoo: Installation) -> None:
    adapter = odoo.adapter()
    person = odoo.insert(name="Company of a person", is_company=False)
    records, cursor = read_all(adapter, CUSTOMER)
    assert person not in ours(records)
    odoo.edit(person, is_company=True)
    records, _ = read_all(adapter, CUSTOMER, cursor)
    assert person in ours(records)


@pytest.mark.parametrize(
    "cursor", ["", "7", "[]", "{}", '{"since": "yesterday", "began": null, "after": 0, "again": 0}']
)
def test_a_position_that_is_none_asks_for_a_full_reading(cursor: str) -> None:
    with pytest.raises(CursorExpired):
        Position.decode(cursor, "erp")
