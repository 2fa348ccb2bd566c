"""One occurrence of a series that differs: moved, done, cancelled, or with words of its own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from guanxi_contacts.activities import recurrence_rules, rules
from guanxi_contacts.activities.schemas import OccurrenceCreate
from guanxi_contacts.activities.service import insert_activity, load_activity
from guanxi_contacts.errors import ActivityRefused, OccurrenceTaken
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.records import Loaded, State

STANDING = """
SELECT id FROM activities
WHERE organisation_id = $1 AND series_id = $2 AND recurrence_id = $3 AND deleted_at IS NULL
"""


async def create_occurrence(
    call: Call, connection: Connection, activity_id: UUID, data: OccurrenceCreate
) -> State:
    """A record for one occurrence, in the place of what the series has there."""
    loaded = await load_activity(call, connection, activity_id)
    sent = data.model_dump(exclude_unset=True, exclude_none=True)
    place: datetime = sent.pop("recurrence_id")
    return await differ(call, connection, loaded, place, sent)


async def differ(
    call: Call, connection: Connection, series: Loaded, place: datetime, sent: Mapping[str, Any],
    *, may_clash: bool = False,
) -> State:  # fmt: skip
    """The series' row is locked, so two that differ in one place come one after the other."""
    row = series.row
    if not rules.is_series(row) or not recurrence_rules.is_occurrence(rules.series_of(row), place):
        raise ActivityRefused(
            "recurrence_id: nothing takes place then.",
            errors={"recurrence_id": "Name the start of one of the series' occurrences."},
        )
    standing = await connection.fetchval(STANDING, call.organisation, series.id, place)
    if standing is not None:
        raise OccurrenceTaken(
            "This occurrence differs already; change its own record.",
            errors={"recurrence_id": f"See the activity {standing}."},
            activity_id=str(standing),
        )
    given = rules.occurrence_columns(row, place, sent)
    return await insert_activity(call, connection, sent, given=given, may_clash=may_clash)
