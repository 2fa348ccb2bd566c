"""Who may be leaving, who has left, and who is worth winning back: one statement each, visible accounts only.

A customer's history is that of all currencies together: purchase days of one day in two count twice, which is rare and
errs towards calling them frequent.
"""

from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Date,
    Float,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
)

from guanxi_analytics.customers.outlook_rules import LOST, WARNED
from guanxi_analytics.facts.kinds import ACCOUNTS, TABLES
from guanxi_shared.visibility import Scope, predicate

ACCOUNT: Final = ACCOUNTS.table
SUMMARY: Final = TABLES["customer_summaries"]
OUTLOOK: Final = TABLES["customer_outlooks"]
ZERO: Final[ColumnElement[int]] = literal_column("0")
ONE: Final[ColumnElement[int]] = literal_column("1")


def paged(found: Select[Any], rank: ColumnElement[Any], id: ColumnElement[Any], *, is_first: bool) -> Select[Any]:  # fmt: skip
    """The greatest rank first, ties by id; behind where the page before ended."""
    if not is_first:
        after, after_id = bindparam("after", type_=Float), bindparam("after_id", type_=Uuid)
        found = found.where(or_(rank < after, and_(rank == after, id > after_id)))
    return found.add_columns(rank.label("rank")).order_by(rank.desc(), id).limit(bindparam("most"))


def _histories() -> Any:
    """One row for each customer who ever bought."""
    last = SUMMARY.c.last_on
    return (
        select(
            SUMMARY.c.customer_id, func.min(SUMMARY.c.first_on).label("first_on"), func.max(last).label("last_on"),
            (func.sum(SUMMARY.c.days) - ONE).label("repeats"),
        )
        .where(
            SUMMARY.c.organisation_id == bindparam("organisation", type_=Uuid),
            last.is_not(None), SUMMARY.c.is_account,
        )
        .group_by(SUMMARY.c.customer_id)
        .subquery("h")
    )  # fmt: skip


def churn(scope: Scope, *, status: str, by_model: bool, is_first: bool) -> Select[Any]:
    """By the model, where it is used: whoever is rather gone than not (`warned`) or counted as lost. By the rule: silent
    for more than k usual intervals, lost beyond twice that. Who bought on one day alone has no usual interval and is
    counted as lost by no model: they are in neither list."""
    h = _histories()
    silent = cast(bindparam("today", type_=Date) - h.c.last_on, Float)
    intervals = silent * h.c.repeats / func.nullif(h.c.last_on - h.c.first_on, ZERO)
    k = bindparam("k", type_=Float)
    if by_model:
        alive = OUTLOOK.c.alive
        is_warned = and_(alive < literal_column(str(WARNED)), alive >= literal_column(str(LOST)))
        is_lost = alive < literal_column(str(LOST))
        rank = cast(-alive, Float)
    else:
        is_warned = and_(intervals > k, intervals <= k * literal_column("2"))
        is_lost = intervals > k * literal_column("2")
        rank = cast(intervals, Float)
    outlook = and_(
        OUTLOOK.c.organisation_id == bindparam("organisation", type_=Uuid),
        OUTLOOK.c.customer_id == h.c.customer_id,
    )
    names = ("currency", "alive", "value", "value_if_back", "repeats", "first_on", "last_on")
    found = (
        select(
            h.c.customer_id, ACCOUNT.c.name, h.c.first_on, h.c.last_on, cast(h.c.repeats, Float).label("repeats"),
            cast(silent, Float).label("silent"), cast(intervals, Float).label("intervals"),
            case((intervals > k, ONE), else_=ZERO).label("is_silent"),
            *(OUTLOOK.c[name].label(f"o_{name}") for name in names),
        )
        .select_from(h.join(ACCOUNT, account_of(h.c.customer_id)).outerjoin(OUTLOOK, outlook))
        .where(predicate(ACCOUNT, scope), h.c.repeats > ZERO, is_lost if status == "lost" else is_warned)
    )  # fmt: skip
    return paged(found, rank, h.c.customer_id, is_first=is_first)


def account_of(id: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(
        ACCOUNT.c.organisation_id == bindparam("organisation", type_=Uuid), ACCOUNT.c.subject_id == id,
        ACCOUNT.c.ended_at.is_(None),
    )  # fmt: skip


def win_back(scope: Scope, *, is_first: bool) -> Select[Any]:
    """Whoever is rather gone than not, by what trying is expected to bring, above nothing: the chance that it works times
    what more they would then bring, less what it costs."""
    gain = cast(OUTLOOK.c.value_if_back - OUTLOOK.c.value, Float)
    rank = gain * bindparam("chance", type_=Float) - bindparam("cost", type_=Float)
    names = ("customer_id", "currency", "alive", "last_on", "repeats", "value", "value_if_back")
    found = (
        select(*(OUTLOOK.c[name] for name in names), ACCOUNT.c.name)
        .select_from(OUTLOOK.join(ACCOUNT, account_of(OUTLOOK.c.customer_id)))
        .where(
            OUTLOOK.c.organisation_id == bindparam("organisation", type_=Uuid), predicate(ACCOUNT, scope),
            OUTLOOK.c.currency == bindparam("currency", type_=Text),
            OUTLOOK.c.alive < literal_column(str(WARNED)), rank > ZERO,
        )
    )  # fmt: skip
    return paged(found, rank, OUTLOOK.c.customer_id, is_first=is_first)
