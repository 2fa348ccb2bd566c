"""The sweep: owners are warned, then what nobody looks after goes back to its pool.

Once for all workers of a service, and safe if it is not: each batch is a transaction of its own over
rows it holds locked (and others pass by), and asks again for what is true then. Whatever kills it,
the next sweep goes on; nothing is done twice, because what is done is no longer found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Select,
    Uuid,
    and_,
    bindparam,
    literal_column,
    not_,
    or_,
    select,
)

from guanxi_contacts.pools.moving import PUT
from guanxi_contacts.pools.queries import (
    DEALING,
    INSTANT,
    Pool,
    ReleaseRule,
    owned_and_reached,
    pools_in_order,
)
from guanxi_contacts.resources import ACCOUNT, ACCOUNTS
from guanxi_shared import logs
from guanxi_shared.calls import Actor
from guanxi_shared.custom_fields import CustomFields
from guanxi_shared.db import Connection, Database
from guanxi_shared.filters import Binder, Clock
from guanxi_shared.kept_filters import BrokenFilter, Errand, understood
from guanxi_shared.many_records import Change, loaded_from, log_many, write_many
from guanxi_shared.records import Loaded
from guanxi_shared.schedules import rostered, schedule
from guanxi_shared.statements import compile_after_binding

BATCH: Final = 200
OVERLAP: Final = timedelta(minutes=10)  # longer than any transaction lasts
EVER: Final = datetime.min.replace(tzinfo=UTC)
WHOLE_EVERY: Final = timedelta(days=1)
SWEEPER: Final = Actor(id=None, kind="system", channel="pools")

ZONE = "SELECT time_zone FROM directory_state WHERE organisation_id = $2"
SINCE = "SELECT enrolled_until, enrolled_whole_at FROM pool_sweeps WHERE organisation_id = $1"
# Accounts that changed since the last sweep get the row that rules look for; the index of
# updated_at finds them. Once a day everything is gone through, whatever wrote it.
ENROL = """
INSERT INTO account_dealings (organisation_id, account_id, owned_since)
SELECT a.organisation_id, a.id, a.created_at FROM accounts a
WHERE a.organisation_id = $1 AND a.updated_at > $2 AND a.owner_id IS NOT NULL AND a.deleted_at IS NULL
  AND NOT EXISTS (SELECT FROM account_dealings d WHERE d.organisation_id = $1 AND d.account_id = a.id)
ORDER BY a.id ON CONFLICT DO NOTHING
"""
ENROLLED = """
UPDATE pool_sweeps SET swept_at = $2, enrolled_until = $3,
  enrolled_whole_at = CASE WHEN $4 THEN $2 ELSE enrolled_whole_at END WHERE organisation_id = $1
"""
WARNED = """
UPDATE account_dealings SET warned_at = $3
WHERE organisation_id = $1 AND account_id = ANY($2::uuid[])
"""
UNWARN = """
UPDATE account_dealings SET warned_at = NULL WHERE organisation_id = $1 AND account_id = ANY($2::uuid[])
"""


@schedule("*/10 * * * *", name="sweep-pools")
async def sweep_pools(database: Database) -> None:
    for organisation in await rostered(database, "pool_sweeps"):
        await sweep_organisation(database, organisation, now=datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Swept:
    warned: int
    returned: int


async def sweep_organisation(database: Database, organisation: UUID, *, now: datetime) -> Swept:
    """Everything that is due in one organisation."""
    logs.organisation_id.set(str(organisation))
    zones = await database.lookup(organisation, ZONE, organisation)
    clock = Clock(now, ZoneInfo(zones[0]["time_zone"] if zones else "UTC"))
    errand = Errand(database, organisation, clock, CustomFields(database))
    await _enrol(errand)
    rules, is_whole = await _rules(errand, await pools_in_order(errand))
    if is_whole:
        await _take_warnings_back(errand, rules)
    warned = [await _all_of(errand, rule, _warn) for rule in rules if rule.pool.warn_days]
    returned = [await _all_of(errand, rule, _return) for rule in rules]
    return Swept(sum(warned), sum(returned))


async def _enrol(errand: Errand) -> None:
    now = errand.clock.now
    async with errand.db.transaction(errand.organisation) as connection:
        at = await connection.fetchrow(SINCE, errand.organisation)
        last = at["enrolled_whole_at"] if at is not None else None
        is_whole = last is None or last < now - WHOLE_EVERY
        since = at["enrolled_until"] if at is not None and not is_whole else EVER
        await connection.execute(ENROL, errand.organisation, since)
        await connection.execute(ENROLLED, errand.organisation, now, now - OVERLAP, is_whole)


async def _rules(errand: Errand, pools: Sequence[Pool]) -> tuple[list[ReleaseRule], bool]:
    """The rules of all pools in their order, without those whose filter is broken; whether none is."""
    found, is_whole = [], True
    for pool in pools:
        for rule in pool.rules:
            where = f"release_rules of {pool.name!r}: {rule.name!r}"
            try:
                groups = await understood(errand, ACCOUNTS, rule.document, where=where)
            except BrokenFilter as problem:
                _log.warning("rule not applied", reason=problem.detail)
                is_whole = False
                continue
            found.append(ReleaseRule(pool, rule, groups))
    return found, is_whole


async def _all_of(errand: Errand, rule: ReleaseRule, work: Any) -> int:
    """Batch after batch until nothing more is found."""
    done = 0
    while True:
        async with errand.db.transaction(errand.organisation) as connection:
            count: int = await work(errand, connection, rule)
        done += count
        if count < BATCH:
            return done


async def _warn(errand: Errand, connection: Connection, rule: ReleaseRule) -> int:
    """Tell the owners of what falls back within the pool's days, once a period."""
    bind = Binder()
    meant = owned_and_reached(rule, bind, errand.clock, ahead=rule.pool.warn_days)
    held = await _hold(errand, connection, bind, and_(meant, DEALING.c.warned_at.is_(None)))
    at = errand.clock.now + timedelta(days=rule.pool.warn_days)
    before = {"pool": _about(rule) | {"falls_back_after": at}}
    about = [Change(of, verb="pool_warned", more=before) for of in held]
    await log_many(connection, ACCOUNTS, about, actor=SWEEPER)
    await connection.execute(WARNED, errand.organisation, _ids(held), errand.clock.now)
    return len(held)


async def _return(errand: Errand, connection: Connection, rule: ReleaseRule) -> int:
    """Take back what is due and was warned of long enough ago."""
    bind = Binder()
    meant = [owned_and_reached(rule, bind, errand.clock, ahead=0)]
    if rule.pool.warn_days:
        since = errand.clock.now - timedelta(days=rule.pool.warn_days)
        meant.append(DEALING.c.warned_at <= bind(since, INSTANT))
    held = await _hold(errand, connection, bind, and_(*meant))
    more = {"pool": _about(rule)}
    changes = [Change(of, {"owner_id": None}, verb="recycled", more=more) for of in held]
    await write_many(connection, ACCOUNTS, changes, actor=SWEEPER)
    await connection.execute(PUT, errand.organisation, _ids(held), rule.pool.id)
    return len(held)


async def _take_warnings_back(errand: Errand, rules: Sequence[ReleaseRule]) -> None:
    """A record that no rule is about to take any more (it became important, the rule is gone) is
    warned of anew should one ever be."""
    bind = Binder()
    meant = [
        owned_and_reached(rule, bind, errand.clock, ahead=rule.pool.warn_days)
        for rule in rules
        if rule.pool.warn_days
    ]
    about_to = or_(*meant) if meant else literal_column("false")
    async with errand.db.transaction(errand.organisation) as connection:
        spared = and_(DEALING.c.warned_at.is_not(None), not_(about_to.is_(True)))
        while held := await _hold(errand, connection, bind, spared):
            await connection.execute(UNWARN, errand.organisation, _ids(held))


async def _hold(
    errand: Errand, connection: Connection, bind: Binder, condition: ColumnElement[bool]
) -> list[Loaded]:
    """Accounts that a condition means, with what is known of their dealings, under both locks."""
    compiled = compile_after_binding(_select(condition))
    sql = f"SELECT found.* FROM (SELECT $1::text) AS bound, LATERAL ({compiled.sql}) AS found"
    values = {"organisation": errand.organisation, **bind.values}
    rows = await connection.fetch(sql, "", *compiled.args(values))
    return [loaded_from(ACCOUNTS, row) for row in rows]


def _select(condition: ColumnElement[bool]) -> Select[Any]:
    same = (DEALING.c.organisation_id == ACCOUNT.c.organisation_id) & (
        DEALING.c.account_id == ACCOUNT.c.id
    )
    return (
        select(*ACCOUNT.columns)
        .join(DEALING, same)
        .where(
            DEALING.c.organisation_id == bindparam("organisation", type_=Uuid),
            ACCOUNT.c.organisation_id == bindparam("organisation", type_=Uuid),
            ACCOUNT.c.deleted_at.is_(None),
            condition,
        )
        .limit(literal_column(str(BATCH)))
        .with_for_update(of=[ACCOUNT, DEALING], key_share=True, skip_locked=True)
    )


def _about(rule: ReleaseRule) -> dict[str, Any]:
    return {"pool_id": str(rule.pool.id), "rule": rule.rule.name}


def _ids(held: Sequence[Loaded]) -> list[UUID]:
    return [loaded.id for loaded in held]


_log = logs.logger("pools")
