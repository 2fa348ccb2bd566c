"""Features of sales, as expressions that any engine of ibis runs: DuckDB by default, Spark when outgrown.

`sales` has the columns of `columnar.facts.SALES`, one row for each line as it was known in a span of time. Sums are
decimals and ties are broken by ids, so that engines agree to the last digit.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import ibis
from ibis import Table, _

MONEY: Final = "decimal(18, 4)"
SUM: Final = "decimal(38, 4)"
SQUARES: Final = "decimal(38, 8)"
WIDE: Final = (
    "decimal(19, 4)"  # DuckDB keeps a product of two of 18 digits in 18; Spark rounds one of 39
)
QUANTITY: Final = "decimal(38, 6)"
PARTS: Final = 5
SHARES: Final = (80, 95)  # percent of what everybody spent: grade A, then B

Feature = Callable[[Table], Table]
SCHEMA: Final = ibis.schema({
    "subject_id": "string", "piece_id": "string", "version": "int64", "recorded_at": "timestamp('UTC')",
    "ended_at": "timestamp('UTC')", "kind": "string", "valid_on": "date", "customer_id": "string",
    "account_id": "string", "product_id": "string", "sku": "string", "category": "string", "source": "string",
    "currency": "string", "quantity": "decimal(18, 6)", "amount": "decimal(18, 4)", "cost": "decimal(18, 4)",
    "owner_id": "string", "team_id": "string",
})  # fmt: skip


def known(sales: Table, as_of: datetime | None = None) -> Table:
    """Rows that held at a moment; without one, those that hold now."""
    if as_of is None:
        return sales.filter(_.ended_at.isnull())
    return sales.filter(_.recorded_at <= as_of, _.ended_at.isnull() | (_.ended_at > as_of))


def of_now(feature: Feature) -> Feature:
    return lambda sales: feature(known(sales))


def customer_days(sales: Table) -> Table:
    """Of each customer's days in a currency: orders, what was bought, and the net of what came back on that day."""
    is_bought, has_cost = _.kind == "bought", _.cost.notnull()
    return (
        sales.filter(_.customer_id.notnull())
        .group_by("customer_id", "currency", "valid_on")
        .agg(
            orders=_.subject_id.nunique(where=is_bought),
            quantity=_.quantity.sum().cast(QUANTITY),
            bought=_.amount.sum(where=is_bought).fill_null(0).cast(MONEY),
            amount=_.amount.sum().cast(SUM),
            cost=_.cost.sum().fill_null(0).cast(SUM),
            costed=_.amount.sum(where=has_cost).fill_null(0).cast(SUM),
            uncosted=_.cost.isnull().sum(),
        )
    )


def customer_summaries(sales: Table) -> Table:
    """The sufficient statistics of recency, frequency and money: what `customer_summaries` holds, from nothing."""
    buys = _.orders > 0
    return (
        customer_days(sales)
        .group_by("customer_id", "currency")
        .agg(
            orders=_.orders.sum().cast("int64"),
            days=buys.sum().cast("int64"),
            quantity=_.quantity.sum().cast(QUANTITY),
            bought=_.bought.sum().cast(SUM),
            day_squares=(_.bought.cast(WIDE) * _.bought).cast(SQUARES).sum().cast(SQUARES),
            first_day=_.bought.argmin(_.valid_on, where=buys).fill_null(0).cast(SUM),
            amount=_.amount.sum().cast(SUM),
            cost=_.cost.sum().cast(SUM),
            costed=_.costed.sum().cast(SUM),
            is_costed=_.uncosted.sum() == 0,
            first_on=_.valid_on.min(where=buys),
            last_on=_.valid_on.max(where=buys),
        )
    )


def buyers(sales: Table) -> Table:
    """What customers are compared by: last purchase day, purchase days, net amount. In one step: of a summary DuckDB would
    count the orders of each day, too, which takes as long again."""
    is_bought = _.kind == "bought"
    return (
        sales.filter(_.customer_id.notnull())
        .group_by("customer_id", "currency")
        .agg(
            last_on=_.valid_on.max(where=is_bought),
            days=_.valid_on.nunique(where=is_bought),
            amount=_.amount.sum().cast(SUM),
        )
        .filter(_.last_on.notnull())
    )


def customer_scores(sales: Table) -> Table:
    """Fifths of recency, frequency and money within a currency, 5 the best, and grades by cumulative share: as
    `scores.scoring` makes them."""

    def fifth(by: str) -> ibis.Value:
        order = ibis.window(group_by="currency", order_by=[by, "customer_id"])
        return (ibis.ntile(PARTS).over(order) + 1).cast("int64")

    spent = ibis.greatest(_.amount, 0).cast(SUM)
    earlier = ibis.window(
        group_by="currency", order_by=[ibis.desc("amount"), "customer_id"], preceding=(None, 1)
    )
    ranked = buyers(sales).mutate(spent=spent).mutate(
        recency=fifth("last_on"), frequency=fifth("days"), monetary=fifth("amount"),
        before=_.spent.sum().over(earlier).fill_null(0).cast(SUM),
        whole=_.spent.sum().over(group_by="currency").cast(SUM),
    )  # fmt: skip
    a, b = ((_.before * 100) < (_.whole * share) for share in SHARES)
    grade = ibis.cases((_.amount <= 0, "C"), (a, "A"), (b, "B"), else_="C")
    return ranked.mutate(grade=grade).select(
        "customer_id", "currency", "recency", "frequency", "monetary", "grade", "last_on"
    )


def cohorts(sales: Table) -> Table:
    """Customers by the quarter of their first purchase, how many bought in each quarter since."""
    quarter = _.valid_on.truncate("Q").cast("date")
    bought = sales.filter(_.kind == "bought", _.customer_id.notnull()).mutate(quarter=quarter)
    bought = bought.select("customer_id", "quarter", "amount")
    first = bought.group_by("customer_id").agg(cohort=_.quarter.min())
    return (
        bought.join(first, "customer_id")
        .group_by("cohort", "quarter")
        .agg(customers=_.customer_id.nunique(), amount=_.amount.sum().cast(SUM))
    )


FEATURES: Final[dict[str, Feature]] = {
    "customer_summaries": customer_summaries,
    "customer_scores": customer_scores,
    "cohorts": cohorts,
}
