"""Use cases of tickets: load, decide, change, publish. Moves are in moving.py, links in linking.py."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.matching import match_key
from guanxi_shared.merging import refuse_merged
from guanxi_shared.records import Loaded, State
from guanxi_shared.writes import check_version
from guanxi_shared.written import owned_by, stored
from guanxi_tickets.complaints.rounds import (
    begin_with_ticket,
    let_rounds_follow,
    let_tasks_run,
)
from guanxi_tickets.drafts.leaving import drop_drafts
from guanxi_tickets.entitlements.booking import claim_again, give_back
from guanxi_tickets.entitlements.claiming import claim, write_claim
from guanxi_tickets.queues.routing import left_queue, put_by_hand, routed
from guanxi_tickets.references.service import find_account, find_requester
from guanxi_tickets.sla_clocks.keeping import kept_from_the_start, kept_with
from guanxi_tickets.sla_policies.choosing import chosen
from guanxi_tickets.ticket_settings.known import known_ways
from guanxi_tickets.ticket_settings.rules import Ways
from guanxi_tickets.tickets import queue_rules, rules, state_rules
from guanxi_tickets.tickets.found_rules import found_by
from guanxi_tickets.tickets.handing import let_follow
from guanxi_tickets.tickets.linking import LINKS, demand_links, take_turns
from guanxi_tickets.tickets.moving import move_to_state
from guanxi_tickets.tickets.numbering import give_number
from guanxi_tickets.tickets.resources import TICKETS

NEEDING_MORE = {*LINKS, "kind"}  # than one statement
DEFAULTS: Mapping[str, Any] = {
    "kind": "question", "impact": "medium", "urgency": "medium", "channel": "api", "related_ids": [],
    "account_id": None, "product_id": None,
    "follower_ids": [], "merged_numbers": [], "tags": [], "is_account_verified": True,
}  # fmt: skip
UNKNOWN_USER = """
SELECT id FROM unnest($2::uuid[]) AS id WHERE id NOT IN (
  SELECT u.id FROM directory_users u WHERE u.organisation_id = $1) LIMIT 1
"""
NAMES_OF = """
SELECT (SELECT name FROM known_accounts WHERE organisation_id = $1 AND id = $2) AS account_name,
  (SELECT name FROM known_contacts WHERE organisation_id = $1 AND id = $3) AS requester_name
"""
BY_ID = "SELECT id FROM tickets WHERE organisation_id = $1 AND id = $2::text::uuid AND deleted_at IS NULL"
# Of a ticket that was merged, the one that it went into.
BY_NUMBER = """
WITH RECURSIVE way AS (
  SELECT id, merged_into_id, deleted_at FROM tickets WHERE organisation_id = $1 AND number = $2::text
  UNION SELECT t.id, t.merged_into_id, t.deleted_at FROM way
  JOIN tickets t ON t.organisation_id = $1 AND t.id = way.merged_into_id)
SELECT id FROM way WHERE deleted_at IS NULL
"""
BY_KEY = """
SELECT id FROM tickets_search
WHERE organisation_id = $1 AND match_keys @> ARRAY[$2::text] AND deleted_at IS NULL ORDER BY id LIMIT 1000
"""


async def create_ticket(
    call: Call, connection: Connection, data: Any, *, more: Mapping[str, Any] | None = None
) -> State:
    """A new ticket with the next number, which is taken last."""
    sent = data.model_dump(exclude_unset=True, exclude_none=True)
    is_free = (
        data.model_fields_set.isdisjoint({"assignee_id", "team_id"}) and "queue_id" not in sent
    )
    if is_free:
        sent["assignee_id"] = call.by.user_id
    may_route = is_free and "queue_id" not in data.model_fields_set
    return await make_ticket(
        call, connection, sent, ticket_id=data.id, more=more, may_route=may_route
    )


async def make_ticket(
    call: Call, connection: Connection, sent: Mapping[str, Any], *, ticket_id: UUID | None = None,
    more: Mapping[str, Any] | None = None, requester_name: str | None = None, may_route: bool,
) -> State:  # fmt: skip
    """What every new ticket comes through, whoever makes it. `more` are columns that nobody sends, a
    requester among them who was looked up already, under that name; custom fields among them are not checked. With `may_route` a queue takes it
    whose filter it fits."""
    ways = await known_ways(call, sent.get("status"))
    state = ways.state(sent["status"]) if "status" in sent else ways.first
    ticket_id, now = ticket_id or new_id(), datetime.now(UTC)
    columns = {
        **DEFAULTS, "organisation_id": call.organisation, "id": ticket_id, "owner_id": None,
        "created_at": now, "updated_at": now, **rules.columns_from(sent),
        **state_rules.standing(state, now),
    }  # fmt: skip
    columns |= rules.priority_of(ways, columns, sent)
    if more is None or "custom" not in more:
        columns["custom"] = await stored(call, TICKETS, sent.get("custom", {}))
    names = await _set_references(call, columns)
    columns |= more or {}
    if may_route:
        columns |= await routed(call, connection, columns)
    else:
        columns |= await put_by_hand(call, connection, columns)
    columns = queue_rules.placed({}, columns, now)
    await _demand(call, connection, ticket_id, columns)
    found = await claim(call, connection, columns, ways.without_entitlement)
    columns |= found.columns
    columns |= await chosen(call, connection, columns, preferred=found.policy_id)
    columns |= await kept_from_the_start(connection, columns)
    columns["number"] = await give_number(connection, call.organisation)
    columns |= found_by(columns, account_name=names[0], requester_name=names[1] or requester_name)
    made = await records.insert_record(connection, TICKETS, columns, actor=call.actor)
    await write_claim(call, connection, found, now)
    need = ways.complaints_need_loop
    await begin_with_ticket(connection, columns, need=need, actor=call.actor)
    return made


async def load_ticket(
    call: Call, connection: Connection | Deferred, ticket_id: UUID, *, to_write: bool = True
) -> Loaded:
    scope = await call.scope(TICKETS.name)
    return await records.load_record(connection, TICKETS, ticket_id, scope=scope, to_write=to_write)


async def update_ticket(
    call: Call, connection: Connection, ticket_id: UUID, data: Any, version: int | None
) -> State:
    """A merge patch under If-Match. Another status is a move, after everything else that is sent."""
    sent = data.model_dump(exclude_unset=True)
    status = sent.pop("status", None)
    is_assigned = not sent.keys().isdisjoint({"assignee_id", "team_id", "queue_id"})
    needs_more = is_assigned or status is not None or not sent.keys().isdisjoint(NEEDING_MORE)
    if needs_more and isinstance(connection, Deferred):
        await connection.open()  # more than one statement
    if any(sent.get(name) for name in LINKS):
        await take_turns(connection, call.organisation)  # before a row is held, as merges do
    loaded = await load_ticket(call, connection, ticket_id)
    await check_version(connection, TICKETS, loaded, version)
    ways = await known_ways(call, status)
    is_moved = status is not None and status != loaded.row["status"]
    if is_moved:
        state_rules.demand_move(ways, loaded.row, ways.state(status))
    state = await _write(call, connection, loaded, sent, ways)
    if is_moved:
        to = ways.state(status)
        return await move_to_state(connection, loaded, to, ways=ways, actor=call.actor)
    return state


async def _write(
    call: Call, connection: Connection, loaded: Loaded, sent: Mapping[str, Any], ways: Ways
) -> State:
    """What is sent, the status aside; another assignee or team is told as an assignment."""
    changes = rules.columns_from(sent)
    if rules.asks_for_priority(sent):
        changes |= rules.priority_of(ways, loaded.row, sent)
    if "custom" in sent:
        changes["custom"] = await stored(call, TICKETS, {**loaded.row["custom"], **sent["custom"]})
    changes |= await put_by_hand(call, connection, changes)
    names, now = await _set_references(call, changes), datetime.now(UTC)
    await _demand(call, connection, loaded.id, changes)
    changes = queue_rules.placed(loaded.row, changes, now)
    if rules.FOUND_BY & set(changes):
        whole = {**loaded.row, **changes}
        changes |= await words_of(call, connection, whole, names)
    is_handed = any(changes[n] != loaded.row[n] for n in rules.PLACE if n in changes)
    verb = "assigned" if is_handed else "updated"
    changes = await kept_with(connection, loaded.row, changes, now, verb=verb)
    state = await records.update_record(
        connection, TICKETS, loaded, changes, actor=call.actor, verb=verb, at=now
    )
    if is_handed:
        await let_follow(connection, loaded.row)
    if "kind" in changes:
        need = ways.complaints_need_loop
        await let_rounds_follow(connection, loaded.row, need=need, now=now, actor=call.actor)
    return state


async def words_of(
    call: Call, connection: Connection, whole: Mapping[str, Any],
    names: tuple[str | None, str | None] = (None, None),
) -> dict[str, Any]:  # fmt: skip
    """The words of a changed ticket; names that were not looked up just now are those of the copies."""
    asked = (call.organisation, whole["account_id"], whole["requester_id"])
    known = await connection.fetchrow(NAMES_OF, *asked)
    assert known is not None
    return found_by(
        whole, account_name=names[0] or known["account_name"],
        requester_name=names[1] or known["requester_name"],
    )  # fmt: skip


async def _set_references(call: Call, columns: dict[str, Any]) -> tuple[str | None, str | None]:
    """Account and requester exist for the caller, merged ones as their survivors; their names, where
    they are named and known."""
    names: list[str | None] = [None, None]
    if columns.get("account_id") is not None:
        account = await find_account(call, columns["account_id"])
        columns |= {"account_id": account.id, "is_account_verified": account.is_verified}
        names[0] = account.name
    elif "account_id" in columns:
        columns["is_account_verified"] = True
    if columns.get("requester_id") is not None:
        requester = await find_requester(call, columns["requester_id"])
        columns["requester_id"] = requester.id
        names[1] = requester.name
    return names[0], names[1]


async def _demand(
    call: Call, connection: Connection, ticket_id: UUID, columns: Mapping[str, Any]
) -> None:
    await owned_by(call, connection, TICKETS, _as_sent(columns), owner_field="assignee_id")
    await demand_users(call, connection, columns.get("follower_ids") or (), field="follower_ids")
    await demand_links(call, connection, ticket_id, columns)


def _as_sent(columns: Mapping[str, Any]) -> dict[str, Any]:
    """A team that came with a queue is known."""
    asked = {"owner_id"} if columns.get("queue_id") is not None else rules.ASSIGNED
    return {name: columns[name] for name in asked if name in columns}


async def demand_users(
    call: Call, connection: Connection | Deferred, ids: Collection[UUID], *, field: str
) -> None:
    if ids and await connection.fetchval(UNKNOWN_USER, call.organisation, list(ids)):
        raise UnknownReference(
            f"{field} names nobody known here.", errors={field: "There is no such user."}
        )


async def delete_ticket(
    call: Call, connection: Connection, ticket_id: UUID, version: int | None
) -> State:
    loaded = await load_ticket(call, connection, ticket_id)
    await check_version(connection, TICKETS, loaded, version)
    await drop_drafts(connection, call.organisation, ticket_id)
    await give_back(connection, loaded.row, "deleted", actor=call.actor)
    now = datetime.now(UTC)
    kept = await kept_with(connection, loaded.row, {"deleted_at": now}, now, verb="deleted")
    return await records.delete_record(
        connection, TICKETS, loaded, actor=call.actor, more=kept, at=now
    )


async def restore_ticket(call: Call, connection: Connection, ticket_id: UUID) -> State:
    scope = await call.scope(TICKETS.name)
    loaded = await records.load_record(connection, TICKETS, ticket_id, scope=scope, deleted=True)
    refuse_merged(TICKETS, loaded)
    now = datetime.now(UTC)
    claimed = await claim_again(connection, loaded.row, "restored", actor=call.actor)
    changes = await left_queue(connection, loaded.row) | {"deleted_at": None}
    kept = await kept_with(connection, loaded.row, changes, now, verb="restored")
    kept |= claimed
    await let_tasks_run(connection, call.organisation, ticket_id)
    return await records.restore_record(
        connection, TICKETS, loaded, actor=call.actor, more=kept, at=now
    )


async def find_tickets(call: Call, connection: Connection, field: str, value: str) -> list[UUID]:
    """The tickets that a batch's `match` means (at most a thousand)."""
    if field in ("id", "number"):
        sql = BY_ID if field == "id" else BY_NUMBER
        return [row["id"] for row in await connection.fetch(sql, call.organisation, value)]
    key = match_key(field, value) if field == "external_id" else None
    if key is None:
        raise UnknownReference(
            f"Tickets cannot be matched by {field!r}.",
            errors={"match": "Match by id, number or external_id."},
        )
    return [row["id"] for row in await connection.fetch(BY_KEY, call.organisation, key)]
