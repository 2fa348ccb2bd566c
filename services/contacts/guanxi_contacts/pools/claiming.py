"""Taking records out of a pool: two who want one at the same instant never both get it.

A record is held by its row lock from the look to the write, so the second claim of it waits and then
finds an owner. The claims of one person take turns, so that no limit is passed by being quick.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, Uuid, any_, bindparam, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_contacts.errors import AlreadyClaimed, ClaimLimit
from guanxi_contacts.pools import rules
from guanxi_contacts.pools.members import open_pool, person
from guanxi_contacts.pools.pooled import POOLED
from guanxi_contacts.pools.queries import Entry, Pool, entries, shape_of, waiting_in
from guanxi_contacts.pools.schemas import ClaimNext
from guanxi_contacts.resources import ACCOUNT, ACCOUNTS
from guanxi_shared import filters, pages
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import NotFound, Problem
from guanxi_shared.filters import Binder
from guanxi_shared.many_records import Change, loaded_from, states_of, write_many
from guanxi_shared.pages import ListQuery
from guanxi_shared.records import Loaded, State
from guanxi_shared.selects import order_by
from guanxi_shared.statements import Shapes

SHAPES = Shapes()
TAKE_TURNS: Final = """
SELECT pg_advisory_xact_lock(hashtextextended('pool claims ' || $1::text || ' ' || $2::text, 0))
"""
USED: Final = """
SELECT (SELECT count(*) FROM account_dealings d
         JOIN accounts a ON a.organisation_id = d.organisation_id AND a.id = d.account_id
         WHERE d.organisation_id = $1 AND d.from_pool_id = $2 AND d.holder_id = $3
           AND a.owner_id = $3 AND a.deleted_at IS NULL) AS max_held,
       coalesce((SELECT c.claims FROM pool_claim_counts c WHERE c.organisation_id = $1
         AND c.pool_id = $2 AND c.day = $4 AND c.user_id = $3), 0) AS max_claims_per_day
"""
COUNT: Final = """
INSERT INTO pool_claim_counts AS c (organisation_id, pool_id, day, user_id, claims)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (organisation_id, pool_id, day, user_id) DO UPDATE SET claims = c.claims + excluded.claims
"""
# After the owners have changed, which has begun their new period.
HOLD: Final = """
UPDATE account_dealings SET from_pool_id = $3, holder_id = $4,
  protected_until = CASE WHEN $5::bigint > 0 THEN now() + make_interval(days => $5::int) END
WHERE organisation_id = $1 AND account_id = ANY($2::uuid[])
"""
# Whoever may look into the pool has seen these in it: that they are gone tells nothing new.
GONE: Final = """
SELECT d.account_id FROM account_dealings d
WHERE d.organisation_id = $1 AND d.account_id = ANY($2::uuid[]) AND d.from_pool_id = $3
"""
LIMITS: Final[Mapping[str, str]] = {
    "max_held": "You hold as many records of this pool as one person may.",
    "max_claims_per_day": "You have claimed as many records of this pool today as one person may.",
}
Outcome = tuple[list[State], list[dict[str, Any]]]


async def claim_records(
    call: Call, connection: Connection, pool_id: UUID, wanted: Sequence[UUID]
) -> Outcome:
    """Make records the caller's own; those that cannot be are refused one by one. Raises the first
    refusal when nothing could be claimed."""
    pool, order = await open_pool(call, pool_id)
    free, limit = await _room(call, connection, pool)
    held = await hold_records(call, connection, pool, await entries(call, order), wanted)
    taken = held if free is None else held[:free]
    refused: list[tuple[UUID, Problem]] = [
        (of.id, _limit_reached(limit)) for of in held[len(taken) :]
    ]
    refused += await refusals(call, connection, pool, wanted, held)
    if not taken:
        raise refused[0][1]
    return await _claim(call, connection, pool, taken), [refused_as(*each) for each in refused]


async def claim_next(
    call: Call, connection: Connection, pool_id: UUID, asked: ClaimNext
) -> Outcome:
    """Make the first records of an order the caller's own, past those that somebody else holds at
    this moment. None are left: none are claimed."""
    pool, order = await open_pool(call, pool_id)
    document = asked.model_dump(include={"filter_groups", "sorts"})
    query = pages.from_document(document, POOLED, POOLED.fields, call.clock)
    free, limit = await _room(call, connection, pool)
    if free == 0:
        raise _limit_reached(limit)
    most = asked.count if free is None else min(free, asked.count)
    held = await _next(call, connection, pool, await entries(call, order), query, most)
    return await _claim(call, connection, pool, held), []


async def hold_records(
    call: Call, connection: Connection, pool: Pool, order: Sequence[Entry], wanted: Sequence[UUID]
) -> list[Loaded]:
    """Those of the records that lie in the pool, under their locks, in the order they were named."""
    bind = Binder()
    condition = waiting_in(order, pool.id, bind)
    named = ACCOUNT.c.id == any_(bindparam("wanted", type_=ARRAY(Uuid)))
    rows = await _locked(
        call, connection, bind, ("named", shape_of(order)),
        lambda: _select(condition).where(named).order_by(ACCOUNT.c.id).with_for_update(key_share=True),
        wanted=list(wanted),
    )  # fmt: skip
    places = {record_id: place for place, record_id in enumerate(wanted)}
    return sorted(rows, key=lambda loaded: places[loaded.id])


async def _next(
    call: Call, connection: Connection, pool: Pool, order: Sequence[Entry], query: ListQuery,
    most: int,
) -> list[Loaded]:  # fmt: skip
    bind = Binder()
    condition = waiting_in(order, pool.id, bind)
    asked = filters.compile_groups(query.groups, bind)
    sorts = tuple((sort.field.name, sort.descending) for sort in query.sorts)

    def build() -> Select[Any]:
        found = _select(condition) if asked is None else _select(condition).where(asked)
        first = found.order_by(*(order_by(s) for s in query.sorts)).limit(literal_column(str(most)))
        return first.with_for_update(key_share=True, skip_locked=True)

    key = ("next", shape_of(order), filters.shape_of(query.groups), sorts, most)
    return await _locked(call, connection, bind, key, build)


def _select(condition: Any) -> Select[Any]:
    return select(*ACCOUNT.columns).where(
        ACCOUNT.c.organisation_id == bindparam("organisation", type_=Uuid),
        ACCOUNT.c.deleted_at.is_(None),
        condition,
    )


async def _locked(
    call: Call, connection: Connection, bind: Binder, key: Any, build: Any, **more: Any
) -> list[Loaded]:
    compiled = SHAPES.get(key, build)
    values = {"organisation": call.organisation, **bind.values, **more}
    # The connection is bound already; $1 is unused by the text and keeps the numbering shared.
    sql = f"SELECT found.* FROM (SELECT $1::text) AS bound, LATERAL ({compiled.sql}) AS found"
    rows = await connection.fetch(sql, "", *compiled.args(values))
    return [loaded_from(ACCOUNTS, row) for row in rows]


async def refusals(
    call: Call, connection: Connection, pool: Pool, wanted: Sequence[UUID], held: Sequence[Loaded]
) -> list[tuple[UUID, Problem]]:
    """Why the other records were not to be had; of one that never lay here, nothing is told."""
    found = {loaded.id for loaded in held}
    missing = [record_id for record_id in wanted if record_id not in found]
    if not missing:
        return []
    rows = await connection.fetch(GONE, call.organisation, missing, pool.id)
    gone = {row["account_id"] for row in rows}
    return [(each, _gone(each) if each in gone else _unknown(each)) for each in missing]


async def _room(call: Call, connection: Connection, pool: Pool) -> tuple[int | None, str]:
    limits = {"max_held": pool.max_held, "max_claims_per_day": pool.max_claims_per_day}
    if not any(limits.values()):
        return None, ""
    user = person(call)
    await connection.execute(TAKE_TURNS, str(call.organisation), str(user))
    asked = (call.organisation, pool.id, user, call.clock.today)
    used = await connection.fetch(USED, *asked)
    return rules.room(limits=limits, used=dict(used[0]))


async def _claim(
    call: Call, connection: Connection, pool: Pool, taken: Sequence[Loaded]
) -> list[State]:
    user = person(call)
    if taken:
        counted = (call.organisation, pool.id, call.clock.today, user, len(taken))
        await connection.execute(COUNT, *counted)
    return await give(call, connection, pool, taken, user, verb="claimed")


async def give(
    call: Call, connection: Connection, pool: Pool, held: Sequence[Loaded], owner_id: UUID,
    *, verb: str,
) -> list[State]:  # fmt: skip
    """Records under their locks to an owner, who is left alone with them for the pool's days."""
    about = {"pool": {"pool_id": str(pool.id)}}
    changes = [Change(of, {"owner_id": owner_id}, verb=verb, more=about) for of in held]
    await write_many(connection, ACCOUNTS, changes, actor=call.actor)
    if held:
        ids = [loaded.id for loaded in held]
        kept = (call.organisation, ids, pool.id, owner_id, pool.protection_days)
        await connection.execute(HOLD, *kept)
    return states_of(ACCOUNTS, changes)


def _limit_reached(name: str) -> ClaimLimit:
    return ClaimLimit(LIMITS[name], errors={name: LIMITS[name]})


def _gone(record_id: UUID) -> AlreadyClaimed:
    return AlreadyClaimed(f"The record {str(record_id)!r} is not in this pool any more.")


def _unknown(record_id: UUID) -> NotFound:
    return NotFound(f"There is no record {str(record_id)!r} in this pool.")


def refused_as(record_id: UUID, problem: Problem) -> dict[str, Any]:
    return {
        "record_id": str(record_id), "code": problem.instance_code, "detail": problem.detail
    }  # fmt: skip
