"""A search document applied to the state that an event tells of: pure, and without the database.

The same grammar as of searches: groups OR, filters AND. The fields are those of the state, by their path
(`amount.currency`, `custom.floor`); a value compares by what it is in the state: an amount of money as a number, a time
as a moment, a text without regard to case where it is contained or begun with. What the state does not
have fits `is_null` alone.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

MOST_FILTERS: Final = 50
MOST_VALUES: Final = 1000
FIELD: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+){0,3}")
INSTANT: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")
OPERATORS: Final = (
    "eq", "ne", "in", "nin", "gt", "gte", "lt", "lte", "contains", "starts_with", "is_null", "has",
)  # fmt: skip
SCALARS: Final = (str, int, float, bool)


class BadFilter(ValueError):
    def __init__(self, where: str, sentence: str) -> None:
        super().__init__(sentence)
        self.where, self.sentence = where, sentence


@dataclass(frozen=True, slots=True)
class Test:
    path: tuple[str, ...]
    operator: str
    value: Any


Groups = tuple[tuple[Test, ...], ...]


def read_filter(document: Any) -> Groups:
    """`{"filter_groups": [{"filters": […]}]}` as tests; BadFilter names what cannot be meant."""
    if document is None:
        return ()
    if not isinstance(document, dict) or set(document) != {"filter_groups"}:
        raise BadFilter("filter", "Send `filter_groups`, as to a search.")
    groups = document["filter_groups"]
    if not isinstance(groups, list):
        raise BadFilter("filter.filter_groups", "Send a list of groups.")
    found = tuple(_group(group, f"filter.filter_groups.{n}") for n, group in enumerate(groups))
    if sum(map(len, found)) > MOST_FILTERS:
        raise BadFilter("filter.filter_groups", f"Use at most {MOST_FILTERS} filters.")
    return found


def _group(group: Any, where: str) -> tuple[Test, ...]:
    items = group.get("filters") if isinstance(group, dict) else None
    if not isinstance(items, list) or set(group) != {"filters"}:
        raise BadFilter(where, "Each filter group holds `filters`, a list.")
    return tuple(_test(item, f"{where}.filters.{n}") for n, item in enumerate(items))


def _test(item: Any, where: str) -> Test:
    known = {"field", "operator", "value"}
    if not isinstance(item, dict) or not {"field", "operator"} <= set(item) <= known:
        raise BadFilter(where, "A filter holds `field`, `operator` and `value`.")
    field, operator, value = item["field"], item["operator"], item.get("value")
    if not isinstance(field, str) or not FIELD.fullmatch(field):
        raise BadFilter(f"{where}.field", "Name a field of the record, e.g. `stage_id`.")
    if operator not in OPERATORS:
        raise BadFilter(f"{where}.operator", f"Use one of: {', '.join(OPERATORS)}.")
    if sentence := _value_problem(operator, value):
        raise BadFilter(f"{where}.value", sentence)
    return Test(tuple(field.split(".")), operator, value)


def _value_problem(operator: str, value: Any) -> str | None:
    if operator in ("in", "nin"):
        if not isinstance(value, list) or not all(isinstance(item, SCALARS) for item in value):
            return "Send a list of values."
        return f"At most {MOST_VALUES} values." if len(value) > MOST_VALUES else None
    if operator == "is_null":
        return None if isinstance(value, bool) else "Send true or false."
    if operator in ("contains", "starts_with"):
        return None if isinstance(value, str) else "Send a text."
    return None if isinstance(value, SCALARS) else "Send a text, a number, true or false."


def fits(groups: Groups, state: Mapping[str, Any]) -> bool:
    """Whether a state is among those that the filter means; one without groups means all."""
    return not groups or any(all(_holds(test, state) for test in group) for group in groups)


def _holds(test: Test, state: Mapping[str, Any]) -> bool:
    found = _value_at(test.path, state)
    if test.operator == "is_null":
        return (found is None) is test.value
    if test.operator == "ne":
        return not _equal(found, test.value)
    if test.operator == "nin":
        return not any(_equal(found, value) for value in test.value)
    return found is not None and HOLDS[test.operator](found, test.value)


def _value_at(path: Sequence[str], state: Any) -> Any:
    for name in path:
        state = state.get(name) if isinstance(state, Mapping) else None
    if isinstance(state, Mapping) and set(state) == {"amount", "currency"}:
        return state["amount"]
    return state


def _equal(found: Any, wanted: Any) -> bool:
    if isinstance(found, list):
        return _has(found, wanted)
    left, right = _alike(found, wanted)
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _has(found: Any, wanted: Any) -> bool:
    """In a list of values one of them, in a list of objects any value of one of them."""
    if not isinstance(found, list):
        return False
    return any(
        _equal(each, wanted) if not isinstance(each, Mapping)
        else any(_equal(value, wanted) for value in each.values() if not isinstance(value, list))
        for each in found
    )  # fmt: skip


def _text_in(found: Any, wanted: str) -> bool:
    if isinstance(found, list):
        return any(_text_in(each, wanted) for each in found)
    if isinstance(found, Mapping):
        return any(_text_in(each, wanted) for each in found.values())
    return isinstance(found, str) and wanted.casefold() in found.casefold()


def _compared(is_right: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(found: Any, wanted: Any) -> bool:
        left, right = _alike(found, wanted)
        return type(left) is type(right) and not isinstance(left, bool) and is_right(left, right)

    return compare


def _alike(found: Any, wanted: Any) -> tuple[Any, Any]:
    """Both as numbers or as moments where both can be, else as they are."""
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found, wanted
    if isinstance(found, int | float) or isinstance(wanted, int | float) or _are_amounts(found):
        numbers = _number(found), _number(wanted)
        if None not in numbers:
            return numbers
    if isinstance(found, str) and isinstance(wanted, str):
        moments = _moment(found), _moment(wanted)
        if None not in moments:
            return moments
    return found, wanted


def _are_amounts(found: Any) -> bool:
    return isinstance(found, str) and re.fullmatch(r"-?\d+\.\d+", found) is not None


def _number(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _moment(text: str) -> datetime | None:
    if not INSTANT.match(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


HOLDS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": _equal,
    "in": lambda found, wanted: any(_equal(found, value) for value in wanted),
    "gt": _compared(lambda a, b: a > b),
    "gte": _compared(lambda a, b: a >= b),
    "lt": _compared(lambda a, b: a < b),
    "lte": _compared(lambda a, b: a <= b),
    "contains": _text_in,
    "starts_with": lambda found, wanted: (
        isinstance(found, str) and found.casefold().startswith(wanted.casefold())
    ),
    "has": _has,
}
