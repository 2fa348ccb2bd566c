"""Whom to hint: devices whose user may see something that changed since the device's last pull.

What is there to pull is asked of the merged feed, in the user's own name and behind the device's own cursor, so
that a hint tells nobody of what they may not see. One hint, and no other until the device has pulled."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from uuid import UUID

import asyncpg
import orjson

from guanxi_gateway.feed import encode_cursor
from guanxi_gateway.hints.providers import Hint, Provider
from guanxi_gateway.hints.settings import HintSettings
from guanxi_gateway.identity.grants import Holder, access_token, grant_for
from guanxi_gateway.identity.identity import Identity
from guanxi_gateway.identity.revocations import credential_session
from guanxi_gateway.webhooks.reading import FeedAway, FeedRestarted, Heard
from guanxi_shared import logs
from guanxi_shared.db import Database
from guanxi_shared.errors import Unauthenticated

TYPES: Final = (
    "contacts.account.*", "contacts.contact.*", "contacts.activity.*", "pipeline.opportunity.*",
    "pipeline.product.*", "tickets.ticket.*", "tickets.comment.*",
)  # fmt: skip
# Without a pull there is nothing to compare with; of those who were hinted and did not pull, only now and then.
CANDIDATES: Final = """
SELECT d.id, d.owner_id, d.platform, d.push_token, d.hinted_at,
  d.wipe_ordered_at IS NOT NULL AS is_to_be_wiped, c.standings::text AS standings
FROM devices d LEFT JOIN LATERAL (
  SELECT standings FROM sync_cursors WHERE organisation_id = d.organisation_id AND user_id = d.owner_id
    AND device_id = d.device_id ORDER BY id DESC LIMIT 1) AS c ON true
WHERE d.organisation_id = $1 AND d.push_token IS NOT NULL AND d.wiped_at IS NULL
  AND (d.hinted_at IS NULL OR d.hinted_at < clock_timestamp() - $2::float8 * interval '1 second'
    AND (d.hinted_at < d.last_pulled_at OR d.hinted_at < clock_timestamp() - $3::float8 * interval '1 second'))
  AND (c.standings IS NOT NULL OR d.wipe_ordered_at IS NOT NULL AND d.wipe_heard_at IS NULL)
ORDER BY d.id
"""
# Of several workers one; whoever pulls meanwhile needs none.
CLAIM: Final = """
UPDATE devices SET hinted_at = clock_timestamp() WHERE organisation_id = $1 AND id = $2
  AND hinted_at IS NOT DISTINCT FROM $3 AND push_token = $4 RETURNING id
"""
UNCLAIM: Final = "UPDATE devices SET hinted_at = $3 WHERE organisation_id = $1 AND id = $2"
DEAD: Final = """
UPDATE devices SET push_token = NULL WHERE organisation_id = $1 AND id = $2 AND push_token = $3
"""

Row = Mapping[str, Any]


class UsersFeed(Protocol):
    async def read(
        self, token: str, cursor: str, types: Sequence[str], *, limit: int = ...
    ) -> Heard: ...


async def hint_organisation(
    database: Database, identity: Identity, feed: UsersFeed, provider: Provider, settings: HintSettings,
    organisation_id: UUID,
) -> int:  # fmt: skip
    """How many devices of an organisation with news were hinted."""
    async with database.transaction(organisation_id) as connection:
        rows = await connection.fetch(
            CANDIDATES, organisation_id, settings.seconds, settings.again_seconds
        )
    claimed = []
    for row in map(dict, rows):
        if await _has_news(database, identity, feed, organisation_id, row):
            async with database.transaction(organisation_id) as connection:
                is_ours = await connection.fetchval(
                    CLAIM, organisation_id, row["id"], row["hinted_at"], row["push_token"]
                )
            if is_ours:
                claimed.append(row)
    await _send(database, provider, organisation_id, claimed)
    return len(claimed)


async def _has_news(
    database: Database, identity: Identity, feed: UsersFeed, organisation_id: UUID, row: Row
) -> bool:
    if row["is_to_be_wiped"]:
        return True
    token = await _token(database, identity, organisation_id, row["owner_id"])
    if token is None:
        return False
    standings = orjson.loads(row["standings"])
    cursor = encode_cursor(
        {n: f"{UUID(s['epoch']).hex}:{s['position']}" for n, s in standings.items()}
    )
    try:
        heard = await feed.read(token, cursor, TYPES, limit=1)
    except FeedRestarted:
        return True  # its next pull starts over
    except FeedAway as away:
        _log.info("the feed is away", device=str(row["id"]), reason=str(away))
        return False
    return bool(heard.events)


async def _token(
    database: Database, identity: Identity, organisation_id: UUID, user_id: UUID
) -> str | None:
    """For reading the feed as the device's user may, and nothing else; None for who may not any more."""
    session = credential_session("hints", organisation_id, user_id)
    holder = Holder(organisation_id, user_id, session, ("events:read", *_reads()))
    async with database.transaction(organisation_id) as connection:
        try:
            grant = await grant_for(connection, holder)
        except Unauthenticated:
            return None
    return await access_token(identity, grant, now=datetime.now(UTC))


def _reads() -> tuple[str, ...]:
    return ("accounts:read", "contacts:read", "activities:read", "opportunities:read", "products:read",
            "tickets:read", "ticket-notes:read")  # fmt: skip


async def _send(
    database: Database, provider: Provider, organisation_id: UUID, rows: Sequence[Row]
) -> None:
    if not rows:
        return
    hints = [Hint(organisation_id, row["id"], row["platform"], row["push_token"]) for row in rows]
    try:
        dead = await provider.send(hints)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        _log.warning("hints could not be sent", devices=len(hints), reason=repr(error))
        async with database.transaction(organisation_id) as connection:
            for row in rows:
                await connection.execute(UNCLAIM, organisation_id, row["id"], row["hinted_at"])
        return
    async with database.transaction(organisation_id) as connection:
        for hint in dead:
            await connection.execute(DEAD, organisation_id, hint.device_id, hint.push_token)


_log = logs.logger("hints")
