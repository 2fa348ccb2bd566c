"""What of this schema is one person's: their leads, and the deals they are part of."""

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_pipeline.privacy.person_rules import is_same_person, of_a_person, reaching
from guanxi_shared.db import Connection
from guanxi_shared.erasing.known_rules import keys_of
from guanxi_shared.erasing.known_rules import states_of as states_from

# Those that became the contact or account, and those that are about to: the id was chosen first.
BECAME: Final = """
SELECT id FROM leads WHERE organisation_id = $1 AND {noun}_id = ANY($2::uuid[]) AND erased_at IS NULL
UNION SELECT l.id FROM lead_conversions c
JOIN leads l ON l.organisation_id = c.organisation_id AND l.id = c.lead_id AND l.erased_at IS NULL
WHERE c.organisation_id = $1 AND c.{noun}_id = ANY($2::uuid[]) AND c.status <> 'refused'
"""
KEYS: Final = (
    "SELECT match_keys FROM leads_search WHERE organisation_id = $1 AND id = ANY($2::uuid[])"
)
ALIKE: Final = """
SELECT s.id, s.match_keys FROM leads_search s
JOIN leads l ON l.organisation_id = s.organisation_id AND l.id = s.id
WHERE s.organisation_id = $1 AND s.match_keys && $2::text[] AND l.status <> 'converted' AND l.erased_at IS NULL
"""
# A conversion that comes to its end holds its own row before its lead's.
HOLD_CONVERSIONS: Final = """
SELECT id FROM lead_conversions WHERE organisation_id = $1 AND lead_id = ANY($2::uuid[]) ORDER BY id FOR UPDATE
"""
HOLD_LEADS: Final = """
SELECT id FROM leads WHERE organisation_id = $1 AND id = ANY($2::uuid[]) AND erased_at IS NULL
ORDER BY id FOR UPDATE
"""
DEALS: Final = """
SELECT id FROM opportunities WHERE organisation_id = $1 AND {theirs}
UNION SELECT opportunity_id FROM lead_conversions
WHERE organisation_id = $1 AND lead_id = ANY($3::uuid[]) AND opportunity_id IS NOT NULL
UNION SELECT opportunity_id FROM leads
WHERE organisation_id = $1 AND id = ANY($3::uuid[]) AND opportunity_id IS NOT NULL
"""
THEIRS: Final = {"contact": "contact_ids && $2::uuid[]", "account": "account_id = ANY($2::uuid[])"}
STATES: Final = """
SELECT after::text FROM events
WHERE organisation_id = $1 AND subject_id = ANY($2::uuid[]) AND subject_type = 'lead'
"""
COPIES: Final = """
SELECT known_by, to_jsonb(k)::text AS state FROM known_{noun}s k
WHERE organisation_id = $1 AND id = ANY($2::uuid[])
"""


async def hold_leads(
    connection: Connection, organisation: UUID, noun: str, ids: Collection[UUID]
) -> list[UUID]:
    """The leads of a person, held against everybody; looked for until there are no more of them, since
    somebody may make one into this person while we wait."""
    held: set[UUID] = set()
    while True:
        found = await _leads_of(connection, organisation, noun, ids)
        if found <= held:
            return sorted(found)
        await hold(connection, organisation, found)
        held |= found


async def hold(connection: Connection, organisation: UUID, lead_ids: Collection[UUID]) -> None:
    await connection.fetch(HOLD_CONVERSIONS, organisation, sorted(lead_ids))
    await connection.fetch(HOLD_LEADS, organisation, sorted(lead_ids))


async def _leads_of(
    connection: Connection, organisation: UUID, noun: str, ids: Collection[UUID]
) -> set[UUID]:
    """Those that became the person, and those that only can be the same one's: of one of these, or of
    what contacts has told."""
    rows = await connection.fetch(BECAME.format(noun=noun), organisation, list(ids))
    found = {row["id"] for row in rows}
    own = [row["match_keys"] for row in await connection.fetch(KEYS, organisation, sorted(found))]
    copies = await connection.fetch(COPIES.format(noun=noun), organisation, list(ids))
    own += [keys_of(copy["known_by"]) for copy in copies]
    if not (keys := reaching(key for each in own for key in each)):
        return found
    others = await connection.fetch(ALIKE, organisation, keys)
    return found | {
        row["id"] for row in others if any(is_same_person(each, row["match_keys"]) for each in own)
    }


async def deals_of(
    connection: Connection, organisation: UUID, noun: str, ids: Collection[UUID],
    lead_ids: Collection[UUID],
) -> list[UUID]:  # fmt: skip
    sql = DEALS.format(theirs=THEIRS[noun])
    rows = await connection.fetch(sql, organisation, list(ids), sorted(lead_ids))
    return sorted(row["id"] for row in rows)


async def states_of(
    connection: Connection, organisation: UUID, lead_ids: Collection[UUID]
) -> list[dict[str, Any]]:
    """Everything that these leads ever were, as far as it is a person's."""
    rows = await connection.fetch(STATES, organisation, sorted(lead_ids))
    return [of_a_person(orjson.loads(row["after"])) for row in rows]


async def copies_of(
    connection: Connection, organisation: UUID, noun: str, ids: Collection[UUID]
) -> list[dict[str, Any]]:
    """What contacts has told of them so far."""
    rows = await connection.fetch(COPIES.format(noun=noun), organisation, list(ids))
    known = [state for row in rows for state in states_from(row["known_by"])]
    return [*(orjson.loads(row["state"]) for row in rows), *known]
