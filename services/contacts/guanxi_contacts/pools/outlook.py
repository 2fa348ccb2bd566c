"""Where an account stands with the pools: in which it lies, or when and why it would fall back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, case, select, true

from guanxi_contacts.pools.queries import Pool, entries, home, pools_in_order
from guanxi_contacts.pools.rules import Facts, due_at, falls_back_at, first_to_take
from guanxi_contacts.resources import ACCOUNT, ACCOUNTS
from guanxi_shared import filters
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.filters import Binder
from guanxi_shared.kept_filters import BrokenFilter, as_kept, understood
from guanxi_shared.reads import find_record
from guanxi_shared.statements import compile_after_binding

DEALINGS = """
SELECT coalesce(d.owned_since, a.created_at) AS owned_since, a.owner_id, d.last_activity_at,
       d.last_won_at, d.contract_ends_on, d.protected_until, d.warned_at, d.from_pool_id
FROM accounts a LEFT JOIN account_dealings d
  ON d.organisation_id = a.organisation_id AND d.account_id = a.id
WHERE a.organisation_id = $2 AND a.id = $3
"""
FACTS = ("owned_since", "last_activity_at", "last_won_at", "contract_ends_on", "protected_until")


async def account_pool(call: Call, account_id: UUID) -> dict[str, Any]:
    """As the sweep would decide, from the same facts; NotFound for those who may not see it."""
    await find_record(call, ACCOUNTS, account_id)
    row = await call.db.fetchrow(call.organisation, DEALINGS, call.organisation, account_id)
    assert row is not None
    known = dict(row)
    pools = await pools_in_order(call)
    found = {"account_id": account_id, "pool_id": None, "falls_back_at": None, "because": None}
    if known.pop("owner_id") is None:
        lies_in = await _home(call, account_id, pools)
        return {**found, **known, "pool_id": lies_in, "owned_since": None, "rules": []}
    facts = Facts(**{name: known[name] for name in FACTS})
    rules = await _outlooks(call, account_id, pools, facts)
    return {**found, **known, "rules": rules, **_next(call, pools, rules, known["warned_at"])}


def _next(
    call: Call,
    pools: Sequence[Pool],
    rules: Sequence[Mapping[str, Any]],
    warned_at: datetime | None,
) -> dict[str, Any]:
    warn_days = {pool.id: pool.warn_days for pool in pools}
    now = call.clock.now
    ends = [
        falls_back_at(
            rule["due_at"], warn_days=warn_days[rule["pool_id"]], warned_at=warned_at, now=now
        )
        if rule["applies"] and rule["due_at"] is not None
        else None
        for rule in rules
    ]
    first = first_to_take(ends)
    if first is None:
        return {}
    return {"falls_back_at": ends[first], "because": rules[first]}


async def _outlooks(
    call: Call, account_id: UUID, pools: Sequence[Pool], facts: Facts
) -> list[dict[str, Any]]:
    rules = [(pool, rule) for pool in pools for rule in pool.rules]
    bind = Binder()
    meant = []
    for pool, rule in rules:
        where = f"release_rules of {pool.name!r}: {rule.name!r}"
        try:
            groups = await understood(as_kept(call), ACCOUNTS, rule.document, where=where)
        except BrokenFilter:  # the sweep passes it by, too
            meant.append(case((true(), 0)))
            continue
        condition = filters.compile_groups(groups, bind)
        meant.append(case((true() if condition is None else condition, 1), else_=0))
    applies = await _of_account(call, account_id, bind, meant) if rules else []
    outlooks = []
    for (pool, rule), fits in zip(rules, applies, strict=True):
        due = due_at(rule.periods, facts, call.clock.zone)
        left = None if due is None else ceil((due - call.clock.now).total_seconds() / 86_400)
        outlooks.append(
            {"pool_id": pool.id, "pool": pool.name, "rule": rule.name, "applies": bool(fits),
             "due_at": due, "days_left": left}
        )  # fmt: skip
    return outlooks


async def _home(call: Call, account_id: UUID, pools: Sequence[Pool]) -> UUID | None:
    bind = Binder()
    lying = home(await entries(call, pools), bind)
    found: UUID | None = (await _of_account(call, account_id, bind, [lying]))[0]
    return found


async def _of_account(
    call: Call, account_id: UUID, bind: Binder, columns: Sequence[Any]
) -> list[Any]:
    compiled = compile_after_binding(
        select(*(column.label(f"c{index}") for index, column in enumerate(columns))).where(
            ACCOUNT.c.organisation_id == bindparam("organisation", type_=Uuid),
            ACCOUNT.c.id == bindparam("account", type_=Uuid),
        )
    )
    values = {"organisation": call.organisation, "account": account_id, **bind.values}
    row = await call.db.pool.fetchrow(
        bound(compiled.sql), str(call.organisation), *compiled.args(values)
    )
    return list(row.values()) if row is not None else [None] * len(columns)
