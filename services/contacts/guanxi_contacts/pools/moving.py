"""Records into a pool and out of it by somebody's decision: release and assign."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from guanxi_contacts.errors import NoPool, NotOwned
from guanxi_contacts.pools.claiming import Outcome, give, hold_records, refusals, refused_as
from guanxi_contacts.pools.members import open_pool
from guanxi_contacts.pools.queries import Entry, entries, home, pools_in_order
from guanxi_contacts.pools.schemas import Assignment, Release
from guanxi_contacts.resources import ACCOUNT, ACCOUNTS
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import UnknownReference
from guanxi_shared.filters import Binder
from guanxi_shared.records import State
from guanxi_shared.statements import compile_after_binding
from guanxi_shared.written import owned_by

PUT = """
UPDATE account_dealings SET pool_id = $3 WHERE organisation_id = $1 AND account_id = ANY($2::uuid[])
"""


async def release_account(
    call: Call, connection: Connection, account_id: UUID, data: Release
) -> State:
    """Give an account up: into the pool that is named, or the first whose entry filter it fits."""
    pools = await pools_in_order(call)
    if data.pool_id is not None and data.pool_id not in {pool.id for pool in pools}:
        raise UnknownReference(
            "The pool does not exist.", errors={"pool_id": "There is no such pool."}
        )
    scope = await call.scope(ACCOUNTS.name)
    loaded = await records.load_record(connection, ACCOUNTS, account_id, scope=scope)
    if loaded.row["owner_id"] is None:
        raise NotOwned("Nobody owns this account; there is nothing to release.")
    pool_id = data.pool_id
    if pool_id is None:
        pool_id = await _home(connection, account_id, await entries(call, pools))
    if pool_id is None:
        raise NoPool(
            "No pool's entry filter fits this account; name one.", errors={"pool_id": "Missing."}
        )
    about = {"pool": {"pool_id": str(pool_id), "reason": data.reason}}
    state = await records.update_record(
        connection, ACCOUNTS, loaded, {"owner_id": None},
        actor=call.actor, verb="released", more=about,
    )  # fmt: skip
    if data.pool_id is not None:
        await connection.execute(PUT, call.organisation, [account_id], pool_id)
    return state


async def _home(connection: Connection, account_id: UUID, order: Sequence[Entry]) -> UUID | None:
    bind = Binder()
    compiled = compile_after_binding(
        select(home(order, bind)).where(
            ACCOUNT.c.id == bindparam("account", type_=Uuid), ACCOUNT.c.deleted_at.is_(None)
        )
    )
    sql = f"SELECT found.* FROM (SELECT $1::text) AS bound, LATERAL ({compiled.sql}) AS found"
    values = {"account": account_id, **bind.values}
    found: UUID | None = await connection.fetchval(sql, "", *compiled.args(values))
    return found


async def assign_records(
    call: Call, connection: Connection, pool_id: UUID, data: Assignment
) -> Outcome:
    """Give records of a pool to somebody. Their limits do not hold here: it is not they who take."""
    pool, order = await open_pool(call, pool_id)
    await owned_by(call, connection, ACCOUNTS, {"owner_id": data.owner_id})
    wanted = list(dict.fromkeys(data.record_ids))
    held = await hold_records(call, connection, pool, await entries(call, order), wanted)
    refused = await refusals(call, connection, pool, wanted, held)
    if not held:
        raise refused[0][1]
    states = await give(call, connection, pool, held, data.owner_id, verb="assigned")
    return states, [refused_as(*each) for each in refused]
