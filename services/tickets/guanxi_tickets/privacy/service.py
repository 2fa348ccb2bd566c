"""Erasing somebody here: because contacts erased them, or by an address or a number that they had typed."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_shared.calls import Actor, Call
from guanxi_shared.db import Connection
from guanxi_shared.erasing.kept_files import kept_naming
from guanxi_shared.erasing.needle_rules import in_files, needles_of
from guanxi_shared.erasing.persons import known_ids
from guanxi_shared.erasing.records import Said, write_counts, write_down
from guanxi_shared.errors import NotFound
from guanxi_shared.records import State
from guanxi_shared.signed_links import key_from
from guanxi_tickets.models.privacy import ERASURE_REASONS
from guanxi_tickets.privacy import reached
from guanxi_tickets.privacy.erasing import Erasing
from guanxi_tickets.privacy.leftovers import leave
from guanxi_tickets.privacy.places import PLACES
from guanxi_tickets.privacy.reached import Known
from guanxi_tickets.privacy.word_rules import names_of, typed_states
from guanxi_tickets.settings import own_settings

CHANNEL: Final = "erasure"
# Whose exports under way begin anew: they may hold what is gone.
EXPORTED: Final = (
    "tickets",
    "ticket-comments",
    "ticket-notes",
    "survey-answers",
    "articles",
    "entitlements",
)
REQUESTER: Final = "requester"
PURPOSE: Final = b"erased requesters of tickets"
WRITTEN_DOWN: Final = """
SELECT subject_id AS id, subject_type AS type, reason, request_reference, erased_by, erased_at, counts::text
FROM erasures WHERE organisation_id = $1 AND subject_id = $2 AND subject_type = $3
ORDER BY erased_at DESC LIMIT 1
"""
# Made while somebody was erased, by whoever had looked them up just before.
LETTERS: Final = """
SELECT l.id FROM ticket_letters l WHERE l.organisation_id = $1 AND (l.ticket_id = ANY($2::uuid[])
  OR l.invitation_id IN (SELECT i.id FROM survey_invitations i
    WHERE i.organisation_id = $1 AND i.contact_id = ANY($3::uuid[]))
  OR l.link_id IN (SELECT p.id FROM portal_links p
    WHERE p.organisation_id = $1 AND p.requester_id = ANY($3::uuid[])))
"""
LATE: Final = """
SELECT DISTINCT e.subject_type, e.subject_id, e.reason, e.erased_by FROM erasures e
JOIN tickets t ON t.organisation_id = e.organisation_id
  AND CASE e.subject_type WHEN 'contact' THEN t.requester_id WHEN 'account' THEN t.account_id END = e.subject_id
WHERE e.organisation_id = $1 AND e.erased_at > now() - interval '1 day'
  AND t.created_at > e.erased_at - interval '5 minutes' AND t.subject <> ''
"""


async def hear_erasure(
    connection: Connection, organisation: UUID, noun: str, subject_id: UUID,
    tombstone: Mapping[str, Any], files_dir: Path,
) -> None:  # fmt: skip
    """What contacts tells of a contact or an account that it erased (its tombstone). Heard once more,
    nothing is left to be done."""
    if await connection.fetchrow(WRITTEN_DOWN, organisation, subject_id, noun) is not None:
        return
    given, by = tombstone.get("erasure_reason"), tombstone.get("erased_by")
    reason = str(given) if given in ERASURE_REASONS else "other"
    said = Said(noun, subject_id, reason, None, None if by is None else UUID(str(by)))
    await _erase_known(connection, organisation, said, files_dir)


async def erase_what_came_late(connection: Connection, organisation: UUID, files_dir: Path) -> None:
    """Tickets that name somebody who was erased while they were made."""
    for row in await connection.fetch(LATE, organisation):
        said = Said(row["subject_type"], row["subject_id"], row["reason"], None, row["erased_by"])
        await _erase_known(connection, organisation, said, files_dir)


async def _erase_known(
    connection: Connection, organisation: UUID, said: Said, files_dir: Path
) -> None:
    ids = await known_ids(connection, organisation, said.noun, said.subject_id)
    known = await reached.known(connection, organisation, said.noun, ids)
    tickets = await reached.hold_tickets(connection, organisation, known)
    await _erase(connection, organisation, said, known, tickets, _actor(said), files_dir)


async def erase_requester(
    call: Call, email: str | None, phone: str | None, *, reason: str, reference: str | None
) -> State:
    """Somebody who only typed who they are. Asked again with nothing new to erase, what was done is
    answered once more: it is found by a keyed hash of what they had typed, which is all that stays of it."""
    subject = _subject(call, email or phone or "")
    said = Said(REQUESTER, subject, reason, reference, call.by.user_id)
    settings = own_settings(call)
    async with call.db.transaction(call.organisation) as connection:
        tickets = await reached.hold_typed(connection, call.organisation, email, phone)
        if tickets:
            own = {"emails": [{"address": email}], "phones": [{"number": phone}]}
            known = Known(REQUESTER, (), [own])
            await _erase(
                connection, call.organisation, said, known, tickets, call.actor, settings.files_dir
            )
        row = await connection.fetchrow(WRITTEN_DOWN, call.organisation, subject, REQUESTER)
    if row is None:
        raise NotFound("No ticket is of somebody who typed this and is no contact.")
    return {**row, "counts": orjson.loads(row["counts"])}


async def _erase(
    connection: Connection, organisation: UUID, said: Said, known: Known, ticket_ids: Sequence[UUID],
    actor: Actor, files_dir: Path,
) -> None:  # fmt: skip
    """Everything in the caller's transaction; what they are called is looked up before it goes."""
    typed = typed_states(await reached.ever(connection, organisation, ticket_ids))
    states, named = [*known.states, *typed], [{"name": each["name"]} for each in typed]
    needles = needles_of([*known.states, *({**each, "name": None} for each in typed)])
    # A table may tell what they said and not who they are: by the ids of them and of their tickets.
    own_ids = [str(each) for each in (*known.ids, *ticket_ids)]
    imports, exports = await kept_naming(files_dir, organisation, in_files([*needles, *own_ids]))
    rows = await connection.fetch(LETTERS, organisation, list(ticket_ids), list(known.ids))
    letters = [row["id"] for row in rows]  # before their links go, and they with them
    erasure_id, erased_at = await write_down(connection, organisation, said)
    erasing = Erasing(
        connection=connection, organisation=organisation, person_ids=ticket_ids,
        erasure_id=erasure_id, erased_at=erased_at, reason=said.reason, actor=actor, needles=needles,
        imports=imports, exported=EXPORTED, noun=said.noun, known_ids=list(known.ids),
        names=names_of(states), typed=needles_of(named),
    )  # fmt: skip
    counts = [await place.erase(erasing) for place in PLACES if place.erase is not None]
    await write_counts(erasing, counts)
    await leave(connection, organisation, erasing.blobs, erasing.imports, exports, letters)


def _actor(said: Said) -> Actor:
    """Whoever erased them there."""
    kind = "service" if said.by is None else "user"
    return Actor(id=said.by, kind=kind, channel=CHANNEL)


def _subject(call: Call, typed: str) -> UUID:
    key = key_from(call.house.common.service_secret, PURPOSE)
    text = call.organisation.bytes + typed.encode()
    return UUID(bytes=hmac.digest(key, text, hashlib.sha256)[:16], version=5)
