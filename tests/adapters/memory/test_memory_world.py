"""The system in memory itself: users, faults, late commits, merges, the log of changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bridge.adapters.memory import MemoryAdapter, MemoryWorld, Quirks, Shape
from bridge.ports.adapter import NativeField
from bridge.ports.errors import AlreadyExists, CursorExpired, InDoubt, KeyFieldMissing, Transient
from bridge.ports.records import Condition, CreateItem, FieldSpec, NativeValue, ObjectSpec, UpdateItem

SPEC = ObjectSpec("customer", "Customer", "bridge_id", (FieldSpec("name"), FieldSpec("email", type="email")))


class Clock:
    now = datetime(2026, 3, 1, 12, 0, 0, 987_654, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def system(**quirks: object) -> tuple[MemoryWorld, MemoryAdapter, Clock]:
    clock = Clock()
    fields = {"name": NativeField("name", "text"), "email": NativeField("email", "email")}
    shapes = {"Customer": Shape(fields)}
    world = MemoryWorld("acme", clock, Quirks(**quirks), shapes)  # type: ignore[arg-type]
    return world, MemoryAdapter("acme", world), clock


def test_a_late_edit_keeps_its_stamp_and_shows_later() -> None:
    world, adapter, clock = system()
    native_id = world.user_insert("Customer", {"name": "a"})
    clock.now += timedelta(seconds=60)
    edited = clock.now
    world.user_edit("Customer", native_id, {"name": "b"}, late=5)
    clock.now += timedelta(seconds=4)
    page = adapter.changes(SPEC, None, 10)
    assert page.records[0].values["name"] == "a"
    clock.now += timedelta(seconds=2)
    record = adapter.changes(SPEC, page.cursor, 10).records[0]
    assert (record.values["name"], record.modified) == ("b", edited)


def test_a_system_whose_users_always_commit_late() -> None:
    world, adapter, clock = system(late_commit=3.0)
    native_id = world.user_insert("Customer", {"name": "a"})
    assert adapter.fetch(SPEC, [native_id]) == {}
    clock.now += timedelta(seconds=3)
    assert set(adapter.fetch(SPEC, [native_id])) == {native_id}


def test_stamps_of_a_second() -> None:
    world, adapter, _ = system(stamps=1_000_000, versions="stamp")
    native_id = world.user_insert("Customer", {"name": "a"})
    record = adapter.fetch(SPEC, [native_id])[native_id]
    assert record.modified == datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
    world.user_edit("Customer", native_id, {"name": "b"})
    assert adapter.fetch(SPEC, [native_id])[native_id].version == record.version, "the coarse version did not move"


def test_emails_are_folded_by_the_system() -> None:
    _, adapter, _ = system(folds_emails=True)
    stored = adapter.create(SPEC, [CreateItem("k", {"name": "ACME", "email": "Info@Example.COM"})])[0].stored
    assert stored
    assert dict(stored.values) == {"name": "ACME", "email": "info@example.com"}


def test_a_merge_names_the_winner() -> None:
    world, adapter, _ = system()
    winner, loser = (world.user_insert("Customer", {"name": name}) for name in "ab")
    world.user_delete("Customer", loser, merged_into=winner)
    stones = adapter.changes(SPEC, None, 10).tombstones
    assert [(stone.native_id, stone.merged_into) for stone in stones] == [(loser, winner)]


def test_archived_is_told() -> None:
    world, adapter, _ = system()
    native_id = world.user_insert("Customer", {"name": "a"})
    world.user_archive("Customer", native_id)
    assert adapter.changes(SPEC, None, 10).records[0].archived


def test_a_cursor_from_before_the_log_has_expired() -> None:
    world, adapter, clock = system()
    world.user_insert("Customer", {"name": "a"})
    old = adapter.changes(SPEC, None, 10).cursor
    clock.now += timedelta(days=30)
    world.forget_changes()
    with pytest.raises(CursorExpired):
        adapter.changes(SPEC, old, 10)
    assert adapter.changes(SPEC, None, 10).records
    with pytest.raises(CursorExpired):
        adapter.changes(SPEC, '["Other", "2026-03-01T00:00:00+00:00", "2026-03-01T00:00:00+00:00", ""]', 10)


def test_faults_strike_once_and_where_they_were_meant() -> None:
    world, adapter, _ = system()
    world.fail_next(Transient("down"), "create")
    adapter.changes(SPEC, None, 10)
    with pytest.raises(Transient):
        adapter.create(SPEC, [CreateItem("k", {"name": "a"})])
    assert adapter.find(SPEC, ["k"])["k"] == []
    world.lose_answer("create")
    with pytest.raises(InDoubt):
        adapter.create(SPEC, [CreateItem("k", {"name": "a"})])
    assert len(adapter.find(SPEC, ["k"])["k"]) == 1
    assert adapter.create(SPEC, [CreateItem("k", {"name": "a"})])[0].created is False


@pytest.mark.parametrize("unique", [True, False])
def test_a_key_that_another_record_has(unique: bool) -> None:
    world, adapter, _ = system(unique_keys=unique)
    first = adapter.create(SPEC, [CreateItem("k", {"name": "a"})])[0]
    other = world.user_insert("Customer", {"name": "b"})
    result = adapter.update(SPEC, [UpdateItem(other, {"name": "c"}, key="k")])[0]
    assert (result.outcome == "ok") is not unique
    if unique:
        assert isinstance(result.error, AlreadyExists)
        assert result.error.native_id == first.native_id


def test_without_the_key_field_nothing_is_created() -> None:
    world, adapter, _ = system()
    world.objects["Customer"].key_field = False
    result = adapter.create(SPEC, [CreateItem("k", {"name": "a"})])[0]
    assert isinstance(result.error, KeyFieldMissing)
    assert not world.rows.get("Customer")


@pytest.mark.parametrize(
    ("term", "inside"),
    [
        (Condition("name", "=", "a"), {"a"}),
        (Condition("name", "!=", "a"), {"b", None}),
        (Condition("name", "in", ("a", "b")), {"a", "b"}),
        (Condition("name", "not in", ("a",)), {"b", None}),
        (Condition("name", "is set"), {"a", "b"}),
        (Condition("name", "is not set"), {None}),
    ],
)
@pytest.mark.parametrize("empty_text", [True, False])
def test_where(term: Condition, inside: set[NativeValue], empty_text: bool) -> None:
    world, adapter, _ = system(empty_text=empty_text)
    for name in ("a", "b", None):
        world.user_insert("Customer", {"name": name})
    spec = ObjectSpec("customer", "Customer", "bridge_id", SPEC.fields, (term,))
    assert {record.values["name"] for record in adapter.changes(spec, None, 10).records} == inside


def test_create_sets_what_where_demands() -> None:
    world, adapter, _ = system()
    world.objects["Customer"] = Shape()
    spec = ObjectSpec("customer", "Customer", "bridge_id", SPEC.fields, (Condition("active", "=", True),))
    adapter.create(spec, [CreateItem("k", {"name": "a"})])
    assert [row.values["active"] for row in world.rows["Customer"].values()] == [True]
    assert adapter.changes(spec, None, 10).records[0].key == "k"
