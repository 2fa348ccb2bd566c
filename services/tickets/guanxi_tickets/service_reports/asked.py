"""What a report is asked for: filters as a list takes them, by what it is grouped, and as of when."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from guanxi_shared import documents, filters, pages, reads
from guanxi_shared.calls import Call
from guanxi_shared.errors import Malformed
from guanxi_shared.filters import Condition
from guanxi_shared.pages import OPTIONS, ListQuery
from guanxi_shared.resources import INSTANT
from guanxi_tickets.tickets.resources import TICKETS

GROUPS: Final = (
    "status", "status_kind", "priority", "kind", "channel", "assignee_id", "team_id", "queue_id", "account_id",
    "product_id", "sla_policy_id",
)  # fmt: skip
OWN: Final = ("group_by", "as_of", "from", "until")


@dataclass(frozen=True, slots=True)
class Asked:
    """`at` is the instant that the answer is of; `is_past` where somebody asked for another than now. `base`
    are the conditions that every figure's document begins with."""

    query: ListQuery
    base: tuple[Condition, ...]
    group_by: str | None
    at: datetime
    is_past: bool


async def asked_of(call: Call, *, period: str | None, more: tuple[Mapping[str, Any], ...]) -> Asked:
    """`period` is the field that `from` and `until` are about; `more` are the report's own conditions.
    400 names what a report does not take."""
    pairs = pages.query_pairs(call.request.scope["query_string"])
    own = {name: value for name, value in pairs if name in OWN}
    rest = [(name, value) for name, value in pairs if name not in OWN]
    taken = OWN if period else ("group_by", "as_of")
    unknown = [name for name, _ in rest if name in OPTIONS] + [n for n in own if n not in taken]
    if unknown:
        raise Malformed(
            f"This report does not take {unknown[0]!r}.", errors={unknown[0]: "Not taken here."},
            code="unknown_parameter",
        )  # fmt: skip
    fields = await reads.all_fields(call, TICKETS)
    query = pages.from_query_string(urlencode(rest).encode(), TICKETS, fields, call.clock)
    conditions = list(query.groups[0]) if query.groups else []
    for name, operator in (("from", "gte"), ("until", "lt")):
        if name in own:
            conditions.append(_about(name, period or "", operator, own[name], fields, call))
    conditions += [
        filters.condition(each["field"], each["operator"], each["value"], fields, call.clock)
        for each in more
    ]
    base = tuple(conditions)
    groups = await filters.prepared(call, (base,) if base else ())
    at = _moment(call, own["as_of"]) if "as_of" in own else None
    return Asked(
        replace(query, groups=groups), base, _group(own.get("group_by")), at or datetime.now(UTC),
        at is not None,
    )  # fmt: skip


def _about(
    name: str, field: str, operator: str, value: str, fields: Mapping[str, Any], call: Call
) -> Condition:
    try:
        return filters.condition(field, operator, value, fields, call.clock)
    except Malformed as problem:
        sentence = problem.errors.get(field, problem.detail)
        raise Malformed(f"{name}: {sentence}", errors={name: sentence}) from problem


def _group(name: str | None) -> str | None:
    if name is not None and name not in GROUPS:
        raise Malformed(
            f"A report is not grouped by {name[:40]!r}.",
            errors={"group_by": f"Send one of: {', '.join(GROUPS)}."},
        )
    return name


def _moment(call: Call, text: str) -> datetime:
    try:
        found: datetime = filters.PARSERS[INSTANT](text, call.clock)
    except (ValueError, OverflowError) as error:
        raise Malformed(
            "as_of must be a time.", errors={"as_of": f"Send {filters.WANTED[INSTANT]}."}
        ) from error
    return found


def parameters(*, period: str | None) -> list[dict[str, Any]]:
    of_period = [
        documents.query_parameter("from", "string", f"{period} at or after: a time, a day, -30d."),
        documents.query_parameter("until", "string", f"{period} before."),
    ]
    return [
        documents.query_parameter("group_by", "string", "A row for each.", enum=list(GROUPS)),
        documents.query_parameter("as_of", "string", "How it stood then; now, if absent."),
        *(of_period if period else []),
        *(each for each in documents.list_parameters(TICKETS) if each["name"] not in OPTIONS),
    ]
