"""Who of the customers of a year bought in the next one too, and what they brought, by currency: revenue, and margin,
which means something where every cost is known."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    select,
)

from guanxi_analytics.cohorts.statements import SALE, sales_until
from guanxi_analytics.queries.cubes import BOUGHT
from guanxi_shared.visibility import Scope


def years(scope: Scope, *, is_past: bool) -> Select[Any]:
    """The year until `until`, and the one before it, which begins after `first` and ends with `middle`."""
    middle, day = bindparam("middle", type_=Date), SALE.c.valid_on
    is_now, is_before = day > middle, day <= middle
    margin = SALE.c.amount - SALE.c.cost

    def money(of: ColumnElement[Any], within: ColumnElement[bool]) -> ColumnElement[Any]:
        return func.coalesce(func.sum(of).filter(within), 0)

    of_customer = (
        select(
            SALE.c.customer_id, SALE.c.currency,
            func.coalesce(func.bool_or(is_before).filter(BOUGHT), literal_column("false")).label("came"),
            func.coalesce(func.bool_or(is_now).filter(BOUGHT), literal_column("false")).label("comes"),
            money(SALE.c.amount, is_before).label("amount_before"), money(SALE.c.amount, is_now).label("amount_now"),
            money(margin, is_before).label("margin_before"), money(margin, is_now).label("margin_now"),
            func.bool_and(SALE.c.cost.is_not(None)).label("is_costed"),
        )
        .where(*sales_until(scope, is_past=is_past), day > bindparam("first", type_=Date))
        .group_by(SALE.c.customer_id, SALE.c.currency)
        .subquery("c")
    )  # fmt: skip
    c = of_customer.c
    kept, lost, gained = and_(c.came, c.comes), and_(c.came, ~c.comes), and_(c.comes, ~c.came)
    sums = [
        func.coalesce(func.sum(c[f"{what}_{when}"]).filter(who), 0).label(f"{what}_{name}")
        for what in ("amount", "margin")
        for name, when, who in (("brought", "before", c.came), ("lost", "before", lost), ("kept", "now", kept))
    ]  # fmt: skip
    counts = [
        func.count().filter(who).label(name)
        for name, who in (("customers", c.came), ("kept", kept), ("lost", lost), ("gained", gained))
    ]
    is_costed = func.bool_and(c.is_costed).label("is_costed")
    return select(c.currency, *counts, *sums, is_costed).group_by(c.currency).order_by(c.currency)
