"""What of this schema is one person's: the tickets that they asked for, named as a contact or only typed."""

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from guanxi_shared.db import Connection
from guanxi_shared.erasing.known_rules import states_of
from guanxi_shared.imports.named_records import name_key
from guanxi_shared.matching import email_key

THEIRS: Final = {"contact": "requester_id", "account": "account_id"}
NAMED: Final = "SELECT id FROM tickets WHERE organisation_id = $1 AND {column} = ANY($2::uuid[])"
# Whoever typed an address is whose it is, as in the portal; but for one that several contacts have, and for a
# number, the name has to be the same.
TYPED: Final = """
SELECT id, from_name, from_email = ANY($2::text[]) AND NOT EXISTS (
    SELECT FROM known_contacts k WHERE k.organisation_id = $1 AND k.emails && ARRAY[t.from_email]
      AND NOT k.id = ANY($4::uuid[]) AND k.deleted_at IS NULL) AS is_sure
FROM tickets t WHERE organisation_id = $1 AND requester_id IS NULL AND from_email = ANY($2::text[])
UNION ALL SELECT id, from_name, false FROM tickets
WHERE organisation_id = $1 AND requester_id IS NULL AND from_phone = ANY($3::text[])
"""
ASKED: Final = """
SELECT id FROM tickets WHERE organisation_id = $1 AND requester_id IS NULL AND from_email = $2
UNION SELECT id FROM tickets WHERE organisation_id = $1 AND requester_id IS NULL AND from_phone = $3
"""
COPIES: Final = """
SELECT known_by, name, external_id, to_jsonb(k) ->> 'emails' AS emails FROM known_{noun}s k
WHERE organisation_id = $1 AND id = ANY($2::uuid[])
"""
HOLD: Final = """
SELECT id FROM tickets WHERE organisation_id = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR UPDATE
"""
EVER: Final = """
SELECT after::text FROM events
WHERE organisation_id = $1 AND subject_id = ANY($2::uuid[]) AND subject_type = 'ticket'
"""


class Known(NamedTuple):
    """A person of contacts: all ids that they have, or had, and all that contacts has told of them."""

    noun: str
    ids: Collection[UUID]
    states: list[dict[str, Any]]


async def known(
    connection: Connection, organisation: UUID, noun: str, ids: Collection[UUID]
) -> Known:
    rows = await connection.fetch(COPIES.format(noun=noun), organisation, list(ids))
    told = [state for row in rows for state in (_copied(dict(row)), *states_of(row["known_by"]))]
    return Known(noun, ids, told)


async def hold_tickets(connection: Connection, organisation: UUID, known: Known) -> list[UUID]:
    """The tickets of a person, held against everybody; looked for until there are no more of them, since
    somebody may name the person on one while we wait."""
    held: set[UUID] = set()
    while True:
        found = await _tickets_of(connection, organisation, known)
        if found <= held:
            return sorted(found)
        await connection.fetch(HOLD, organisation, sorted(found))
        held |= found


async def hold_typed(
    connection: Connection, organisation: UUID, email: str | None, phone: str | None
) -> list[UUID]:
    """Tickets of nobody known who typed this address or this number."""
    rows = await connection.fetch(ASKED, organisation, email, phone)
    await connection.fetch(HOLD, organisation, [row["id"] for row in rows])
    rows = await connection.fetch(ASKED, organisation, email, phone)  # meanwhile somebody's, or not
    return sorted(row["id"] for row in rows)


async def ever(
    connection: Connection, organisation: UUID, ticket_ids: Collection[UUID]
) -> list[dict[str, Any]]:
    """Everything that these tickets ever were."""
    rows = await connection.fetch(EVER, organisation, list(ticket_ids))
    return [orjson.loads(row["after"]) for row in rows]


async def _tickets_of(connection: Connection, organisation: UUID, known: Known) -> set[UUID]:
    sql = NAMED.format(column=THEIRS[known.noun])
    found = {row["id"] for row in await connection.fetch(sql, organisation, list(known.ids))}
    emails, phones, names = _typed(known.states)
    rows = await connection.fetch(TYPED, organisation, emails, phones, list(known.ids))
    return found | {
        row["id"] for row in rows if row["is_sure"] or name_key(row["from_name"] or "") in names
    }


def _copied(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is shown here of a person, as contacts would tell it."""
    emails = [{"address": each} for each in orjson.loads(row["emails"] or "[]")]
    return {"name": row["name"], "external_id": row["external_id"], "emails": emails}


def _typed(states: Collection[Mapping[str, Any]]) -> tuple[list[str], list[str], set[str]]:
    """What they may have typed of themselves: addresses, numbers and names, as they are compared."""
    emails = {email_key(each["address"]) for state in states for each in state.get("emails", ())}
    phones = {
        number
        for state in states
        for each in state.get("phones", ())
        for number in (each.get("number"), each.get("e164"))
        if number
    }
    names = {name_key(state["name"]) for state in states if state.get("name")}
    return sorted(each for each in emails if each), sorted(phones), {n for n in names if n}
