"""One filter grammar for lists, searches, saved views, segments, pools, webhooks and exports.

A list's query string (`revenue[gte]=1000`) and the search document (`filter_groups`: groups OR,
filters AND) become the same conditions, checked against the resource's fields, and one SQL text.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, ColumnElement, Text, and_, any_, bindparam, cast, func, or_
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from guanxi_shared import resources as r
from guanxi_shared.errors import Malformed
from guanxi_shared.resources import Field
from guanxi_shared.text import escape_like

MAX_CONDITIONS = 50
MAX_VALUES = 1000
RELATIVE_DAYS = re.compile(r"([+-]\d{1,5})([dwmy])")


@dataclass(frozen=True, slots=True)
class Condition:
    """`asked` is the value as it was sent: `now` stays `now` while the value moves on."""

    field: Field
    operator: str
    value: Any
    asked: Any = None


Groups = tuple[tuple[Condition, ...], ...]


@dataclass(frozen=True, slots=True)
class Clock:
    """What relative dates are counted from: the organisation's time zone, and now."""

    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


def condition(
    name: str, operator: str, value: Any, fields: Mapping[str, Field], clock: Clock
) -> Condition:
    """One checked condition; an unknown field or operator, or a value of the wrong form, is 400."""
    field = fields.get(name)
    if field is None or not field.is_filtered:
        raise Malformed(
            f"There is no field {name!r} to filter by here.",
            errors={name: "Unknown field; see the fields in the API description."},
            code="unknown_field",
        )
    if operator not in field.operators:
        allowed = ", ".join(sorted(field.operators))
        raise Malformed(
            f"{name} does not take the operator {operator!r}.",
            errors={name: f"Unknown operator {operator!r}; use one of: {allowed}."},
            code="unknown_operator",
        )
    return Condition(field, operator, _value(field, operator, value, clock), value)


def groups_from_document(groups: Any, fields: Mapping[str, Field], clock: Clock) -> Groups:
    """`filter_groups` of a search document as conditions."""
    if not isinstance(groups, list):
        raise Malformed(
            "filter_groups must be a list.", errors={"filter_groups": "Send a list of groups."}
        )
    found = tuple(_group(index, group, fields, clock) for index, group in enumerate(groups))
    if sum(len(group) for group in found) > MAX_CONDITIONS:
        raise Malformed(
            f"At most {MAX_CONDITIONS} filters fit in one search.",
            errors={"filter_groups": f"Use at most {MAX_CONDITIONS} filters."},
        )
    return found


def _group(
    index: int, group: Any, fields: Mapping[str, Field], clock: Clock
) -> tuple[Condition, ...]:
    where = f"filter_groups.{index}.filters"
    items = group.get("filters") if isinstance(group, dict) else None
    if not isinstance(items, list) or set(group) != {"filters"}:
        raise Malformed(
            "Each filter group holds `filters`.", errors={where: "Send a list of filters."}
        )
    for item in items:
        if not isinstance(item, dict) or not {"field", "operator"} <= set(item) <= {
            "field",
            "operator",
            "value",
        }:
            raise Malformed(
                "A filter holds `field`, `operator` and `value`.",
                errors={where: "Send objects with field, operator and value."},
            )
    return tuple(
        condition(str(item["field"]), str(item["operator"]), item.get("value"), fields, clock)
        for item in items
    )


def compile_groups(groups: Groups, bind: "Binder") -> ColumnElement[bool] | None:
    """None when everything fits: without groups, or with one that asks for nothing."""
    if not all(groups) or not groups:
        return None
    return or_(*(and_(*(_sql(item, bind) for item in group)) for group in groups))


class Binder:
    """Names parameters in the order of the text, so that equal shapes give equal SQL."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def __call__(self, value: Any, type_: Any) -> BindParameter[Any]:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return bindparam(name, type_=type_)


def shape_of(groups: Groups) -> tuple[Any, ...]:
    """What the SQL text of the conditions depends on; the values do not."""
    return tuple(
        tuple(
            (c.field.name, c.field.shape, c.operator, c.value if c.operator == "is_null" else None)
            for c in group
        )
        for group in groups
    )


def kinds_of(groups: Groups) -> tuple[str, ...]:
    """Custom fields of two organisations may share a name but not a kind: the text depends on it."""
    used = (c.field for group in groups for c in group)
    return tuple(field.kind for field in used if field.name.startswith("custom."))


async def prepared(asker: Any, groups: Groups) -> Groups:
    """The conditions with what their fields have to look up first looked up, for this asker."""
    if not any(c.field.prepare for group in groups for c in group):
        return groups
    return tuple([tuple([await _prepared(asker, c) for c in group]) for group in groups])


async def _prepared(asker: Any, item: Condition) -> Condition:
    if item.field.prepare is None:
        return item
    found: Condition = await item.field.prepare(asker, item)
    return found


def _sql(item: Condition, bind: Binder) -> ColumnElement[bool]:
    field, column = item.field, item.field.compared
    if field.where is not None:
        return field.where(item.operator, item.value, bind)
    if item.operator == "is_null":
        return column.is_(None) if item.value else column.is_not(None)
    if field.kind in (r.LIST, r.ID_LIST):
        overlap: ColumnElement[bool] = column.op("&&" if item.operator == "in" else "@>")(
            bind(item.value, column.type)
        )
        return overlap
    if field.kind == r.OBJECTS:
        return _objects(field, item, bind)
    return SCALAR[item.operator](column, item.value, bind)


def _objects(field: Field, item: Condition, bind: Binder) -> ColumnElement[bool]:
    if item.operator == "contains":
        return cast(field.compared, Text).ilike(bind(f"%{escape_like(item.value)}%", Text))
    key = field.key or "value"
    wanted = func.jsonb_build_array(func.jsonb_build_object(key, bind(item.value, Text)))
    found: ColumnElement[bool] = field.compared.op("@>")(cast(wanted, JSONB))
    return found


Scalar = Callable[[ColumnElement[Any], Any, Binder], ColumnElement[bool]]
SCALAR: Mapping[str, Scalar] = {
    "eq": lambda c, v, b: c == b(v, c.type),
    "ne": lambda c, v, b: c.is_distinct_from(b(v, c.type)),
    "in": lambda c, v, b: c == any_(b(v, ARRAY(c.type))),
    "nin": lambda c, v, b: or_(c.is_(None), ~(c == any_(b(v, ARRAY(c.type))))),
    "gt": lambda c, v, b: c > b(v, c.type),
    "gte": lambda c, v, b: c >= b(v, c.type),
    "lt": lambda c, v, b: c < b(v, c.type),
    "lte": lambda c, v, b: c <= b(v, c.type),
    "contains": lambda c, v, b: c.ilike(b(f"%{escape_like(v)}%", Text)),
    "starts_with": lambda c, v, b: c.ilike(b(f"{escape_like(v)}%", Text)),
}


def _value(field: Field, operator: str, value: Any, clock: Clock) -> Any:
    if operator == "is_null":
        return _parse(field.name, r.BOOLEAN, value, clock)
    many = operator in ("in", "nin") or field.kind in (r.LIST, r.ID_LIST)
    if not many:
        return _parse(field.name, field.kind, value, clock)
    items = value if isinstance(value, list) else [value]
    if len(items) > MAX_VALUES:
        raise Malformed(
            f"{field.name} takes at most {MAX_VALUES} values.",
            errors={field.name: "Too many values."},
        )
    kind = {r.LIST: r.TEXT, r.ID_LIST: r.ID}.get(field.kind, field.kind)
    return [_parse(field.name, kind, item, clock) for item in items]


def _parse(name: str, kind: str, value: Any, clock: Clock) -> Any:
    try:
        return PARSERS[kind](value, clock)
    except (ValueError, TypeError, InvalidOperation, OverflowError) as error:
        raise Malformed(
            f"{name} cannot be compared with {str(value)[:80]!r}.",
            errors={name: f"Send {WANTED[kind]}."},
            code="bad_value",
        ) from error


def _text(value: Any, _: Clock) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError(value)
    value.encode()  # lone surrogates cannot be stored
    return value


def _boolean(value: Any, _: Clock) -> bool:
    if value in (True, "true", "1"):
        return True
    if value in (False, "false", "0"):
        return False
    raise ValueError(value)


def _integer(value: Any, _: Clock) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(value)
    number = int(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError(value)
    return number


def _decimal(value: Any, _: Clock) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(value)
    number = Decimal(str(value))
    if not number.is_finite() or abs(number.adjusted()) > 330:
        raise ValueError(value)
    return number


def _number(value: Any, clock: Clock) -> Any:
    return _decimal(value, clock)


def _day(value: Any, clock: Clock) -> date:
    relative = relative_day(str(value), clock.today)
    return relative if relative is not None else date.fromisoformat(str(value))


def _instant(value: Any, clock: Clock) -> datetime:
    text = str(value)
    if text == "now":
        return clock.now
    relative = relative_day(text, clock.today)
    if relative is not None:
        return clock.midnight(relative)
    if len(text) == 10:
        return clock.midnight(date.fromisoformat(text))
    parsed = datetime.fromisoformat(text.replace(" ", "+"))  # an unescaped + in a query string
    local = parsed if parsed.tzinfo else parsed.replace(tzinfo=clock.zone)
    return local.astimezone(UTC)  # OverflowError beyond what a database can hold


def relative_day(text: str, today: date) -> date | None:
    """`today`, `yesterday`, `-30d`, `+2w`, `-3m`, `this_month`, `last_quarter` … as a day.

    A period means its first day. None when the text is no relative date.
    """
    named = {"today": 0, "yesterday": -1, "tomorrow": 1}
    if text in named:
        return today + timedelta(days=named[text])
    match = RELATIVE_DAYS.fullmatch(text.replace(" ", "+"))
    if match:
        count, unit = int(match[1]), match[2]
        if unit in "dw":
            return today + timedelta(days=count * (7 if unit == "w" else 1))
        return _plus_months(today, count * (12 if unit == "y" else 1))
    which, _, period = text.partition("_")
    step = {"last": -1, "this": 0, "next": 1}.get(which)
    return None if step is None else _period_start(period, step, today)


def _period_start(period: str, step: int, today: date) -> date | None:
    if period == "week":
        return today - timedelta(days=today.weekday()) + timedelta(weeks=step)
    months = {"month": 1, "quarter": 3, "year": 12}.get(period)
    if months is None:
        return None
    first = today.replace(day=1, month=(today.month - 1) // months * months + 1)
    return _plus_months(first, step * months)


def _plus_months(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    following = date(year + month // 11, (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - timedelta(days=1)).day))


PARSERS: Mapping[str, Callable[[Any, Clock], Any]] = {
    r.TEXT: _text, r.BOOLEAN: _boolean, r.INTEGER: _integer, r.NUMBER: _number, r.MONEY: _decimal,
    r.DAY: _day, r.INSTANT: _instant, r.ID: lambda v, _: UUID(str(v)), r.OBJECTS: _text,
}  # fmt: skip
WANTED: Mapping[str, str] = {
    r.TEXT: "text", r.BOOLEAN: "true or false", r.INTEGER: "a whole number", r.NUMBER: "a number",
    r.MONEY: "an amount such as 1000.50", r.DAY: "a day such as 2026-11-22, today or -30d",
    r.INSTANT: "a time such as 2026-11-22T08:00:00Z, today or -30d", r.ID: "a UUID", r.OBJECTS: "text",
}  # fmt: skip
