"""Who was referred by whom and what they bought: one statement, of the accounts and orders that the caller sees."""

from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Date,
    DateTime,
    Numeric,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    select,
    union_all,
)  # fmt: skip

from guanxi_analytics.facts.kinds import SALES
from guanxi_analytics.queries.beside import ACCOUNT, known_at
from guanxi_shared.visibility import Scope, predicate

SALE: Final = SALES.table
ORDERS: Final = "orders"  # the prefix of their scope's parameters


def referrals(scope: Scope, orders: Scope, *, is_past: bool) -> Select[Any]:
    """Rows of four sorts: `new` (how many were made in the period), `referred` (an account with its referrer, and whether it
    is new), `referrer` (those of them who are seen), `revenue` (of each new account that was referred, and of the others
    together)."""
    organisation = bindparam("organisation", type_=Uuid)
    begins, ends = (bindparam(name, type_=DateTime(timezone=True)) for name in ("begins", "ends"))
    a, s = ACCOUNT.c, SALE.c
    is_new = func.coalesce(and_(a.created_at >= begins, a.created_at < ends), literal_column("false"))  # fmt: skip
    by = case((a.referred_by_id != a.subject_id, a.referred_by_id))
    seen = (
        select(a.subject_id.label("id"), by.label("by"), is_new.label("is_new"))
        .where(a.organisation_id == organisation, known_at(ACCOUNT, is_past), predicate(ACCOUNT, scope))
        .cte("seen")
    )  # fmt: skip
    referred_id = case((seen.c.by.is_not(None), seen.c.id)).label("id")
    bought = (
        select(*_row("revenue", id=referred_id, currency=s.currency, amount=func.sum(s.amount)))
        .select_from(SALE.join(seen, seen.c.id == s.account_id))
        .where(
            s.organisation_id == organisation, known_at(SALE, is_past), predicate(SALE, orders, prefix=ORDERS),
            s.valid_on >= bindparam("first", type_=Date), s.valid_on < bindparam("until", type_=Date), seen.c.is_new,
        )
        .group_by(referred_id, s.currency)
    )  # fmt: skip
    new = select(*_row("new", amount=func.count())).where(seen.c.is_new)
    referred = select(*_row("referred", id=seen.c.id, by=seen.c.by, is_new=seen.c.is_new)).where(
        seen.c.by.is_not(None)
    )
    referrers = select(*_row("referrer", id=seen.c.id)).where(seen.c.id.in_(select(seen.c.by)))
    return select(union_all(new, referred, referrers, bought).subquery("whole"))


NOTHING: Final[dict[str, Any]] = {
    "id": literal_column("NULL::uuid", Uuid), "by": literal_column("NULL::uuid", Uuid),
    "is_new": literal_column("NULL::boolean", Boolean), "currency": literal_column("NULL::text", Text),
    "amount": literal_column("NULL::numeric", Numeric),
}  # fmt: skip


def _row(what: str, **told: Any) -> list[Any]:
    columns = NOTHING | told
    return [literal_column(f"'{what}'", Text).label("what"), *(c.label(n) for n, c in columns.items())]  # fmt: skip
