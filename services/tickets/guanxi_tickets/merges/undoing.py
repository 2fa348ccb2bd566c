"""Making the merged tickets several again, or saying what later changes prevent."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.events import dumps
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_shared.merging import AlreadyUndone, covers, demand_writable, refuse
from guanxi_shared.merging_rules import Obstacle
from guanxi_shared.records import Loaded, State
from guanxi_shared.resources import Resource
from guanxi_tickets.comments import moving
from guanxi_tickets.comments.moving import Placed
from guanxi_tickets.comments.reading import may_read_notes
from guanxi_tickets.comments.resources import COMMENTS
from guanxi_tickets.entitlements.booking import claim_again
from guanxi_tickets.files.resources import FILES
from guanxi_tickets.merges import rules
from guanxi_tickets.merges.keeping import (
    Move,
    hold_merge,
    kept_moves,
    mark_undone,
    no_merge,
    shown_merge,
)
from guanxi_tickets.merges.service import write_survivor
from guanxi_tickets.sla_clocks.refreshing import keep_again
from guanxi_tickets.survey_answers.moving import answers_back
from guanxi_tickets.tickets.handing import let_follow
from guanxi_tickets.tickets.linking import leads_back, take_turns
from guanxi_tickets.tickets.resources import TICKETS

MERGED = """
SELECT 1 FROM tickets WHERE organisation_id = $1 AND id = $2 AND merged_into_id <> $3
"""
Tickets = Mapping[UUID, Loaded]
Returning = list[tuple[Resource, list[Placed]]]


async def undo_merge(call: Call, connection: Connection, merge_id: UUID, *, force: bool) -> State:
    """What was moved goes back, what came to the survivor since stays. With `force` what changed since
    stays as it is; a survivor or source that is gone, or a circle, refuses all the same."""
    await take_turns(connection, call.organisation)
    merge = await hold_merge(call, connection, merge_id)
    moves = await kept_moves(connection, call.organisation, merge_id)
    tickets = await _load(call, connection, merge, moves)
    survivor = tickets[merge["survivor_id"]]
    if merge["status"] == "undone":
        raise AlreadyUndone("This merge was undone already.")
    refuse(_gone(merge, survivor, tickets))
    columns, obstacles = _own(survivor, merge)
    obstacles += await _merged_since(connection, survivor, columns)
    links, lost = _links(tickets, moves)
    said, left = await _said(call, connection, tickets, moves)
    said.append(await answers_back(connection, tickets, moves))
    scope = await call.scope(TICKETS.name)
    obstacles += [o if o.id and covers(scope, tickets[o.id]) else _hidden(o) for o in lost] + left
    if not force:
        refuse(obstacles)
    if "first_responded_at" in columns:
        returning = [one.id for resource, ones in said if resource is COMMENTS for one, _ in ones]
        columns["first_responded_at"] = await moving.first_response(
            connection, call.organisation, survivor.id, without=returning
        )
    await _write(call, connection, merge, tickets, columns, links, said)
    await _demand_no_circle(connection, survivor, columns, links)
    kept = [{"resource": o.resource, "id": o.id, "field": o.field} for o in obstacles]
    await mark_undone(call, connection, merge_id, kept)
    return await shown_merge(call, connection, merge_id)


async def _load(
    call: Call, connection: Connection, merge: Mapping[str, Any], moves: Sequence[Move]
) -> Tickets:
    """Every ticket that is touched, held in the order of the ids. Whoever may not see the survivor knows of
    no merge."""
    ids = [merge["survivor_id"], *merge["source_ids"]]
    linked = [move.record_id for move in moves if move.resource == TICKETS.name]
    tickets = await load_many(connection, TICKETS, [*ids, *linked], for_update=True)
    scope = await call.scope(TICKETS.name)
    if not covers(scope, tickets[merge["survivor_id"]]):
        raise no_merge(merge["id"])
    for id in ids:
        demand_writable(TICKETS, tickets[id], scope)
    return tickets


def _gone(merge: Mapping[str, Any], survivor: Loaded, tickets: Tickets) -> list[Obstacle]:
    """What no force helps against."""
    name = TICKETS.name
    for field in ("merged_into_id", "deleted_at"):
        if survivor.row[field] is not None:
            return [Obstacle(name, survivor.id, field, survivor.row[field], None)]
    return [
        Obstacle(name, id, "merged_into_id", tickets[id].row["merged_into_id"], survivor.id)
        for id in merge["source_ids"]
        if tickets[id].row["merged_into_id"] != survivor.id
    ]


def _own(survivor: Loaded, merge: Mapping[str, Any]) -> tuple[dict[str, Any], list[Obstacle]]:
    """The survivor's columns that go back, and those that somebody changed since."""
    columns: dict[str, Any] = {}
    obstacles = []
    for name, after in merge["after"].items():
        now, before = _plain(survivor.row[name]), merge["before"][name]
        if name in rules.LISTS:
            columns[name] = _stored(name, rules.list_back(now, before, after))
            continue
        back = rules.goes_back(now, before, after)
        if back is None:
            obstacles.append(Obstacle(TICKETS.name, survivor.id, name, now, before))
        elif back:
            columns[name] = _stored(name, before)
    return columns, obstacles


async def _merged_since(
    connection: Connection, survivor: Loaded, columns: dict[str, Any]
) -> list[Obstacle]:
    """Places above that were merged away themselves since: taken out of what goes back. Of the sources none
    is meant, which come back now."""
    obstacles = []
    for name in rules.UPWARDS:
        above = columns.get(name)
        asked = (survivor.row["organisation_id"], above, survivor.id)
        if above is not None and await connection.fetchval(MERGED, *asked):
            del columns[name]
            obstacles.append(Obstacle(TICKETS.name, survivor.id, name, survivor.row[name], above))
    return obstacles


def _links(tickets: Tickets, moves: Sequence[Move]) -> tuple[list[Placed], list[Obstacle]]:
    found: dict[UUID, dict[str, Any]] = {}
    obstacles = []
    for move in moves:
        if move.resource != TICKETS.name:
            continue
        now = _plain(tickets[move.record_id].row[move.field])
        if move.field in rules.LISTS:
            value = rules.list_back(now, move.before, move.after)
            found.setdefault(move.record_id, {})[move.field] = _stored(move.field, value)
            continue
        back = rules.goes_back(now, move.before, move.after)
        if back is None:
            obstacles.append(Obstacle(TICKETS.name, move.record_id, move.field, now, move.before))
        elif back:
            found.setdefault(move.record_id, {})[move.field] = _stored(move.field, move.before)
    return [(tickets[id], columns) for id, columns in found.items()], obstacles


async def _said(
    call: Call, connection: Connection, tickets: Tickets, moves: Sequence[Move]
) -> tuple[Returning, list[Obstacle]]:
    """Replies, notes and files that go back; those that a split took elsewhere since do not, nor does a file
    that was sent since with what is said on the survivor."""
    returning: Returning = []
    obstacles = []
    said = {move.record_id for move in moves}
    for resource in moving.HANGING:
        own = {move.record_id: move for move in moves if move.resource == resource.name}
        loaded = await load_many(connection, resource, own)
        placed: list[Placed] = []
        for id, move in own.items():
            now = _plain(loaded[id].row["ticket_id"])
            if (sent_with := loaded[id].row.get("comment_id")) and sent_with not in said:
                continue
            if now == move.after["ticket_id"]:
                placed.append((loaded[id], _place_back(tickets, move)))
            elif now != move.before["ticket_id"]:
                kept = Obstacle(resource.name, id, "ticket_id", now, move.before["ticket_id"])
                is_seen = resource in (COMMENTS, FILES) or may_read_notes(call)
                obstacles.append(kept if is_seen else _hidden(kept))
        returning.append((resource, placed))
    return returning, obstacles


def _place_back(tickets: Tickets, move: Move) -> dict[str, Any]:
    before = move.before
    ticket = tickets[UUID(before["ticket_id"])].row
    written_on, joined_at = before["written_on_id"], before["joined_at"]
    return {
        "ticket_id": ticket["id"], "written_on_id": UUID(written_on) if written_on else None,
        "joined_at": datetime.fromisoformat(joined_at) if joined_at else None,
        "owner_id": ticket["owner_id"], "team_id": ticket["team_id"],
    }  # fmt: skip


def _hidden(obstacle: Obstacle) -> Obstacle:
    """For those who may not see it: that there is one."""
    return Obstacle(obstacle.resource, None, obstacle.field, None, None)


async def _write(
    call: Call, connection: Connection, merge: Mapping[str, Any], tickets: Tickets,
    columns: Mapping[str, Any], links: Sequence[Placed], said: Returning,
) -> None:  # fmt: skip
    """First the sources, so that what belongs to them again finds them there."""
    alive = {"deleted_at": None, "merged_into_id": None}
    changes = []
    for id in merge["source_ids"]:
        claimed = await claim_again(connection, tickets[id].row, "unmerged", actor=call.actor)
        changes.append(Change(tickets[id], alive | claimed, verb="restored"))
    await write_many(connection, TICKETS, changes, actor=call.actor)
    told = {"id": merge["id"], "source_ids": merge["source_ids"]}
    survivor = tickets[merge["survivor_id"]]
    await write_survivor(call, connection, survivor, columns, verb="unmerged", told=told)
    await moving.place(connection, TICKETS, links, actor=call.actor)
    for resource, ones in said:
        await moving.place(connection, resource, ones, actor=call.actor)
    for id in merge["source_ids"]:
        await let_follow(connection, tickets[id].row)
    await keep_again(connection, [survivor.id, *merge["source_ids"]], actor=call.actor)


async def _demand_no_circle(
    connection: Connection, survivor: Loaded, columns: Mapping[str, Any], links: Sequence[Placed]
) -> None:
    """Somebody may have come to stand below who stood above, or a place may be gone since."""
    for ticket, changed in [(survivor, columns), *links]:
        organisation = ticket.row["organisation_id"]
        for name in rules.UPWARDS:
            above = changed.get(name)
            if above and await leads_back(connection, organisation, name, ticket.id, above):
                refuse([Obstacle(TICKETS.name, ticket.id, name, None, "a circle")])


def _plain(value: Any) -> Any:
    """As JSON holds it."""
    return orjson.loads(dumps(value))


def _stored(name: str, value: Any) -> Any:
    """A column's value out of JSON."""
    if name in ("follower_ids", "related_ids"):
        return [UUID(each) for each in value]
    return UUID(value) if name in rules.UPWARDS and value is not None else value
