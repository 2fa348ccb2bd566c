"""What accounts owe: of the invoices and accounts that the caller sees, as they are known or were.

The list is ranked in SQL, by the thresholds of `risk_rules.RULES`; what is said of the accounts on a page is worked out there.
"""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    Float,
    Integer,
    Select,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_analytics.churn.statements import paged
from guanxi_analytics.facts.kinds import ACCOUNTS
from guanxi_analytics.queries.beside import known_at
from guanxi_analytics.queries.cubes import (
    DAYS_LATE,
    INVOICE,
    OVERDUE,
    OVERDUE_BUCKET,
    SETTLED,
    TODAY,
)
from guanxi_analytics.risk.risk_rules import BEYOND, FEW, LEVELS, OLD, RULES
from guanxi_shared.visibility import Scope, predicate

INVOICES: Final = INVOICE.account_id.table
ACCOUNT: Final = ACCOUNTS.table
OF_ACCOUNTS: Final = "accounts"  # the prefix of the parameters by which accounts are seen
A_LEVEL: Final = 1_000_000  # a rank is the level and the days
ZERO: Final[ColumnElement[int]] = literal_column("0")
PERCENT: Final[ColumnElement[int]] = literal_column("100")
IS_OWED: Final = INVOICE.outstanding > ZERO
SINCE: Final = bindparam("since", type_=Date)
IS_LATELY: Final = and_(SETTLED, INVOICE.paid_on > SINCE, INVOICE.paid_on <= TODAY)
LATE_BY: Final[ColumnElement[Any]] = func.greatest(INVOICE.paid_on - INVOICE.due_on, ZERO)


def _invoices(scope: Scope, is_past: bool) -> list[ColumnElement[bool]]:
    own = INVOICES.c.organisation_id == bindparam("organisation", type_=Uuid)
    return [own, known_at(INVOICES, is_past), predicate(INVOICES, scope), INVOICE.account_id.is_not(None)]  # fmt: skip


def _accounts(scope: Scope, is_past: bool) -> list[ColumnElement[bool]]:
    own = ACCOUNT.c.organisation_id == bindparam("organisation", type_=Uuid)
    return [own, known_at(ACCOUNT, is_past), predicate(ACCOUNT, scope, prefix=OF_ACCOUNTS)]


def _of_these() -> ColumnElement[bool]:
    found: ColumnElement[bool] = INVOICE.account_id == any_(bindparam("ids", type_=ARRAY(Uuid)))
    return found


def owed(scope: Scope, *, is_past: bool) -> Select[Any]:
    """Of some accounts, by currency and due day."""
    of = (INVOICE.account_id, INVOICE.currency, INVOICE.due_on)
    return (
        select(*of, func.sum(INVOICE.outstanding).label("outstanding"), func.count().label("invoices"))
        .where(*_invoices(scope, is_past), _of_these(), IS_OWED)
        .group_by(*of)
    )  # fmt: skip


def settled(scope: Scope, *, is_past: bool) -> Select[Any]:
    """Of some accounts, of whatever currency: days are days."""
    return (
        select(INVOICE.account_id, func.count().label("invoices"), func.sum(LATE_BY).label("days_late"))
        .where(*_invoices(scope, is_past), _of_these(), IS_LATELY)
        .group_by(INVOICE.account_id)
    )  # fmt: skip


def totals(invoices: Scope, accounts: Scope, *, is_past: bool) -> Select[Any]:
    """By currency and bucket, and by currency."""
    bucket = OVERDUE_BUCKET
    return (
        select(
            INVOICE.currency, bucket.label("bucket"), func.grouping(bucket).label("is_total"),
            func.sum(INVOICE.outstanding).label("outstanding"), func.count().label("invoices"),
            func.count(INVOICE.account_id.distinct()).label("accounts"),
        )
        .select_from(INVOICES.join(ACCOUNT, ACCOUNT.c.subject_id == INVOICE.account_id))
        .where(*_invoices(invoices, is_past), *_accounts(accounts, is_past), IS_OWED)
        .group_by(func.grouping_sets(tuple_(INVOICE.currency, bucket), tuple_(INVOICE.currency)))
    )  # fmt: skip


def _measured(invoices: Scope, accounts: Scope, is_past: bool) -> CTE:
    """A row for each account that owes something or settled something lately, with the measures of the rules."""
    days = func.max(DAYS_LATE).filter(OVERDUE)
    by_currency = (
        select(
            INVOICE.account_id, INVOICE.currency, func.sum(INVOICE.outstanding).label("outstanding"),
            func.coalesce(func.sum(INVOICE.outstanding).filter(OVERDUE), ZERO).label("overdue"),
            func.coalesce(days, ZERO).label("days"),
        )
        .where(*_invoices(invoices, is_past), IS_OWED)
        .group_by(INVOICE.account_id, INVOICE.currency)
        .cte("by_currency")
    )  # fmt: skip
    lately = (
        select(INVOICE.account_id, func.count().label("n"), func.sum(LATE_BY).label("days_late"))
        .where(*_invoices(invoices, is_past), IS_LATELY)
        .group_by(INVOICE.account_id)
        .cte("lately")
    )
    o, s = by_currency.c, lately.c
    used = func.coalesce(
        func.sum(o.outstanding).filter(o.currency == ACCOUNT.c.credit_limit_currency), ZERO
    )
    limit = ACCOUNT.c.credit_limit
    beyond = case((used > ZERO, literal_column(str(BEYOND))), else_=ZERO)
    shares = func.max(o.overdue * PERCENT / o.outstanding).filter(o.days > literal_column(str(OLD)))
    mean = s.days_late * literal_column("1.0") / s.n
    return (
        select(
            ACCOUNT.c.subject_id, ACCOUNT.c.name, limit, ACCOUNT.c.credit_limit_currency,
            func.coalesce(func.max(o.days), ZERO).label("oldest_days_late"), shares.label("overdue_share"),
            case((limit > ZERO, used * PERCENT / limit), (limit == ZERO, beyond)).label("limit_used"),
            case((s.n >= literal_column(str(FEW)), mean)).label("mean_days_late"),
        )
        .select_from(
            ACCOUNT.outerjoin(by_currency, o.account_id == ACCOUNT.c.subject_id).outerjoin(
                lately, s.account_id == ACCOUNT.c.subject_id
            )
        )
        .where(*_accounts(accounts, is_past), func.coalesce(o.account_id, s.account_id).is_not(None))
        .group_by(ACCOUNT.c.subject_id, ACCOUNT.c.name, limit, ACCOUNT.c.credit_limit_currency, s.n, s.days_late)
        .cte("measured")
    )  # fmt: skip


def _level(measured: CTE) -> ColumnElement[Any]:
    """The place of its level among LEVELS."""
    whens: list[Any] = [
        (measured.c[rule.measure] > literal_column(str(rule.above)), literal_column(str(LEVELS.index(rule.level))))
        for rule in _gravest_first()
    ]  # fmt: skip
    return case(*whens, else_=ZERO)


def _gravest_first() -> Iterable[Any]:
    return sorted(RULES, key=lambda rule: -LEVELS.index(rule.level))


def ranked(
    invoices: Scope, accounts: Scope, *, is_past: bool, of_level: bool, is_first: bool
) -> Select[Any]:
    """The gravest level first, and within it what is overdue for longest."""
    measured = _measured(invoices, accounts, is_past)
    level = _level(measured)
    days = func.least(measured.c.oldest_days_late, literal_column(str(A_LEVEL - 1)))
    rank = cast(level * literal_column(str(A_LEVEL)) + days, Float)
    id = measured.c.subject_id
    names = ("name", "credit_limit", "credit_limit_currency")
    found = select(id.label("customer_id"), *(measured.c[name] for name in names))
    if of_level:
        found = found.where(level == bindparam("level", type_=Integer))
    return paged(found, rank, id, is_first=is_first)


def levels(invoices: Scope, accounts: Scope, *, is_past: bool) -> Select[Any]:
    """How many accounts stand at each."""
    level = _level(_measured(invoices, accounts, is_past))
    return select(level.label("level"), func.count().label("accounts")).group_by(level)
