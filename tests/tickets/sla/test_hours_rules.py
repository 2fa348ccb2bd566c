"""What a written calendar may say, and the field that is named when it may not."""

from datetime import date
from typing import Any

import pytest

from guanxi_shared.errors import Invalid
from guanxi_tickets.sla.calendar_rules import ALWAYS, Span
from guanxi_tickets.sla.hours_rules import calendar_from

MORNING = {"from": "09:00", "to": "12:00"}
AFTERNOON = {"from": "13:00", "to": "17:30"}
ZONE = {"time_zone": "Asia/Shanghai"}


def test_a_calendar_as_it_is_written() -> None:
    read = calendar_from(
        ZONE
        | {
            "name": " Shanghai ",
            "hours": {"monday": [AFTERNOON, MORNING], "sunday": [{"from": "22:00", "to": "24:00"}]},
            "holidays": ["2026-10-02", {"on": "2026-10-01", "name": "国庆节"}],
            "exceptional_days": [{"on": "2026-10-10", "name": "补班", "hours": [MORNING]}],
        }
    )
    assert read.week[0] == (Span(540, 720), Span(780, 1050))
    assert read.week[1:6] == ((),) * 5
    assert read.week[6] == (Span(1320, 1440),)
    assert read.holidays == ((date(2026, 10, 1), "国庆节"), (date(2026, 10, 2), ""))
    assert read.exceptional_days == ((date(2026, 10, 10), "补班", (Span(540, 720),)),)
    assert (read.name, read.time_zone) == ("Shanghai", "Asia/Shanghai")


def test_always_is_every_second() -> None:
    assert calendar_from({"time_zone": "UTC", "always": True}) == ALWAYS


def test_nothing_said_is_no_hours() -> None:
    assert calendar_from(ZONE).week == ((),) * 7
    own = {"exceptional_days": [{"on": "2026-10-10", "hours": []}]}
    assert calendar_from(ZONE | own).exceptional_days == ((date(2026, 10, 10), "", ()),)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"time_zone": None}, "time_zone"),
        ({"time_zone": "Berlin"}, "time_zone"),
        ({"time_zone": "localtime"}, "time_zone"),
        ({"time_zone": "../etc/passwd"}, "time_zone"),
        ({"time_zone": "Europe"}, "time_zone"),
        ({"time_zone": "+08:00"}, "time_zone"),
        ({"name": 7}, "name"),
        ({"always": "yes"}, "always"),
        ({"always": True, "hours": {"monday": [MORNING]}}, "hours"),
        ({"always": True, "holidays": ["2026-10-01"]}, "holidays"),
        ({"weekly": {}}, "weekly"),
        ({"hours": [MORNING]}, "hours"),
        ({"hours": []}, "hours"),
        ({"holidays": 0}, "holidays"),
        ({"hours": {"mon": []}}, "hours.mon"),
        ({"hours": {"monday": MORNING}}, "hours.monday"),
        ({"hours": {"monday": "09:00-12:00"}}, "hours.monday"),
        ({"hours": {"monday": ["09:00"]}}, "hours.monday.0"),
        ({"hours": {"monday": [{"from": "9:00", "to": "12:00"}]}}, "hours.monday.0.from"),
        ({"hours": {"monday": [{"from": "09:00"}]}}, "hours.monday.0.to"),
        ({"hours": {"monday": [{"from": "09:00", "to": "24:01"}]}}, "hours.monday.0.to"),
        ({"hours": {"monday": [{"from": "09:00", "to": "１２:00"}]}}, "hours.monday.0.to"),
        ({"hours": {"monday": [{"from": "09:00", "to": "09:00"}]}}, "hours.monday.0.to"),
        ({"hours": {"monday": [{"from": "22:00", "to": "06:00"}]}}, "hours.monday.0.to"),
        ({"hours": {"monday": [{"from": "24:00", "to": "24:00"}]}}, "hours.monday.0.from"),
        ({"hours": {"monday": [MORNING | {"break": 1}]}}, "hours.monday.0.break"),
        ({"hours": {"monday": [MORNING, {"from": "11:59", "to": "13:00"}]}}, "hours.monday.1"),
        ({"hours": {"monday": [MORNING] * 25}}, "hours.monday"),
        ({"holidays": "2026-10-01"}, "holidays"),
        ({"holidays": ["2026-02-29"]}, "holidays.0"),
        ({"holidays": ["20261001"]}, "holidays.0"),
        ({"holidays": [{"on": "1900-01-01"}]}, "holidays.0.on"),
        ({"holidays": [{"day": "2026-10-01"}]}, "holidays.0.day"),
        ({"holidays": [{"on": "2026-10-01", "name": 1}]}, "holidays.0.name"),
        ({"holidays": ["2026-10-01", {"on": "2026-10-01"}]}, "holidays.1"),
        ({"exceptional_days": ["2026-10-01"]}, "exceptional_days.0"),
        ({"exceptional_days": [{"on": "2026-10-01"}]}, "exceptional_days.0.hours"),
        ({"exceptional_days": [{"hours": []}]}, "exceptional_days.0.on"),
        (
            {"exceptional_days": [{"on": "2026-10-01", "hours": [{"from": "x", "to": "y"}]}]},
            "exceptional_days.0.hours.0.from",
        ),
    ],
)
def test_what_is_not_meant_is_refused_by_its_name(sent: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        calendar_from(ZONE | sent)
    assert list(refused.value.errors) == [field]
