"""Of what results are asked for: a time, its periods, and whose."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from guanxi_shared.calls import Call
from guanxi_shared.documents import query_parameter
from guanxi_shared.errors import Malformed
from guanxi_shared.parameters import choice_of, day_of, id_of, parameters_of, whole_of
from guanxi_tickets.survey_results.period_rules import MOST, STEPS, Period, periods_of

NAMES = ("from", "to", "by", "edition", "assignee_id", "team_id")
SPAN = timedelta(days=89)


@dataclass(frozen=True, slots=True)
class Asked:
    """`only`: values of fields that answers and invitations both have."""

    first: date
    last: date
    by: str
    periods: list[Period]
    only: Mapping[str, Any]


def asked_of(call: Call) -> Asked:
    sent = parameters_of(call, NAMES)
    last = day_of(call, sent, "to", call.clock.today)
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
    return Asked(first, last, by, periods, {n: v for n, v in only.items() if v is not None})


def parameters() -> list[dict[str, Any]]:
    return [
        query_parameter("from", "string", "The first day; 90 days until `to` if absent.", format="date"),
        query_parameter("to", "string", "The last day; today if absent.", format="date"),
        query_parameter("by", "string", "Periods; one for all if absent.", enum=list(STEPS)),
        query_parameter("edition", "integer", "Of what was asked so alone.", minimum=1),
        query_parameter("assignee_id", "string", "Whose tickets.", format="uuid"),
        query_parameter("team_id", "string", "Of which team.", format="uuid"),
    ]  # fmt: skip
