"""Building a system in memory from a configuration, sharing it, keeping it in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.adapters.memory import MemoryAdapter, forget_worlds, make, world
from bridge.ports.errors import AuthFailed, ConfigError, NotFound, Rejected
from bridge.ports.records import CreateItem, FieldSpec, ObjectSpec, UpdateItem

SPEC = ObjectSpec("customer", "Customer", "bridge_id", (FieldSpec("name"), FieldSpec("note", type="longtext")))


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    forget_worlds()
    yield
    forget_worlds()


def test_adapters_of_one_world_share_its_records() -> None:
    one, two = make("crm", {"world": "acme"}), make("crm again", {"world": "acme"})
    result = one.create(SPEC, [CreateItem("k1", {"name": "Acme"})])[0]
    assert two.find(SPEC, ["k1"])["k1"][0].native_id == result.native_id
    assert make("erp", {}).find(SPEC, ["k1"])["k1"] == []
    assert list(world("acme").rows["Customer"]) == [result.native_id]


def test_an_open_world_takes_every_field() -> None:
    adapter = make("crm", {})
    assert adapter.schema(SPEC).fields["note"].type == "longtext"
    assert adapter.create(SPEC, [CreateItem("k1", {"note": "n"})])[0].outcome == "ok"


def test_declared_objects_are_all_there_is() -> None:
    fields = {
        "name": {"length": 5, "required": True},
        "note": {"choices": ["a", "b"]},
        "parent": {"type": "reference", "target": "Customer"},
    }
    adapter = make("crm", {"objects": {"Customer": {"fields": fields}}})
    spec = ObjectSpec("customer", "Customer", "bridge_id", tuple(FieldSpec(path) for path in fields))
    bad: list[dict[str, str | None]] = [
        {"name": "too long"},
        {"note": "a"},
        {"name": "x", "note": "c"},
        {"name": "x", "parent": "nobody"},
    ]
    results = adapter.create(spec, [CreateItem(f"k{n}", values) for n, values in enumerate(bad)])
    named = [result.error.fields for result in results if isinstance(result.error, Rejected)]
    assert named == [("name",), ("name",), ("note",), ("parent",)]
    with pytest.raises(NotFound):
        adapter.schema(ObjectSpec("order", "Order", "bridge_id", ()))


def test_the_file_keeps_records_between_runs(tmp_path: Path) -> None:
    settings = {"file": str(tmp_path / "data" / "crm.json"), "objects": {"Customer": {"key_field": False}}}
    adapter = make("crm", settings)
    assert [step.state for step in adapter.setup(SPEC, apply=True)] == ["done"]
    forget_worlds()
    adapter = make("crm", settings)
    assert [step.state for step in adapter.setup(SPEC, apply=False)] == ["present"]
    made = adapter.create(SPEC, [CreateItem("k1", {"name": "Žofie 🚀", "note": None})])[0]
    cursor = adapter.changes(SPEC, None, 10).cursor
    assert made.native_id
    forget_worlds()
    adapter = make("crm", settings)
    assert [step.state for step in adapter.setup(SPEC, apply=True)] == ["present"]
    assert adapter.fetch(SPEC, [made.native_id]) == {made.native_id: made.stored}
    assert adapter.update(SPEC, [UpdateItem(made.native_id, {"name": "b"}, made.stored and made.stored.version)])
    assert [r.native_id for r in adapter.changes(SPEC, cursor, 10).records] == [made.native_id]
    other = adapter.create(SPEC, [CreateItem("k2", {"name": "c"})])[0]
    assert other.native_id != made.native_id
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["crm.json"]


def test_a_spoilt_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "crm.json"
    path.write_text("[1, 2]")
    with pytest.raises(ConfigError, match="is not a file of a system in memory"):
        make("crm", {"file": str(path)})


def test_every_wrong_setting_is_named() -> None:
    with pytest.raises(ConfigError) as raised:
        make("crm", {"wrld": "x", "password": "hunter2", "objects": {"A": {"fields": {"f": {"length": 0}}}}})
    text = str(raised.value)
    assert "systems.crm.wrld: there is no such setting, did you mean 'world'?" in text
    assert "systems.crm.objects.A.fields.f.length" in text
    assert "hunter2" not in text
    with pytest.raises(ConfigError, match=r"systems\.crm\.quirks\.trimz: is not a quirk"):
        make("crm", {"quirks": {"trimz": True}})


def test_quirks_come_from_the_settings() -> None:
    adapter = make("crm", {"quirks": {"trims": True, "cuts": {"name": 3}, "conditional_update": "unsupported"}})
    result = adapter.create(SPEC, [CreateItem("k1", {"name": " Acme  ", "note": "  "})])[0]
    assert result.stored
    assert dict(result.stored.values) == {"name": "Acm", "note": None}
    assert adapter.capabilities(SPEC).conditional_update == "unsupported"


def test_a_wrong_password_is_refused() -> None:
    make("crm", {"world": "acme", "password": "right"})
    shared = make("spy", {"world": "acme"})
    assert isinstance(shared, MemoryAdapter)
    shared.world.user_insert("Customer", {"name": "Acme"})
    with pytest.raises(AuthFailed):
        shared.changes(SPEC, None, 10)
