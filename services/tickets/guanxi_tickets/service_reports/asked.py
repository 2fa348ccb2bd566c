"""What a report is asked for: filters as a list takes them, by what it is grouped, and as of when."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from guanxi_shared import documents, filters, reads
from guanxi_shared.calls import Call
from guanxi_shared.errors import Malformed
from guanxi_shared.filters import Condition
from guanxi_shared.pages import OPTIONS, ListQuery
from guanxi_tickets.service_reports import past
from guanxi_tickets.tickets.report_query import as_groups, asked_for
from guanxi_tickets.tickets.resources import TICKETS

GROUPS: Final = (
    "status", "status_kind", "priority", "kind", "channel", "assignee_id", "team_id", "queue_id", "account_id",
    "product_id", "sla_policy_id",
)  # fmt: skip
OWN: Final = ("group_by", "as_of")


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
    """`period` is the field that `from` and `until` are about; `more` are the report's own conditions."""
    fields = await reads.all_fields(call, TICKETS)
    query, conditions, own = asked_for(call, TICKETS, fields, period=period, own=OWN)
    conditions += [
        filters.condition(each["field"], each["operator"], each["value"], fields, call.clock)
        for each in more
    ]
    groups = await filters.prepared(call, as_groups(conditions))
    at = past.moment_of(call, own)
    return Asked(
        replace(query, groups=groups), tuple(conditions), _group(own.get("group_by")),
        at or datetime.now(UTC), at is not None,
    )  # fmt: skip


def _group(name: str | None) -> str | None:
    if name is not None and name not in GROUPS:
        raise Malformed(
            f"A report is not grouped by {name[:40]!r}.",
            errors={"group_by": f"Send one of: {', '.join(GROUPS)}."},
        )
    return name


def parameters(*, period: str | None) -> list[dict[str, Any]]:
    of_period = [
        documents.query_parameter("from", "string", f"{period} at or after: a time, a day, -30d."),
        documents.query_parameter("until", "string", f"{period} before."),
    ]
    return [
        documents.query_parameter("group_by", "string", "A row for each.", enum=list(GROUPS)),
        past.PARAMETER,
        *(of_period if period else []),
        *(each for each in documents.list_parameters(TICKETS) if each["name"] not in OPTIONS),
    ]
