"""Customers by when they first bought: one statement, of the orders that the caller sees."""

from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Select,
    Uuid,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    tuple_,
)

from guanxi_analytics.facts.kinds import SALES
from guanxi_analytics.queries.beside import known_at
from guanxi_analytics.queries.cubes import BOUGHT
from guanxi_shared.visibility import Scope, predicate

SALE: Final = SALES.table
PERIODS: Final = {"month": 12, "quarter": 4, "year": 1}  # of a year


def sales_until(scope: Scope, *, is_past: bool) -> list[ColumnElement[bool]]:
    """Of customers, up to and with the day `until`, as they are known or were."""
    return [
        SALE.c.organisation_id == bindparam("organisation", type_=Uuid), known_at(SALE, is_past),
        predicate(SALE, scope), SALE.c.customer_id.is_not(None),
        SALE.c.valid_on <= bindparam("until", type_=Date),
    ]  # fmt: skip


def cohorts(scope: Scope, *, period: str, is_past: bool) -> Select[Any]:
    """A row for each cohort and period since, with the customers who bought in it, and one for each currency, with what
    they bought less what came back in it."""
    wanted = sales_until(scope, is_past=is_past)
    first = (
        select(SALE.c.customer_id, func.min(SALE.c.valid_on).label("first_on"))
        .where(*wanted, BOUGHT)
        .group_by(SALE.c.customer_id)
        .subquery("first")
    )
    begun = _begin(period, first.c.first_on)
    n = (_number(period, SALE.c.valid_on) - _number(period, first.c.first_on)).label("n")
    cohort = cast(begun, Date).label("cohort")
    by = tuple_(cohort.element, n.element)
    return (
        select(
            cohort, n, SALE.c.currency, func.grouping(SALE.c.currency).label("is_all"),
            func.count(SALE.c.customer_id.distinct()).filter(BOUGHT).label("customers"),
            func.sum(SALE.c.amount).label("amount"),
        )
        .select_from(SALE.join(first, first.c.customer_id == SALE.c.customer_id))
        .where(*wanted, SALE.c.valid_on >= first.c.first_on)
        .group_by(func.grouping_sets(by, tuple_(cohort.element, n.element, SALE.c.currency)))
        .order_by(cohort, n, SALE.c.currency)
    )  # fmt: skip


def _begin(period: str, day: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.date_trunc(literal_column(f"'{period}'"), cast(day, DateTime))


def _number(period: str, day: ColumnElement[Any]) -> ColumnElement[Any]:
    """Which period since the year 0 a day lies in."""
    year = func.extract("year", day)
    if period == "year":
        return year
    each: ColumnElement[int] = literal_column(str(PERIODS[period]))
    return year * each + func.extract(period, day)
