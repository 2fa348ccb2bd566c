"""The allow-list of calendar feeds; neither secret nor rights are ever shown."""

from dataclasses import replace

from sqlalchemy import Table

from guanxi_contacts import models
from guanxi_contacts.calendar_feeds.schemas import CalendarFeedRead
from guanxi_shared.resources import Resource, column_field, fields_of

CALENDAR_FEED: Table = models.CalendarFeed.metadata.tables["calendar_feeds"]
_team = column_field(CALENDAR_FEED, "shown_team_id")

# Its permissions and its visibility are the calendar's.
CALENDAR_FEEDS = Resource(
    name="calendar",
    noun="calendar_feed",
    service="contacts",
    table=CALENDAR_FEED,
    fields={
        **fields_of(CALENDAR_FEED, hidden=("digest", "rights", "shown_team_id")),
        "team_id": replace(_team, name="team_id"),
    },
    model=CalendarFeedRead,
)
