"""The semantic layer: what can be measured of which facts, and by what it is told apart. Declared here alone.

A cube is a kind of facts with the day by which its rows count. A measure is made of sums over one cube's
rows; a sum of money is never taken over two currencies, so whatever asks for money has a row for each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Integer,
    Table,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    tuple_,
)
from sqlalchemy import Text as SqlText

from guanxi_analytics.facts.kinds import (
    ACCOUNTS,
    ACTIONS,
    ACTIVITIES,
    ANSWERS,
    CAMPAIGNS,
    CONTRACTS,
    DEALS,
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
    ENDING_CAUSE,
    MEMBER,
    PRODUCT,
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
ROUND, ACTION = ROUNDS.table.c, ACTIONS.table.c
SECONDS_AN_HOUR: Final = 3_600
SECONDS_A_DAY: Final = 86_400
DAYS_A_WEEK: Final = 7
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


@dataclass(frozen=True, slots=True)
class Measure:
    """`of` names the sums it is made of, `how` how: the one sum, or a quotient of two (times `times`). `per` is a cube
    whose sum of the last of these names it is, where they lie in two."""

    name: str
    cube: str
    unit: str
    of: tuple[str, ...]
    labels: Mapping[str, str]
    how: str = "sum"
    times: float = 1.0
    per: str | None = None
    is_of_today: bool = False  # another number tomorrow, though nothing changed

    @property
    def cubes(self) -> tuple[str, ...]:
        return (self.cube,) if self.per is None else (self.cube, self.per)

    @property
    def is_money(self) -> bool:
        return self.unit == "money"

    @property
    def is_of_currency(self) -> bool:
        """It is of one currency, as money and shares of money are."""
        return self.is_money or self.how == "attained"


def _measure(name: str, cube: str, unit: str, of: str, en: str, zh: str, **more: Any) -> Measure:
    return Measure(name, cube, unit, tuple(of.split()), {"en": en, "zh": zh}, **more)


MEASURES: Final[Mapping[str, Measure]] = {
    measure.name: measure
    for measure in (
        _measure("revenue", "sales", "money", "amount", "Revenue, net of returns", "净销售额"),
        _measure("bought", "sales", "money", "bought", "Bought, before returns", "销售额"),
        _measure("cost", "sales", "money", "cost", "Cost, where it is known", "成本"),
        _measure("margin", "sales", "money", "amount cost is_costed", "Margin; null unless every cost is known", "毛利", how="margin"),
        _measure("quantity", "sales", "number", "quantity", "Quantity", "数量"),
        _measure("orders", "sales", "count", "orders", "Orders", "订单数"),
        _measure("customers", "sales", "count", "customers", "Customers who bought", "购买客户数"),
        _measure("average_order", "sales", "money", "bought orders", "Bought per order", "平均订单额", how="quotient"),
        _measure("deals_opened", "deals_opened", "count", "deals", "Deals opened", "新增商机"),
        _measure("opened_amount", "deals_opened", "money", "amount", "Amount of deals opened", "新增商机金额"),
        _measure("deals_won", "deals_closed", "count", "won", "Deals won", "赢单数"),
        _measure("deals_lost", "deals_closed", "count", "lost", "Deals lost", "丢单数"),
        _measure("won_amount", "deals_closed", "money", "won_amount", "Amount won", "赢单金额"),
        _measure("win_rate", "deals_closed", "percent", "won lost", "Won of those closed", "赢单率", how="share"),
        _measure("cycle_days", "deals_closed", "days", "won_days won", "Days from opening to winning, mean", "成交周期", how="quotient"),
        _measure("tickets_opened", "tickets_opened", "count", "tickets", "Tickets that came in", "新增工单"),
        _measure("tickets_solved", "tickets_solved", "count", "tickets", "Tickets solved", "解决工单"),
        _measure("resolution_hours", "tickets_solved", "hours", "resolution_seconds tickets", "Hours to solve, mean", "平均解决时长", how="quotient", times=1 / SECONDS_AN_HOUR),
        _measure("response_hours", "tickets_solved", "hours", "response_seconds responded", "Hours to the first response, mean", "平均首次响应时长", how="quotient", times=1 / SECONDS_AN_HOUR),
        _measure("sla_attainment", "tickets_solved", "percent", "met clocked", "Service levels kept", "服务承诺达成率", how="quotient", times=100.0),
        _measure("backlog", "backlog", "count", "tickets", "Tickets not solved", "积压工单"),
        _measure("backlog_unanswered", "backlog", "count", "unanswered", "Not solved and without a first response", "未响应积压"),
        _measure("backlog_late", "backlog", "count", "late", "Not solved and a promise broken", "超时积压"),
        _measure("csat", "answers", "percent", "content csat", "CSAT: 4 or 5 of 5; null of fewer than ten", "客户满意度", how="of_ten", times=100.0),
        _measure("csat_answers", "answers", "count", "csat", "Answers to CSAT", "满意度回答数"),
        _measure("nps", "answers", "number", "net nps", "NPS; null of fewer than ten", "净推荐值", how="of_ten", times=100.0),
        _measure("nps_answers", "answers", "count", "nps", "Answers to NPS", "净推荐值回答数"),
        _measure("ces", "answers", "number", "effort ces", "CES, mean of 7; null of fewer than ten", "客户费力度", how="of_ten"),
        _measure("campaign_cost", "campaign_costs", "money", "cost", "Cost of campaigns", "营销费用"),
        _measure("campaign_members", "campaign_members", "count", "members", "Members of campaigns, those held out too", "活动成员"),
        _measure("campaign_held_out", "campaign_members", "count", "held_out", "Members held out", "对照组成员"),
        _measure("campaign_responses", "campaign_members", "count", "responses", "Responses to campaigns", "活动响应数"),
        _measure("response_rate", "campaign_members", "percent", "responses treated", "Responses of those not held out", "活动响应率", how="quotient", times=100.0),
        _measure("cost_per_response", "campaign_costs", "money", "cost responses", "Cost of campaigns per response", "单次响应成本", how="quotient", per="campaign_members"),
        _measure("contract_terms", "contracts", "count", "terms", "Terms of service contracts begun", "新起服务合同期"),
        _measure("contract_customers", "contracts", "count", "accounts", "Customers whose term began", "合同客户数"),
        _measure("contract_put_away", "contracts", "percent", "put_away terms", "Put away, of the terms begun", "合同停用率", how="quotient", times=100.0),
        _measure("quota", "quotas", "money", "quota", "Quota", "销售定额"),
        _measure("quota_attainment", "quotas", "percent", "quota won_amount", "Amount won, of the quota", "定额完成率", how="attained", per="deals_closed"),
        _measure("sell_in", "distributor_sales", "number", "quantity", "Sell-in: sold to distributors, net of returns", "经销商进货量"),
        _measure("sell_in_amount", "distributor_sales", "money", "amount", "Sell-in: amount sold to distributors", "经销商进货额"),
        _measure("reported_in", "stock", "number", "reported_in", "Sell-in as distributors report it", "上报进货量"),
        _measure("sell_through", "stock", "number", "sold", "Sell-through: what distributors sold on", "经销商出货量"),
        _measure("stock_on_hand", "stock", "number", "closing", "Stock on hand at the end; of the last month reported", "期末库存"),
        _measure("weeks_of_cover", "stock", "number", "closing pace", "Weeks that the stock lasts; at the pace of three months", "库存可销周数", how="quotient", times=1 / DAYS_A_WEEK),
        _measure("activities", "activities", "count", "activities", "Activities, done and planned", "活动数"),
        _measure("activities_done", "activities", "count", "done", "Activities done", "完成活动"),
        _measure("activities_planned", "activities", "count", "planned", "Activities planned, not done yet", "计划活动"),
        _measure("activities_overdue", "activities", "count", "overdue", "Activities overdue", "逾期活动", is_of_today=True),
        _measure("visits", "activities", "count", "visits", "Visits done", "完成拜访"),
        _measure("visits_checked_in", "activities", "count", "checked_in", "Visits done with a check-in", "签到拜访"),
        _measure("activity_minutes", "activities", "number", "minutes", "Minutes of activities done, where known", "活动分钟数"),
        _measure("accounts_visited", "activities", "count", "visited", "Accounts visited", "拜访客户数"),
        _measure("accounts_contacted", "activities", "count", "contacted", "Accounts that something was done with", "联系客户数"),
        _measure("visits_per_account", "activities", "number", "visits visited", "Visits per account visited", "户均拜访次数", how="quotient"),
        _measure("accounts", "accounts", "count", "accounts", "Accounts", "客户总数"),
        _measure("accounts_share", "accounts", "percent", "accounts whole", "Of all accounts", "客户占比", how="quotient", times=100.0),
        _measure("customer_accounts", "accounts", "count", "customers", "Customers by lifecycle stage", "成交客户数"),
        _measure("customers_share", "accounts", "percent", "customers accounts", "Customers, of accounts", "成交客户占比", how="quotient", times=100.0),
        _measure("accounts_at_risk", "accounts", "count", "at_risk", "Accounts at risk", "流失风险客户"),
        _measure("accounts_lost", "accounts", "count", "lost", "Accounts lost", "流失客户"),
        _measure("referred_share", "accounts", "percent", "referred accounts", "Accounts that were referred", "转介绍客户占比", how="quotient", times=100.0),
        _measure("complaints", "complaints", "count", "complaints", "Complaints", "投诉"),
        _measure("complaint_rounds", "complaints", "count", "rounds", "Rounds of complaints", "投诉轮次"),
        _measure("complaint_days", "complaints", "days", "open_seconds closed", "Days to close a round, mean", "平均关闭天数", how="quotient", times=1 / SECONDS_A_DAY),
        _measure("complaints_again", "complaints", "percent", "again rounds", "Rounds after a reopening", "再次投诉率", how="quotient", times=100.0),
        _measure("cause_found", "complaints", "percent", "caused rounds", "Rounds with a root cause", "已查明根因率", how="quotient", times=100.0),
        _measure("action_done", "complaints", "percent", "acted rounds", "Rounds with a corrective action done", "已完成纠正措施率", how="quotient", times=100.0),
        _measure("steps_done", "complaints", "percent", "done steps", "Steps done", "步骤完成率", how="quotient", times=100.0),
        _measure("steps_skipped", "complaints", "percent", "skipped steps", "Steps skipped", "步骤跳过率", how="quotient", times=100.0),
        _measure("corrective_actions", "corrective_actions", "count", "actions", "Corrective actions planned", "纠正措施"),
        _measure("actions_done", "corrective_actions", "percent", "done actions", "Corrective actions done", "纠正措施完成率", how="quotient", times=100.0),
        _measure("actions_effective", "corrective_actions", "percent", "effective checked", "Effective, of those checked", "纠正措施有效率", how="quotient", times=100.0),
        _measure("reopened_share", "tickets_solved", "percent", "reopened tickets", "Solved and opened again", "重开率", how="quotient", times=100.0),
    )
}  # fmt: skip


# Columns of what stands beside a fact: `ticket.queue_id`.
COLUMNS: Final[Mapping[str, Any]] = {
    "campaign": CAMPAIGN.c, "ticket": TICKETS.table.c, "product": PRODUCT.c, "cause": {"root_cause_id": ENDING_CAUSE},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dimension:
    """`columns`: by which column of which cube (`campaign.…`: of the campaign that the fact names, see COLUMNS);
    `of_account` are read from the account that it names.
    `filtered` is the field of a filter document that says the same."""

    name: str
    labels: Mapping[str, str]
    columns: Mapping[str, str] = field(default_factory=dict)
    of_account: str | None = None
    named_by: str | None = None  # where its names are found: account, user, team

    def column(self, cube: Cube) -> ColumnElement[Any] | None:
        if self.of_account is not None:
            return ACCOUNT.c[self.of_account] if cube.tells_accounts else None
        name = self.columns.get(cube.kind.noun)
        if name is None:
            return None
        beside, _, column = name.rpartition(".")
        found: ColumnElement[Any] = (COLUMNS[beside] if beside else cube.table.c)[column]
        return found

    def field(self, cube: Cube) -> str:
        noun = cube.kind.noun
        name = self.of_account or self.columns[noun].rpartition(".")[2]
        return f"{noun}_id" if name == "subject_id" else name


def _dimension(name: str, en: str, zh: str, columns: str = "", **more: Any) -> Dimension:
    """`columns`: `order=source opportunity=source`."""
    pairs = (part.partition("=") for part in columns.split())
    told = {noun: column for noun, _, column in pairs}
    return Dimension(name, {"en": en, "zh": zh}, told, **more)


DIMENSIONS: Final[Mapping[str, Dimension]] = {
    dimension.name: dimension
    for dimension in (
        _dimension("account", "Account", "客户", "order=account_id opportunity=account_id ticket=account_id survey=account_id entitlement=account_id campaign_member=account_id activity=account_id stock_report=account_id loop=ticket.account_id corrective_action=ticket.account_id account=subject_id", named_by="account"),
        _dimension("industry", "Industry", "行业", of_account="industry"),
        _dimension("region", "Region", "地区", of_account="region"),
        _dimension("grade", "Grade", "等级", of_account="grade"),
        _dimension("relationship_level", "Relationship level", "关系层级", of_account="relationship_level"),
        _dimension("needs_tier", "Needs tier", "需求层次", of_account="needs_tier"),
        _dimension("country", "Country", "国家", of_account="country"),
        _dimension("province", "Province", "省份", of_account="province"),
        _dimension("city", "City", "城市", of_account="city"),
        _dimension("account_kind", "Kind of account", "客户类型", "account=kind"),
        _dimension("lifecycle_stage", "Lifecycle stage", "生命周期阶段", of_account="lifecycle_stage"),
        _dimension("owner", "Person", "负责人", "order=owner_id opportunity=owner_id ticket=owner_id survey=owner_id entitlement=owner_id activity=owner_id quota=owner_id stock_report=owner_id campaign=owner_id campaign_member=campaign.owner_id loop=ticket.owner_id corrective_action=ticket.owner_id account=owner_id", named_by="user"),
        _dimension("team", "Team", "团队", "order=team_id opportunity=team_id ticket=team_id survey=team_id entitlement=team_id activity=team_id quota=team_id stock_report=team_id campaign=team_id campaign_member=campaign.team_id loop=ticket.team_id corrective_action=ticket.team_id account=team_id", named_by="team"),
        _dimension("product", "Product", "产品", "order=product stock_report=product ticket=product.product loop=product.product corrective_action=product.product"),
        _dimension("sku", "Article number", "货号", "order=sku stock_report=sku ticket=product.sku loop=product.sku corrective_action=product.sku"),
        _dimension("category", "Category", "品类", "order=category stock_report=category ticket=product.category loop=product.category corrective_action=product.category"),
        _dimension("source", "Source", "来源", "order=source opportunity=source account=source"),
        _dimension("pipeline", "Pipeline", "销售流程", "opportunity=pipeline_id quota=pipeline_id"),
        _dimension("stage", "Stage", "阶段", "opportunity=stage_id"),
        _dimension("reason", "Reason", "输赢原因", "opportunity=reason"),
        _dimension("ticket_kind", "Kind of ticket", "工单类型", "ticket=kind"),
        _dimension("priority", "Priority", "优先级", "ticket=priority loop=ticket.priority corrective_action=ticket.priority"),
        _dimension("channel", "Channel", "渠道", "ticket=channel campaign=channel campaign_member=campaign.channel loop=ticket.channel corrective_action=ticket.channel"),
        _dimension("campaign", "Campaign", "营销活动", "campaign=subject_id campaign_member=campaign_id", named_by="campaign"),
        _dimension("campaign_kind", "Kind of campaign", "活动类型", "campaign=campaign_kind campaign_member=campaign.campaign_kind"),
        _dimension("member_group", "Group", "分组", "campaign_member=member_group"),
        _dimension("survey", "Survey", "问卷", "survey=survey_id"),
        _dimension("contract_term", "Contract term", "合同期限", "entitlement=term"),
        _dimension("contract_unit", "Unit of a contract", "合同计量单位", "entitlement=unit"),
        _dimension("activity_kind", "Kind of activity", "活动类别", "activity=kind"),
        _dimension("activity_status", "Status of an activity", "活动状态", "activity=status"),
        _dimension("queue", "Queue", "队列", "ticket=queue_id loop=ticket.queue_id corrective_action=ticket.queue_id"),
        _dimension("root_cause", "Root cause", "根本原因", "loop=cause.root_cause_id corrective_action=cause.root_cause_id", named_by="root_cause"),
    )
}  # fmt: skip
PERIODS: Final[Mapping[str, Mapping[str, str]]] = {
    "day": {"en": "Day", "zh": "日"},
    "week": {"en": "Week (ISO)", "zh": "周"},
    "month": {"en": "Month", "zh": "月"},
    "quarter": {"en": "Quarter", "zh": "季度"},
    "year": {"en": "Year", "zh": "年"},
}
