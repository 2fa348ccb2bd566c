"""The two statements of a board: the sums of its stages with the rates that convert them, and the first
cards of each stage.

Both go through the visibility predicate and the same filters. The sums come from an index alone
(`ix_opportunities_board`), the cards from the head of each stage in it.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    Text,
    Uuid,
    bindparam,
    column,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_pipeline.opportunities.resources import OPPORTUNITIES, OPPORTUNITY
from guanxi_pipeline.rates.looking_up import newest_rate, rate_of, target_currency
from guanxi_pipeline.rates.rules import Rates
from guanxi_shared import filters, search, selects
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.filters import Binder
from guanxi_shared.pages import ListQuery
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, predicate

SHAPES = Shapes()
FLAGGED = (
    "status", "close_on", "first_close_on", "close_on_moves", "stage_entered_at", "updated_at",
    "last_activity_at", "pipeline_id", "stage_id",
)  # fmt: skip
Row = dict[str, Any]
Conditions = Sequence[ColumnElement[bool]]


async def stage_sums(
    call: Call, pipeline_id: UUID, query: ListQuery, scope: Scope, *, currency: str | None, on: date
) -> tuple[list[Row], Rates]:
    """A row for each stage and currency: stage_id, currency, count, amount, weighted; and the rates of
    that day into `currency`, or into the organisation's own."""
    values = {"pipeline": pipeline_id, "target": currency, "rate_on": on}
    rows = await _fetch(call, "sums", query, scope, values, _sums)
    found = {row["currency"]: rate_of(row) for row in rows if row["rate"] is not None}
    sums = [row for row in rows if row["stage_id"] is not None]
    return sums, Rates(rows[0]["target"], on, found)


async def first_cards(
    call: Call, pipeline_id: UUID, stage_ids: Sequence[UUID], query: ListQuery, scope: Scope,
    *, most: int,
) -> list[Row]:  # fmt: skip
    """Up to `most` cards of each stage in their order, as they are shown, with what flags are made of."""
    values = {"pipeline": pipeline_id, "stages": list(stage_ids), "most": most}
    return await _fetch(call, "cards", query, scope, values, _cards)


async def _fetch(
    call: Call, which: str, query: ListQuery, scope: Scope, values: dict[str, Any], build: Any
) -> list[Row]:
    bind = Binder()
    conditions = selects.conditions_of(OPPORTUNITIES, query, bind)
    key = (
        which, filters.shape_of(query.groups), filters.kinds_of(query.groups),
        search.shape_of(query), scope.shape,
    )  # fmt: skip
    compiled = SHAPES.get(key, lambda: build(query, scope, conditions))
    values |= {"organisation": call.organisation, **bind.values, **scope.params()}
    rows = await call.db.pool.fetch(
        bound(compiled.sql), str(call.organisation), *compiled.args(values)
    )
    return [dict(row) for row in rows]


def _wanted(scope: Scope, conditions: Conditions) -> list[ColumnElement[bool]]:
    return [
        selects.of_organisation(OPPORTUNITY),
        OPPORTUNITY.c.pipeline_id == bindparam("pipeline", type_=Uuid),
        OPPORTUNITY.c.deleted_at.is_(None),
        predicate(OPPORTUNITY, scope),
        *conditions,
    ]


def _joined(found: Select[Any], query: ListQuery, scope: Scope) -> Select[Any]:
    if query.text is None:
        return found
    words = search.table_of(OPPORTUNITIES)
    return found.join(words, search.belongs(OPPORTUNITIES)).where(
        search.is_visible(OPPORTUNITIES, scope)
    )


def _sums(query: ListQuery, scope: Scope, conditions: Conditions) -> Select[Any]:
    """One row at least, which says what the target is."""
    amount, currency = OPPORTUNITY.c.amount_amount, OPPORTUNITY.c.amount_currency
    found = select(
        OPPORTUNITY.c.stage_id,
        currency.label("currency"),
        func.count().label("count"),
        func.sum(amount).label("amount"),
        func.sum(amount * OPPORTUNITY.c.probability / 100).label("weighted"),
    ).select_from(OPPORTUNITY)
    found = _joined(found, query, scope).where(*_wanted(scope, conditions))
    sums = found.group_by(OPPORTUNITY.c.stage_id, currency).cte("sums")
    target = target_currency(bindparam("target", type_=Text)).cte("wanted")
    rate = newest_rate(sums.c.currency, target.c.target, bindparam("rate_on", type_=Date))
    rated = target.outerjoin(sums, true()).outerjoin(rate, true())
    return select(
        target.c.target, sums, rate.c.rate, rate.c.valid_on, rate.c.is_inverse
    ).select_from(rated)


def _cards(query: ListQuery, scope: Scope, conditions: Conditions) -> Select[Any]:
    wanted = func.unnest(bindparam("stages", type_=ARRAY(Uuid)))
    stages = wanted.table_valued(column("stage_id", Uuid), name="wanted_stages").render_derived()
    shown = [
        func.convert_to(OPPORTUNITY.c.as_shown, literal_column("'UTF8'")).label("as_shown"),
        OPPORTUNITY.c.id, OPPORTUNITY.c.rank, *(OPPORTUNITY.c[name] for name in FLAGGED),
    ]  # fmt: skip
    found = _joined(select(*shown).select_from(OPPORTUNITY), query, scope)
    found = found.where(
        OPPORTUNITY.c.stage_id == stages.c.stage_id, *_wanted(scope, conditions)
    ).order_by(OPPORTUNITY.c.rank, OPPORTUNITY.c.id)
    heads = found.limit(bindparam("most")).correlate(stages).lateral("heads")
    return (
        select(heads)
        .select_from(stages.join(heads, true()))
        .order_by(heads.c.stage_id, heads.c.rank, heads.c.id)
    )
