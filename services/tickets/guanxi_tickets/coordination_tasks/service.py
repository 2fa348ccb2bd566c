"""Use cases of coordination tasks: who works the complaint asks and withdraws, the department answers."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_shared import records
from guanxi_shared.calls import Actor, Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, NotFound, UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.many_records import Change, load_many, log_many
from guanxi_shared.records import Loaded, State
from guanxi_shared.visibility import EVERYTHING
from guanxi_shared.writes import check_version
from guanxi_shared.written import demand_team, demand_user
from guanxi_tickets.business_calendars.service import PARTS, document_of
from guanxi_tickets.complaints.resources import LOOPS
from guanxi_tickets.complaints.rounds import belongs
from guanxi_tickets.complaints.service import current_round
from guanxi_tickets.coordination_tasks import task_rules
from guanxi_tickets.coordination_tasks.resources import TASKS
from guanxi_tickets.coordination_tasks.schemas import TaskCreate, TaskFields, TaskUpdate
from guanxi_tickets.errors import TaskOver, TicketOver
from guanxi_tickets.sla.calendar_rules import add_working
from guanxi_tickets.sla.hours_rules import calendar_from
from guanxi_tickets.ticket_settings.rules import ENDING
from guanxi_tickets.tickets.service import load_ticket

LONGEST: Final = timedelta(days=366)
CALENDAR = f"""
SELECT to_jsonb(c)::text AS document FROM (SELECT {", ".join(PARTS)} FROM business_calendars
  WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL) AS c
"""
TIMED: Final = frozenset({"due_at", "due_in", "warn_percent"})


async def ask_task(call: Call, connection: Connection, ticket_id: UUID, data: TaskCreate) -> State:
    ticket, last = await current_round(call, connection, ticket_id)
    if ticket.row["status_kind"] in ENDING:
        raise TicketOver(f"The ticket is {ticket.row['status']}; open it again first.")
    now = datetime.now(UTC)
    columns = {
        "organisation_id": call.organisation, "id": data.id or new_id(), "ticket_id": ticket_id,
        "round_id": last.id, "ticket_number": ticket.row["number"], "asked_by": call.by.user_id,
        "title": data.title, "body": data.body, "owner_id": data.assignee_id,
        "team_id": data.team_id, "status": "open", "warned_at": None, "breached_at": None,
        "created_at": now, "updated_at": now, **await _clock(connection, call.organisation, data, now),
    }  # fmt: skip
    await _demand_somebody(call, connection, columns, columns)
    columns["next_at"] = task_rules.next_at(columns)
    state = await records.insert_record(connection, TASKS, columns, actor=call.actor, verb="asked")
    await tell_round(connection, state, "asked", call.actor)
    return state


async def update_task(
    call: Call, connection: Connection, place: tuple[UUID, UUID], data: TaskUpdate, version: int | None
) -> State:  # fmt: skip
    """`place`: the ticket and the task."""
    task, now = await _of_ticket(call, connection, place, version), datetime.now(UTC)
    if task.row["status"] not in task_rules.UNDER_WAY:
        raise TaskOver(f"This task is {task.row['status']}.")
    changes = data.model_dump(exclude_unset=True, exclude=set(TIMED))
    if "assignee_id" in changes:
        changes["owner_id"] = changes.pop("assignee_id")
    if not data.model_fields_set.isdisjoint(TIMED):
        changes |= await _clock(connection, call.organisation, data, now)
        changes |= {"warned_at": None, "breached_at": None}
    await _demand_somebody(call, connection, changes, {**task.row, **changes})
    changes["next_at"] = task_rules.next_at({**task.row, **changes})
    state = await records.update_record(connection, TASKS, task, changes, actor=call.actor)
    await tell_round(connection, state, "changed", call.actor)
    return state


async def withdraw_task(
    call: Call, connection: Connection, place: tuple[UUID, UUID], reason: str, version: int | None
) -> State:
    task = await _of_ticket(call, connection, place, version)
    return await _answer(connection, task, "withdrawn", call.actor, reason=reason)


async def answer_task(
    call: Call, connection: Connection, task_id: UUID, verb: task_rules.Verb, version: int | None,
    **said: str,
) -> State:  # fmt: skip
    """By the department that has it."""
    scope = await call.scope_of(TASKS)
    task = await records.load_record(connection, TASKS, task_id, scope=scope)
    await check_version(connection, TASKS, task, version)
    is_taken = verb == "accepted" and task.row["owner_id"] is None
    more = {"owner_id": call.by.user_id} if is_taken else {}
    return await _answer(connection, task, verb, call.actor, more, **said)


async def _answer(
    connection: Connection, task: Loaded, verb: task_rules.Verb, actor: Actor,
    more: dict[str, Any] | None = None, **said: str,
) -> State:  # fmt: skip
    now = datetime.now(UTC)
    changes = {**task_rules.answered(task.row, verb, now, **said), **(more or {})}
    state = await records.update_record(
        connection, TASKS, task, changes, actor=actor, verb=verb, at=now
    )
    await tell_round(connection, state, verb, actor)
    return state


async def _of_ticket(
    call: Call, connection: Connection, place: tuple[UUID, UUID], version: int | None
) -> Loaded:
    """Who sees its ticket, or the one that this was merged into, sees it."""
    call.by.demand(LOOPS.permission("read"))
    ticket_id, task_id = place
    await load_ticket(call, connection, ticket_id)
    task = await records.load_record(connection, TASKS, task_id, scope=EVERYTHING)
    if not await belongs(connection, call.organisation, task.row["ticket_id"], ticket_id):
        raise NotFound(f"There is no coordination_task with the id {str(task_id)!r}.")
    await check_version(connection, TASKS, task, version)
    return task


async def _demand_somebody(
    call: Call, connection: Connection, changes: dict[str, Any], whole: dict[str, Any]
) -> None:
    """Any department of the organisation; what it is asked for is written for it."""
    if whole["owner_id"] is None and whole["team_id"] is None:
        raise Invalid(
            "A task is somebody's.", errors={"team_id": "Name a team, an assignee or both."}
        )
    if changes.get("owner_id") is not None:
        await demand_user(call, connection, changes["owner_id"], "assignee_id")
    if changes.get("team_id") is not None:
        await demand_team(call, connection, changes["team_id"], "team_id")


async def _clock(
    connection: Connection, organisation: UUID, data: TaskFields, now: datetime
) -> dict[str, datetime | None]:
    """When it is due and when it warns, from one of the two ways to say it."""
    if (data.due_at is None) == (data.due_in is None):
        sentence = "Send either due_at or due_in."
        raise Invalid(sentence, errors={"due_at": sentence})
    percent = data.warn_percent
    if data.due_at is not None:
        if not now < data.due_at <= now + LONGEST:
            sentence = "Send an instant that is to come, within a year."
            raise Invalid(f"due_at: {sentence}", errors={"due_at": sentence})
        warn_at = task_rules.share_of(now, data.due_at, percent) if percent else None
        return {"due_at": data.due_at, "warn_at": warn_at}
    assert data.due_in is not None
    seconds, calendar_id = data.due_in.minutes * 60, data.due_in.calendar_id
    if calendar_id is None:
        due_at = now + timedelta(seconds=seconds)
        warn_at = task_rules.share_of(now, due_at, percent) if percent else None
        return {"due_at": due_at, "warn_at": warn_at}
    return await _by_calendar(connection, organisation, calendar_id, now, seconds, percent)


async def _by_calendar(
    connection: Connection, organisation: UUID, calendar_id: UUID, now: datetime, seconds: int,
    percent: int | None,
) -> dict[str, datetime | None]:  # fmt: skip
    document = await connection.fetchval(CALENDAR, organisation, calendar_id)
    if document is None:
        raise UnknownReference(
            "due_in.calendar_id names no calendar.",
            errors={"due_in.calendar_id": "There is no such calendar."},
        )
    calendar = calendar_from(document_of(orjson.loads(document)))
    due_at = add_working(calendar, now, seconds)
    if due_at is None:
        raise Invalid(
            "By this calendar it is never due.",
            errors={"due_in.calendar_id": "Choose a calendar that is open long enough."},
        )
    warn_at = add_working(calendar, now, seconds * percent // 100) if percent else None
    return {"due_at": due_at, "warn_at": warn_at}


async def tell_round(connection: Connection, state: State, verb: str, actor: Actor) -> None:
    """To those who work the complaint: the task itself is told to its department alone."""
    told = {n: state[n] for n in ("id", "title", "status", "assignee_id", "team_id", "due_at")}
    [own] = (await load_many(connection, LOOPS, [state["round_id"]])).values()
    change = Change(own, verb=f"task_{verb}", more={"task": told})
    await log_many(connection, LOOPS, [change], actor=actor)
