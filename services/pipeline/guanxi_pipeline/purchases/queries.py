"""The one statement of purchases: what visible orders' lines come to, less what came back, by period.

Drafts and cancelled orders are no purchases. What came back counts on its own day, whatever became of
the order since.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    false,
    func,
    literal_column,
    select,
    true,
    union_all,
)

from guanxi_pipeline.orders.resources import LINE, ORDER, ORDERS
from guanxi_pipeline.purchases.asked import Asked
from guanxi_shared import selects
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, predicate

SHAPES = Shapes()
RETURN = ORDER.metadata.tables["order_returns"]
RETURNED = ORDER.metadata.tables["order_return_lines"]
# The columns that rows of a group are told apart by, and shown with.
GROUPED: dict[str, tuple[str, ...]] = {
    "none": (), "product": ("product_id", "sku", "name"), "category": ("category",),
    "account": ("account_id",), "owner": ("owner_id",),
}  # fmt: skip


async def purchase_sums(
    call: Call, asked: Asked, *, most: int | None = None
) -> list[dict[str, Any]]:
    """Rows of period (its first day), currency, the columns of the group, and the figures."""
    scope = await call.scope_of(ORDERS)
    values: dict[str, Any] = {
        "organisation": call.organisation, "account": asked.account_id, "owner": asked.owner_id,
        "product": asked.product, "category": asked.category, "first": asked.first,
        "last": asked.last, "most": most, **scope.params(),
    }  # fmt: skip
    given = tuple(name for name, value in values.items() if value is not None)
    key = (asked.by, asked.group, given, scope.shape)
    compiled = SHAPES.get(key, lambda: _sums(asked, scope, set(given)))
    rows = await call.db.pool.fetch(
        bound(compiled.sql), str(call.organisation), *compiled.args(values)
    )
    return [dict(row) for row in rows]


def _sums(asked: Asked, scope: Scope, given: set[str]) -> Select[Any]:
    entries = union_all(_bought(scope, given), _returned(scope, given)).subquery("entries")
    e = entries.c
    period = cast(
        func.date_trunc(literal_column(f"'{asked.by}'"), cast(e.day, DateTime)), Date
    ).label("period")
    groups = [e[name] for name in GROUPED[asked.group]]
    found = select(
        period, e.currency, *groups,
        func.count(e.order_id.distinct()).filter(e.is_bought).label("orders"),
        func.sum(e.quantity).label("quantity"),
        func.sum(e.amount).label("amount"),
        func.coalesce(func.sum(e.cost), 0).label("cost"),
        func.coalesce(func.sum(e.amount).filter(e.cost.is_not(None)), 0).label("costed"),
        func.bool_and(e.cost.is_not(None)).label("is_costed"),
    ).group_by(period, e.currency, *groups)  # fmt: skip
    found = found.order_by(period, e.currency, *groups)
    return found.limit(bindparam("most")) if "most" in given else found


def _entry(day: Any, quantity: Any, amount: Any, cost: Any, is_bought: Any) -> list[Any]:
    return [
        ORDER.c.id.label("order_id"), ORDER.c.currency, day.label("day"), ORDER.c.account_id,
        ORDER.c.owner_id, LINE.c.product_id, LINE.c.sku, LINE.c.name, LINE.c.category,
        quantity.label("quantity"), amount.label("amount"), cost.label("cost"),
        cast(is_bought, Boolean).label("is_bought"),
    ]  # fmt: skip


def _bought(scope: Scope, given: set[str]) -> Select[Any]:
    shown = _entry(ORDER.c.ordered_on, LINE.c.quantity, LINE.c.amount, LINE.c.cost, true())
    return (
        select(*shown)
        .select_from(ORDER.join(LINE, _of_order(LINE)))
        .where(
            ORDER.c.status != literal_column("'draft'"),
            ORDER.c.status != literal_column("'cancelled'"),
            *_wanted(scope, given, ORDER.c.ordered_on),
        )
    )


def _returned(scope: Scope, given: set[str]) -> Select[Any]:
    shown = _entry(
        RETURN.c.returned_on, -RETURNED.c.quantity, -RETURNED.c.amount, -RETURNED.c.cost, false()
    )
    of_return = and_(
        RETURNED.c.organisation_id == RETURN.c.organisation_id,
        RETURNED.c.return_id == RETURN.c.id,
    )
    of_line = and_(
        LINE.c.organisation_id == RETURNED.c.organisation_id, LINE.c.id == RETURNED.c.line_id
    )
    joined = ORDER.join(RETURN, _of_order(RETURN)).join(RETURNED, of_return).join(LINE, of_line)
    wanted = _wanted(scope, given, RETURN.c.returned_on)
    return select(*shown).select_from(joined).where(*wanted)


def _of_order(table: Any) -> ColumnElement[bool]:
    return and_(table.c.organisation_id == ORDER.c.organisation_id, table.c.order_id == ORDER.c.id)


def _wanted(scope: Scope, given: set[str], day: Any) -> Sequence[ColumnElement[bool]]:
    product = bindparam("product", type_=Text)
    every: dict[str, ColumnElement[bool]] = {
        "account": ORDER.c.account_id == bindparam("account", type_=Uuid),
        "owner": ORDER.c.owner_id == bindparam("owner", type_=Uuid),
        "product": (cast(LINE.c.product_id, Text) == product) | (LINE.c.sku == product),
        "category": LINE.c.category == bindparam("category", type_=Text),
        "first": day >= bindparam("first", type_=Date),
        "last": day <= bindparam("last", type_=Date),
    }
    return [
        selects.of_organisation(ORDER), ORDER.c.deleted_at.is_(None), predicate(ORDER, scope),
        *(condition for name, condition in every.items() if name in given),
    ]  # fmt: skip
