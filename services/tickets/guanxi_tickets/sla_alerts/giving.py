"""Warnings and breaches: each told once, with all that its policy says is to be done, whatever dies and
however many work.

A ticket keeps when its next one comes, in an index over all tickets; a tick asks for those that are
due and looks at no other. What is told, what is done about it and when to look again are written in
one transaction, under the locks of those that are looked at together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection, Database
from guanxi_shared.identifiers import new_id
from guanxi_shared.many_records import insert_many, load_many
from guanxi_shared.record_statements import nulls_of
from guanxi_shared.records import Loaded
from guanxi_shared.schedules import schedule
from guanxi_tickets.sla.clock_rules import Reading, Timer
from guanxi_tickets.sla.escalation_rules import Action, Done, actions_for, carried_out
from guanxi_tickets.sla_alerts.people import people_for_all
from guanxi_tickets.sla_alerts.resources import ALERT, ALERTS
from guanxi_tickets.sla_clocks.keeping import (
    Clocks,
    Parts,
    clocks_from,
    is_moved,
    told_of,
    version_of,
)
from guanxi_tickets.sla_clocks.kept_rules import happened_in
from guanxi_tickets.sla_clocks.writing import Kept, look_again_at, write_all_kept
from guanxi_tickets.tickets.handing import let_all_follow
from guanxi_tickets.tickets.queue_rules import placed
from guanxi_tickets.tickets.resources import TICKETS
from guanxi_tickets.tickets.rules import PLACE
from guanxi_tickets.timers import Timed, look_at_due

DUE = "SELECT organisation_id, id FROM due_sla_timers($1)"
TOLD = """
SELECT ticket_id, clock, number, what, percent FROM sla_alerts
WHERE organisation_id = $1 AND ticket_id = ANY($2::uuid[])
"""
LATER = "UPDATE tickets SET sla_next_at = now() + $3 WHERE organisation_id = $1 AND id = $2"
ACTOR: Final = Actor(id=None, kind="service", channel="sla")
VERBS: Final = {"warning": "warned", "breach": "breached"}


@schedule("* * * * * */5", name="give-sla-alerts")
async def give_alerts(database: Database) -> None:
    await look_at_due(database, Timed("ticket", DUE, LATER, look_at, look_at_all))


async def look_at(database: Database, organisation: UUID, ticket_id: UUID) -> bool:
    """Whether there was still something to look at."""
    return await look_at_all(database, organisation, [ticket_id])


async def look_at_all(database: Database, organisation: UUID, ids: Sequence[UUID]) -> bool:
    """All of them in one transaction, with as many statements for a few as for many."""
    async with database.transaction(organisation) as connection:
        tickets = await load_many(connection, TICKETS, ids)
        now = datetime.now(UTC)
        gone = [each for each in ids if each not in tickets or _is_gone(tickets[each])]
        if gone:
            await look_again_at(connection, organisation, dict.fromkeys(gone))
        due = [each for each in tickets.values() if not _is_gone(each) and _is_due(each, now)]
        if due:
            await _look(connection, organisation, due, now)
        return bool(due)


def _is_gone(ticket: Loaded) -> bool:
    return ticket.row["deleted_at"] is not None


def _is_due(ticket: Loaded, now: datetime) -> bool:
    next_at = ticket.row["sla_next_at"]
    return next_at is not None and next_at <= now


@dataclass(slots=True)
class Look:
    """A ticket that is due, what was read of it, and what is still to be told of it."""

    ticket: Loaded
    told: Parts
    clocks: Clocks
    untold: list[tuple[Reading, Timer]]
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def whole(self) -> dict[str, Any]:
        return {**self.ticket.row, **self.changes}

    def actions(self) -> list[Action]:
        promised = self.clocks.promised
        return actions_for(promised.escalations if promised else [], self.untold[0][1])


async def _look(
    connection: Connection, organisation: UUID, tickets: Sequence[Loaded], now: datetime
) -> None:
    ids = [each.id for each in tickets]
    stored, before = await told_of(connection, organisation, ids), dict[UUID, set[Any]]()
    for id, *timer in await connection.fetch(TOLD, organisation, ids):
        before.setdefault(id, set()).add(tuple(timer))
    looks = []
    for ticket in tickets:
        clocks = await clocks_from(connection, ticket.row, stored[ticket.id], now)
        untold = _untold(ticket.row, clocks, before.get(ticket.id, set()))
        looks.append(Look(ticket, stored[ticket.id], clocks, untold))
    alerts: list[dict[str, Any]] = []
    while telling := [each for each in looks if each.untold]:
        alerts += await _tell_next(connection, organisation, telling)
    if alerts:
        await insert_many(
            connection, ALERTS, alerts, actor=ACTOR, verb_of=lambda row: VERBS[row["what"]]
        )
    kept = [await _kept(connection, each, now) for each in looks]
    await write_all_kept(connection, organisation, kept, now=now, actor=ACTOR)
    handed = [each.ticket.row for each in kept if not PLACE.isdisjoint(each.changes)]
    await let_all_follow(connection, handed)


def _untold(row: Mapping[str, Any], clocks: Clocks, told: set[Any]) -> list[tuple[Reading, Timer]]:
    """Everything that was not told yet, in the order of time."""
    since = row["sla_told_from"]
    return [
        (reading, timer)
        for reading, timer in happened_in(clocks.readings)
        if (timer.kind, timer.number, timer.what, timer.percent) not in told
        and (since is None or timer.at >= since)
    ]


async def _tell_next(
    connection: Connection, organisation: UUID, looks: Sequence[Look]
) -> list[dict[str, Any]]:
    """Of each the next, upon what those before it made of the ticket."""
    asked = [(each.whole, each.actions()) for each in looks]
    alerts = []
    people = await people_for_all(connection, organisation, asked)
    for look, (whole, actions), there in zip(looks, asked, people, strict=True):
        reading, timer = look.untold.pop(0)
        done = carried_out(actions, whole, there)
        look.changes |= done.changes
        alerts.append({**_alert(look.whole, reading, timer), **_outcome(done)})
    return alerts


async def _kept(connection: Connection, look: Look, now: datetime) -> Kept:
    row = {**look.ticket.row, "sla_next_at": None}
    kept, changes = look.clocks.kept(now), placed(row, look.changes, now)
    if is_moved(row, look.changes):
        pending = [version_of(row, look.changes, now, "updated")]
        clocks = await clocks_from(connection, row, look.told, now, pending=pending)
        kept = clocks.kept(now)
    is_handed = not changes.keys().isdisjoint(PLACE)
    return Kept(look.ticket, changes, kept, "assigned" if is_handed else "updated")


def _alert(row: Mapping[str, Any], reading: Reading, timer: Timer) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        **nulls_of(ALERT), "created_at": now, "updated_at": now, "version": 1,
        "organisation_id": row["organisation_id"], "id": new_id(), "ticket_id": row["id"],
        "what": timer.what, "clock": timer.kind, "number": timer.number, "percent": timer.percent,
        "happened_at": timer.at, "due_at": reading.due_at, "policy_id": row["sla_policy_id"],
        "policy_version": row["sla_policy_version"], "account_id": row["account_id"],
        "requester_id": row["requester_id"], "owner_id": row["owner_id"],
        "team_id": row["team_id"],
    }  # fmt: skip


def _outcome(done: Done) -> dict[str, Any]:
    return {"notified_ids": done.notified, "actions": done.told}
