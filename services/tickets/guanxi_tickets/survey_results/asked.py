"""Of what results are asked for: a time, its periods, and whose."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from guanxi_shared.calls import Call
from guanxi_shared.documents import query_parameter
from guanxi_shared.errors import Malformed
from guanxi_shared.parameters import choice_of, day_of, id_of, parameters_of, whole_of
from guanxi_tickets.service_reports import past
from guanxi_tickets.survey_results.period_rules import MOST, STEPS, Period, periods_of

NAMES = ("from", "to", "by", "edition", "assignee_id", "team_id", "as_of")
SPAN = timedelta(days=89)


@dataclass(frozen=True, slots=True)
class Asked:
    """`only`: values of fields that answers and invitations both have. `at` is the instant that the answer is of;
    `is_past` where somebody asked for another than now."""

    first: date
    last: date
    by: str
    periods: list[Period]
    only: Mapping[str, Any]
    at: datetime
    is_past: bool


def asked_of(call: Call) -> Asked:
    sent = parameters_of(call, NAMES)
    then = past.moment_of(call, sent)
    today = call.clock.today if then is None else then.astimezone(call.clock.zone).date()
    last = day_of(call, sent, "to", today)
    assert last is not None
    first = day_of(call, sent, "from", last - SPAN)
    assert first is not None
    if first > last:
        raise Malformed("from lies after to.", errors={"from": "Must not lie after to."})
    by = choice_of(sent, "by", STEPS, "none")
    periods = periods_of(first, last, by, call.clock.zone)
    if len(periods) > MOST:
        raise Malformed(
            f"These are more than {MOST} periods.", errors={"by": "Choose longer ones."}
        )
    only: dict[str, UUID | int | None] = {
        n: id_of(call, sent, n) for n in ("assignee_id", "team_id")
    }
    if "edition" in sent:
        only["edition"] = whole_of(sent, "edition", 1, 1_000_000, 1)
    given = {name: value for name, value in only.items() if value is not None}
    return Asked(first, last, by, periods, given, then or datetime.now(UTC), then is not None)


def parameters() -> list[dict[str, Any]]:
    return [
        query_parameter("from", "string", "The first day; 90 days until `to` if absent.", format="date"),
        query_parameter("to", "string", "The last day; today if absent.", format="date"),
        query_parameter("by", "string", "Periods; one for all if absent.", enum=list(STEPS)),
        query_parameter("edition", "integer", "Of what was asked so alone.", minimum=1),
        query_parameter("assignee_id", "string", "Whose tickets.", format="uuid"),
        query_parameter("team_id", "string", "Of which team.", format="uuid"),
        past.PARAMETER,
    ]  # fmt: skip
