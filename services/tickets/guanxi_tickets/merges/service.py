"""The use case of merging tickets: hold, decide, move what is said and what is linked, keep what undoes it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import new_id
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_shared.merging import load_merged
from guanxi_shared.merging_rules import list_after
from guanxi_shared.records import Loaded, State
from guanxi_shared.resources import Resource
from guanxi_tickets.comments import moving
from guanxi_tickets.comments.moving import Placed
from guanxi_tickets.comments.moving_rules import KEPT, is_reply_of_agent, placed
from guanxi_tickets.comments.resources import COMMENTS
from guanxi_tickets.drafts.leaving import bring_drafts
from guanxi_tickets.entitlements.booking import give_back
from guanxi_tickets.files.resources import FILES
from guanxi_tickets.merges import rules
from guanxi_tickets.merges.keeping import Move, keep_merge, shown_merge
from guanxi_tickets.merges.schemas import TicketMergeCreate
from guanxi_tickets.sla_clocks.keeping import kept_with
from guanxi_tickets.sla_clocks.refreshing import keep_again
from guanxi_tickets.survey_answers.moving import answers_to
from guanxi_tickets.tickets.handing import let_follow
from guanxi_tickets.tickets.linking import LINKS, take_turns
from guanxi_tickets.tickets.resources import TICKETS
from guanxi_tickets.tickets.service import words_of

LINKED = """
SELECT id FROM tickets WHERE organisation_id = $1 AND NOT id = ANY($2::uuid[])
  AND (parent_id = ANY($3::uuid[]) OR duplicate_of_id = ANY($3::uuid[]) OR related_ids && $3::uuid[])
"""
ABOVE = """
WITH RECURSIVE above (id, up) AS (
  SELECT id, {column} FROM tickets WHERE organisation_id = $1 AND id = ANY($2::uuid[])
  UNION SELECT t.id, t.{column} FROM tickets t JOIN above ON t.id = above.up WHERE t.organisation_id = $1)
SELECT id, up FROM above
"""
ACCOUNTS = """
WITH RECURSIVE within (top, id, account_id) AS (
  SELECT id, id, account_id FROM tickets WHERE organisation_id = $1 AND id = ANY($2::uuid[])
  UNION SELECT w.top, t.id, t.account_id FROM tickets t JOIN within w ON t.merged_into_id = w.id
  WHERE t.organisation_id = $1)
SELECT top, account_id FROM within WHERE account_id IS NOT NULL
"""
Said = Sequence[tuple[Resource, list[Placed]]]


async def merge_tickets(call: Call, connection: Connection, data: TicketMergeCreate) -> State:
    """All of it or nothing. Every lock on tickets is taken at once, in the order of their ids."""
    await take_turns(connection, call.organisation)
    survivor, sources, linked = await _load(call, connection, data)
    rows = [source.row for source in sources]
    accounts = await _accounts(connection, call.organisation, [survivor, *sources])
    rules.demand_mergeable(survivor.row, rows, accounts, across_accounts=data.across_accounts)
    above = {
        column: await _ways(connection, call.organisation, column, [survivor, *sources])
        for column in rules.UPWARDS
    }
    columns = rules.merged_columns(survivor.row, rows, above)
    now = datetime.now(UTC)
    found = await moving.said_on(connection, call.organisation, data.source_ids)
    said = [(r, [(one, placed(one.row, survivor.row, now)) for one in ones]) for r, ones in found]
    said.append(await answers_to(connection, call.organisation, data.source_ids, survivor.row))
    if survivor.row["first_responded_at"] is None and any(
        is_reply_of_agent(one.row) for resource, ones in found if resource is COMMENTS for one in ones
    ):  # fmt: skip
        columns["first_responded_at"] = now
    links = _relinked(linked, data.source_ids, survivor.id)
    merge_id = await _keep(call, connection, survivor, sources, columns, said, links)
    await _write(call, connection, merge_id, survivor, sources, columns, said, links)
    return await shown_merge(call, connection, merge_id)


async def _load(
    call: Call, connection: Connection, data: TicketMergeCreate
) -> tuple[Loaded, list[Loaded], list[Loaded]]:
    """The survivor, the sources, and the others that are linked with a source."""
    ids = [data.survivor_id, *data.source_ids]
    rows = await connection.fetch(LINKED, call.organisation, ids, data.source_ids)
    others = [row["id"] for row in rows]
    held = await load_many(connection, TICKETS, [*ids, *others], for_update=True)
    places = ["survivor_id", *(f"source_ids.{n}" for n in range(len(data.source_ids)))]
    survivor, *sources = await load_merged(
        call, connection, TICKETS, ids, places=places, versions=data.if_match
    )
    return survivor, sources, [held[id] for id in others]


async def _accounts(
    connection: Connection, organisation: UUID, merged: Sequence[Loaded]
) -> dict[UUID, set[UUID]]:
    """Of each ticket its account, and those of what was merged into it before."""
    found: dict[UUID, set[UUID]] = {each.id: set() for each in merged}
    for row in await connection.fetch(ACCOUNTS, organisation, list(found)):
        found[row["top"]].add(row["account_id"])
    return found


async def _ways(
    connection: Connection, organisation: UUID, column: str, merged: Sequence[Loaded]
) -> dict[UUID, UUID | None]:
    sql = ABOVE.format(column=column)
    rows = await connection.fetch(sql, organisation, [each.id for each in merged])
    return {row["id"]: row["up"] for row in rows}


def _relinked(linked: Sequence[Loaded], sources: Sequence[UUID], survivor: UUID) -> list[Placed]:
    """What named a source names the survivor, once."""
    found: list[Placed] = []
    for ticket in linked:
        ups = {n: survivor for n in rules.UPWARDS if ticket.row[n] in sources}
        columns: dict[str, Any] = dict(ups)
        if set(ticket.row["related_ids"]) & set(sources):
            columns["related_ids"] = list_after(
                ticket.row["related_ids"], sources, survivor=survivor
            )
        found.append((ticket, columns))
    return found


async def _keep(
    call: Call, connection: Connection, survivor: Loaded, sources: Sequence[Loaded],
    columns: Mapping[str, Any], said: Said, links: Sequence[Placed],
) -> UUID:  # fmt: skip
    moves = [
        Move(TICKETS.name, name, ticket.id, ticket.row[name], value)
        for ticket, changed in links
        for name, value in changed.items()
    ]
    moves += [
        Move(resource.name, "ticket_id", one.id, {n: one.row[n] for n in KEPT if n in to}, {n: to[n] for n in KEPT if n in to})
        for resource, ones in said
        for one, to in ones
    ]  # fmt: skip
    row = {
        "organisation_id": call.organisation, "id": new_id(), "survivor_id": survivor.id,
        "source_ids": [source.id for source in sources],
        "before": {name: survivor.row[name] for name in columns}, "after": columns,
        "moved": _counts(moves), "owner_id": survivor.row["owner_id"],
        "team_id": survivor.row["team_id"], "created_by": call.by.user_id,
    }  # fmt: skip
    await keep_merge(connection, row, moves)
    merge_id: UUID = row["id"]
    return merge_id


def _counts(moves: Sequence[Move]) -> dict[str, int]:
    """Of replies, files and links; whether there are notes is not for everybody."""
    counts = {
        "comments": sum(move.resource == COMMENTS.name for move in moves),
        "files": sum(move.resource == FILES.name for move in moves),
    }
    for name in LINKS:
        counts[name] = sum(move.field == name and move.resource == TICKETS.name for move in moves)
    return {name: count for name, count in counts.items() if count}


async def _write(
    call: Call, connection: Connection, merge_id: UUID, survivor: Loaded, sources: Sequence[Loaded],
    columns: Mapping[str, Any], said: Said, links: Sequence[Placed],
) -> None:  # fmt: skip
    """First that they were merged, so that whoever follows moves its own references before it hears that
    the sources are gone."""
    told = {"id": merge_id, "source_ids": [source.id for source in sources]}
    await write_survivor(call, connection, survivor, columns, verb="merged", told=told)
    await moving.place(connection, TICKETS, links, actor=call.actor)
    for resource, ones in said:
        await moving.place(connection, resource, ones, actor=call.actor)
    source_ids = [source.id for source in sources]
    await bring_drafts(connection, call.organisation, survivor.id, source_ids)
    gone = {"deleted_at": survivor.row["updated_at"], "merged_into_id": survivor.id}
    now = datetime.now(UTC)
    for source in sources:
        await give_back(connection, source.row, "merged", actor=call.actor)
    changes = [
        Change(
            source, await kept_with(connection, source.row, gone, now, verb="deleted"),
            verb="deleted", more={"merged_into_id": survivor.id},
        )
        for source in sources
    ]  # fmt: skip
    await write_many(connection, TICKETS, changes, actor=call.actor)
    await let_follow(connection, survivor.row)
    await keep_again(connection, [survivor.id], actor=call.actor)


async def write_survivor(
    call: Call, connection: Connection, survivor: Loaded, columns: Mapping[str, Any], *, verb: str,
    told: Mapping[str, Any],
) -> None:  # fmt: skip
    """Its event says under `merge` what was merged; it is found by other numbers now."""
    words = await words_of(call, connection, {**survivor.row, **columns})
    await records.update_record(
        connection, TICKETS, survivor, {**columns, **words}, actor=call.actor, verb=verb,
        more={"merge": dict(told)},
    )  # fmt: skip
