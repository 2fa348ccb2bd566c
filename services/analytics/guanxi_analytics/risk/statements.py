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
    Numeric,
    Select,
    Subquery,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.selectable import LateralFromClause

from guanxi_analytics.churn.statements import paged
from guanxi_analytics.facts.kinds import ACCOUNTS
from guanxi_analytics.queries.beside import known_at, known_then
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


def _account(named: ColumnElement[Any], scope: Scope) -> LateralFromClause:
    """Looked up by its whole key for each row that names it, among all that it was. Present rows alone have indexes by owner and
    team, too: of tables that were just filled Postgres knows no sizes, and goes through all accounts by one of those."""
    names = ("subject_id", "name", "credit_limit", "credit_limit_currency")
    found = select(*(ACCOUNT.c[name] for name in names)).where(
        known_then(ACCOUNT.c), predicate(ACCOUNT, scope, prefix=OF_ACCOUNTS),
        ACCOUNT.c.subject_id == named, ACCOUNT.c.piece_id == named,
    )  # fmt: skip
    return found.limit(literal_column("1")).lateral("a")


def totals(invoices: Scope, accounts: Scope, *, is_past: bool) -> Select[Any]:
    """By currency and bucket, and by currency."""
    of = (INVOICE.account_id, INVOICE.currency, OVERDUE_BUCKET.label("bucket"))
    own = (
        select(*of, func.sum(INVOICE.outstanding).label("outstanding"), func.count().label("invoices"))
        .where(*_invoices(invoices, is_past), IS_OWED)
        .group_by(INVOICE.account_id, INVOICE.currency, OVERDUE_BUCKET)
        .subquery("own")
    )  # fmt: skip
    o = own.c
    return (
        select(
            o.currency, o.bucket, func.grouping(o.bucket).label("is_total"), func.sum(o.outstanding).label("outstanding"),
            cast(func.sum(o.invoices), Integer).label("invoices"), func.count(o.account_id.distinct()).label("accounts"),
        )
        .select_from(own.join(_account(o.account_id, accounts), true()))
        .group_by(func.grouping_sets(tuple_(o.currency, o.bucket), tuple_(o.currency)))
    )  # fmt: skip


def _own(scope: Scope, is_past: bool) -> Subquery:
    """By account and currency, what is owed and what was settled lately."""
    return (
        select(
            INVOICE.account_id, INVOICE.currency,
            func.coalesce(func.sum(INVOICE.outstanding).filter(IS_OWED), ZERO).label("outstanding"),
            func.coalesce(func.sum(INVOICE.outstanding).filter(OVERDUE), ZERO).label("overdue"),
            func.coalesce(func.max(DAYS_LATE).filter(OVERDUE), ZERO).label("days"),
            func.count().filter(IS_LATELY).label("settled"),
            func.coalesce(func.sum(LATE_BY).filter(IS_LATELY), ZERO).label("settled_late"),
        )
        .where(*_invoices(scope, is_past), or_(IS_OWED, IS_LATELY))
        .group_by(INVOICE.account_id, INVOICE.currency)
        .subquery("own")
    )  # fmt: skip


def _measured(invoices: Scope, accounts: Scope, is_past: bool) -> CTE:
    """A row for each account that owes something or settled something lately, with the measures of the rules."""
    own = _own(invoices, is_past)
    account = _account(own.c.account_id, accounts)
    o, a = own.c, account.c
    of_limit = func.sum(o.outstanding).filter(o.currency == a.credit_limit_currency)
    used, settled = func.coalesce(of_limit, ZERO), func.sum(o.settled)
    beyond = case((used > ZERO, literal_column(str(BEYOND))), else_=ZERO)
    shares = func.max(o.overdue * PERCENT / func.nullif(o.outstanding, ZERO))
    told = (a.subject_id, a.name, a.credit_limit, a.credit_limit_currency)
    return (
        select(
            *told, func.max(o.days).label("oldest_days_late"),
            shares.filter(o.days > literal_column(str(OLD))).label("overdue_share"),
            case(
                (a.credit_limit > ZERO, used * PERCENT / a.credit_limit), (a.credit_limit == ZERO, beyond)
            ).label("limit_used"),
            case(
                (settled >= literal_column(str(FEW)), cast(func.sum(o.settled_late), Numeric) / settled)
            ).label("mean_days_late"),
        )
        .select_from(own.join(account, true()))
        .group_by(*told)
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
    """The gravest level first, and within it what is overdue for longest; beside each how many accounts stand at every level,
    which an empty page has in a row of its own."""
    measured = _measured(invoices, accounts, is_past)
    level = _level(measured)
    days = func.least(measured.c.oldest_days_late, literal_column(str(A_LEVEL - 1)))
    rank = cast(level * literal_column(str(A_LEVEL)) + days, Float)
    id = measured.c.subject_id
    names = ("name", "credit_limit", "credit_limit_currency")
    found = select(id.label("customer_id"), *(measured.c[name] for name in names))
    if of_level:
        found = found.where(level == bindparam("level", type_=Integer))
    page = paged(found, rank, id, is_first=is_first).subquery("page")
    counts = select(
        *(func.count().filter(level == literal_column(str(n))).label(name) for n, name in enumerate(LEVELS))
    ).subquery("levels")  # fmt: skip
    return (
        select(*counts.c, *page.c)
        .select_from(counts.outerjoin(page, true()))
        .order_by(page.c.rank.desc(), page.c.customer_id)
    )
