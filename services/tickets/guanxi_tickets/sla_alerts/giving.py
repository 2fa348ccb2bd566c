"""Warnings and breaches: each told once, with all that its policy says is to be done, whatever dies and
however many work.

A ticket keeps when its next one comes, in an index over all tickets; a tick asks for those that are
due and looks at no other. What is told, what is done about it and when to look again are written in
one transaction, under the ticket's lock.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection, Database
from guanxi_shared.errors import NotFound
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import Loaded
from guanxi_shared.schedules import schedule
from guanxi_shared.visibility import EVERYTHING
from guanxi_tickets.sla.clock_rules import Reading, Timer
from guanxi_tickets.sla.escalation_rules import Done, actions_for, carried_out
from guanxi_tickets.sla_alerts.people import people_for
from guanxi_tickets.sla_alerts.resources import ALERTS
from guanxi_tickets.sla_clocks.keeping import Clocks, clocks_of, kept_with
from guanxi_tickets.sla_clocks.kept_rules import happened_in
from guanxi_tickets.sla_clocks.writing import write_kept
from guanxi_tickets.tickets.handing import let_follow
from guanxi_tickets.tickets.queue_rules import placed
from guanxi_tickets.tickets.resources import TICKETS
from guanxi_tickets.tickets.rules import PLACE
from guanxi_tickets.timers import Timed, look_at_due

DUE = "SELECT organisation_id, id FROM due_sla_timers($1)"
TOLD = """
SELECT clock, number, what, percent FROM sla_alerts WHERE organisation_id = $1 AND ticket_id = $2
"""
LATER = "UPDATE tickets SET sla_next_at = now() + $3 WHERE organisation_id = $1 AND id = $2"
NO_MORE = "UPDATE tickets SET sla_next_at = NULL WHERE organisation_id = $1 AND id = $2"
ACTOR: Final = Actor(id=None, kind="service", channel="sla")
VERBS: Final = {"warning": "warned", "breach": "breached"}


@schedule("* * * * * */5", name="give-sla-alerts")
async def give_alerts(database: Database) -> None:
    await look_at_due(database, Timed("ticket", DUE, LATER, look_at))


async def look_at(database: Database, organisation: UUID, ticket_id: UUID) -> bool:
    """Whether there was still something to look at."""
    async with database.transaction(organisation) as connection:
        try:
            ticket = await records.load_record(connection, TICKETS, ticket_id, scope=EVERYTHING)
        except NotFound:  # deleted meanwhile
            await connection.execute(NO_MORE, organisation, ticket_id)
            return False
        now, next_at = datetime.now(UTC), ticket.row["sla_next_at"]
        if next_at is None or next_at > now:
            return False
        clocks = await clocks_of(connection, ticket.row, now)
        changes = await _tell_all(connection, ticket, clocks)
        told = {**ticket.row, "sla_next_at": None}
        kept = await kept_with(connection, told, changes, now, verb="updated")
        await _keep(connection, ticket, changes, {**clocks.kept(now), **kept}, now)
        return True


async def _tell_all(connection: Connection, ticket: Loaded, clocks: Clocks) -> dict[str, Any]:
    """Everything that was not told yet, in the order of time; what it makes of the ticket."""
    row, changes = ticket.row, dict[str, Any]()
    rows = await connection.fetch(TOLD, row["organisation_id"], ticket.id)
    told = {tuple(each.values()) for each in rows}
    for reading, timer in happened_in(clocks.readings):
        if (timer.kind, timer.number, timer.what, timer.percent) in told:
            continue
        if row["sla_told_from"] is not None and timer.at < row["sla_told_from"]:
            continue
        actions = actions_for(clocks.promised.escalations if clocks.promised else [], timer)
        whole = {**row, **changes}
        done = carried_out(actions, whole, await people_for(connection, whole, actions))
        changes |= done.changes
        columns = {**_alert(row | changes, reading, timer), **_outcome(done)}
        await records.insert_record(
            connection, ALERTS, columns, actor=ACTOR, verb=VERBS[timer.what]
        )
    return changes


def _alert(row: Mapping[str, Any], reading: Reading, timer: Timer) -> dict[str, Any]:
    return {
        "organisation_id": row["organisation_id"], "id": new_id(), "ticket_id": row["id"],
        "what": timer.what, "clock": timer.kind, "number": timer.number, "percent": timer.percent,
        "happened_at": timer.at, "due_at": reading.due_at, "policy_id": row["sla_policy_id"],
        "policy_version": row["sla_policy_version"], "account_id": row["account_id"],
        "requester_id": row["requester_id"], "owner_id": row["owner_id"],
        "team_id": row["team_id"],
    }  # fmt: skip


def _outcome(done: Done) -> dict[str, Any]:
    return {"notified_ids": done.notified, "actions": done.told}


async def _keep(
    connection: Connection, ticket: Loaded, changes: Mapping[str, Any], kept: Mapping[str, Any],
    now: datetime,
) -> None:  # fmt: skip
    changes = placed(ticket.row, changes, now)
    is_handed = not changes.keys().isdisjoint(PLACE)
    verb = "assigned" if is_handed else "updated"
    await write_kept(connection, ticket, changes, kept, now=now, actor=ACTOR, verb=verb)
    if is_handed:
        await let_follow(connection, ticket.row)
