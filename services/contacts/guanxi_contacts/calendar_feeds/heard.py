"""A feed keeps the rights of the moment it was made: a new role of its owner closes it.

Read of `gateway.user.updated`: id, role.
"""

from typing import Final

from guanxi_contacts.calendar_feeds.resources import CALENDAR_FEEDS
from guanxi_shared import records
from guanxi_shared.calls import Actor
from guanxi_shared.consumers import Consumer, FeedSource
from guanxi_shared.db import Connection
from guanxi_shared.heard import Event, id_of, moment_of
from guanxi_shared.visibility import EVERYTHING

TYPES: Final = ("gateway.user.updated",)
# Those made later were made with the rights that the event tells of, or newer ones.
MADE_UNDER_ANOTHER = """
SELECT id FROM calendar_feeds WHERE organisation_id = $1 AND owner_id = $2 AND deleted_at IS NULL
  AND rights->>'role' IS DISTINCT FROM $3 AND created_at < $4
"""
ACTOR = Actor(id=None, kind="system", channel="calendar")


async def apply_user(connection: Connection, event: Event) -> None:
    organisation, state = id_of(event["organisation_id"]), event["after"]
    found = await connection.fetch(
        MADE_UNDER_ANOTHER, organisation, id_of(state["id"]), state["role"], moment_of(event)
    )
    for row in found:
        loaded = await records.load_record(connection, CALENDAR_FEEDS, row["id"], scope=EVERYTHING)
        await records.delete_record(connection, CALENDAR_FEEDS, loaded, actor=ACTOR)


def roles_consumer(source: FeedSource) -> Consumer:
    return Consumer("calendar-feeds", TYPES, source, apply_user)
