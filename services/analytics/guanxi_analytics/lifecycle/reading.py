"""From which lifecycle stage customers moved to which: of the accounts that the caller sees, by the feed's own moments."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    DateTime,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    union_all,
)  # fmt: skip

from guanxi_analytics.cohorts.cohort_rules import LEAST, told
from guanxi_analytics.facts.kinds import ACCOUNTS
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, predicate

SHAPES: Final = Shapes()
ACCOUNT: Final = ACCOUNTS.table
INSTANT: Final = DateTime(timezone=True)


async def read_lifecycle(call: Call, first: date, until: date) -> dict[str, Any]:
    """Of `first` up to and without `until`."""
    call.by.demand("accounts:read")
    scope = await call.scope("accounts")
    statement = SHAPES.get(scope.shape, lambda: _statement(scope))
    values = {
        "organisation": call.organisation, "first": call.clock.midnight(first), "until": call.clock.midnight(until),
        **scope.params(),
    }  # fmt: skip
    rows = await call.db.pool.fetch(
        bound(statement.sql), str(call.organisation), *statement.args(values)
    )
    return {"period": {"from": first, "until": until}} | shown([dict(row) for row in rows])


def shown(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    counts: dict[str, dict[tuple[Any, Any], int]] = {"stood": {}, "now": {}, "moved": {}}
    for row in rows:
        counts[row["what"]][row["before"], row["after"]] = row["customers"]
    stood = {stage: n for (stage, _), n in counts["stood"].items()}
    return {
        "stages": [
            {"stage": stage, "customers": n} for (stage, _), n in sorted(counts["now"].items())
        ],
        "moves": [
            {"from": one, "to": other, "customers": n, "rate": told(n, max(n, stood.get(one, 0)))}
            for (one, other), n in sorted(counts["moved"].items())
        ],
        "sentence": f"A rate is of those who stood in the stage at any time in the period, and takes {LEAST} of them.",
    }  # fmt: skip


def _statement(scope: Scope) -> Select[Any]:
    """Present accounts that are seen, in all that they were."""
    organisation = bindparam("organisation", type_=Uuid)
    seen = select(ACCOUNT.c.subject_id).where(
        ACCOUNT.c.organisation_id == organisation, ACCOUNT.c.ended_at.is_(None), predicate(ACCOUNT, scope)
    )  # fmt: skip
    stage = ACCOUNT.c.lifecycle_stage
    before = func.lag(stage).over(partition_by=ACCOUNT.c.subject_id, order_by=ACCOUNT.c.version)
    were = (
        select(
            ACCOUNT.c.subject_id, stage.label("stage"), before.label("before"), ACCOUNT.c.recorded_at, ACCOUNT.c.ended_at
        )
        .where(ACCOUNT.c.organisation_id == organisation, ACCOUNT.c.subject_id.in_(seen), stage.is_not(None))
        .cte("were")
    )  # fmt: skip
    first, until = (bindparam(name, type_=INSTANT) for name in ("first", "until"))
    within = and_(
        were.c.recorded_at < until, or_(were.c.ended_at.is_(None), were.c.ended_at > first)
    )
    nothing = literal_column("NULL", Text)
    customers = func.count(were.c.subject_id.distinct()).label("customers")
    stood = (
        select(literal_column("'stood'").label("what"), were.c.stage.label("before"), nothing.label("after"), customers)
        .where(within)
        .group_by(were.c.stage)
    )  # fmt: skip
    now = (
        select(literal_column("'now'"), were.c.stage, nothing, customers)
        .where(were.c.ended_at.is_(None))
        .group_by(were.c.stage)
    )
    moved = (
        select(literal_column("'moved'"), were.c.before, were.c.stage, customers)
        .where(were.c.before != were.c.stage, were.c.recorded_at >= first, were.c.recorded_at < until)
        .group_by(were.c.before, were.c.stage)
    )  # fmt: skip
    whole = union_all(stood, now, moved).subquery("whole")
    return select(whole)
