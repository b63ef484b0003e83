"""The contract of writing: create, update, delete."""

from __future__ import annotations

import pytest

from bridge.ports.errors import NotFound, Rejected, Unsupported, VersionConflict
from bridge.ports.records import CreateItem, DeleteItem, UpdateItem
from bridge.testing.harness import Harness
from bridge.testing.levels import at
from bridge.testing.steps import allow, change, fetch, make, over, read, refuse, settle, stored

ODD = ("  spaces  ", "two\nlines", "MiXeD@Example.COM", "<b>bold</b> & <i>", "tab\there", "", "x" * 300)
"""Texts that systems trim, fold, clean or cut."""


class Refusing:
    """What an adapter does not do, it says."""

    def test_what_is_unsupported_is_refused(self, h: Harness) -> None:
        native_id, adapter = h.user_insert(1), h.adapter()
        caps, text = adapter.capabilities(h.spec), {h.features.text: "x"}
        if caps.create == "unsupported":
            refuse(lambda: adapter.create(h.spec, [CreateItem(h.new_key(), h.sample(2))]), Unsupported)
        if caps.update == "unsupported":
            refuse(lambda: adapter.update(h.spec, [UpdateItem(native_id, text)]), Unsupported)
        if caps.delete == "unsupported":
            refuse(lambda: adapter.delete(h.spec, [DeleteItem(native_id)]), Unsupported)
        assert list(h.adapter().fetch(h.spec, [native_id])) == [native_id]


class Creating:
    """Once each, told truly."""

    @at("writes")
    def test_create_stores_what_was_given(self, h: Harness) -> None:
        key, record = make(h, h.adapter(), 1)[0]
        now = fetch(h, record.native_id)
        for path, value in h.sample(1).items():
            assert now.values[path] == value, f"{path} was not stored as given"
        assert now.key == key

    @at("writes")
    def test_create_says_that_it_created(self, h: Harness) -> None:
        result = h.adapter().create(h.spec, [CreateItem(h.new_key(), h.sample(1))])[0]
        assert (result.outcome, result.created) == ("ok", True)

    @at("writes")
    def test_create_with_a_known_key_makes_no_second(self, h: Harness) -> None:
        item = CreateItem(h.new_key(), h.sample(1))
        first = h.adapter().create(h.spec, [item])[0]
        again = h.adapter().create(h.spec, [CreateItem(item.key, h.sample(2))])[0]
        assert again.outcome == "ok", f"a known key {again.outcome}: {again.error}"
        assert again.created is False
        assert again.native_id == first.native_id
        assert len(h.adapter().find(h.spec, [item.key])[item.key]) == 1, "two records carry one key"

    @at("writes")
    def test_known_and_new_keys_in_one_batch(self, h: Harness) -> None:
        adapter = h.adapter()
        key, record = make(h, adapter, 1)[0]
        items = [
            CreateItem(h.new_key(), h.sample(2)),
            CreateItem(key, h.sample(1)),
            CreateItem(h.new_key(), h.sample(3)),
        ]
        results = adapter.create(h.spec, items)
        assert [result.created for result in results] == [True, False, True]
        assert results[1].native_id == record.native_id

    @at("writes")
    def test_results_come_in_order(self, h: Harness) -> None:
        adapter = h.adapter()
        items = [CreateItem(h.new_key(), h.sample(n)) for n in range(6)]
        results = adapter.create(h.spec, items)
        assert len(results) == len(items), f"{len(results)} results for {len(items)} items"
        found = h.adapter().find(h.spec, [item.key for item in items])
        assert [result.native_id for result in results] == [found[item.key][0].native_id for item in items]
        order = [results[n].native_id or "" for n in (4, 0, 2)]
        updates = [UpdateItem(native_id, {h.features.text: f"text {native_id}"}) for native_id in order]
        assert [result.native_id for result in adapter.update(h.spec, updates)] == order
        if adapter.capabilities(h.spec).delete != "unsupported":
            assert [result.native_id for result in adapter.delete(h.spec, [DeleteItem(i) for i in order])] == order

    @at("writes")
    def test_an_empty_batch_is_nothing(self, h: Harness) -> None:
        adapter = h.adapter()
        assert list(adapter.create(h.spec, [])) == []
        assert list(adapter.update(h.spec, [])) == []
        if adapter.capabilities(h.spec).delete != "unsupported":
            assert list(adapter.delete(h.spec, [])) == []

    @at("writes")
    def test_a_bad_item_takes_no_other_down(self, h: Harness) -> None:
        items = [CreateItem(h.new_key(), h.sample(n)) for n in range(3)]
        items[1] = CreateItem(items[1].key, over(h.sample(1), h.features.unknown, "x"))
        results = h.adapter().create(h.spec, items)
        assert [result.outcome for result in results] == ["ok", "failed", "ok"]
        found = h.adapter().find(h.spec, [item.key for item in items])
        assert [len(found[item.key]) for item in items] == [1, 0, 1], "outcomes and the system's records differ"

    @at("writes")
    def test_an_unknown_field_is_rejected(self, h: Harness) -> None:
        adapter, path = h.adapter(), h.features.unknown
        result = adapter.create(h.spec, [CreateItem(h.new_key(), over(h.sample(1), path, "x"))])[0]
        assert isinstance(result.error, Rejected), f"{result.outcome}: {result.error!r}"
        _, record = make(h, adapter, 2)[0]
        result = adapter.update(h.spec, [UpdateItem(record.native_id, {path: "x"})])[0]
        assert isinstance(result.error, Rejected), f"{result.outcome}: {result.error!r}"
        assert path in result.error.fields

    @at("writes")
    def test_too_long_is_rejected_not_cut(self, h: Harness) -> None:
        if h.features.limited is None:
            pytest.skip("no field of the system under test has a limit")
        path, length = h.features.limited
        adapter, key = h.adapter(), h.new_key()
        text = "".join(chr(ord("a") + n % 26) for n in range(length + 5))
        result = adapter.create(h.spec, [CreateItem(key, over(h.sample(1), path, text))])[0]
        assert result.outcome == "failed", "too long a text was taken; it can only have been cut"
        assert isinstance(result.error, Rejected)
        assert path in result.error.fields, "the error does not name the field"
        assert h.adapter().find(h.spec, [key])[key] == []
        fits = adapter.create(h.spec, [CreateItem(key, over(h.sample(1), path, text[:length]))])[0]
        assert stored(h, adapter, fits).values[path] == text[:length]

    @at("writes")
    def test_special_characters_survive(self, h: Harness) -> None:
        adapter, path = h.adapter(), h.features.text
        for n, text in enumerate(h.features.specials):
            result = adapter.create(h.spec, [CreateItem(h.new_key(), over(h.sample(n), path, text))])[0]
            record = stored(h, adapter, result)
            assert fetch(h, record.native_id).values[path] == text, f"special text {n} was changed"
            assert change(h, adapter, record.native_id, f"{text} 2").outcome == "ok"
            assert fetch(h, record.native_id).values[path] == f"{text} 2", f"special text {n} was changed by update"

    @at("writes")
    def test_stored_is_what_the_system_holds(self, h: Harness) -> None:
        adapter, path = h.adapter(), h.features.text
        for n, text in enumerate(
            ("  spaces  ", "two\nlines", "MiXeD@Example.COM", "<b>bold</b> & <i>", "tab\there", "")
        ):
            answer = adapter.create(h.spec, [CreateItem(h.new_key(), over(h.sample(n), path, text))])[0]
            if answer.outcome != "ok":
                continue  # a system may refuse it, but not say that it holds something else
            record = stored(h, adapter, answer)
            now = fetch(h, record.native_id)
            assert dict(record.values) == dict(now.values), f"create: `stored` is not what the system holds (text {n})"
            assert record.version == now.version, "create: the version is not that of the record"
            answer = change(h, adapter, record.native_id, f" {text} ")
            if answer.outcome == "ok":
                record, now = stored(h, adapter, answer), fetch(h, record.native_id)
                assert dict(record.values) == dict(now.values), f"update: `stored` is not what the system holds ({n})"
                assert record.version == now.version, "update: the version is not that of the record"

    @at("writes")
    def test_own_writes_come_back_as_changes(self, h: Harness) -> None:
        adapter = h.adapter()
        cursor = read(h, adapter).cursor
        h.tick(120)
        key, record = make(h, adapter, 1)[0]
        seen = read(h, h.adapter(), cursor).last(record.native_id)
        assert (seen.key, seen.version) == (key, record.version)
        assert seen.said == record.said, "`said` differs where the record does not"


class Updating:
    """Only the given fields, never over somebody's edit."""

    @at("writes")
    def test_update_changes_only_the_given_field(self, h: Harness) -> None:
        adapter, path = h.adapter(), h.features.text
        key, record = make(h, adapter, 1)[0]
        result = change(h, adapter, record.native_id, "changed")
        assert result.outcome == "ok", f"the update {result.outcome}: {result.error}"
        now = fetch(h, record.native_id)
        assert dict(now.values) == over(record.values, path, "changed")
        assert now.key == key

    @at("writes")
    def test_update_can_empty_a_field(self, h: Harness) -> None:
        adapter, path = h.adapter(), h.features.text
        _, record = make(h, adapter, 1)[0]
        result = adapter.update(h.spec, [UpdateItem(record.native_id, {path: None})])[0]
        assert stored(h, adapter, result).values[path] is None
        assert fetch(h, record.native_id).values[path] is None

    @at("writes")
    def test_update_of_a_missing_record_is_not_found(self, h: Harness) -> None:
        gone, kept = h.user_insert(1), h.user_insert(2)
        h.user_delete(gone)
        items = [UpdateItem(gone, {h.features.text: "x"}), UpdateItem(kept, {h.features.text: "y"})]
        results = h.adapter().update(h.spec, items)
        assert [result.outcome for result in results] == ["failed", "ok"]
        assert isinstance(results[0].error, NotFound), repr(results[0].error)

    @at("writes")
    def test_a_bad_update_takes_no_other_down(self, h: Harness) -> None:
        adapter, path = h.adapter(), h.features.text
        ids = [record.native_id for _, record in make(h, adapter, 1, 2, 3)]
        items = [UpdateItem(native_id, {path: "new"}) for native_id in ids]
        items[1] = UpdateItem(ids[1], {path: "new", h.features.unknown: "x"})
        assert [result.outcome for result in adapter.update(h.spec, items)] == ["ok", "failed", "ok"]
        assert [fetch(h, native_id).values[path] == "new" for native_id in ids] == [True, False, True]

    @at("writes")
    def test_a_stale_version_is_refused(self, h: Harness) -> None:
        adapter, path = h.adapter(), h.features.text
        if adapter.capabilities(h.spec).conditional_update == "unsupported":
            pytest.skip("the system has no conditional update")
        _, record = make(h, adapter, 1)[0]
        settle(h, adapter)
        h.user_edit(record.native_id, "the user's")
        result = change(h, adapter, record.native_id, "bridge's", expected=record.version)
        assert result.outcome == "failed", "a user's edit was overwritten"
        assert isinstance(result.error, VersionConflict), repr(result.error)
        assert fetch(h, record.native_id).values[path] == "the user's"

    @at("writes")
    def test_the_right_version_is_accepted(self, h: Harness) -> None:
        adapter = h.adapter()
        _, record = make(h, adapter, 1)[0]
        for text in ("first", "second"):
            result = change(h, adapter, record.native_id, text, expected=record.version)
            record = stored(h, adapter, result)
            assert record.values[h.features.text] == text

    @at("writes")
    def test_a_conflict_takes_no_other_down(self, h: Harness) -> None:
        adapter, path = h.adapter(), h.features.text
        if adapter.capabilities(h.spec).conditional_update == "unsupported":
            pytest.skip("the system has no conditional update")
        (_, first), (_, second) = make(h, adapter, 1, 2)
        settle(h, adapter)
        h.user_edit(first.native_id, "the user's")
        items = [UpdateItem(r.native_id, {path: "bridge's"}, r.version) for r in (first, second)]
        assert [result.outcome for result in adapter.update(h.spec, items)] == ["failed", "ok"]

    @at("writes")
    def test_update_gives_a_key(self, h: Harness) -> None:
        """How a record that a user made is linked: the key is stored beside the values."""
        native_id, key = h.user_insert(1), h.new_key()
        result = h.adapter().update(h.spec, [UpdateItem(native_id, {h.features.text: "linked"}, key=key)])[0]
        assert result.outcome == "ok", f"the update {result.outcome}: {result.error}"
        assert [record.native_id for record in h.adapter().find(h.spec, [key])[key]] == [native_id]

    @at("writes")
    def test_an_odd_id_is_an_item_of_its_own(self, h: Harness) -> None:
        kept = h.user_insert(1)
        items = [UpdateItem("no such id", {h.features.text: "x"}), UpdateItem(kept, {h.features.text: "y"})]
        results = allow(lambda: h.adapter().update(h.spec, items))
        assert isinstance(results, list), f"one odd id fails the batch: {results}"
        assert [result.outcome for result in results] == ["failed", "ok"]


class Deleting:
    """Gone is gone."""

    @at("deletes")
    def test_delete_twice_is_ok(self, h: Harness) -> None:
        adapter = h.adapter()
        if adapter.capabilities(h.spec).delete == "unsupported":
            pytest.skip("the system does not delete")
        (_, first), (key, second) = make(h, adapter, 1, 2)
        assert [r.outcome for r in adapter.delete(h.spec, [DeleteItem(second.native_id)])] == ["ok"]
        items = [DeleteItem(first.native_id), DeleteItem(second.native_id)]
        assert [result.outcome for result in adapter.delete(h.spec, items)] == ["ok", "ok"]
        assert h.adapter().fetch(h.spec, [first.native_id, second.native_id]) == {}
        assert h.adapter().find(h.spec, [key])[key] == []

    @at("deletes")
    def test_a_stale_delete_is_refused(self, h: Harness) -> None:
        adapter = h.adapter()
        caps = adapter.capabilities(h.spec)
        if caps.delete == "unsupported" or caps.conditional_update == "unsupported":
            pytest.skip("the system has no conditional delete")
        _, record = make(h, adapter, 1)[0]
        settle(h, adapter)
        h.user_edit(record.native_id, "the user's")
        result = adapter.delete(h.spec, [DeleteItem(record.native_id, record.version)])[0]
        assert isinstance(result.error, VersionConflict), f"{result.outcome}: {result.error!r}"
        assert fetch(h, record.native_id).native_id == record.native_id
