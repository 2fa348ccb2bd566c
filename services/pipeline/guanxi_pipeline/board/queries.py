"""The two statements of a board: the sums of its stages with the rates that convert them, and the first
cards of each stage.

Both go through the visibility predicate and the same filters. The sums come from an index alone
(`ix_opportunities_board`), the cards from the head of each stage in it.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Uuid,
    and_,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_pipeline.opportunities.resources import OPPORTUNITIES, OPPORTUNITY
from guanxi_pipeline.rates.looking_up import rates_beside, rates_of, target_currency
from guanxi_pipeline.rates.rules import Rates
from guanxi_shared import filters, search, selects
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.filters import Binder
from guanxi_shared.pages import ListQuery
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, parts_of

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
    newest = orjson.loads(rows[0]["rates"] or "[]")
    sums = [row for row in rows if row["stage_id"] is not None]
    return sums, rates_of(newest, rows[0]["target"], on)


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


def _rows(
    columns: Sequence[Any], query: ListQuery, scope: Scope, conditions: Conditions,
    part: ColumnElement[bool],
) -> Select[Any]:  # fmt: skip
    """The caller's opportunities of the pipeline, as far as one part of the visibility rule gives them."""
    found = _joined(select(*columns).select_from(OPPORTUNITY), query, scope)
    return found.where(
        selects.of_organisation(OPPORTUNITY),
        OPPORTUNITY.c.pipeline_id == bindparam("pipeline", type_=Uuid),
        OPPORTUNITY.c.deleted_at.is_(None),
        part,
        *conditions,
    )


def _joined(found: Select[Any], query: ListQuery, scope: Scope) -> Select[Any]:
    if query.text is None:
        return found
    words = search.table_of(OPPORTUNITIES)
    return found.join(words, search.belongs(OPPORTUNITIES)).where(
        search.is_visible(OPPORTUNITIES, scope)
    )


def _sums(query: ListQuery, scope: Scope, conditions: Conditions) -> Select[Any]:
    """One row at least, which says what the target is."""
    table = OPPORTUNITY.c
    columns = (table.stage_id, table.amount_currency, table.amount_amount, table.probability)
    parts = [_rows(columns, query, scope, conditions, p) for p in parts_of(OPPORTUNITY, scope)]
    rows = union_all(*parts).subquery("rows")
    key = (rows.c.stage_id, rows.c.amount_currency, rows.c.probability)
    # One addition for a row; probabilities are few, so multiplied is what was added up.
    alike = select(
        *key, func.count().label("count"), func.sum(rows.c.amount_amount).label("amount")
    ).group_by(*key).subquery("alike")  # fmt: skip
    weighted = func.sum(alike.c.amount * alike.c.probability) * literal_column("0.01")
    sums = (
        select(
            alike.c.stage_id, alike.c.amount_currency.label("currency"),
            cast(func.sum(alike.c.count), BigInteger).label("count"),
            func.sum(alike.c.amount).label("amount"), weighted.label("weighted"),
        )
        .group_by(alike.c.stage_id, alike.c.amount_currency)
        .cte("sums")
    )  # fmt: skip
    about = select(target_currency().label("target"), rates_beside()).subquery("about")
    return select(about.c.target, literal_column("about.rates"), sums).select_from(
        about.outerjoin(sums, true())
    )


def _cards(query: ListQuery, scope: Scope, conditions: Conditions) -> Select[Any]:
    """The heads of the stages by index entries alone, then those records."""
    wanted = func.unnest(bindparam("stages", type_=ARRAY(Uuid)))
    stages = wanted.table_valued(column("stage_id", Uuid), name="wanted_stages").render_derived()
    place = (OPPORTUNITY.c.rank, OPPORTUNITY.c.id)

    def head(part: ColumnElement[bool]) -> Select[Any]:
        rows = _rows(place, query, scope, conditions, part)
        here = rows.where(OPPORTUNITY.c.stage_id == stages.c.stage_id).correlate(stages)
        return here.order_by(*place).limit(bindparam("most"))

    heads = union_all(*map(head, parts_of(OPPORTUNITY, scope))).subquery("found")
    head_of_all = select(heads.c.id).order_by(heads.c.rank, heads.c.id).limit(bindparam("most"))
    first = head_of_all.correlate(stages).lateral("heads")
    card = OPPORTUNITY.alias("card")
    shown = [
        func.convert_to(card.c.as_shown, literal_column("'UTF8'")).label("as_shown"),
        *(card.c[name] for name in FLAGGED),
    ]  # fmt: skip
    joined = stages.join(first, true()).join(
        card,
        and_(
            card.c.organisation_id == bindparam("organisation", type_=Uuid), card.c.id == first.c.id
        ),
    )
    return select(*shown).select_from(joined).order_by(card.c.stage_id, card.c.rank, card.c.id)
