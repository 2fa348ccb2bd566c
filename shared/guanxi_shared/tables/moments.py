"""Days and times as people and spreadsheets write them."""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from guanxi_shared.tables.cell_problem import CellProblem

_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})\Z")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)\Z")
_CHINESE = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]\Z")
_EITHER = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})\Z")
_SERIAL = re.compile(r"(\d{5})(?:\.(\d+))?\Z")
_DAY_NAME = re.compile(r"(\d{1,2})[-\s./]*([a-z]{3,9})\.?[-\s,./]*(\d{4})\Z", re.IGNORECASE)
_NAME_DAY = re.compile(r"([a-z]{3,9})\.?\s*(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\Z", re.IGNORECASE)
_TIME = re.compile(
    r"(?P<before>上午|下午|晚上|凌晨)?\s*(?P<hour>\d{1,2})[:时点](?P<minute>\d{2})?分?"
    r"(?:[:]?(?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?秒?)?\s*(?P<after>[ap]\.?m\.?)?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?\Z",
    re.IGNORECASE,
)
_SPLIT = re.compile(
    r"(?<=[\d日号])(?:[Tt]|\s+|(?<=[日号]))(?=(?:上午|下午|晚上|凌晨)?\s*\d{1,2}[:时点])"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EPOCH = date(1899, 12, 30)
_ADVICE = "is not a day; write it like 2024-03-05"
_TIME_ADVICE = "is not a time; write it like 2024-03-05T10:20:00Z or 2024-03-05 10:20"


def parse_day(text: str, column: str, *, day_first: bool | None = None) -> date:
    """A day, also out of a text that has a time behind it (whose time is left out).

    `day_first` decides what 5/3/2024 is; without it only those that can be one thing are read.
    Five digits are a spreadsheet's own number of the day (1900 calendar).
    """
    plain = _plain(text)
    day, _, _ = _split(plain)
    return _day(day, plain, column, day_first)


def parse_time_instant(
    text: str, column: str, *, zone: str, day_first: bool | None = None
) -> datetime:
    """An aware time in UTC. Without an offset it is local time of the IANA `zone`: the earlier of
    two that a clock change repeats, and moved on by the gap where one is left out."""
    plain = _plain(text)
    day, clock, serial = _split(plain)
    on = _day(day, plain, column, day_first)
    if serial is not None:
        at, offset = time(serial // 3600, serial // 60 % 60, serial % 60), None
    else:
        at, offset = _clock(clock, text, column)
    local = datetime.combine(on, at, tzinfo=offset or ZoneInfo(zone))
    try:
        return local.astimezone(UTC)
    except OverflowError:
        raise CellProblem(column, text, _TIME_ADVICE) from None


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _split(plain: str) -> tuple[str, str, int | None]:
    """Day, time of day, and the seconds of a spreadsheet's number."""
    serial = _SERIAL.match(plain)
    if serial is not None:
        return serial[1], "", round(float(f"0.{serial[2] or 0}") * 86_400) % 86_400
    day, *clock = _SPLIT.split(plain, maxsplit=1)
    return day.strip(), clock[0] if clock else "", None


def _day(day: str, text: str, column: str, day_first: bool | None) -> date:
    for pattern, build in _FORMS:
        if (found := pattern.match(day)) is not None:
            return _made(build(found), text, column)
    if (found := _EITHER.match(day)) is not None:
        return _made(_either(found, text, column, day_first), text, column)
    if (found := _SERIAL.match(day)) is not None:
        return _EPOCH + timedelta(days=int(found[1]))
    raise CellProblem(column, text, _ADVICE)


_Parts = tuple[str | int, str | int, str | int]
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], _Parts]], ...] = (
    (_ISO, lambda found: (found[1], found[3], found[4])),
    (_CHINESE, lambda found: (found[1], found[2], found[3])),
    (_COMPACT, lambda found: (found[1], found[2], found[3])),
    (_DAY_NAME, lambda found: (found[3], _month(found[2]), found[1])),
    (_NAME_DAY, lambda found: (found[3], _month(found[1]), found[2])),
)


def _either(found: re.Match[str], text: str, column: str, day_first: bool | None) -> _Parts:
    first, second = int(found[1]), int(found[3])
    if day_first is None and first <= 12 and second <= 12 and first != second:
        raise CellProblem(
            column, text, "can be two days; say whether the day comes first, or write 2024-03-05"
        )
    is_day_first = first > 12 if day_first is None else day_first
    return (found[4], second, first) if is_day_first else (found[4], first, second)


def _made(parts: _Parts, text: str, column: str) -> date:
    try:
        return date(*(int(part) for part in parts))
    except ValueError:
        raise CellProblem(column, text, "is a day that no calendar has; correct it") from None


def _month(name: str) -> int:
    """0, which no calendar has, for a word that is no month."""
    short = name.lower()[:3]
    return _MONTHS.index(short) + 1 if short in _MONTHS else 0


def _clock(text: str, whole: str, column: str) -> tuple[time, timezone | None]:
    if not text:
        return time(), None
    found = _TIME.match(text)
    if found is None:
        raise CellProblem(column, whole, _TIME_ADVICE)
    hour = int(found["hour"])
    half = (found["after"] or "").lower()[:1] or {"下午": "p", "晚上": "p"}.get(found["before"], "")
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    micro = int((found["fraction"] or "0")[:6].ljust(6, "0"))
    try:
        at = time(hour, int(found["minute"] or 0), int(found["second"] or 0), micro)
        return at, _offset(found["zone"])
    except ValueError:
        raise CellProblem(column, whole, _TIME_ADVICE) from None


def _offset(zone: str | None) -> timezone | None:
    if zone is None:
        return None
    if zone in "Zz":
        return UTC
    digits = zone[1:].replace(":", "")
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-span if zone[0] == "-" else span)
