"""What stands beside a fact: rows of other kinds that it names, as they were known at the same moment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    DateTime,
    FromClause,
    Table,
    Uuid,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
)  # fmt: skip

from guanxi_analytics.facts.kinds import (
    ACCOUNTS,
    ACTIONS,
    ACTIVITIES,
    ANSWERS,
    CAMPAIGNS,
    CAUSES,
    CONTRACTS,
    DEALS,
    INVOICES,
    MEMBERS,
    PRODUCTS,
    ROUNDS,
    SALES,
    TICKETS,
)
from guanxi_analytics.queries.segment_rows import SEGMENT_ROWS
from guanxi_analytics.queries.stock_rows import STOCK_ROWS
from guanxi_analytics.queries.territory_rows import TERRITORY_ROWS

ACCOUNT: Final[Table] = ACCOUNTS.table
CAMPAIGN: Final[Table] = CAMPAIGNS.table
DEAL: Final[Table] = DEALS.table
TICKET: Final[Table] = TICKETS.table
ROUND: Final[Table] = ROUNDS.table
PRODUCT: Final[Table] = PRODUCTS.table
MEMBER, ACTION, CAUSE = MEMBERS.table.c, ACTIONS.table.c, CAUSES.table.c


def one(value: str) -> ColumnElement[Any]:
    return literal_column(f"'{value}'")


def known_then(columns: Any) -> ColumnElement[bool]:
    """Rows of the organisation as they are known, or were at `as_of` where that is bound. For what is written into a
    statement whatever is asked; where the moment is known, `known_at` is served by narrower indexes."""
    at = func.coalesce(bindparam("as_of", type_=DateTime(timezone=True)), literal_column("'infinity'::timestamptz"))  # fmt: skip
    return and_(
        columns.organisation_id == bindparam("organisation", type_=Uuid), columns.recorded_at <= at,
        or_(columns.ended_at.is_(None), columns.ended_at > at),
    )  # fmt: skip


def known_at(table: Any, is_past: bool) -> ColumnElement[bool]:
    """The rows that are present, or that were at the moment asked for."""
    if not is_past:
        present: ColumnElement[bool] = table.c.ended_at.is_(None)
        return present
    at = bindparam("as_of", type_=DateTime(timezone=True))
    return and_(table.c.recorded_at <= at, or_(table.c.ended_at.is_(None), table.c.ended_at > at))


def _ends() -> FromClause:
    """Where each root cause is counted: itself, or the one at the end of the merges that it went into."""
    first = select(CAUSE.subject_id.label("id"), CAUSE.subject_id.label("at"), CAUSE.merged_into_id.label("into"))  # fmt: skip
    ways = first.where(known_then(CAUSE)).cte("ways", recursive=True)
    further = select(ways.c.id, CAUSE.subject_id, CAUSE.merged_into_id).where(
        CAUSE.subject_id == ways.c.into, known_then(CAUSE)
    )
    ways = ways.union(further)
    return select(ways.c.id, ways.c.at).where(ways.c.into.is_(None)).cte("ends")


ENDS: Final = _ends()
ENDING_CAUSE: Final[ColumnElement[Any]] = func.coalesce(ENDS.c.at, ROUND.c.root_cause_id)


@dataclass(frozen=True, slots=True)
class Beside:
    """`named` is the column that names a row of `table` by its `key`, `only` what that has to be. Facts without it do not
    count, unless it is optional; what is `if_asked` is optional, and joined where a column of it is asked for."""

    table: FromClause
    named: ColumnElement[Any]
    only: tuple[ColumnElement[bool], ...] = ()
    key: str = "subject_id"
    is_optional: bool = False
    if_asked: bool = False

    def joined(self, rows: Any, is_past: bool) -> Any:
        conditions = [self.table.c[self.key] == self.named, *self.only]
        if "organisation_id" in self.table.c:
            own = self.table.c.organisation_id == bindparam("organisation", type_=Uuid)
            conditions += [own, known_at(self.table, is_past)]
        return rows.join(self.table, and_(*conditions), isouter=self.is_optional or self.if_asked)


def account_of(named: ColumnElement[Any]) -> Beside:
    return Beside(ACCOUNT, named, if_asked=True)


OF_CAMPAIGN: Final = Beside(CAMPAIGN, MEMBER.campaign_id, (CAMPAIGN.c.line == one("campaign"),))
OF_DEAL: Final = Beside(DEAL, SALES.table.c.opportunity_id, if_asked=True)
OF_PRODUCT: Final = Beside(PRODUCT, TICKET.c.product_id, if_asked=True)
OF_ROUND: Final = Beside(ROUND, ACTION.round_id)
OF_CAUSE: Final = Beside(ENDS, ROUND.c.root_cause_id, key="id", is_optional=True)
COMPLAINT: Final = (TICKET.c.kind == one("complaint"),)
ACTED: Final = (
    select(ACTION.round_id).where(known_then(ACTION), ACTION.status == one("done")).distinct().subquery("acted")
)  # fmt: skip
OF_DONE_ACTIONS: Final = Beside(ACTED, ROUND.c.subject_id, key="round_id", is_optional=True)
BESIDE: Final[Mapping[str, tuple[Beside, ...]]] = {
    "order": (account_of(SALES.table.c.account_id), OF_DEAL),
    "opportunity": (account_of(DEAL.c.account_id),),
    "ticket": (account_of(TICKET.c.account_id), OF_PRODUCT),
    "survey": (account_of(ANSWERS.table.c.account_id),),
    "entitlement": (account_of(CONTRACTS.table.c.account_id),),
    "campaign_member": (OF_CAMPAIGN, account_of(MEMBER.account_id)),
    "activity": (account_of(ACTIVITIES.table.c.account_id),),
    "stock_report": (account_of(STOCK_ROWS.c.account_id),),
    "invoice": (account_of(INVOICES.table.c.account_id),),
    "loop": (
        Beside(TICKET, ROUND.c.ticket_id, COMPLAINT), OF_CAUSE, OF_DONE_ACTIONS, OF_PRODUCT, account_of(TICKET.c.account_id),
    ),
    "corrective_action": (
        OF_ROUND, Beside(TICKET, ACTION.ticket_id, COMPLAINT), OF_CAUSE, OF_PRODUCT, account_of(TICKET.c.account_id),
    ),
}  # fmt: skip


def account_named_by(noun: str) -> ColumnElement[Any] | None:
    """The column by which a fact names its account."""
    if noun == ACCOUNTS.noun:
        return ACCOUNT.c.subject_id
    return next((each.named for each in BESIDE.get(noun, ()) if each.table is ACCOUNT), None)


def beside_of(noun: str) -> tuple[Beside, ...]:
    """With the segments of its account, of which there are none, one or several, and its territory, if it is in one."""
    account = account_named_by(noun)
    found = BESIDE.get(noun, ())
    if account is None:
        return found
    put = (
        Beside(rows, account, key="account_id", if_asked=True)
        for rows in (SEGMENT_ROWS, TERRITORY_ROWS)
    )
    return (*found, *put)


def joined(noun: str, rows: Any, asked: Iterable[Any], *, is_past: bool) -> Any:
    """The rows of a kind beside what they name, as that was known at the same moment; `asked` are columns that are read."""
    tables = {getattr(column, "table", None) for column in asked}
    for each in beside_of(noun):
        if not each.if_asked or each.table in tables:
            rows = each.joined(rows, is_past)
    return rows
