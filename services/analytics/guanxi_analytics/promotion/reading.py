"""What those bought whom a campaign addressed, beside those whom it held out: of the orders that the caller sees."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Date, Select, Uuid, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_analytics.facts.kinds import SALES
from guanxi_analytics.promotion.effect_rules import LEAST, Group, effect
from guanxi_analytics.promotion.schemas import CampaignAsked
from guanxi_analytics.queries.cubes import BOUGHT
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.errors import Invalid
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, predicate

SHAPES: Final = Shapes()
SALE: Final = SALES.table
WATERMARK: Final = """
SELECT coalesce(jsonb_object_agg(consumer, position), '{}')::text FROM feed_cursors WHERE consumer = 'pipeline' AND $2::uuid IS NOT NULL
"""
SOME: Final = " Only the orders that you see are counted."


async def read_campaign_effect(call: Call, asked: CampaignAsked) -> dict[str, Any]:
    """Invalid names what does not fit: a period that ends before it begins, somebody in both groups, a group too small."""
    call.by.demand("orders:read")
    addressed, held_out = set(asked.addressed), set(asked.held_out)
    _check(asked, addressed, held_out)
    scope = await call.scope("orders")
    mark = await call.db.pool.fetchval(bound(WATERMARK), str(call.organisation), call.organisation)
    one = await _group(call, scope, asked, sorted(addressed))
    other = await _group(call, scope, asked, sorted(held_out)) if held_out else None
    cost = None if asked.cost is None else (asked.cost.decimal, asked.cost.currency)
    found = effect(one, other, is_by_lot=asked.is_by_lot, cost=cost)
    if call.by.sees("orders") != "all":
        found["sentence"] += SOME
    return found | {
        "period": {"from": asked.first, "until": asked.until}, "as_of": datetime.now(UTC), "watermark": orjson.loads(mark),
    }  # fmt: skip


def _check(asked: CampaignAsked, addressed: set[UUID], held_out: set[UUID]) -> None:
    if asked.first >= asked.until:
        raise Invalid(
            "The period ends before it begins.", errors={"until": "Send a day after from."}
        )
    if both := addressed & held_out:
        raise Invalid(
            "Nobody is addressed and held out.", errors={"held_out": f"{min(both)} is in addressed too."}
        )  # fmt: skip
    if asked.cost is not None and asked.cost.decimal < 0:
        raise Invalid("A campaign costs nothing at least.", errors={"cost": "Send 0 or more."})
    for name, group in (("addressed", addressed), ("held_out", held_out)):
        if 0 < len(group) < LEAST:
            raise Invalid(
                f"Nothing is told of fewer than {LEAST} people.", errors={name: f"Send {LEAST} or more."}
            )  # fmt: skip


async def _group(call: Call, scope: Scope, asked: CampaignAsked, ids: Sequence[UUID]) -> Group:
    statement = SHAPES.get(("group", scope.shape), lambda: _bought(scope))
    values = {
        "organisation": call.organisation, "ids": ids, "first": asked.first, "until": asked.until, **scope.params()
    }  # fmt: skip
    rows = await call.db.pool.fetch(
        bound(statement.sql), str(call.organisation), *statement.args(values)
    )
    money = {row["currency"]: (row["amount"], row["squares"]) for row in rows if not row["is_all"]}
    whole = [row for row in rows if row["is_all"]]
    responded, orders = (whole[0]["customers"], whole[0]["orders"]) if whole else (0, 0)
    return Group(len(ids), responded, int(orders or 0), money)


def _bought(scope: Scope) -> Select[Any]:
    """A row for each currency, and one of all: purchases of each customer first, their squares after."""
    sale = SALE.c
    of_customer = (
        select(
            sale.customer_id, sale.currency, func.sum(sale.amount).label("amount"),
            func.count(sale.subject_id.distinct()).label("orders"),
        )
        .where(
            sale.organisation_id == bindparam("organisation", type_=Uuid), sale.ended_at.is_(None), BOUGHT,
            predicate(SALE, scope), sale.customer_id == any_(bindparam("ids", type_=ARRAY(Uuid))),
            sale.valid_on >= bindparam("first", type_=Date), sale.valid_on < bindparam("until", type_=Date),
        )
        .group_by(sale.customer_id, sale.currency)
        .subquery("c")
    )  # fmt: skip
    c = of_customer.c
    return select(
        c.currency, func.grouping(c.currency).label("is_all"), func.count(c.customer_id.distinct()).label("customers"),
        func.sum(c.orders).label("orders"), func.sum(c.amount).label("amount"), func.sum(c.amount * c.amount).label("squares"),
    ).group_by(func.rollup(c.currency))  # fmt: skip
