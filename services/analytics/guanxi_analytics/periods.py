"""A period that was asked for by its first day and the first one behind it."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from guanxi_shared import documents, parameters
from guanxi_shared.calls import Call
from guanxi_shared.errors import Malformed

DAY: Final = timedelta(days=1)
PERIOD: Final = [
    documents.query_parameter("from", "string", "The first day; a year ago, if absent."),
    documents.query_parameter(
        "until", "string", "The first day that no longer counts; tomorrow, if absent."
    ),
]


def period_of(call: Call, sent: Mapping[str, str]) -> tuple[date, date]:
    today = call.clock.today
    first = parameters.day_of(call, sent, "from", today - 365 * DAY)
    until = parameters.day_of(call, sent, "until", today + DAY)
    assert first is not None
    assert until is not None
    if first >= until:
        raise Malformed(
            "The period ends before it begins.", errors={"until": "Send a day after from."}
        )
    return first, until
