"""Records that are read when they are looked into."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bridge.ports.lazy import LazyRecord
from bridge.ports.records import NativeRecord

PLAIN = NativeRecord("7", {"name": "Firma"}, "v1", datetime(2026, 1, 31, tzinfo=UTC), "k", True, b"all of it")


def test_it_is_read_once_and_only_if_it_is_looked_into() -> None:
    read: list[str] = []

    def now() -> NativeRecord:
        read.append("once")
        return PLAIN

    record = LazyRecord.met("7", b"all of it", now)
    assert (record.native_id, record.said) == ("7", b"all of it")
    assert not read
    assert (record.values, record.version, record.modified) == ({"name": "Firma"}, "v1", PLAIN.modified)
    assert (record.key, record.archived) == ("k", True)
    assert read == ["once"]


def test_it_is_as_good_as_one_that_was_read_at_once() -> None:
    def lazy() -> LazyRecord:
        return LazyRecord.met("7", b"all of it", lambda: PLAIN)

    plain = PLAIN
    assert lazy() == plain
    assert plain == lazy()
    assert lazy() == lazy()
    assert lazy() != replace(PLAIN, version="v2")
    assert lazy() != "7"
    assert replace(lazy(), version="v2") == replace(PLAIN, version="v2")
    assert replace(lazy(), version="v2").said == b"all of it"
    assert deepcopy(lazy()) == PLAIN
    assert repr(lazy()) == repr(PLAIN)


def test_what_cannot_be_read_says_so_each_time() -> None:
    def broken() -> NativeRecord:
        raise ValueError("no number")

    record = LazyRecord.met("7", b"all of it", broken)
    for _ in range(2):
        with pytest.raises(ValueError, match="no number"):
            assert record.values
    with pytest.raises(AttributeError):
        record.nothing_such  # type: ignore[attr-defined]  # noqa: B018
