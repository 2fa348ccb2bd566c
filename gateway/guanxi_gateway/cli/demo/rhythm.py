"""When people work. All days count from the demo's first day, the one its organisation was made on:
a load that is completed tomorrow gives every record the time it would have had today."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from guanxi_gateway.cli.demo.seeds import weighted
from guanxi_gateway.cli.demo.staff import ORGANISATION, STAFF, user_id

DAYS_BACK = 730
NEWEST_DAY = 2  # ago: what is done is past in every time zone
HOURS = {9: 3.0, 10: 4.0, 11: 3.0, 13: 1.0, 14: 3.0, 15: 4.0, 16: 3.0, 17: 1.5}
HOME = ZoneInfo(ORGANISATION["time_zone"])
OFFICE = ((time(9), time(12)), (time(13), time(18)))  # from Monday to Friday
QUARTERS = (0, 15, 30, 45)
WEEKDAYS = (1.0, 1.2, 1.2, 1.1, 0.8, 0.0, 0.0)


def day_of(made_at: datetime) -> date:
    """The day of a moment where the demo organisation is at home."""
    return made_at.astimezone(ZoneInfo(ORGANISATION["time_zone"])).date()


def zones(seed: int) -> dict[str, ZoneInfo]:
    """Where each member of staff works, by the user's id."""
    home = ORGANISATION["time_zone"]
    return {
        str(user_id(seed, member.handle)): ZoneInfo(member.time_zone or home) for member in STAFF
    }


def working_day(dice: Random, first: date, last: date) -> date:
    """A day from Monday to Friday, the busier the likelier; there must be one."""
    days = (last - first).days + 1
    while True:
        day = first + timedelta(days=dice.randrange(days))
        if dice.random() * max(WEEKDAYS) < WEEKDAYS[day.weekday()]:
            return day


def past_day(dice: Random, today: date, *, within: int = DAYS_BACK) -> date:
    return working_day(dice, today - timedelta(days=within), today - timedelta(days=NEWEST_DAY))


def working_time(dice: Random, day: date, zone: ZoneInfo) -> datetime:
    """A quarter of an hour of the working day, in UTC."""
    at = time(weighted(dice, HOURS), dice.choice(QUARTERS))
    return datetime.combine(day, at, zone).astimezone(UTC)


def working_minutes_later(moment: datetime, minutes: float) -> datetime:
    """So much work later, by the office hours at home; in UTC."""
    left, day = timedelta(minutes=minutes), moment.astimezone(HOME).date()
    while True:
        for begin, end in OFFICE if day.weekday() < 5 else ():
            opens, closes = (
                datetime.combine(day, each, HOME).astimezone(UTC) for each in (begin, end)
            )
            opens = max(opens, moment)
            if opens < closes and opens + left <= closes:
                return opens + left
            left -= max(closes - opens, timedelta())
        day += timedelta(days=1)


def at(day: date, hour: int, minute: int = 0, *, zone: str = ORGANISATION["time_zone"]) -> datetime:
    return datetime.combine(day, time(hour, minute), ZoneInfo(zone)).astimezone(UTC)


def monday_after(day: date) -> date:
    """That of next week."""
    return day + timedelta(days=7 - day.weekday())


def written(moment: datetime) -> str:
    """As the API takes a time."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
