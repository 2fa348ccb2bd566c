"""How many leads out of pools one person may hold while they are open."""

from uuid import UUID

from guanxi_pipeline.errors import ClaimLimit
from guanxi_pipeline.leads.known import ways_of
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.records import Loaded

TAKE_TURNS = """
SELECT pg_advisory_xact_lock(hashtextextended('lead claims ' || $1::text || ' ' || $2::text, 0))
"""
HOLDER = """
SELECT owner_id FROM leads WHERE organisation_id = $1 AND id = $2 AND claimed_at IS NOT NULL
"""
HELD = """
SELECT count(*) FROM leads WHERE organisation_id = $1 AND owner_id = $2 AND claimed_at IS NOT NULL
  AND status IN ('new', 'working', 'qualified') AND deleted_at IS NULL
"""


async def take_turns(call: Call, connection: Connection, user: UUID) -> None:
    """The claims of one person wait for each other; before a lead is locked."""
    await connection.execute(TAKE_TURNS, str(call.organisation), str(user))


async def take_holders_turn(call: Call, connection: Connection, lead_id: UUID) -> None:
    """The turn of whoever claimed this lead, before it is locked to be opened again."""
    holder = await connection.fetchval(HOLDER, call.organisation, lead_id)
    if holder is not None:
        await take_turns(call, connection, holder)


async def demand_room_again(call: Call, connection: Connection, loaded: Loaded) -> None:
    """For a lead that counts for nobody and is to be open with its owner again."""
    if loaded.row["claimed_at"] is not None:
        await demand_room(call, connection, loaded.row["owner_id"])


async def demand_room(call: Call, connection: Connection, user: UUID) -> None:
    ways = await ways_of(call.house).of(call.organisation)
    if ways.max_claimed is None:
        return
    held = await connection.fetchval(HELD, call.organisation, user)
    if held >= ways.max_claimed:
        whose = "You hold" if user == call.by.user_id else "Its owner holds"
        said = f"{whose} {held} claimed leads that are open; {ways.max_claimed} is the most."
        raise ClaimLimit(said, errors={"max_claimed": said})
