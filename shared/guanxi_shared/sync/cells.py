"""One column of a synced table: how it is read, and what of a phone's value can be kept.

A phone may be five versions old. What it sends is made to fit where that is possible and left out
where it makes no sense, so that no content ever keeps a phone from syncing.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from guanxi_shared.emails import normalise_email
from guanxi_shared.money import CURRENCIES, MINOR_UNITS
from guanxi_shared.phones import phone_key


class LeftOut:
    """A value that says nothing: the column is as if it had not been sent."""


LEFT_OUT: Final = LeftOut()
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
YEARS: Final = (1900, 2200)

Clean = Callable[[Any], Any]


def equal(sent: Any, stored: Any) -> bool:
    return bool(sent == stored)


def equal_number(sent: Any, stored: Any) -> bool:
    """The same number, however it was written down; not True for 1."""
    if sent is None or stored is None:
        return sent is stored
    return math.isclose(float(sent), float(stored), rel_tol=1e-12, abs_tol=1e-9)


def equal_telephone(sent: Any, stored: Any) -> bool:
    if sent is None or stored is None:
        return sent is stored
    return bool(sent == stored or phone_key(sent) == phone_key(stored) != "")


def equal_letters(sent: Any, stored: Any) -> bool:
    if sent is None or stored is None:
        return sent is stored
    return bool(str(sent).casefold() == str(stored).casefold())


@dataclass(frozen=True, slots=True)
class Cell:
    """`sql` reads it from the row `t`; without `clean` a phone's value is never taken. `same` tells
    whether a cleaned value is what is stored."""

    sql: str
    clean: Clean | None = None
    same: Callable[[Any, Any], bool] = equal


def moment(sql: str) -> str:
    """A time as milliseconds since 1970, as phones keep it."""
    return f"floor(extract(epoch FROM {sql}) * 1000)::bigint"


def line(longest: int) -> Clean:
    """A text of one line, cut where it is too long; nothing but blanks is null."""

    def clean(value: Any) -> Any:
        found = _text(value)
        if not isinstance(found, str):
            return found
        return " ".join(found.split())[:longest].strip() or None

    return clean


def prose(longest: int) -> Clean:
    def clean(value: Any) -> Any:
        found = _text(value)
        return found[:longest] or None if isinstance(found, str) else found

    return clean


def _text(value: Any) -> Any:
    if isinstance(value, bool | list | dict):
        return LEFT_OUT
    if value is None:
        return None
    return str(value).replace("\x00", "").encode("utf-8", "ignore").decode()


def email(value: Any) -> Any:
    """An address; what is none says nothing."""
    found = line(254)(value)
    if not isinstance(found, str):
        return found
    try:
        return normalise_email(found).address
    except ValueError:
        return LEFT_OUT


def currency(value: Any) -> Any:
    if value is None or value == "":
        return None
    return value if isinstance(value, str) and value in CURRENCIES else LEFT_OUT


def minor_units(amount: str, code: str) -> str:
    """SQL: a sum of money as a whole number of its currency's smallest unit."""
    cases = "".join(f" WHEN '{name}' THEN {scale}" for name, scale in sorted(MINOR_UNITS.items()))
    return f"({amount} * power(10::numeric, CASE {code}{cases} ELSE 2 END))::bigint"


def one_of(words: tuple[str, ...]) -> Clean:
    """One of some words; null says nothing where there is always one."""
    return lambda value: value if isinstance(value, str) and value in words else LEFT_OUT


def one_of_or_none(words: tuple[str, ...]) -> Clean:
    def clean(value: Any) -> Any:
        if value is None or value == "":
            return None
        return value if isinstance(value, str) and value in words else LEFT_OUT

    return clean


def identifier(value: Any) -> Any:
    """An id as text; null and nothing are null."""
    if value is None or value == "":
        return None
    found = as_id(value)
    return LEFT_OUT if found is None else str(found)


def as_id(value: Any) -> UUID | None:
    if not isinstance(value, str) or len(value) > 36:
        return None
    try:
        return UUID(value)
    except ValueError:
        return None


def number(low: float, high: float) -> Clean:
    def clean(value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return LEFT_OUT
        return float(value) if low <= value <= high else LEFT_OUT

    return clean


def whole(value: Any) -> Any:
    """A whole number that JSON's floats hold exactly."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 2**53:
        return LEFT_OUT
    return int(value) if value == int(value) else LEFT_OUT


def instant(value: Any) -> Any:
    """Milliseconds; what lies beyond the years that are kept says nothing. 0 is a phone's null."""
    found = whole(value)
    if found is None or found == 0:
        return None
    if isinstance(found, LeftOut):
        return found
    try:
        return found if YEARS[0] <= as_instant(found).year <= YEARS[1] else LEFT_OUT
    except OverflowError:
        return LEFT_OUT


def as_instant(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)


def day(value: Any) -> Any:
    """A day as text; a phone that keeps days as times means the day in UTC."""
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str):
            found = date.fromisoformat(value[:10])
        else:
            milliseconds = instant(value)
            if not isinstance(milliseconds, int):
                return milliseconds
            found = as_instant(milliseconds).date()
    except ValueError:
        return LEFT_OUT
    return found.isoformat() if YEARS[0] <= found.year <= YEARS[1] else LEFT_OUT


def cleaned(cells: Mapping[str, Cell], record: Mapping[str, Any]) -> dict[str, Any]:
    """What of a phone's record can be kept: known columns that may be written, made to fit."""
    found = {}
    for name, cell in cells.items():
        if cell.clean is None or name not in record:
            continue
        value = cell.clean(record[name])
        if not isinstance(value, LeftOut):
            found[name] = value
    return found


def differing(
    cells: Mapping[str, Cell], sent: Mapping[str, Any], stored: Mapping[str, Any]
) -> dict[str, Any]:
    """Those of the cleaned values that are not what is stored."""
    return {n: v for n, v in sent.items() if not cells[n].same(v, stored[n])}
