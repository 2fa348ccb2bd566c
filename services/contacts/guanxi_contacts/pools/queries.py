"""Pools in SQL: which of them an ownerless record lies in, and which owned records a rule means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import ColumnElement, Date, DateTime, Uuid, and_, case, func, or_, select, true

from guanxi_contacts import models
from guanxi_contacts.pools.rules import Periods, reached_before
from guanxi_contacts.resources import ACCOUNT, ACCOUNTS
from guanxi_shared import filters
from guanxi_shared.filters import Binder, Clock, Groups
from guanxi_shared.kept_filters import as_kept, understood
from guanxi_shared.reads import Asker

DEALING = models.Account.metadata.tables["account_dealings"]
INSTANT = DateTime(timezone=True)

# A few rows by one index; on a connection of its own, since claims ask in their transaction.
POOLS_IN_ORDER = """
SELECT id, name, team_ids, user_ids, entry_filter::text, release_rules::text, warn_days,
       protection_days, max_held, max_claims_per_day
FROM pools WHERE organisation_id = $2 AND deleted_at IS NULL ORDER BY priority, id
"""


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    document: Mapping[str, Any]
    periods: Periods


@dataclass(frozen=True, slots=True)
class Pool:
    id: UUID
    name: str
    team_ids: frozenset[UUID]
    user_ids: frozenset[UUID]
    entry_filter: Mapping[str, Any]
    rules: tuple[Rule, ...]
    warn_days: int
    protection_days: int
    max_held: int | None
    max_claims_per_day: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A pool and the conditions of what enters it."""

    pool_id: UUID
    groups: Groups


async def pools_in_order(asker: Asker) -> list[Pool]:
    """All pools of the organisation, the first to take first."""
    rows = await asker.db.lookup(asker.organisation, POOLS_IN_ORDER, asker.organisation)
    return [_pool(row) for row in rows]


def _pool(row: asyncpg.Record) -> Pool:
    rules = tuple(_rule(found) for found in orjson.loads(row["release_rules"]))
    changed = {
        "team_ids": frozenset(row["team_ids"]), "user_ids": frozenset(row["user_ids"]),
        "entry_filter": orjson.loads(row["entry_filter"]), "rules": rules,
    }  # fmt: skip
    found = {**row, **changed}
    return Pool(**{name: found[name] for name in Pool.__slots__})


def _rule(stored: Mapping[str, Any]) -> Rule:
    names = ("idle_days", "never_won_days", "contract_over_days")
    return Rule(
        stored["name"], stored["filter"], Periods(**{name: stored.get(name) for name in names})
    )


async def entries(asker: Asker, pools: Sequence[Pool]) -> tuple[Entry, ...]:
    """What enters which pool. One whose filter is broken breaks those behind it too: what it kept
    away from them must not become visible to their members."""
    kept = as_kept(asker)
    return tuple(
        [
            Entry(
                pool.id,
                await understood(
                    kept, ACCOUNTS, pool.entry_filter, where=f"entry_filter of {pool.name!r}"
                ),
            )
            for pool in pools
        ]
    )


def home(order: Sequence[Entry], bind: Binder) -> ColumnElement[Any]:
    """The pool of an ownerless account: where it was put, or the first whose filter it fits."""
    put = (
        select(DEALING.c.pool_id)
        .where(
            DEALING.c.organisation_id == ACCOUNT.c.organisation_id,
            DEALING.c.account_id == ACCOUNT.c.id,
        )
        .correlate(ACCOUNT)
        .scalar_subquery()
    )
    fitting = [(_meant(entry.groups, bind), bind(entry.pool_id, Uuid)) for entry in order]
    return func.coalesce(put, case(*fitting)) if fitting else put


def shape_of(order: Sequence[Entry]) -> tuple[Any, ...]:
    """What the text of `home` depends on."""
    return tuple((filters.shape_of(e.groups), filters.kinds_of(e.groups)) for e in order)


def waiting_in(order: Sequence[Entry], pool_id: UUID, bind: Binder) -> ColumnElement[bool]:
    """Ownerless accounts that lie in a pool; `order` are the pools up to it, it included."""
    return and_(ACCOUNT.c.owner_id.is_(None), home(order, bind) == bind(pool_id, Uuid))


@dataclass(frozen=True, slots=True)
class ReleaseRule:
    """A rule of a pool with the conditions of the records it is for."""

    pool: Pool
    rule: Rule
    groups: Groups


def owned_and_reached(
    found: ReleaseRule, bind: Binder, clock: Clock, *, ahead: int
) -> ColumnElement[bool]:
    """Owned accounts that the rule takes in `ahead` days at the latest, unless something happens:
    `rules.due_at` turned round, so that each part is a range of an index."""
    periods = found.rule.periods
    parts = [
        ACCOUNT.c.owner_id.is_not(None),
        _meant(found.groups, bind),
        _unprotected(bind, clock, ahead),
    ]
    if periods.idle_days is not None:
        parts.append(DEALING.c.idle_since <= _reached(bind, clock, periods.idle_days, ahead))
    if periods.never_won_days is not None:
        parts.append(DEALING.c.unwon_since <= _reached(bind, clock, periods.never_won_days, ahead))
    if periods.contract_over_days is not None:
        before = reached_before(clock.now, periods.contract_over_days, ahead=ahead)
        parts += [
            DEALING.c.contract_ends_on < bind(before.astimezone(clock.zone).date(), Date),
            DEALING.c.owned_since <= bind(before, INSTANT),
        ]
    return and_(*parts)


def _meant(groups: Groups, bind: Binder) -> ColumnElement[bool]:
    condition = filters.compile_groups(groups, bind)
    return true() if condition is None else condition


def _reached(bind: Binder, clock: Clock, days: int, ahead: int) -> ColumnElement[datetime]:
    return bind(reached_before(clock.now, days, ahead=ahead), INSTANT)


def _unprotected(bind: Binder, clock: Clock, ahead: int) -> ColumnElement[bool]:
    until = DEALING.c.protected_until
    return or_(until.is_(None), until <= bind(clock.now + timedelta(days=ahead), INSTANT))
