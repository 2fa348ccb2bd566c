"""The kinds of facts that can be measured, and by which day their rows count. With measures and dimensions beside it, it is the
semantic layer: what can be measured of what, and by what it is told apart, declared here alone.

A sum of money is never taken over two currencies, so whatever asks for money has a row for each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Integer,
    Table,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    tuple_,
)
from sqlalchemy import Text as SqlText

from guanxi_analytics.facts.invoice_rules import BUCKETS, OLDEST
from guanxi_analytics.facts.kinds import (
    ACCOUNTS,
    ACTIONS,
    ACTIVITIES,
    ANSWERS,
    CAMPAIGNS,
    CONTRACTS,
    DEALS,
    INVOICES,
    MEMBERS,
    QUOTAS,
    ROUNDS,
    SALES,
    STOCK,
    TICKETS,
    Kind,
)
from guanxi_analytics.queries.beside import (
    ACCOUNT,
    ACTED,
    CAMPAIGN,
    MEMBER,
    beside_of,
    one,
)
from guanxi_analytics.queries.quota_rows import QUOTA_ROWS
from guanxi_analytics.queries.stock_rows import STOCK_ROWS

SALE, DEAL = SALES.table.c, DEALS.table.c
TICKET: Final = TICKETS.table.c
ANSWER: Final = ANSWERS.table.c
CONTRACT: Final = CONTRACTS.table.c
ACTIVITY: Final = ACTIVITIES.table.c
INVOICE: Final = INVOICES.table.c
ROUND, ACTION = ROUNDS.table.c, ACTIONS.table.c
CUSTOMER: Final = ("customer_id", "member_id", "account_id", "requester_id")
OF_TICKET: Final = func.coalesce(TICKET.account_id, TICKET.requester_id)
CUSTOMERS: Final[Mapping[str, ColumnElement[Any]]] = {  # where the fact itself does not say whom it is of
    "account": ACCOUNT.c.subject_id, "loop": OF_TICKET, "corrective_action": OF_TICKET,
}  # fmt: skip


def local(instant: ColumnElement[Any]) -> ColumnElement[Any]:
    """An instant as the clock on the organisation's wall shows it."""
    return func.timezone(bindparam("zone", type_=SqlText), instant)


@dataclass(frozen=True)
class Cube:
    """`when` is the column by which rows count, `day` the same as the organisation's day; `resource` is whose breadth of sight
    counts and, unless it is `permitted_as` another, whose permission; `only` what its rows have to be. `rows` are made of
    the facts where those do not count as they stand; `buckets` are the stretches of time that it is told apart by;
    `told_by` is a table of facts that the row's account has to have one of; `whole` the sum of which every row has the
    total beside it."""

    name: str
    kind: Kind
    resource: str
    when: str
    only: tuple[ColumnElement[bool], ...]
    sums: Mapping[str, ColumnElement[Any]]
    money: frozenset[str]
    labels: Mapping[str, str]
    rows: Any = None
    buckets: tuple[str, ...] = ("day", "week", "month", "quarter", "year")
    told_by: Table | None = None
    permitted_as: str | None = None
    whole: str | None = None

    @property
    def table(self) -> Table:
        found: Table = self.kind.table if self.rows is None else self.rows
        return found

    @property
    def permission(self) -> str:
        return f"{self.permitted_as or self.resource}:read"

    @property
    def seen_by(self) -> Table:
        """The table whose owner and team say who sees a row: of what hangs on a campaign or a ticket, its own."""
        return SEEN_BY.get(self.kind.noun, self.table)

    @property
    def tells_accounts(self) -> bool:
        """Whether its rows are accounts or name one."""
        tables = [self.table, *(each.table for each in beside_of(self.kind.noun))]
        return any(table is ACCOUNT for table in tables)

    @property
    def customer(self) -> ColumnElement[Any] | None:
        """Whom a row is of; None of facts that are of nobody."""
        if self.kind.noun in CUSTOMERS:
            return CUSTOMERS[self.kind.noun]
        known = [self.table.c[name] for name in CUSTOMER if name in self.table.c]
        return func.coalesce(*known) if known else None

    @property
    def day(self) -> ColumnElement[Any]:
        column = self.table.c[self.when]
        return local(column) if isinstance(column.type, DateTime) else cast(column, DateTime)

    @property
    def is_by_instant(self) -> bool:
        return isinstance(self.table.c[self.when].type, DateTime)


SEEN_BY: Final[Mapping[str, Table]] = {
    "campaign_member": CAMPAIGN, "loop": TICKETS.table, "corrective_action": TICKETS.table,
}  # fmt: skip
BUYING: Final = ("new", "active", "loyal", "at_risk", "won_back")  # the stages of customers
BOUGHT: Final = SALE.kind == one("bought")
WON: Final = DEAL.status == one("won")
TREATED: Final = MEMBER.member_group == one("treated")
EACH_MEMBER: Final = tuple_(
    MEMBER.campaign_id, MEMBER.member_id
).distinct()  # merged records are one
EACH_ACTIVITY: Final = ACTIVITY.subject_id.distinct()  # with several accounts it is one
DONE: Final = ACTIVITY.status == one("done")
PLANNED: Final = ACTIVITY.status == one("planned")
VISITED: Final = and_(DONE, ACTIVITY.kind == one("visit"))
TODAY: Final = bindparam(
    "today", type_=Date
)  # of the moment asked for, by the organisation's clock
OVERDUE: Final = and_(INVOICE.outstanding > literal_column("0"), INVOICE.due_on < TODAY)
SETTLED: Final = and_(INVOICE.status == one("paid"), INVOICE.paid_on.is_not(None))
DAYS_LATE: Final[ColumnElement[Any]] = TODAY - INVOICE.due_on
OVERDUE_BUCKET: Final[ColumnElement[Any]] = case(  # of what is outstanding
    (
        INVOICE.outstanding > literal_column("0"),
        case(
            *((literal_column(str(most)) >= DAYS_LATE, one(name)) for name, most in BUCKETS.items() if most is not None),
            else_=one(OLDEST),
        ),
    )
)  # fmt: skip
STOCKED: Final = STOCK_ROWS.c
OF_MONTHS: Final = ("month", "quarter", "year")
# The last month of its product that was reported within the stretch of time that it is told apart by, and the period.
BUCKET_END: Final = func.date_trunc(bindparam("bucket", type_=SqlText), STOCKED.month) + func.make_interval(
    literal_column("0"), bindparam("bucket_months", type_=Integer)
)  # fmt: skip
NEVER: Final[ColumnElement[Any]] = literal_column("'infinity'::date")
IS_LAST: Final = or_(
    STOCKED.next_month.is_(None),
    STOCKED.next_month
    >= func.least(cast(func.coalesce(BUCKET_END, NEVER), Date), func.coalesce(bindparam("until", type_=Date), NEVER)),
)  # fmt: skip
CUBES: Final[Mapping[str, Cube]] = {
    cube.name: cube
    for cube in (
        Cube(
            "sales", SALES, "orders", "valid_on", (),
            {
                "amount": func.coalesce(func.sum(SALE.amount), 0),
                "bought": func.coalesce(func.sum(SALE.amount).filter(BOUGHT), 0),
                "cost": func.coalesce(func.sum(SALE.cost), 0),
                "is_costed": func.bool_and(SALE.cost.is_not(None)),
                "quantity": func.coalesce(func.sum(SALE.quantity), 0),
                "orders": func.count(SALE.subject_id.distinct()).filter(BOUGHT),
                "customers": func.count(SALE.customer_id.distinct()).filter(BOUGHT),
            },
            frozenset({"amount", "bought", "cost"}),
            {"en": "Lines of orders by order day, returns by their own day", "zh": "订单明细与退货"},
        ),
        Cube(
            "deals_opened", DEALS, "opportunities", "opened_on", (),
            {
                "deals": func.count(),
                "amount": func.coalesce(func.sum(DEAL.amount), 0),
            },
            frozenset({"amount"}),
            {"en": "Opportunities by the day they were opened", "zh": "按创建日的商机"},
        ),
        Cube(
            "deals_closed", DEALS, "opportunities", "closed_at",
            (DEAL.closed_at.is_not(None), DEAL.status != one("open")),
            {
                "won": func.count().filter(WON),
                "lost": func.count().filter(DEAL.status == one("lost")),
                "won_amount": func.coalesce(func.sum(DEAL.amount).filter(WON), 0),
                "won_days": func.sum(
                    cast(local(DEAL.closed_at), Date) - DEAL.opened_on
                ).filter(WON),
            },
            frozenset({"won_amount"}),
            {"en": "Opportunities by the day they were won or lost", "zh": "按成交或丢单日的商机"},
        ),
        Cube(
            "tickets_opened", TICKETS, "tickets", "opened_at", (),
            {"tickets": func.count()},
            frozenset(),
            {"en": "Tickets by the day they came in", "zh": "按创建日的工单"},
        ),
        Cube(
            "tickets_solved", TICKETS, "tickets", "solved_at", (TICKET.solved_at.is_not(None),),
            {
                "tickets": func.count(),
                "resolution_seconds": func.sum(
                    func.extract("epoch", TICKET.solved_at - TICKET.opened_at)
                ),
                "responded": func.count(TICKET.first_responded_at),
                "response_seconds": func.sum(
                    func.extract("epoch", TICKET.first_responded_at - TICKET.opened_at)
                ),
                "clocked": func.count(TICKET.is_met),
                "met": func.count().filter(TICKET.is_met),
                "reopened": func.count().filter(TICKET.reopened_count > literal_column("0")),
            },
            frozenset(),
            {"en": "Tickets by the day they were solved", "zh": "按解决日的工单"},
        ),
        Cube(
            "backlog", TICKETS, "tickets", "opened_at",
            (TICKET.status_kind != one("solved"), TICKET.status_kind != one("closed")),
            {
                "tickets": func.count(),
                "unanswered": func.count().filter(TICKET.first_responded_at.is_(None)),
                "late": func.count().filter(TICKET.is_met == literal_column("false")),
            },
            frozenset(),
            {"en": "Tickets that are neither solved nor closed, by the day they came in", "zh": "未解决工单"},
        ),
        Cube(
            "answers", ANSWERS, "tickets", "answered_at", (ANSWER.score.is_not(None),),
            {
                "csat": func.count().filter(ANSWER.kind == one("csat")),
                "content": func.count().filter(and_(ANSWER.kind == one("csat"), ANSWER.score >= literal_column("4"))),
                "nps": func.count().filter(ANSWER.kind == one("nps")),
                "net": func.count().filter(and_(ANSWER.kind == one("nps"), ANSWER.score >= literal_column("9")))
                - func.count().filter(and_(ANSWER.kind == one("nps"), ANSWER.score <= literal_column("6"))),
                "ces": func.count().filter(ANSWER.kind == one("ces")),
                "effort": func.coalesce(func.sum(ANSWER.score).filter(ANSWER.kind == one("ces")), 0),
            },
            frozenset(),
            {"en": "Answers to surveys by the day they were given", "zh": "按回答日的问卷"},
        ),
        Cube(
            "campaign_costs", CAMPAIGNS, "campaigns", "valid_on", (CAMPAIGN.c.line == one("cost"),),
            {"cost": func.coalesce(func.sum(CAMPAIGN.c.amount), 0)},
            frozenset({"cost"}),
            {"en": "What campaigns cost, by the day it was paid", "zh": "按支出日的营销费用"},
        ),
        Cube(
            "campaign_members", MEMBERS, "campaigns", "addressed_at", (),
            {
                "members": func.count(EACH_MEMBER),
                "treated": func.count(EACH_MEMBER).filter(TREATED),
                "held_out": func.count(EACH_MEMBER).filter(MEMBER.member_group == one("held_out")),
                "responses": func.count(EACH_MEMBER).filter(and_(TREATED, MEMBER.status == one("responded"))),
            },
            frozenset(),
            {"en": "Members of campaigns by the day they were sent to, else added", "zh": "按触达日的活动成员"},
        ),
        Cube(
            "contracts", CONTRACTS, "entitlements", "valid_from", (),
            {
                "terms": func.count(),
                "accounts": func.count(CONTRACT.account_id.distinct()),
                "put_away": func.count().filter(~CONTRACT.is_active),
            },
            frozenset(),
            {"en": "Terms of service contracts by their first day", "zh": "按生效日的服务合同期"},
        ),
        Cube(
            "activities", ACTIVITIES, "activities", "valid_at", (ACTIVITY.status != one("cancelled"),),
            {
                "activities": func.count(EACH_ACTIVITY),
                "done": func.count(EACH_ACTIVITY).filter(DONE),
                "planned": func.count(EACH_ACTIVITY).filter(PLANNED),
                "overdue": func.count(EACH_ACTIVITY).filter(
                    and_(PLANNED, cast(local(ACTIVITY.until_at), Date) < TODAY)
                ),
                "visits": func.count(EACH_ACTIVITY).filter(VISITED),
                "checked_in": func.count(EACH_ACTIVITY).filter(and_(VISITED, ACTIVITY.is_checked_in)),
                "minutes": func.coalesce(func.sum(ACTIVITY.minutes).filter(DONE), 0),
                "visited": func.count(ACTIVITY.account_id.distinct()).filter(VISITED),
                "contacted": func.count(ACTIVITY.account_id.distinct()).filter(DONE),
            },
            frozenset(),
            {"en": "Activities by when they were done, else are meant for", "zh": "按完成或计划时间的活动"},
        ),
        Cube(
            "quotas", QUOTAS, "quotas", "starts_on", (),
            {"quota": func.coalesce(func.sum(QUOTA_ROWS.c.amount), 0)},
            frozenset({"quota"}),
            {"en": "Quotas by the first day of their period", "zh": "按期初日的销售定额"},
            QUOTA_ROWS, OF_MONTHS,
        ),
        Cube(
            "stock", STOCK, "orders", "month", (),
            {
                "reported_in": func.coalesce(func.sum(STOCKED.bought), 0),
                "sold": func.coalesce(func.sum(STOCKED.sold), 0),
                "closing": func.coalesce(func.sum(STOCKED.closing).filter(IS_LAST), 0),
                "pace": func.sum(STOCKED.pace).filter(IS_LAST),
            },
            frozenset(),
            {"en": "What distributors reported of their stock, by month", "zh": "按月的经销商进销存"},
            STOCK_ROWS, OF_MONTHS,
        ),
        Cube(
            "distributor_sales", SALES, "orders", "valid_on", (),
            {
                "quantity": func.coalesce(func.sum(SALE.quantity), 0),
                "amount": func.coalesce(func.sum(SALE.amount), 0),
            },
            frozenset({"amount"}),
            {"en": "Lines of orders of accounts that report stock", "zh": "经销商订单明细"},
            told_by=STOCK.table,
        ),
        Cube(
            "invoices", INVOICES, "invoices", "issued_on", (INVOICE.status != one("void"),),
            {
                "invoices": func.count(),
                "amount": func.coalesce(func.sum(INVOICE.amount), 0),
                "outstanding": func.coalesce(func.sum(INVOICE.outstanding), 0),
                "overdue": func.coalesce(func.sum(INVOICE.outstanding).filter(OVERDUE), 0),
                "late": func.count().filter(OVERDUE),
                "settled": func.count().filter(SETTLED),
                "settled_days": func.sum(INVOICE.paid_on - INVOICE.issued_on).filter(SETTLED),
                "settled_late": func.count().filter(and_(SETTLED, INVOICE.paid_on > INVOICE.due_on)),
            },
            frozenset({"amount", "outstanding", "overdue"}),
            {"en": "Invoices by the day they were issued, void ones left out", "zh": "按开票日的发票（不含作废）"},
        ),
        Cube(
            "accounts", ACCOUNTS, "accounts", "created_at", (),
            {
                "accounts": func.count(),
                "customers": func.count().filter(ACCOUNT.c.lifecycle_stage.in_([one(stage) for stage in BUYING])),
                "at_risk": func.count().filter(ACCOUNT.c.lifecycle_stage == one("at_risk")),
                "lost": func.count().filter(ACCOUNT.c.lifecycle_stage == one("lost")),
                "referred": func.count(ACCOUNT.c.referred_by_id),
            },
            frozenset(),
            {"en": "Accounts by the day they were made", "zh": "按创建日的客户"},
            whole="accounts",
        ),
        Cube(
            "complaints", ROUNDS, "tickets", "opened_at", (),
            {
                "complaints": func.count(ROUND.ticket_id.distinct()),
                "rounds": func.count(),
                "again": func.count().filter(ROUND.number > literal_column("1")),
                "closed": func.count(ROUND.closed_at),
                "open_seconds": func.sum(func.extract("epoch", ROUND.closed_at - ROUND.opened_at)),
                "caused": func.count(ROUND.root_cause_id),
                "acted": func.count(ACTED.c.round_id),
                "done": func.coalesce(func.sum(ROUND.done_steps), 0),
                "skipped": func.coalesce(func.sum(ROUND.skipped_steps), 0),
                "steps": func.coalesce(func.sum(ROUND.done_steps + ROUND.skipped_steps + ROUND.open_steps), 0),
            },
            frozenset(),
            {"en": "Rounds of complaints by the day they began", "zh": "按开始日的投诉轮次"},
            permitted_as="ticket-notes",
        ),
        Cube(
            "corrective_actions", ACTIONS, "tickets", "planned_at", (),
            {
                "actions": func.count(),
                "done": func.count().filter(ACTION.status == one("done")),
                "checked": func.count(ACTION.effect),
                "effective": func.count().filter(ACTION.effect == one("effective")),
            },
            frozenset(),
            {"en": "Corrective actions by the day they were planned", "zh": "按计划日的纠正措施"},
            permitted_as="ticket-notes",
        ),
    )
}  # fmt: skip
