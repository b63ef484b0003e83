"""The timetable: when what is read, and when a system is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.engine.plan.schedule import BadSchedule, Schedule, Timetable, cron_line, window_of

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)  # a Thursday, 13:00 in Berlin
CRM = ("crm", "order")


def table(quiet: str = "", **own: Schedule) -> Timetable:
    places = {tuple(name.split("_")): how for name, how in own.items()}
    return Timetable(BERLIN, own=places, quiet={"crm": (window_of(quiet),)} if quiet else {})  # type: ignore[arg-type]


def test_what_was_never_read_is_due_at_once() -> None:
    assert table().due([CRM], {}, NOW) == {CRM}


@pytest.mark.parametrize(("seconds", "due"), [(59, False), (60, True), (61, True)])
def test_an_interval(seconds: int, due: bool) -> None:
    assert (table().due([CRM], {CRM: NOW - timedelta(seconds=seconds)}, NOW) == {CRM}) is due


def test_the_schedule_that_says_most_counts() -> None:
    hour, day, week = (Schedule(timedelta(hours=n)) for n in (1, 24, 168))
    both = Timetable(BERLIN, own={("crm", "order"): hour, ("crm", ""): day, ("", "order"): week})
    assert both.of("crm", "order") == hour
    assert both.of("crm", "customer") == day
    assert both.of("erp", "order") == week
    assert both.of("erp", "customer") == Schedule()


def test_a_cron_line_is_in_the_site_s_own_time() -> None:
    morning = table(crm_order=Schedule(cron="30 8 * * mon-fri"))
    friday = datetime(2026, 11, 27, 7, 30, tzinfo=UTC)
    assert morning.next(*CRM, NOW, NOW) == friday
    assert morning.next(*CRM, friday, friday) == friday + timedelta(days=3), "not on Saturday and Sunday"


def test_a_cron_line_over_the_change_to_summer_time() -> None:
    nightly = table(crm_order=Schedule(cron="30 2 * * *"))  # there is no 2:30 on 29 March 2026 in Berlin
    before = datetime(2026, 3, 28, 1, 30, tzinfo=UTC)
    assert nightly.next(*CRM, before, before) - before < timedelta(days=1, hours=1)


@pytest.mark.parametrize(
    ("quiet", "moment", "is_quiet"),
    [
        ("22:00-05:00", "2026-11-26 22:00", True),
        ("22:00-05:00", "2026-11-27 04:59", True),
        ("22:00-05:00", "2026-11-27 05:00", False),
        ("22:00-05:00", "2026-11-26 21:59", False),
        ("fri 22:00-05:00", "2026-11-28 04:00", True),
        ("fri 22:00-05:00", "2026-11-27 04:00", False),
        ("sat,sun", "2026-11-28 00:00", True),
        ("sat,sun", "2026-11-29 23:59", True),
        ("sat,sun", "2026-11-30 00:00", False),
        ("sat-mon 12:00-13:00", "2026-11-30 12:30", True),
        ("sat-mon 12:00-13:00", "2026-12-01 12:30", False),
        ("mon-fri 20:00-24:00", "2026-11-26 23:59", True),
        ("mon-fri 20:00-24:00", "2026-11-27 00:00", False),
    ],
)
def test_quiet_hours(quiet: str, moment: str, is_quiet: bool) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=BERLIN)
    assert table(quiet).quiet_at("crm", at) is is_quiet
    assert table(quiet).due([CRM], {}, at) == (set() if is_quiet else {CRM})
    assert not table(quiet).quiet_at("erp", at)


def test_after_quiet_hours_it_goes_on() -> None:
    at = datetime(2026, 11, 26, 23, 30, tzinfo=BERLIN)
    assert table("22:00-05:00").next(*CRM, at, at) == datetime(2026, 11, 27, 5, 0, tzinfo=BERLIN)


def test_who_is_quiet_for_ever_does_not_keep_anybody_waiting() -> None:
    assert table("mon-sun").due([CRM, ("erp", "order")], {}, NOW) == {("erp", "order")}


def test_a_clock_that_was_set_back() -> None:
    assert table().due([CRM], {CRM: NOW + timedelta(hours=1)}, NOW) == {CRM}


@given(
    last=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    ahead=st.timedeltas(timedelta(0), timedelta(days=2)),
    every=st.integers(1, 90_000),
)
def test_it_is_never_due_in_quiet_hours_nor_too_early(last: datetime, ahead: timedelta, every: int) -> None:
    some = table("mon-fri 18:00-06:00", crm_order=Schedule(timedelta(seconds=every)))
    due = some.due([CRM], {CRM: last}, last + ahead)
    assert bool(due) == (ahead >= timedelta(seconds=every) and not some.quiet_at("crm", last + ahead))


@pytest.mark.parametrize("text", ["", "* * * *", "61 * * * *", "every minute", "* * * * * * *"])
def test_what_is_no_cron_line(text: str) -> None:
    with pytest.raises(BadSchedule, match="five fields"):
        cron_line(text)


@pytest.mark.parametrize(
    "text", ["", "22-5", "25:00-05:00", "22:61-23:00", "someday", "mon-", "mon- 1:00-2:00", "sat;sun"]
)
def test_what_are_no_quiet_hours(text: str) -> None:
    with pytest.raises(BadSchedule):
        window_of(text)
