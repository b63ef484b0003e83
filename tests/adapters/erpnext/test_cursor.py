"""The position: what is read again, and what is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bridge.adapters.erpnext.cursor import Position, Settle, Track
from bridge.ports.errors import CursorExpired

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
T = "2026-11-23 10:00:00.000000"


def settle(now: datetime) -> Settle:
    return Settle(BERLIN, MINUTE, now)


SOON = settle(datetime(2026, 11, 23, 9, 0, 5, tzinfo=UTC))
LATER = settle(datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC))


def row(stamp: str, name: str = "A") -> dict[str, str]:
    return {"name": name, "modified": stamp}


def test_a_young_stamp_is_read_again_with_the_overlap() -> None:
    assert Track().after([row(T)], "modified", full=False, settle=SOON).low == "2026-11-23 09:59:00.000000"


def test_an_old_stamp_is_not() -> None:
    assert Track().after([row(T)], "modified", full=False, settle=LATER).low == T


def test_a_clock_far_behind_the_stamps_only_costs_reading_again() -> None:
    behind = settle(datetime(2020, 1, 1, tzinfo=UTC))
    assert Track().after([row(T)], "modified", full=False, settle=behind).low < T


def test_a_page_goes_on_behind_its_last_row_by_stamp_and_name() -> None:
    track = Track().after([row(T, "A"), row(T, "B")], "modified", full=True, settle=LATER)
    assert track.filters("modified") == ([["modified", ">=", T]], [["modified", ">", T], ["name", ">", "B"]])


def test_the_next_pass_begins_before_the_first_page_that_was_read_young() -> None:
    first = Track().after([row(T)], "modified", full=True, settle=SOON)
    second = first.after([row("2026-11-23 10:05:00.000000")], "modified", full=True, settle=SOON)
    done = second.after([], "modified", full=False, settle=LATER)
    assert done.low == "2026-11-23 09:59:00.000000"
    assert done.at is None


def test_an_empty_last_page_of_old_rows_begins_at_their_last() -> None:
    full = Track().after([row(T)], "modified", full=True, settle=LATER)
    assert full.after([], "modified", full=False, settle=LATER) == Track(low=T)


def test_nothing_new_leaves_the_track() -> None:
    assert Track(low=T).after([], "modified", full=False, settle=SOON) == Track(low=T)


def test_the_position_goes_back_in_the_hour_that_autumn_repeats() -> None:
    stamp = "2026-10-25 02:59:00.000000"
    now = settle(datetime(2026, 10, 25, 0, 59, 30, tzinfo=UTC))
    assert now.from_stamp(stamp) == "2026-10-25 01:58:00.000000"


def test_the_first_second_of_the_repeated_hour_is_not_behind_the_position() -> None:
    before = settle(datetime(2026, 10, 25, 0, 59, 30, tzinfo=UTC)).from_stamp("2026-10-25 02:59:00.000000")
    assert before <= "2026-10-25 02:00:00.000000"


def test_a_position_survives_its_text() -> None:
    position = Position(stage="rows", rows=Track(low=T, at=(T, "Ä/😀"), floor=T), looked=1.5, owed=True, token="t")
    assert Position.decode(position.encode(), "fin") == position


@pytest.mark.parametrize("text", ["", "x", "{}", "[]", "null", '{"v":0}', '{"v":1,"stage":"scan"}'])
def test_a_text_that_is_no_position_asks_for_a_full_read(text: str) -> None:
    with pytest.raises(CursorExpired):
        Position.decode(text, "fin")
