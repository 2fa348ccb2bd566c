"""Completing: outcome, next step, and what comes next in one transaction."""

from typing import Any
from uuid import UUID

from guanxi_contacts.activities.occurrences import differ
from guanxi_contacts.activities.resources import ACTIVITIES
from guanxi_contacts.activities.schemas import ActivityCompletion, FollowUp
from guanxi_contacts.activities.service import (
    change_activity,
    insert_activity,
    load_activity,
)
from guanxi_contacts.errors import AlreadyDone
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.records import Loaded, State
from guanxi_shared.writes import check_version

INHERITED = ("account_ids", "contact_ids", "opportunity_id", "ticket_id")


async def complete_activity(
    call: Call, connection: Connection, activity_id: UUID, data: ActivityCompletion,
    version: int | None,
) -> State:  # fmt: skip
    """The activity as done, with `follow_up` and `next` beside. Completing again what is done
    changes nothing; with another outcome it is AlreadyDone, so that nobody's words are lost."""
    if data.follow_up is not None:
        call.by.demand(ACTIVITIES.permission("create"))
    loaded = await load_activity(call, connection, activity_id)
    await check_version(connection, ACTIVITIES, loaded, version)
    said = data.model_dump(exclude_unset=True, exclude={"follow_up", "recurrence_id"})
    if data.recurrence_id is not None:
        return await _complete_occurrence(call, connection, loaded, data, said)
    if loaded.row["status"] == "done":
        return _as_it_is(loaded, said, data.follow_up)
    state, upcoming = await change_activity(call, connection, loaded, {**said, "status": "done"})
    follow_up = await _follow_up(call, connection, loaded, state, data)
    return {**state, "follow_up": follow_up, "next": upcoming}


async def _complete_occurrence(
    call: Call, connection: Connection, series: Loaded, data: ActivityCompletion,
    said: dict[str, Any],
) -> State:  # fmt: skip
    """One occurrence of a series gets a record of its own, which is done."""
    assert data.recurrence_id is not None
    kept = {name: value for name, value in said.items() if value is not None}
    state = await differ(call, connection, series, data.recurrence_id, {**kept, "status": "done"})
    follow_up = await _follow_up(call, connection, series, state, data)
    return {**state, "follow_up": follow_up, "next": None}


def _as_it_is(loaded: Loaded, said: dict[str, Any], follow_up: FollowUp | None) -> State:
    differing = [name for name, value in said.items() if loaded.row[name] != value]
    if differing or follow_up is not None:
        name = differing[0] if differing else "follow_up"
        raise AlreadyDone(
            "Somebody completed this activity already; read it again.",
            errors={name: "Change the activity instead."},
        )
    state = ACTIVITIES.state(loaded.row, loaded.computed)
    return {**state, "follow_up": None, "next": None}


async def _follow_up(
    call: Call, connection: Connection, loaded: Loaded, state: State, data: ActivityCompletion
) -> State | None:
    if data.follow_up is None:
        return None
    sent = data.follow_up.model_dump(exclude_unset=True, exclude_none=True)
    given = {name: loaded.row[name] for name in INHERITED if name not in sent}
    given["follow_up_of_id"] = state["id"]
    return await insert_activity(call, connection, sent, given=given)
