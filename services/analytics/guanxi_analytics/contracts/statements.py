"""From terms to contracts: one statement, of the terms that the caller sees, as they are known or were.

A contract is what an account has without a gap. A term that begins within `grace` days after what was covered until then, or is
the renewal of a term of the account, goes on with it; one that ends no later than what is covered already (hours beside
incidents, a replacement) adds no term. A term is due when `grace` days have passed since the last day it was agreed for, however early it
was put away: whoever is counted as lost is counted at the same time as those who renewed.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    Float,
    Integer,
    Select,
    Subquery,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    column,
    exists,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_analytics.churn.statements import paged
from guanxi_analytics.facts.kinds import CONTRACTS
from guanxi_analytics.queries.beside import known_at
from guanxi_shared.visibility import Scope, predicate

FACT: Final = CONTRACTS.table
ZERO: Final[ColumnElement[int]] = literal_column("0")
ONE: Final[ColumnElement[int]] = literal_column("1")
UNTIL: Final = bindparam("until", type_=Date)
GRACE: Final = bindparam("grace", type_=Integer)
LAST_PLACE: Final = 24
EQUALS: Final = "1e-9"  # of a day: less than any two shares differ by
COHORTS: Final = ("month", "quarter", "year")


def is_due(last: ColumnElement[Any]) -> ColumnElement[bool]:
    found: ColumnElement[bool] = last + GRACE < UNTIL
    return found


def contracts(scope: Scope, *, is_past: bool, of_one: bool = False) -> Subquery:
    """A row for each term that counts: `n` is its place in the contract, `next_from` when the next one begins (null: none),
    `began_on` and `first_term` those of the contract; `is_running`: the account is covered now, or was until so lately that it may
    still renew. `of_one`: of one account."""
    p = _terms(scope, is_past=is_past, of_one=of_one)
    nth = func.sum(p.c.begins).over(partition_by=p.c.account_id, order_by=p.c.valid_from)
    c = select(p, nth.label("contract")).subquery("c")
    whole: dict[str, Any] = {
        "partition_by": (c.c.account_id, c.c.contract),
        "order_by": c.c.valid_from,
    }
    return select(
        c, func.row_number().over(**whole).label("n"), func.lead(c.c.valid_from).over(**whole).label("next_from"),
        func.first_value(c.c.valid_from).over(**whole).label("began_on"),
        func.first_value(c.c.term).over(**whole).label("first_term"),
    ).subquery("d")  # fmt: skip


def _terms(scope: Scope, *, is_past: bool, of_one: bool) -> Subquery:
    before = FACT.alias("b")
    organisation = bindparam("organisation", type_=Uuid)
    is_renewal = exists().where(
        before.c.organisation_id == organisation, before.c.subject_id == FACT.c.renewed_from_id,
        before.c.account_id == FACT.c.account_id, known_at(before, is_past),
    )  # fmt: skip
    covered = func.max(FACT.c.valid_until).over(
        partition_by=FACT.c.account_id,
        order_by=(FACT.c.valid_from, FACT.c.valid_until.desc(), FACT.c.subject_id),
        rows=(None, -1),
    )
    names = ("account_id", "subject_id", "term", "valid_from", "valid_until", "is_active")
    is_here = and_(FACT.c.is_active, ~is_due(FACT.c.valid_until))
    t = (
        select(
            *(FACT.c[name] for name in names), covered.label("covered"),
            or_(FACT.c.renewed_from_id.is_(None), ~is_renewal).label("is_new"),
            func.bool_or(is_here).over(partition_by=FACT.c.account_id).label("is_running"),
        )
        .where(
            FACT.c.organisation_id == organisation, known_at(FACT, is_past), predicate(FACT, scope),
            FACT.c.valid_from <= UNTIL, *([FACT.c.account_id == bindparam("id", type_=Uuid)] if of_one else []),
        )
        .subquery("t")
    )  # fmt: skip
    is_apart = and_(t.c.valid_from > t.c.covered + GRACE + ONE, t.c.is_new)
    begins = case((or_(t.c.covered.is_(None), is_apart), ONE), else_=ZERO)
    return (
        select(t, begins.label("begins"))
        .where(or_(t.c.covered.is_(None), t.c.valid_until > t.c.covered))
        .subquery("p")
    )


def retention(scope: Scope, *, by: str | None, is_past: bool) -> Select[Any]:
    """By the contract's first term, its cohort and the place of a term: how many terms there were (`entered`), were due, and were
    not followed by another; of the contracts whose last one it is, how many run, were put away early, or have lapsed."""
    d = contracts(scope, is_past=is_past)
    begun = func.date_trunc(literal_column(f"'{by}'"), cast(d.c.began_on, DateTime))
    cohort = (literal_column("NULL::date") if by is None else cast(begun, Date)).label("cohort")
    due, is_last = is_due(d.c.valid_until), d.c.next_from.is_(None)
    counts = {
        "entered": None, "at_risk": due, "lost": and_(due, is_last), "running": and_(is_last, ~due, d.c.is_running),
        "put_away": and_(is_last, ~due, ~d.c.is_running), "lapsed": and_(is_last, due),
    }  # fmt: skip
    days = func.sum(d.c.valid_until - d.c.valid_from + ONE).filter(due)
    return (
        select(
            d.c.first_term.label("term"), cohort, d.c.n, func.coalesce(days, 0).label("days"),
            *(
                (func.count() if of is None else func.count().filter(of)).label(name)
                for name, of in counts.items()
            ),
        )
        .group_by(d.c.first_term, *(() if by is None else (cohort.element,)), d.c.n)
        .order_by(d.c.first_term, *(() if by is None else (cohort.element,)), d.c.n)
    )  # fmt: skip


def ends(scope: Scope, *, is_past: bool) -> Select[Any]:
    """Of the terms that were due, by the month they ended in, their length and place: how many, and how many were lost."""
    d = contracts(scope, is_past=is_past)
    month = cast(
        func.date_trunc(literal_column("'month'"), cast(d.c.valid_until, DateTime)), Date
    ).label("month")
    n = place(d.c.n).label("n")
    return (
        select(
            month, d.c.term, n, func.count().label("at_risk"),
            func.count().filter(d.c.next_from.is_(None)).label("lost"),
        )
        .where(is_due(d.c.valid_until))
        .group_by(month.element, d.c.term, n.element)
        .order_by(month, d.c.term, n)
    )  # fmt: skip


def due_to_come(scope: Scope) -> Select[Any]:
    """Of the contracts that may be renewed still, by the length and place of their last term: how many."""
    d = contracts(scope, is_past=False)
    n = place(d.c.n).label("n")
    return (
        select(d.c.term, n, func.count().label("contracts"))
        .where(d.c.next_from.is_(None), d.c.is_active, ~is_due(d.c.valid_until))
        .group_by(d.c.term, n.element)
        .order_by(d.c.term, n)
    )


def place(n: ColumnElement[Any]) -> ColumnElement[Any]:
    """All from the last one on are alike."""
    return func.least(n, literal_column(str(LAST_PLACE)))


def running(scope: Scope, *, is_past: bool, is_first: bool, of_one: bool = False) -> Select[Any]:
    """Contracts whose term ends within so many days, or has ended and may be renewed still; those most likely not to be first,
    of equals what ends first. What a term's length and place say is handed over in three lists."""
    d = contracts(scope, is_past=is_past, of_one=of_one)
    said = func.unnest(
        bindparam("terms", type_=ARRAY(Text)), bindparam("places", type_=ARRAY(BigInteger)),
        bindparam("hazards", type_=ARRAY(Float)),
    ).table_valued(column("term", Text), column("n", BigInteger), column("hazard", Float), name="said").render_derived()  # fmt: skip
    by = and_(said.c.term == d.c.term, said.c.n == place(d.c.n))
    hazard = func.coalesce(said.c.hazard, bindparam("overall", type_=Float))
    left = d.c.valid_until - UNTIL
    rank = cast(func.coalesce(hazard, literal_column("0.0")) - left * literal_column(EQUALS), Float)
    found = (
        select(
            d.c.account_id.label("customer_id"), d.c.subject_id, d.c.term, d.c.n, d.c.began_on, d.c.valid_from,
            d.c.valid_until, left.label("days_left"), hazard.label("hazard"),
        )
        .select_from(d.outerjoin(said, by))
        .where(
            d.c.next_from.is_(None), d.c.is_active, ~is_due(d.c.valid_until),
            d.c.valid_until <= UNTIL + bindparam("within", type_=Integer),
        )
    )  # fmt: skip
    return paged(found, rank, d.c.account_id, is_first=is_first)
