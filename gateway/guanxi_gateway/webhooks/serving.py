"""One endpoint's turn: hear what is new, send what is due, until there is nothing left to do."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from joserfc.jwk import OctKey

from guanxi_gateway.identity.grants import Holder, access_token, grant_for
from guanxi_gateway.identity.identity import Identity
from guanxi_gateway.identity.revocations import credential_session
from guanxi_gateway.identity.sealing import SealedOtherwise
from guanxi_gateway.webhooks.endpoints import Endpoint, load_endpoint
from guanxi_gateway.webhooks.giving_up import disable_endpoint, tell_owner
from guanxi_gateway.webhooks.header_rules import without_secrets
from guanxi_gateway.webhooks.payload_rules import message_of, trial_event
from guanxi_gateway.webhooks.queueing import queue_events, start_over, wanted
from guanxi_gateway.webhooks.reading import (
    AT_ONCE,
    Event,
    FeedAway,
    FeedRestarted,
    OwnersFeed,
    Reference,
)
from guanxi_gateway.webhooks.recording import AWAY_SECONDS, Recorder, Try
from guanxi_gateway.webhooks.sending import Sender
from guanxi_gateway.webhooks.settings import WebhookSettings
from guanxi_gateway.webhooks.signing_rules import headers_for
from guanxi_shared import logs
from guanxi_shared.db import Database
from guanxi_shared.errors import Unauthenticated
from guanxi_shared.mail import Mail, NotDelivered

TURN_SECONDS: Final = 30.0
TOKEN_SECONDS: Final = 30.0  # so soon a change of role or of the person's account is noticed
GONE_FROM_FEED: Final = "The event is not there, or not for this endpoint's owner, any more."
NOT_READ: Final = "The event could not be read; it is tried again."

DUE = """
SELECT d.id, d.event_id, d.event_type, d.occurred_at, d.service, d.place, d.lane, d.attempts, d.queued_at
FROM webhook_deliveries d
WHERE d.organisation_id = $2 AND d.webhook_id = $3 AND d.status = 'waiting' AND d.due_at <= now()
  AND NOT EXISTS (SELECT FROM webhook_deliveries e
    WHERE e.organisation_id = d.organisation_id AND e.webhook_id = d.webhook_id AND e.lane = d.lane
      AND e.status = 'waiting' AND e.number < d.number AND e.due_at > now())
ORDER BY d.number LIMIT $4
"""
NEXT = """
SELECT min(d.due_at) AS due_at FROM webhook_deliveries d
WHERE d.organisation_id = $2 AND d.webhook_id = $3 AND d.status = 'waiting' AND d.due_at > now()
"""

Row = Mapping[str, Any]


@dataclass(slots=True)
class Post:
    """What every turn of this process uses."""

    database: Database
    identity: Identity
    keys: tuple[OctKey, ...]
    feed: OwnersFeed
    sender: Sender
    mail: Mail
    settings: WebhookSettings
    stopping: asyncio.Event
    rung: asyncio.Event = field(default_factory=asyncio.Event)  # somebody has news
    tokens: dict[tuple[Any, ...], tuple[float, str]] = field(default_factory=dict)


async def serve_endpoint(post: Post, place: tuple[UUID, UUID], lease: UUID) -> datetime | None:
    """When to look again; None where there is nothing to do until somebody rings. LeaseLost."""
    until = time.monotonic() + TURN_SECONDS
    heard: dict[UUID, Event] = {}
    while not post.stopping.is_set():
        try:
            endpoint = await load_endpoint(post.database, *place, post.keys)
        except SealedOtherwise:
            _log.error("a webhook's secret is sealed otherwise", webhook=str(place[1]))
            return _in(3600)
        if endpoint is None:
            return None
        if endpoint.owner_to_tell and not await _told(post, endpoint):
            return _in(60)
        if not endpoint.is_on:
            return None
        token = await _token(post, endpoint)
        if token is None:
            continue  # switched off: its owner is told in the next round
        more = await _hear(post, endpoint, lease, token, heard)
        sent = await _send_due(post, endpoint, lease, token, heard)
        if not more and not sent:
            return await _next_look(post, endpoint)
        if time.monotonic() > until:
            break
    return _in(0)


async def _told(post: Post, endpoint: Endpoint) -> bool:
    try:
        await tell_owner(post.database, post.mail, endpoint)
    except NotDelivered as error:
        _log.warning("an owner could not be told", webhook=str(endpoint.id), error=str(error))
        return False
    return True


async def _token(post: Post, endpoint: Endpoint) -> str | None:
    """A token that may do what its owner and the endpoint's scopes both allow; without one, the endpoint is
    switched off."""
    key = (endpoint.organisation_id, endpoint.id, endpoint.owner_id, endpoint.scopes)
    known = post.tokens.get(key)
    if known is not None and known[0] > time.monotonic():
        return known[1]
    session = credential_session("webhook", endpoint.organisation_id, endpoint.id)
    holder = Holder(endpoint.organisation_id, endpoint.owner_id, session, endpoint.scopes)
    async with post.database.transaction(endpoint.organisation_id) as connection:
        try:
            grant = await grant_for(connection, holder)
        except Unauthenticated:
            await disable_endpoint(connection, endpoint, "owner_inactive")
            return None
    token = await access_token(post.identity, grant, now=datetime.now(UTC))
    if len(post.tokens) > 10_000:
        post.tokens.clear()
    post.tokens[key] = (time.monotonic() + TOKEN_SECONDS, token)
    return token


async def _hear(
    post: Post, endpoint: Endpoint, lease: UUID, token: str, heard: dict[UUID, Event]
) -> bool:
    """Queue one batch of what is new; whether there may be more."""
    try:
        found = await post.feed.read(token, endpoint.cursor, endpoint.event_types)
    except FeedRestarted as restarted:
        await start_over(post.database, endpoint, lease, restarted.cursor)
        return True
    except FeedAway as away:
        _log.info("the feed is away", webhook=str(endpoint.id), reason=str(away))
        return False
    events = wanted(endpoint, found.events)
    if found.cursor != endpoint.cursor:
        await queue_events(post.database, endpoint, lease, events, found.cursor)
    heard.clear()
    heard.update({UUID(event["id"]): event for event in events})
    return len(found.events) == AT_ONCE


async def _send_due(
    post: Post, endpoint: Endpoint, lease: UUID, token: str, heard: Mapping[UUID, Event]
) -> bool:
    """Send what is due, as many at once as the endpoint takes, each lane in its order; whether anything was
    tried. One that fails is asked with one request at a time until it answers."""
    if endpoint.held_until is not None and endpoint.held_until > datetime.now(UTC):
        return False
    most = 1 if endpoint.health.is_failing else AT_ONCE
    place = (endpoint.organisation_id, endpoint.id)
    rows = [dict(row) for row in await post.database.fetch(place[0], DUE, *place, most)]
    if not rows:
        return False
    events, unread = await _events_of(post, endpoint, token, rows, heard)
    recorder = Recorder(post.database, endpoint, lease, disable_endpoint)
    lanes: dict[str, list[Row]] = {}
    for row in rows:
        lanes.setdefault(row["lane"], []).append(row)
    at_once = asyncio.Semaphore(endpoint.concurrency)

    async def send_lane(lane: Sequence[Row]) -> bool:
        async with at_once:
            return await _send_lane(post, recorder, lane, events, unread)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(send_lane(lane)) for lane in lanes.values()]
    return any(task.result() for task in tasks)


async def _send_lane(
    post: Post, recorder: Recorder, lane: Sequence[Row], events: Mapping[UUID, Event],
    unread: set[UUID],
) -> bool:  # fmt: skip
    """In their order, until one of them fails. Whether anything was settled."""
    settled = False
    for row in lane:
        if _is_over(post, recorder):
            break
        event = events.get(row["event_id"])
        tried = Try(row["id"], row["attempts"], row["queued_at"])
        if row["event_id"] in unread:
            await recorder.passed_over(tried, "waiting", NOT_READ, _in(AWAY_SECONDS))
            break
        if event is None:
            await recorder.passed_over(tried, "dropped", GONE_FROM_FEED, None)
            settled = True
            continue
        settled = True
        if not await _send(post, recorder, tried, event):
            break
    return settled


def _is_over(post: Post, recorder: Recorder) -> bool:
    """Whoever is asked one by one, or to wait, is not sent what else was loaded."""
    endpoint = recorder.endpoint
    is_held = endpoint.held_until is not None and endpoint.held_until > datetime.now(UTC)
    return post.stopping.is_set() or recorder.ended or is_held


async def _send(post: Post, recorder: Recorder, tried: Try, event: Event) -> bool:
    endpoint, began_at = recorder.endpoint, datetime.now(UTC)
    message = message_of(event, format=endpoint.format, payload=endpoint.payload)
    signed = headers_for(endpoint.keys, event["id"], int(began_at.timestamp()), message.body)
    headers = {**endpoint.headers, "Content-Type": message.content_type, **signed}
    outcome = await post.sender.send(endpoint.url, message.body, headers)
    said = without_secrets(outcome.excerpt, endpoint.headers.values())
    await recorder.tried(tried, replace(outcome, excerpt=said), began_at)
    return outcome.is_success


async def _events_of(
    post: Post, endpoint: Endpoint, token: str, rows: Sequence[Row], heard: Mapping[UUID, Event]
) -> tuple[dict[UUID, Event], set[UUID]]:
    """By event id; the second part are those that cannot be read now."""
    found = {row["event_id"]: heard[row["event_id"]] for row in rows if row["event_id"] in heard}
    for row in rows:
        if row["service"] is None:
            at = row["occurred_at"].isoformat().replace("+00:00", "Z")
            names = (str(row["event_id"]), str(endpoint.organisation_id), str(endpoint.id))
            found[row["event_id"]] = trial_event(*names, at)
    missing = [
        Reference(row["event_id"], row["event_type"], row["service"], row["place"])
        for row in rows
        if row["event_id"] not in found
    ]
    read, unread = await post.feed.find(token, endpoint.cursor, missing) if missing else ({}, set())
    return found | read, unread


async def _next_look(post: Post, endpoint: Endpoint) -> datetime:
    place = (endpoint.organisation_id, endpoint.id)
    row = await post.database.fetchrow(place[0], NEXT, *place)
    look = _in(post.settings.look_seconds)
    due = row["due_at"] if row is not None and row["due_at"] is not None else look
    now = datetime.now(UTC)
    if endpoint.held_until is not None and endpoint.held_until > now:
        return min(look, endpoint.held_until)
    return min(look, due)


def _in(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


_log = logs.logger("webhooks")
