"""The position: paging at equal stamps, the overlap, and when it is given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bridge.adapters.salesforce.cursor import Position
from bridge.ports.errors import CursorExpired

STAMP = datetime(2026, 1, 31, 8, 0, tzinfo=UTC)
OVERLAP = timedelta(minutes=10)
AT = "2026-01-31T08:00:00Z"
ROW = "001000000000001AAA"


def _behind(position: Position, *, more: bool, age: timedelta) -> Position:
    return position.behind(STAMP, ROW, more=more, now=STAMP + age, overlap=OVERLAP)


def test_within_a_pass_the_next_page_is_behind_the_last_row() -> None:
    position = _behind(Position(), more=True, age=timedelta(days=1))
    assert "SystemModstamp = 2026-01-31T08:00:00Z AND Id > '001000000000001AAA'" in position.term("SystemModstamp")
    assert position.first


def test_after_a_pass_the_overlap_is_read_again_while_transactions_may_be_open() -> None:
    position = _behind(Position(), more=False, age=timedelta(minutes=1))
    assert position.term("SystemModstamp") == "SystemModstamp >= 2026-01-31T07:50:00Z"
    assert not position.first


def test_an_old_end_needs_no_overlap() -> None:
    position = _behind(Position(), more=False, age=timedelta(hours=1))
    assert position.term("SystemModstamp").startswith("(SystemModstamp > 2026-01-31T08:00:00Z OR ")


def test_the_first_page_read_while_transactions_were_open_decides() -> None:
    first = _behind(Position(), more=True, age=timedelta(minutes=1))
    later = STAMP + timedelta(minutes=30)
    last = first.behind(later, ROW, more=False, now=later + timedelta(hours=1), overlap=OVERLAP)
    assert last.term("S") == "S >= 2026-01-31T07:50:00Z"


def test_a_pass_without_rows_keeps_the_place() -> None:
    calm = _behind(Position(), more=False, age=timedelta(hours=1))
    assert calm.ended() == calm
    recent = _behind(Position(), more=False, age=timedelta(minutes=1))
    assert recent.ended() == recent
    halfway = _behind(Position(), more=True, age=timedelta(minutes=1))
    assert halfway.ended().term("S") == "S >= 2026-01-31T07:50:00Z"
    assert not Position().ended().first


def test_it_survives_being_stored() -> None:
    for position in (
        Position(),
        _behind(Position(), more=True, age=timedelta(minutes=1)),
        Position(deletes=AT),
        Position(below=AT, under=("OrderItem", AT, ROW), until=AT, first=False),
    ):
        assert Position.decode(position.encode(), "crm") == position


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "{}", "[]", "7", "null", Position(low="1 OR Name != null").encode(), '{"v":1,"at":["x"]}'],
)
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(CursorExpired):
        Position.decode(text, "crm")
