"""The row of a conversion: what is to be made, how far it has come, who works at it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from pydantic_core import to_json

from guanxi_shared.db import Connection, Database

COLUMNS = """
id, lead_id, status, asked::text, account_id, contact_id, opportunity_id, new_account::text,
new_contact::text, new_opportunity::text, new_consents::text, rights::text, problem::text, tries, created_at, finished_at
"""
JSON = (
    "asked", "new_account", "new_contact", "new_opportunity", "new_consents", "rights", "problem"
)  # fmt: skip
SHOWN = (
    "id", "lead_id", "status", "account_id", "contact_id", "opportunity_id", "problem", "tries",
    "created_at", "finished_at",
)  # fmt: skip
OF_LEAD = f"""
SELECT {COLUMNS} FROM lead_conversions WHERE organisation_id = $1 AND lead_id = $2
ORDER BY created_at DESC, id DESC LIMIT 1
"""
ONE = f"SELECT {COLUMNS} FROM lead_conversions WHERE organisation_id = $1 AND id = $2 FOR UPDATE"
# Longer than the calls of one run may take together (running.RUN_SECONDS): two runs never overlap.
LEASE = "interval '60 seconds'"
KEEP = f"""
INSERT INTO lead_conversions (organisation_id, id, lead_id, asked, account_id, contact_id, opportunity_id,
  new_account, new_contact, new_opportunity, new_consents, rights, tries, next_try_at)
VALUES ($1, $2, $3, $4::text::jsonb, $5, $6, $7, $8::text::jsonb, $9::text::jsonb, $10::text::jsonb,
  $11::text::jsonb, $12::text::jsonb, 1, now() + {LEASE}) RETURNING {COLUMNS}
"""
TAKE_UP = f"""
UPDATE lead_conversions SET next_try_at = now() + {LEASE}, tries = tries + 1
WHERE organisation_id = $1 AND id = $2 AND status IN ('pending', 'undoing') AND next_try_at <= now()
RETURNING {COLUMNS}
"""
# By whoever took it up last alone: another one's lease is not theirs to end.
LEAVE = """
UPDATE lead_conversions SET next_try_at = now()
WHERE organisation_id = $1 AND id = $2 AND tries = $3 AND status IN ('pending', 'undoing')
"""
UNDO = """
UPDATE lead_conversions SET status = 'undoing', problem = $3::text::jsonb
WHERE organisation_id = $1 AND id = $2 AND status = 'pending'
"""
END = """
UPDATE lead_conversions SET status = $3, finished_at = now() WHERE organisation_id = $1 AND id = $2
"""
HOLD_LEAD = "UPDATE leads SET conversion_id = $3 WHERE organisation_id = $1 AND id = $2"
DUE = """
SELECT id FROM lead_conversions WHERE organisation_id = $1 AND status IN ('pending', 'undoing')
  AND next_try_at <= now() ORDER BY next_try_at LIMIT 100
"""
Kept = dict[str, Any]


def read(row: Any) -> Kept:
    found = dict(row)
    for name in JSON:
        found[name] = None if found[name] is None else orjson.loads(found[name])
    return found


def dumped(value: Any) -> str | None:
    """As Postgres reads it; integers beyond 64 bits too, which orjson refuses."""
    return None if value is None else to_json(value).decode()


def shown(kept: Kept) -> dict[str, Any]:
    return {name: kept[name] for name in SHOWN}


async def latest(connection: Connection, organisation: UUID, lead_id: UUID) -> Kept | None:
    row = await connection.fetchrow(OF_LEAD, organisation, lead_id)
    return None if row is None else read(row)


async def take_up(db: Database, organisation: UUID, conversion_id: UUID) -> Kept | None:
    """To be worked at by this run alone for a minute; None when another one does, or it has ended."""
    async with db.transaction(organisation) as connection:
        row = await connection.fetchrow(TAKE_UP, organisation, conversion_id)
    return None if row is None else read(row)


async def leave(db: Database, organisation: UUID, kept: Kept) -> None:
    """For whoever comes next: the worker, or the caller again."""
    async with db.transaction(organisation) as connection:
        await connection.execute(LEAVE, organisation, kept["id"], kept["tries"])


async def begin_undoing(
    db: Database, organisation: UUID, conversion_id: UUID, problem: Mapping[str, Any]
) -> None:
    async with db.transaction(organisation) as connection:
        await connection.execute(UNDO, organisation, conversion_id, dumped(problem))


async def end_refused(db: Database, organisation: UUID, kept: Kept) -> None:
    """Nothing is left of it; the lead may be changed and converted again."""
    async with db.transaction(organisation) as connection:
        await connection.execute(END, organisation, kept["id"], "refused")
        await connection.execute(HOLD_LEAD, organisation, kept["lead_id"], None)
