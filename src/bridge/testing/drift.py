"""The contract of drift: what went missing, or was changed behind bridge's back, is seen."""

from __future__ import annotations

from bridge.ports.records import CreateItem
from bridge.testing.harness import Harness
from bridge.testing.levels import at
from bridge.testing.steps import fetch, make, read, settle


class Drifting:
    """What bridge believes can be compared with what is there."""

    @at("deletes")
    def test_what_a_user_deleted_is_nowhere(self, h: Harness) -> None:
        adapter = h.adapter()
        (_, kept), (key, gone) = make(h, adapter, 1, 2)
        h.user_delete(gone.native_id)
        ids = {native_id for page in h.adapter().refs(h.spec) for native_id in page}
        assert kept.native_id in ids
        assert gone.native_id not in ids, "refs names a record that a user deleted"
        assert list(h.adapter().fetch(h.spec, [kept.native_id, gone.native_id])) == [kept.native_id]
        assert h.adapter().find(h.spec, [key]) == {key: []}, "find names a record that a user deleted"
        assert gone.native_id not in read(h, h.adapter()).ids, "a full read delivers a record that a user deleted"

    @at("deletes")
    def test_what_a_user_deleted_can_be_made_again(self, h: Harness) -> None:
        adapter = h.adapter()
        key, gone = make(h, adapter, 1)[0]
        h.user_delete(gone.native_id)
        again = h.adapter().create(h.spec, [CreateItem(key, h.sample(1))])[0]
        assert (again.outcome, again.created) == ("ok", True), f"the key of a deleted record: {again.error or again}"
        assert [record.native_id for record in h.adapter().find(h.spec, [key])[key]] == [again.native_id]

    @at("deletes")
    def test_a_change_behind_the_back_moves_the_version_that_was_told(self, h: Harness) -> None:
        adapter = h.adapter()
        _, told = make(h, adapter, 1)[0]
        assert fetch(h, told.native_id).version == told.version, "the version told by a write is not the record's"
        settle(h, adapter)
        h.user_edit(told.native_id, "behind the back")
        now = fetch(h, told.native_id)
        assert now.version != told.version, "a user's edit does not show in the version"
        assert now.values[h.features.text] == "behind the back"
