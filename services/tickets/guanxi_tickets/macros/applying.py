"""A macro on a ticket: what it writes goes through the use cases of replies and of tickets, whole or not at all.

A preview is the application itself, taken back.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.records import Loaded, State, state_bytes
from guanxi_shared.sharing import load_shared
from guanxi_shared.writes import check_version, parse_object
from guanxi_tickets.comments.schemas import CommentCreate
from guanxi_tickets.comments.service import create_comment
from guanxi_tickets.errors import ValueMissing
from guanxi_tickets.macros.action_rules import TEXTS, differences, patch_of
from guanxi_tickets.macros.placeholder_rules import custom_values, filled, parts_of
from guanxi_tickets.macros.resources import MACROS
from guanxi_tickets.macros.service import custom_keys
from guanxi_tickets.ticket_settings.known import known_ways
from guanxi_tickets.tickets.resources import TICKETS
from guanxi_tickets.tickets.schemas import TicketUpdate
from guanxi_tickets.tickets.service import load_ticket, update_ticket

NAMED = """
SELECT a.name AS account_name, c.name AS requester_name, c.title AS requester_title, u.name AS agent_name,
  u.email AS agent_email, o.name AS assignee_name, t.name AS team_name
FROM (SELECT $1::uuid AS organisation_id) AS here
LEFT JOIN known_accounts a ON a.organisation_id = here.organisation_id AND a.id = $2
LEFT JOIN known_contacts c ON c.organisation_id = here.organisation_id AND c.id = $3
LEFT JOIN directory_users u ON u.organisation_id = here.organisation_id AND u.id = $4
LEFT JOIN directory_users o ON o.organisation_id = here.organisation_id AND o.id = $5
LEFT JOIN directory_teams t ON t.organisation_id = here.organisation_id AND t.id = $6
"""


class _TakenBack(Exception):
    """Leaves the transaction without its work; carries what it would have done."""

    def __init__(self, preview: dict[str, Any]) -> None:
        self.preview = preview


async def apply_macro(
    call: Call, connection: Connection, place: tuple[UUID, UUID], version: int | None
) -> dict[str, Any]:
    """`place`: the ticket and the macro. ValueMissing where a text would have a gap."""
    ticket, actions = await _load(call, connection, place, version)
    texts, missing = await _texts(call, connection, ticket, actions)
    if missing:
        raise ValueMissing(
            "A text of this macro would have a gap.",
            errors={f"actions.{text}": f"No value for {', '.join(names)}." for text, names in missing.items()},
        )  # fmt: skip
    return await _done(call, connection, ticket, actions, texts)


async def preview_macro(call: Call, place: tuple[UUID, UUID]) -> dict[str, Any]:
    """What applying it would do, refused as that would be."""
    try:
        async with call.db.transaction(call.organisation) as connection:
            ticket, actions = await _load(call, connection, place, None)
            before, version = TICKETS.state(ticket.row, {}), ticket.version
            texts, missing = await _texts(call, connection, ticket, actions)
            written = {n: text for n, text in texts.items() if text.strip() or n not in missing}
            done = await _done(call, connection, ticket, actions, written)
            names = dict.fromkeys(name for names in missing.values() for name in names)
            raise _TakenBack({
                "ticket_version": version, "changes": differences(_plain(before), _plain(done["ticket"])),
                "comments": [{n: c[n] for n in ("visibility", "body")} for c in done["comments"]],
                "missing": list(names),
            })  # fmt: skip
    except _TakenBack as taken:
        return taken.preview


async def _load(
    call: Call, connection: Connection, place: tuple[UUID, UUID], version: int | None
) -> tuple[Loaded, Mapping[str, Any]]:
    """The ticket under its lock; the macro as it is now, which somebody else's may be."""
    ticket = await load_ticket(call, connection, place[0])
    await check_version(connection, TICKETS, ticket, version)
    macro = await load_shared(call, connection, MACROS, place[1], to_write=False)
    return ticket, macro.row["actions"]


async def _texts(
    call: Call, connection: Connection, ticket: Loaded, actions: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """By action the text with the ticket's values as they are before the macro, and what has none."""
    wanted = {name: actions[name] for name in TEXTS if name in actions}
    if not wanted:
        return {}, {}
    keys, values = await custom_keys(call), await _values(call, connection, ticket)
    texts, missing = {}, {}
    for name, text in wanted.items():
        texts[name], gaps = filled(parts_of(text, keys, field=f"actions.{name}"), values)
        if gaps:
            missing[name] = gaps
    return texts, missing


async def _values(call: Call, connection: Connection, ticket: Loaded) -> dict[str, str | None]:
    row = ticket.row
    asked = (
        row["account_id"],
        row["requester_id"],
        call.by.user_id,
        row["owner_id"],
        row["team_id"],
    )
    named = await connection.fetchrow(NAMED, call.organisation, *asked)
    assert named is not None
    ways = await known_ways(call)
    state = ways.states.get(row["status"])
    found: dict[str, str | None] = {
        name.replace("_", ".", 1): value or None for name, value in named.items()
    }
    found |= {f"ticket.{name}": row[name] for name in ("number", "subject", "priority", "kind")}
    found["ticket.status"] = state.name if state is not None else row["status"]
    return found | custom_values(row["custom"])


async def _done(
    call: Call, connection: Connection, ticket: Loaded, actions: Mapping[str, Any],
    texts: Mapping[str, str],
) -> dict[str, Any]:  # fmt: skip
    """First what is said: afterwards the ticket may be somebody else's."""
    patch = patch_of(actions, _plain(TICKETS.state(ticket.row, {})), call.by.user_id)
    comments = []
    for name, text in texts.items():
        sent = parse_object(CommentCreate, {"body": text, "visibility": TEXTS[name]})
        answer = await create_comment(call, connection, ticket.id, sent)
        comments.append(orjson.loads(answer.body))
    state: State
    if patch:
        update = parse_object(TicketUpdate, _plain(patch))
        state = await update_ticket(call, connection, ticket.id, update, None)
    else:
        state = TICKETS.state((await load_ticket(call, connection, ticket.id)).row, {})
    return {"ticket": state, "comments": comments}


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON holds it."""
    found: dict[str, Any] = orjson.loads(state_bytes(dict(value)))
    return found
