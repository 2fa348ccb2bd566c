"""Use cases of activities: load, decide, change, publish."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi_contacts import dealings
from guanxi_contacts.activities import rules
from guanxi_contacts.activities.clashing import check_calendar
from guanxi_contacts.activities.linking import check_links, hold_links
from guanxi_contacts.activities.resources import ACTIVITIES
from guanxi_contacts.activities.schemas import ActivityCreate, ActivityFields, ActivityUpdate
from guanxi_contacts.records import default_columns
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import UnknownReference
from guanxi_shared.records import Loaded, State
from guanxi_shared.writes import check_version
from guanxi_shared.written import owned_by, stored

BY_ID = """
SELECT id FROM activities WHERE organisation_id = $1 AND id = $2::text::uuid AND deleted_at IS NULL
"""
BY_EXTERNAL_ID = """
SELECT id FROM activities
WHERE organisation_id = $1 AND external_id = $2 AND deleted_at IS NULL ORDER BY id LIMIT 1000
"""
DEALT_BY = frozenset({"status", "done_at", "account_ids"})
NEXT = """
SELECT 1 FROM activities WHERE organisation_id = $1 AND series_id = $2 AND recurrence_id = $3
"""


async def create_activity(call: Call, connection: Connection, data: ActivityCreate) -> State:
    """A new activity; the caller owns it unless they name somebody else."""
    return await insert_activity(call, connection, _sent(data))


async def insert_activity(
    call: Call, connection: Connection, sent: Mapping[str, Any],
    *, given: Mapping[str, Any] | None = None, may_clash: bool = False,
) -> State:  # fmt: skip
    """`given` is what the caller did not name and so need not see: what a follow-up inherits. What
    takes place already `may_clash`: it is too late to refuse it."""
    columns = default_columns(call, ACTIVITIES, sent)
    own = {"id": columns["id"], "owner_id": columns["owner_id"], **(given or {}), **sent}
    columns |= rules.columns_from(own, None, now=datetime.now(UTC), zone=call.by.time_zone)
    custom = {**(given or {}).get("custom", {}), **sent.get("custom", {})}
    columns["custom"] = await stored(call, ACTIVITIES, custom)
    await owned_by(call, connection, ACTIVITIES, sent)
    await check_links(call, connection, sent, None)
    if not may_clash:
        await check_calendar(call, connection, columns, None)
    columns |= rules.found_by(columns)
    upcoming = await _next_of(call, connection, columns)
    await _note_dealing(call, connection, columns)
    state = await records.insert_record(connection, ACTIVITIES, columns, actor=call.actor)
    if upcoming is not None:
        await records.insert_record(connection, ACTIVITIES, upcoming, actor=call.actor)
    return state


def _sent(data: ActivityFields) -> dict[str, Any]:
    return data.model_dump(exclude_unset=True, exclude_none=True)


async def load_activity(call: Call, connection: Connection, activity_id: UUID) -> Loaded:
    scope = await call.scope(ACTIVITIES.name)
    return await records.load_record(connection, ACTIVITIES, activity_id, scope=scope)


async def update_activity(
    call: Call, connection: Connection, activity_id: UUID, data: ActivityUpdate, version: int | None
) -> State:
    """A merge patch under If-Match; what is done by it may have a next one."""
    sent = data.model_dump(exclude_unset=True)
    await hold_links(call, connection, sent)
    loaded = await load_activity(call, connection, activity_id)
    await check_version(connection, ACTIVITIES, loaded, version)
    state, _ = await change_activity(call, connection, loaded, sent)
    return state


async def change_activity(
    call: Call, connection: Connection, loaded: Loaded, sent: Mapping[str, Any]
) -> tuple[State, State | None]:
    """The activity as it is now, and the next one of a chain if this made it."""
    before = loaded.row
    now = datetime.now(UTC)
    changes = rules.columns_from(sent, before, now=now, zone=call.by.time_zone)
    if "custom" in sent:
        changes["custom"] = await stored(call, ACTIVITIES, sent["custom"], present=before["custom"])
    await owned_by(call, connection, ACTIVITIES, sent)
    await check_links(call, connection, sent, before)
    await check_calendar(call, connection, {**before, **changes}, before)
    if rules.FOUND_BY & set(changes):
        changes |= rules.found_by({**before, **changes})
    upcoming = None
    if before["status"] != "done":
        upcoming = await _next_of(call, connection, {**before, **changes})
    if not DEALT_BY.isdisjoint(changes):
        await _note_dealing(call, connection, {**before, **changes})
    state = await records.update_record(connection, ACTIVITIES, loaded, changes, actor=call.actor)
    if upcoming is None:
        return state, None
    made = await records.insert_record(connection, ACTIVITIES, upcoming, actor=call.actor)
    return state, made


async def _note_dealing(call: Call, connection: Connection, row: Mapping[str, Any]) -> None:
    """What was done with accounts keeps them with their owners (see dealings)."""
    if row["status"] == "done" and row.get("account_ids"):
        await dealings.note_activity(
            connection, call.organisation, row["account_ids"], row["done_at"]
        )


async def _next_of(
    call: Call, connection: Connection, row: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The row that follows a repeating task once it is done; None when it stands already. It is
    made once: whoever completes the task holds its row, and its place in the chain is unique."""
    if row["status"] != "done" or not rules.is_chain(row):
        return None
    following = rules.following(row)
    if following is None:
        return None
    place = (call.organisation, row["series_id"], following["recurrence_id"])
    if await connection.fetchval(NEXT, *place) is not None:
        return None
    return {**default_columns(call, ACTIVITIES, {}), **following}


async def delete_activity(
    call: Call, connection: Connection, activity_id: UUID, version: int | None
) -> State:
    loaded = await load_activity(call, connection, activity_id)
    await check_version(connection, ACTIVITIES, loaded, version)
    return await records.delete_record(connection, ACTIVITIES, loaded, actor=call.actor)


async def restore_activity(call: Call, connection: Connection, activity_id: UUID) -> State:
    scope = await call.scope(ACTIVITIES.name)
    loaded = await records.load_record(
        connection, ACTIVITIES, activity_id, scope=scope, deleted=True
    )
    await check_calendar(call, connection, loaded.row, None)
    return await records.restore_record(connection, ACTIVITIES, loaded, actor=call.actor)


async def find_activities(call: Call, connection: Connection, field: str, value: str) -> list[UUID]:
    """The activities that a batch's `match` means (at most a thousand)."""
    if field not in ("id", "external_id"):
        raise UnknownReference(
            f"Activities cannot be matched by {field!r}.",
            errors={"match": "Match by id or external_id."},
        )
    sql = BY_ID if field == "id" else BY_EXTERNAL_ID
    return [row["id"] for row in await connection.fetch(sql, call.organisation, value)]
