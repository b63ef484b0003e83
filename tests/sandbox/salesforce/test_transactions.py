"""What is taken back in the org's tables is as it was, whatever was written and however spans lie within another."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bridge.sandbox.kernel import Clock
from bridge.sandbox.salesforce.fields import Field, SObject
from bridge.sandbox.salesforce.ids import make_id
from bridge.sandbox.salesforce.store import Store

WRITES = st.lists(st.tuples(st.sampled_from(["put", "amend", "delete"]), st.integers(1, 4), st.sampled_from("abc")))


def _tables(store: Store) -> Any:
    return deepcopy((store.rows, list(store.rows["thing"]), store.unique, store.log))


def _write(store: Store, writes: list[tuple[str, int, str]]) -> None:
    for verb, number, key in writes:
        id_ = make_id("a00", number)
        if verb == "put":
            store.put(store.objects["thing"], {"Id": id_, "Key": key})
        elif store.newest("Thing", id_):
            if verb == "amend":
                store.amend("Thing", id_, {"Shown": key})
            else:
                store.note_deletion("Thing", id_)


@given(before=WRITES, outer=WRITES, inner=WRITES, after=WRITES, at_last=st.booleans())
def test_what_is_taken_back_is_as_it_was(
    before: list[Any], outer: list[Any], inner: list[Any], after: list[Any], at_last: bool
) -> None:
    thing = SObject("Thing").add([Field("Id"), Field("Key", unique=True), Field("Shown")])
    thing.prefix = "a00"
    store = Store(Clock(), {"thing": thing})
    _write(store, [("put", 1, "a"), *before])
    first = _tables(store)
    with store.transaction() as take_all_back:
        _write(store, outer)
        second = _tables(store)
        with store.transaction() as take_back:
            _write(store, inner)
            take_back()
        assert _tables(store) == second
        _write(store, after)
        third = _tables(store)
        if at_last:
            take_all_back()
    assert _tables(store) == (first if at_last else third)
