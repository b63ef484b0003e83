"""The contract of reading: changes, refs, fetch, find."""

from __future__ import annotations

import pytest

from bridge.ports.records import NativeRecord
from bridge.testing.harness import Harness
from bridge.testing.levels import at
from bridge.testing.steps import allow, change, make, read, refuse, settle, writes


def _plain(record: NativeRecord) -> bool:
    return all(
        value is None
        or type(value) in (bool, int, str)
        or (type(value) is list and all(type(item) is str for item in value))
        for value in record.values.values()
    )


class Changes:
    """Nothing is lost."""

    def test_cursor_none_reads_everything(self, h: Harness) -> None:
        made = {h.user_insert(n) for n in range(7)}
        assert made <= read(h, h.adapter(), limit=100).ids

    def test_pages_of_any_size_bring_everything(self, h: Harness) -> None:
        made = {h.user_insert(n) for n in range(5)}
        for limit in (1, 2, 3, 5):
            missing = made - read(h, h.adapter(), limit=limit).ids
            assert not missing, f"pages of {limit} lose records: {missing}"

    def test_a_page_keeps_its_limit(self, h: Harness) -> None:
        for n in range(5):
            h.user_insert(n)
        page = h.adapter().changes(h.spec, None, 2)
        assert len(page.records) <= 2
        assert page.more, "five records, a page of two, and nothing more is said to be waiting"

    def test_an_empty_object_has_an_end(self, h: Harness) -> None:
        found = read(h, h.adapter())
        assert not found.records
        again = read(h, h.adapter(), found.cursor)
        assert not again.records

    def test_later_changes_follow(self, h: Harness) -> None:
        first = h.user_insert(1)
        cursor = read(h, h.adapter()).cursor
        h.tick(120)
        second = h.user_insert(2)
        h.user_edit(first, "moved on")
        found = read(h, h.adapter(), cursor)
        assert {first, second} <= found.ids
        assert found.last(first).values[h.features.text] == "moved on"

    def test_an_idle_system_says_so(self, h: Harness) -> None:
        for n in range(3):
            h.user_insert(n)
        adapter, cursor = h.adapter(), None
        for _ in range(3):
            h.tick(600)
            found = read(h, adapter, cursor)
            cursor = found.cursor
        assert not found.ids, "what did not change for long is delivered for ever"

    def test_a_cursor_can_be_replayed(self, h: Harness) -> None:
        h.user_insert(1)
        cursor = read(h, h.adapter()).cursor
        h.tick(120)
        late = {h.user_insert(n) for n in (2, 3, 4)}
        adapter = h.adapter()
        assert late <= read(h, adapter, cursor, 2).ids
        assert late <= read(h, adapter, cursor, 2).ids, "the second use of a cursor brings less"
        assert late <= read(h, h.adapter(), cursor, 2).ids, "another process's use of a cursor brings less"

    @at("writes")
    def test_an_amended_cursor_brings_what_users_change_afterwards(self, h: Harness) -> None:
        """Knowing bridge's own write must not hide a user's edit of the same record, nor anybody else's record."""
        adapter = h.adapter()
        cursor = read(h, adapter).cursor
        h.tick(120)
        ((_, mine),) = make(h, adapter, 1)
        other = h.user_insert(2)
        cursor = adapter.amended(h.spec, cursor, [mine])
        h.tick(1)
        h.user_edit(mine.native_id, "edited right after")
        found = read(h, h.adapter(), cursor)
        assert {mine.native_id, other} <= found.ids
        assert found.last(mine.native_id).values[h.features.text] == "edited right after"

    def test_a_reading_can_stop_after_any_page(self, h: Harness) -> None:
        made = {h.user_insert(n) for n in range(6)}
        seen: set[str] = set()
        cursor: str | None = None
        for _ in range(50):
            page = h.adapter().changes(h.spec, cursor, 2)
            seen |= {record.native_id for record in page.records}
            cursor = page.cursor
            if not page.more:
                break
        assert made <= seen, f"lost between two processes: {made - seen}"

    def test_equal_stamps_on_a_page_edge(self, h: Harness) -> None:
        cursor = read(h, h.adapter()).cursor
        h.tick(120)
        if not h.freeze(True):
            pytest.skip("the clock of the system under test cannot be stopped")
        made = {h.user_insert(n) for n in range(6)}
        h.freeze(False)
        for limit in (1, 2, 3, 4):
            missing = made - read(h, h.adapter(), cursor, limit).ids
            assert not missing, f"six records of one stamp, pages of {limit}: {len(missing)} lost"

    def test_equal_stamp_after_the_last_page(self, h: Harness) -> None:
        h.tick(120)
        if not h.freeze(True):
            pytest.skip("the clock of the system under test cannot be stopped")
        h.user_insert(1)
        cursor = read(h, h.adapter()).cursor
        second = h.user_insert(2)
        h.freeze(False)
        assert second in read(h, h.adapter(), cursor).ids, "a change with the stamp of the last one read is lost"

    def test_late_commit_with_an_older_stamp(self, h: Harness) -> None:
        cursor = read(h, h.adapter()).cursor
        h.tick(120)
        if not h.insert_late(1, 4.0):
            pytest.skip("the system under test cannot commit late")
        h.tick(2)
        second = h.user_insert(2)
        before = read(h, h.adapter(), cursor)
        assert second in before.ids
        late = h.sample(1)[h.features.text]
        assert late not in before.texts(h.features.text), "the harness committed at once what it was to commit late"
        h.tick(3)
        after = read(h, h.adapter(), before.cursor)
        assert late in after.texts(h.features.text), "a row that was committed late with an older stamp is lost"

    def test_edit_between_two_pages(self, h: Harness) -> None:
        made = [h.user_insert(n) for n in range(4)]
        adapter = h.adapter()
        page = adapter.changes(h.spec, None, 2)
        h.tick(2)
        for native_id in made:
            h.user_edit(native_id, "edited meanwhile")
        rest = read(h, adapter, page.cursor, 2)
        for native_id in made:
            assert rest.last(native_id).values[h.features.text] == "edited meanwhile"

    def test_garbage_cursor_is_refused(self, h: Harness) -> None:
        h.user_insert(1)
        for garbage in ("nonsense", "{}", '["x"]', "9999999999999999"):
            refuse(lambda garbage=garbage: h.adapter().changes(h.spec, garbage, 10))  # type: ignore[misc]  # mypy infers no lambda with a default

    @at("deletes")
    def test_deletes_come_as_tombstones(self, h: Harness) -> None:
        if h.adapter().capabilities(h.spec).deletes_feed == "unsupported":
            pytest.skip("the system does not tell what was deleted")
        kept, gone = h.user_insert(1), h.user_insert(2)
        cursor = read(h, h.adapter()).cursor
        h.tick(5)
        h.user_delete(gone)
        h.tick(h.features.deletes_after)
        found = read(h, h.adapter(), cursor)
        assert gone in found.gone, "a deleted record brings no tombstone"
        assert kept not in found.gone, "a tombstone for a record that is there"

    def test_where_is_kept(self, h: Harness) -> None:
        if not h.features.outside:
            pytest.skip("the harness makes no records outside `where`")
        inside, outside = h.user_insert(1), h.user_insert(2, inside=False)
        found = read(h, h.adapter()).ids
        assert inside in found
        assert outside not in found, "a record is delivered that `where` excludes"
        assert outside in h.adapter().fetch(h.spec, [outside]), "fetch hides a record because of `where`"


class Looking:
    """refs, fetch, find, and the form of what is read."""

    def test_refs_are_complete(self, h: Harness) -> None:
        made = {h.user_insert(n) for n in range(h.features.refs_records)}
        gone = h.user_insert(8000)
        h.user_delete(gone)
        ids = [native_id for page in h.adapter().refs(h.spec) for native_id in page]
        assert not made - set(ids), f"refs misses {len(made - set(ids))} of {len(made)} records"
        assert gone not in ids, "refs names a deleted record"
        assert len(ids) == len(set(ids)), "refs names a record twice"

    def test_fetch_leaves_out_what_is_missing(self, h: Harness) -> None:
        kept, gone = h.user_insert(1), h.user_insert(2)
        h.user_delete(gone)
        assert set(h.adapter().fetch(h.spec, [gone, kept])) == {kept}
        assert h.adapter().fetch(h.spec, []) == {}

    def test_fetch_survives_an_odd_id(self, h: Harness) -> None:
        kept = h.user_insert(1)
        for odd in ("no such id", "../x?y=1&z#", "'; --", "ö"):
            answer = allow(lambda odd=odd: h.adapter().fetch(h.spec, [odd]))  # type: ignore[misc]  # mypy infers no lambda with a default
            assert not isinstance(answer, dict) or odd not in answer
        assert kept in h.adapter().fetch(h.spec, [kept])

    def test_find_of_absent_keys_is_an_empty_list(self, h: Harness) -> None:
        h.user_insert(1)
        absent = [h.new_key() for _ in range(3)]
        assert h.adapter().find(h.spec, absent) == {key: [] for key in absent}
        assert h.adapter().find(h.spec, []) == {}

    @at("writes")
    def test_find_answers_every_key(self, h: Harness) -> None:
        adapter = h.adapter()
        (key, record), absent = make(h, adapter, 1)[0], h.new_key()
        found = h.adapter().find(h.spec, [absent, key])
        assert set(found) == {absent, key}, "find does not answer every key asked for"
        assert list(found[absent]) == []
        assert [r.native_id for r in found[key]] == [record.native_id]
        assert found[key][0].key == key
        assert h.adapter().find(h.spec, []) == {}

    @at("writes")
    def test_a_record_carries_its_key(self, h: Harness) -> None:
        user_made = h.user_insert(2)
        key, record = make(h, h.adapter(), 1)[0]
        found = read(h, h.adapter())
        assert found.last(record.native_id).key == key
        assert h.adapter().fetch(h.spec, [record.native_id])[record.native_id].key == key
        assert found.last(user_made).key is None

    def test_values_are_those_of_the_specification(self, h: Harness) -> None:
        native_id = h.user_insert(1)
        paths = {field.path for field in h.spec.fields}
        for record in (read(h, h.adapter()).last(native_id), h.adapter().fetch(h.spec, [native_id])[native_id]):
            assert set(record.values) == paths, f"unlike the specification: {set(record.values) ^ paths}"
            expected = dict(h.sample(1))
            assert {path: record.values[path] for path in expected} == expected

    def test_values_are_plain(self, h: Harness) -> None:
        native_id = h.user_insert(1)
        record = read(h, h.adapter()).last(native_id)
        assert _plain(record), "a value is neither text, int, bool, None nor a list of texts"
        assert type(record.native_id) is str
        assert type(record.version) is str
        assert record.version
        assert record.modified is None or record.modified.utcoffset() is not None, "a stamp without a zone"

    def test_empty_is_none(self, h: Harness) -> None:
        adapter, path = h.adapter(), h.features.text
        native_id = h.user_insert(1)
        h.user_edit(native_id, None)
        values = h.adapter().fetch(h.spec, [native_id])[native_id].values
        assert values.get(path, "not observed") is None
        if not writes(h, adapter):
            return
        _, record = make(h, adapter, 2)[0]
        change(h, adapter, record.native_id, "")
        values = h.adapter().fetch(h.spec, [record.native_id])[record.native_id].values
        assert values.get(path, "not observed") is None

    def test_changes_and_fetch_agree(self, h: Harness) -> None:
        native_id = h.user_insert(1)
        seen = read(h, h.adapter()).last(native_id)
        again = h.adapter().fetch(h.spec, [native_id])[native_id]
        assert (dict(seen.values), seen.version) == (dict(again.values), again.version)
        # by it is told what was heard before: a difference would be taken for an edit that no feed told of
        assert seen.said == again.said, "`said` differs where the record does not"

    def test_the_version_moves_with_the_record(self, h: Harness) -> None:
        native_id = h.user_insert(1)
        before = h.adapter().fetch(h.spec, [native_id])[native_id]
        assert h.adapter().fetch(h.spec, [native_id])[native_id].version == before.version, "reading moves the version"
        settle(h, h.adapter())
        h.user_edit(native_id, "another text")
        after = h.adapter().fetch(h.spec, [native_id])[native_id]
        assert after.version != before.version
        assert not after.said or after.said != before.said, "`said` is the same where the record is another"
