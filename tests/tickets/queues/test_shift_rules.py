"""When a shift ends: over lunch, midnight, holidays and both changes of the clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_shared.errors import Invalid
from guanxi_tickets.agents.shift_rules import BREAK, calendar_of, is_on_shift, shift_ends_at

OFFICE = [{"from": "09:00", "to": "12:00"}, {"from": "13:00", "to": "18:00"}]
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
BERLIN = {"time_zone": "Europe/Berlin", "hours": dict.fromkeys(DAYS, OFFICE)}
NIGHTS = {
    "time_zone": "Europe/Berlin",
    "hours": {
        key: [{"from": "22:00", "to": "24:00"}, {"from": "00:00", "to": "06:00"}] for key in DAYS
    },
}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("shifts", "now", "end"),
    [
        (BERLIN, "2026-11-02T08:30", "2026-11-02T17:00"),  # lunch is no end
        (BERLIN, "2026-11-02T11:30", "2026-11-02T17:00"),
        (BERLIN, "2026-11-02T17:00", "2026-11-03T17:00"),  # an end itself is over
        (BERLIN, "2026-03-29T06:00", "2026-03-29T16:00"),  # the clock went forward that night
        (BERLIN, "2026-10-25T06:00", "2026-10-25T17:00"),
        (NIGHTS, "2026-03-28T21:30", "2026-03-29T04:00"),  # a night of seven hours
        (NIGHTS, "2026-10-24T20:30", "2026-10-25T05:00"),  # and one of nine
        (BERLIN | {"days_off": [{"on": "2026-11-03"}]}, "2026-11-02T17:00", "2026-11-04T17:00"),
        (BERLIN | {"exceptional_days": [{"on": "2026-11-03", "hours": [{"from": "09:00", "to": "10:00"}]}]},
         "2026-11-02T17:00", "2026-11-03T09:00"),
        ({"time_zone": "UTC", "hours": {key: [{"from": "00:00", "to": "24:00"}] for key in DAYS}},
         "2026-11-02T17:00", None),
        ({"time_zone": "UTC", "hours": {}}, "2026-11-02T17:00", None),
        ({"time_zone": "UTC", "hours": {}, "exceptional_days": [
            {"on": "2027-06-01", "hours": [{"from": "09:00", "to": "10:00"}]}]},
         "2026-11-02T17:00", "2027-06-01T10:00"),
    ],
)  # fmt: skip
def test_a_shift_ends_where_hours_end_for_long(
    shifts: dict[str, Any], now: str, end: str | None
) -> None:
    found = shift_ends_at(calendar_of(shifts), at(now))
    assert found == (at(end) if end is not None else None)


MINUTES = st.integers(0, 95).map(lambda n: n * 15)


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    hours = {}
    for day in DAYS:
        ends = sorted(draw(st.sets(MINUTES, max_size=6)))
        pairs = zip(ends[::2], ends[1::2], strict=False)
        hours[day] = [{"from": _time(a), "to": _time(b)} for a, b in pairs]
    zone = draw(st.sampled_from(("Europe/Berlin", "America/New_York", "Asia/Shanghai")))
    return {"time_zone": zone, "hours": hours}


def _time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


CHANGES = st.sampled_from(
    ["2026-03-27T00:00", "2026-10-23T00:00", "2026-03-07T00:00", "2026-10-31T00:00"]
)


@given(plans(), CHANGES, st.integers(0, 4 * 96))
@settings(max_examples=60, deadline=None)
def test_the_end_is_the_one_that_a_walk_in_quarters_finds(
    plan: dict[str, Any], start: str, quarters: int
) -> None:
    calendar, quarter = calendar_of(plan), timedelta(minutes=15)
    now = at(start) + quarter * quarters
    moments = [now + quarter * n for n in range(-1, 9 * 96)]
    works = [is_on_shift(calendar, moment) for moment in moments]
    span = BREAK // quarter
    ends = (
        moments[n]
        for n in range(2, len(moments) - span)
        if works[n - 1] and not any(works[n : n + span])
    )
    assert shift_ends_at(calendar, now) == next(ends, None)


def test_what_is_wrong_with_a_plan_is_named() -> None:
    for part, field in (
        ({"hours": {"monday": [{"from": "12:00", "to": "09:00"}]}}, "shifts.hours.monday.0.to"),
        ({"days_off": [{"on": "2026-01-01"}, {"on": "2026-01-01"}]}, "shifts.days_off.1"),
    ):
        with pytest.raises(Invalid) as caught:
            calendar_of({"time_zone": "UTC", **part})
        assert list(caught.value.errors) == [field]
