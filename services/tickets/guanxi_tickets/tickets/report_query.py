"""What reports over tickets are asked for: filters as a list takes them, and a period of one of the fields."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final
from urllib.parse import urlencode

from guanxi_shared import filters, pages
from guanxi_shared.calls import Call
from guanxi_shared.errors import Malformed
from guanxi_shared.filters import Condition
from guanxi_shared.pages import OPTIONS, ListQuery
from guanxi_shared.resources import Field, Resource
from guanxi_tickets.tickets.document_rules import Filter, filter_of

PERIOD: Final[Mapping[str, str]] = {"from": "gte", "until": "lt"}


def asked_for(
    call: Call, resource: Resource, fields: Mapping[str, Field], *, period: str | None,
    own: Collection[str] = (),
) -> tuple[ListQuery, list[Condition], dict[str, str]]:  # fmt: skip
    """The query, its conditions with those of the period (of the field that it is about), and what was sent of
    the report's `own` parameters. 400 names what it does not take."""
    pairs = pages.query_pairs(call.request.scope["query_string"])
    taken = {*own, *(PERIOD if period else ())}
    sent = {name: value for name, value in pairs if name in taken}
    rest = [(name, value) for name, value in pairs if name not in taken]
    for name, _ in rest:
        if name in OPTIONS or name in PERIOD:
            raise Malformed(
                f"This report does not take {name!r}.", errors={name: "Not taken here."},
                code="unknown_parameter",
            )  # fmt: skip
    query = pages.from_query_string(urlencode(rest).encode(), resource, fields, call.clock)
    conditions = list(query.groups[0]) if query.groups else []
    for name, operator in PERIOD.items():
        if period is not None and name in sent:
            conditions.append(_bound(call, fields, name, period, operator, sent[name]))
    return query, conditions, sent


def _bound(
    call: Call, fields: Mapping[str, Field], name: str, field: str, operator: str, value: str
) -> Condition:
    try:
        return filters.condition(field, operator, value, fields, call.clock)
    except Malformed as problem:
        sentence = problem.errors.get(field, problem.detail)
        raise Malformed(f"{name}: {sentence}", errors={name: sentence}) from problem


def filters_of(conditions: Iterable[Condition]) -> list[Filter]:
    return [filter_of(each.field.name, each.operator, each.value) for each in conditions]


def as_groups(conditions: Iterable[Condition]) -> tuple[tuple[Condition, ...], ...]:
    """All of them hold; of none, everything is meant."""
    found = tuple(conditions)
    return (found,) if found else ()
