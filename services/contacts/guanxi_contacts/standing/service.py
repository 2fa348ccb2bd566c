"""Use cases of standing: the four moves under one reason, and where an account stands."""

from datetime import date
from uuid import UUID

import orjson

from guanxi_contacts.accounts.service import load_account
from guanxi_contacts.errors import EffectiveDayImpossible
from guanxi_contacts.resources import ACCOUNTS
from guanxi_contacts.standing import rules
from guanxi_contacts.standing.schemas import StandingUpdate
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.records import State
from guanxi_shared.writes import check_version

# Read by the trigger that keeps each change (migration 0004); gone with the transaction.
EXPLAIN = "SELECT set_config('app.standing', $1, true)"
NEWEST_DAY = """
SELECT max(coalesce(effective_on, (at AT TIME ZONE $4)::date)) FROM standing_changes
WHERE organisation_id = $1 AND account_id = $2 AND dimension = ANY($3::text[])
"""


async def change_standing(
    call: Call, connection: Connection, account_id: UUID, data: StandingUpdate, version: int | None
) -> State:
    """What is sent moves as the rules let it, and each move keeps the reason."""
    loaded = await load_account(call, connection, account_id)
    await check_version(connection, ACCOUNTS, loaded, version)
    if not data.is_correction:
        rules.demand_moves(loaded.row, data.moves)
    if data.effective_on is not None:
        await _demand_day(call, connection, account_id, data.moves, data.effective_on)
    told = data.model_dump(
        mode="json", include={"reason", "source", "effective_on", "is_correction"}
    )
    await connection.execute(EXPLAIN, orjson.dumps(told).decode())
    return await records.update_record(connection, ACCOUNTS, loaded, data.moves, actor=call.actor)


async def _demand_day(
    call: Call, connection: Connection, account_id: UUID, moves: dict[str, str], day: date
) -> None:
    """Neither to come, nor before the change that it follows."""
    if day > call.clock.today:
        raise EffectiveDayImpossible(
            f"{day} is still to come.", errors={"effective_on": "Send today or an earlier day."}
        )
    asked = (call.organisation, account_id, list(moves), call.by.time_zone)
    newest: date | None = await connection.fetchval(NEWEST_DAY, *asked)
    if newest is not None and day < newest:
        raise EffectiveDayImpossible(
            f"The change before took effect on {newest}; this one follows it.",
            errors={"effective_on": f"Send {newest} or a later day."},
        )
