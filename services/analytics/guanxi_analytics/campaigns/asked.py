"""What the results of campaigns are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from guanxi_analytics.churn.asked import number_of
from guanxi_analytics.value_matrix.asked import limit_of
from guanxi_shared import documents, history, parameters
from guanxi_shared.calls import Call
from guanxi_shared.errors import Malformed

DAYS: Final = 30
MOST_DAYS: Final = 730
WINDOW: Final = documents.query_parameter(
    "window_days", "integer", f"So many days from the campaign's first on orders count; {DAYS} if absent.", minimum=1, maximum=MOST_DAYS
)  # fmt: skip
AS_OF: Final = documents.query_parameter("as_of", "string", "As it was known at a past moment.")
LISTED: Final = [
    documents.query_parameter("limit", "integer", "1 to 200, 50 if absent", minimum=1, maximum=200),
    documents.query_parameter("cursor", "string", "The next_cursor of the page before."),
    WINDOW, AS_OF,
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class CampaignsAsked:
    window_days: int
    as_of: datetime | None
    limit: int = 1
    after: UUID | None = None
    campaign: UUID | None = None


def list_asked(call: Call) -> CampaignsAsked:
    sent = parameters.parameters_of(call, ("limit", "cursor", "window_days", "as_of"))
    return CampaignsAsked(
        _days(sent), _moment(call, sent), limit_of(sent.get("limit")), _after(sent)
    )


def one_asked(call: Call, campaign_id: UUID) -> CampaignsAsked:
    sent = parameters.parameters_of(call, ("window_days", "as_of"))
    return CampaignsAsked(_days(sent), _moment(call, sent), campaign=campaign_id)


def _days(sent: Mapping[str, str]) -> int:
    return int(number_of(sent, "window_days", DAYS, least=1, most=MOST_DAYS, is_whole=True))


def _moment(call: Call, sent: Mapping[str, str]) -> datetime | None:
    return history.moment_of(call, "as_of", sent["as_of"]) if "as_of" in sent else None


def _after(sent: Mapping[str, str]) -> UUID | None:
    if "cursor" not in sent:
        return None
    try:
        return UUID(sent["cursor"])
    except ValueError as error:
        raise Malformed(
            "The cursor is not one of this list.",
            errors={"cursor": "Use next_cursor of the page before, or none to start."},
            code="bad_cursor",
        ) from error
