"""Links between tickets: under a parent, the duplicate of another one, related. No link leads back."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Uuid, any_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_shared import reads
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection, bound
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import UnknownReference
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, predicate
from guanxi_tickets.errors import LinkCycle
from guanxi_tickets.tickets.resources import TICKET, TICKETS

SHAPES = Shapes()
UPWARDS: Final = ("parent_id", "duplicate_of_id")
LINKS: Final = (*UPWARDS, "related_ids")
MOST_SHOWN: Final = 200
# One who links at a time: two links that are right one by one may close a circle together.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('ticket links ' || $1::text, 0))"
# Does the way up from $2 come by $3?
COMES_BY = """
WITH RECURSIVE up AS (
  SELECT t.{column} AS id FROM tickets t WHERE t.organisation_id = $1 AND t.id = $2
  UNION SELECT t.{column} FROM up JOIN tickets t ON t.organisation_id = $1 AND t.id = up.id)
SELECT $2 = $3 OR EXISTS (SELECT 1 FROM up WHERE id = $3)
"""
NAMES = ("id", "number", "subject", "status", "status_kind")


async def demand_links(
    call: Call, connection: Connection | Deferred, ticket_id: UUID, sent: Mapping[str, Any]
) -> None:
    """Every ticket that is named is there for the caller, and none of them leads back here."""
    named = {name: _ids(sent[name]) for name in LINKS if sent.get(name)}
    if not named:
        return
    await take_turns(connection, call.organisation)
    wanted = sorted({id for ids in named.values() for id in ids})
    there = await _there(connection, await call.scope_of(TICKETS), wanted)
    for name, ids in named.items():
        if not set(ids) <= there and not (set(ids) - there <= {ticket_id}):
            raise UnknownReference(
                f"{name} names no ticket.", errors={name: "There is no such ticket."}
            )
        if ticket_id in ids:
            raise _cycle(name)
    for name in UPWARDS:
        for id in named.get(name, ()):
            if await leads_back(connection, call.organisation, name, ticket_id, id):
                raise _cycle(name)


async def take_turns(connection: Connection | Deferred, organisation: UUID) -> None:
    """Who changes links, merges or splits comes one after the other, before any row is held."""
    await connection.execute(LOCK, str(organisation))


async def leads_back(
    connection: Connection | Deferred, organisation: UUID, column: str, ticket_id: UUID, above: UUID
) -> bool:
    """Whether the way up from `above` comes by the ticket."""
    sql = COMES_BY.format(column=column)
    return bool(await connection.fetchval(sql, organisation, above, ticket_id))


def _cycle(name: str) -> LinkCycle:
    return LinkCycle(
        "A ticket cannot stand above or beside itself.", errors={name: "It leads back here."}
    )


def _ids(value: Any) -> list[UUID]:
    return list(value) if isinstance(value, list) else [value]


async def _there(
    connection: Connection | Deferred, scope: Scope, wanted: Sequence[UUID]
) -> set[UUID]:
    compiled = SHAPES.get(
        ("there", scope.shape),
        lambda: select(TICKET.c.id).where(
            TICKET.c.id == any_(bindparam("wanted", type_=ARRAY(Uuid))),
            TICKET.c.deleted_at.is_(None),
            predicate(TICKET, scope),
        ),
    )
    sql = f"SELECT found.* FROM (SELECT $1::text) AS unused, LATERAL ({compiled.sql}) AS found"
    values = {"wanted": list(wanted), **scope.params()}
    return {row["id"] for row in await connection.fetch(sql, "", *compiled.args(values))}


async def read_links(call: Call, ticket_id: UUID) -> dict[str, Any]:
    """Both directions of every link of a visible ticket, of what the caller sees."""
    own = await reads.find_record(call, TICKETS, ticket_id)
    rows = await _linked(call, ticket_id, own)
    shown = {str(row["id"]): {name: _plain(row[name]) for name in NAMES} for row in rows}
    related = set(map(str, own["related_ids"]))
    return {
        "parent": shown.get(str(own["parent_id"])),
        "children": [shown[str(r["id"])] for r in rows if r["parent_id"] == ticket_id],
        "duplicate_of": shown.get(str(own["duplicate_of_id"])),
        "duplicates": [shown[str(r["id"])] for r in rows if r["duplicate_of_id"] == ticket_id],
        "related": [
            shown[str(r["id"])]
            for r in rows
            if str(r["id"]) in related or ticket_id in r["related_ids"]
        ],
    }


async def _linked(call: Call, ticket_id: UUID, own: Mapping[str, Any]) -> Sequence[Any]:
    scope = await call.scope_of(TICKETS)
    named = [own[name] for name in UPWARDS if own[name]] + list(own["related_ids"])
    one = bindparam("ticket", type_=Uuid)
    compiled = SHAPES.get(
        ("linked", scope.shape),
        lambda: (
            select(*(TICKET.c[n] for n in (*NAMES, *LINKS)))
            .where(
                TICKET.c.organisation_id == bindparam("organisation", type_=Uuid),
                TICKET.c.deleted_at.is_(None),
                predicate(TICKET, scope),
                or_(
                    TICKET.c.id == any_(bindparam("named", type_=ARRAY(Uuid))),
                    TICKET.c.parent_id == one,
                    TICKET.c.duplicate_of_id == one,
                    TICKET.c.related_ids.op("&&")(bindparam("beside", type_=ARRAY(Uuid))),
                ),
            )
            .order_by(TICKET.c.id)
            .limit(MOST_SHOWN)
        ),
    )
    values = {
        "organisation": call.organisation, "named": [UUID(str(id)) for id in named],
        "ticket": ticket_id, "beside": [ticket_id], **scope.params(),
    }  # fmt: skip
    return await call.db.pool.fetch(
        bound(compiled.sql), str(call.organisation), *compiled.args(values)
    )


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value
