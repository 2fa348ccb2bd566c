"""Use cases of calendar feeds: made with a secret, read by whoever knows it, revoked."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from guanxi_contacts.calendar.asking import Span
from guanxi_contacts.calendar.service import Whose, rows_of, team_s_calendar
from guanxi_contacts.calendar_feeds import ics_rules, secret_rules
from guanxi_contacts.calendar_feeds.people import people_of
from guanxi_contacts.calendar_feeds.resources import CALENDAR_FEEDS
from guanxi_contacts.calendar_feeds.rights import present_rights
from guanxi_contacts.calendar_feeds.schemas import CalendarFeedCreate
from guanxi_shared import delegation, records
from guanxi_shared.calls import Actor, Call, House
from guanxi_shared.db import Connection
from guanxi_shared.errors import Forbidden, NotFound, UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version

BEFORE, AFTER = timedelta(days=60), timedelta(days=366)
TEAM = "SELECT 1 FROM directory_teams WHERE organisation_id = $1 AND id = $2"
# Of somebody who has left, nothing more is shown.
FEED = """
SELECT f.id, f.name, f.shown_team_id, f.owner_id, f.rights::text AS rights, f.last_read_at
FROM calendar_feeds f JOIN directory_users u ON u.organisation_id = f.organisation_id AND u.id = f.owner_id
WHERE f.organisation_id = $2 AND f.digest = $3 AND f.deleted_at IS NULL AND u.active
"""
# Often enough to know whether anybody still reads.
NOTED_EVERY = timedelta(hours=1)
READER = Actor(id=None, kind="system", channel="calendar")


@dataclass(frozen=True, slots=True)
class Feed:
    id: UUID
    organisation: UUID
    name: str
    whose: Whose
    rights: Mapping[str, Any]
    last_read_at: datetime | None


async def create_feed(
    call: Call, connection: Connection, data: CalendarFeedCreate, secret: str
) -> State:
    await _demand_team(call, connection, data.team_id)
    columns = {
        "organisation_id": call.organisation,
        "id": data.id or new_id(),
        "name": data.name,
        "shown_team_id": data.team_id,
        "owner_id": call.by.user_id,
        "digest": secret_rules.digest_of(secret),
        "rights": delegation.as_params(call.by),
    }
    return await records.insert_record(connection, CALENDAR_FEEDS, columns, actor=call.actor)


async def _demand_team(call: Call, connection: Connection, team: UUID | None) -> None:
    """A team whose records one may see: all of them, or one's own and those below."""
    if team is None:
        return
    scope = await call.scope("activities")
    is_there = await connection.fetchval(TEAM, call.organisation, team)
    if not is_there or not (scope.everything or team in scope.teams):
        raise UnknownReference(
            "There is no such team.", errors={"team_id": "Choose a team that you see."}
        )


def new_secret(organisation: UUID) -> str:
    return secret_rules.secret_of(organisation, secrets.token_bytes(secret_rules.RANDOM_BYTES))


async def revoke_feed(
    call: Call, connection: Connection, feed_id: UUID, version: int | None
) -> State:
    scope = await call.scope(CALENDAR_FEEDS.name)
    loaded = await records.load_record(connection, CALENDAR_FEEDS, feed_id, scope=scope)
    await check_version(connection, CALENDAR_FEEDS, loaded, version)
    return await records.delete_record(connection, CALENDAR_FEEDS, loaded, actor=call.actor)


async def rotate_feed(
    call: Call, connection: Connection, feed_id: UUID, version: int | None, secret: str
) -> State:
    """Another secret for the same feed, with the rights that its owner has now; only they may."""
    scope = await call.scope(CALENDAR_FEEDS.name)
    loaded = await records.load_record(connection, CALENDAR_FEEDS, feed_id, scope=scope)
    await check_version(connection, CALENDAR_FEEDS, loaded, version)
    if loaded.row["owner_id"] != call.by.user_id:
        raise Forbidden("Only its owner gives a feed another address.", code="not_the_owner")
    await _demand_team(call, connection, loaded.row["shown_team_id"])
    changes = {
        "digest": secret_rules.digest_of(secret),
        "rights": delegation.as_params(call.by),
    }
    return await records.update_record(
        connection, CALENDAR_FEEDS, loaded, changes, actor=call.actor, verb="rotated"
    )


async def find_feed(here: House, secret: str) -> Feed:
    """NotFound for a secret that nobody gave out, or that is revoked."""
    read = secret_rules.read_secret(secret)
    row = await here.db.fetchrow(read[0], FEED, *read) if read is not None else None
    if read is None or row is None:
        raise NotFound("There is no such calendar.")
    organisation = read[0]
    whose = Whose([row["owner_id"]])
    if row["shown_team_id"] is not None:
        whose = await team_s_calendar(here.db, organisation, row["shown_team_id"])
    rights = orjson.loads(row["rights"])
    return Feed(row["id"], organisation, row["name"], whose, rights, row["last_read_at"])


async def read_feed(here: House, feed: Feed) -> bytes:
    """What its owner may see now, of what they could when it was made; whose records that means is looked up
    anew. NotFound when they may see no calendar any more."""
    now = datetime.now(UTC)
    by = await present_rights(here, delegation.from_params(feed.rights))
    scope = await here.directory.scope(by, "activities")
    span = Span(now - BEFORE, now + AFTER)
    rows = await rows_of(here.db, feed.organisation, span, whose=feed.whose, scope=scope)
    if _is_due(feed.last_read_at, now):
        await _note_reading(here, feed, now)
    people = await people_of(here, by, rows)
    reminds = by.user_id if feed.whose.team is None else None  # nobody's phone rings for a team
    return ics_rules.as_ics(feed.name, rows, now=now, people=people, reminds=reminds)


def _is_due(last_read_at: datetime | None, now: datetime) -> bool:
    return last_read_at is None or last_read_at < now - NOTED_EVERY


async def _note_reading(here: House, feed: Feed, now: datetime) -> None:
    """The record shows it, so it is a change of the record like any other."""
    async with here.db.transaction(feed.organisation) as connection:
        loaded = await records.load_record(connection, CALENDAR_FEEDS, feed.id, scope=EVERYTHING)
        if _is_due(loaded.row["last_read_at"], now):
            read = {"last_read_at": now}
            await records.update_record(
                connection, CALENDAR_FEEDS, loaded, read, actor=READER, verb="read"
            )
