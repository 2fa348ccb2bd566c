"""What can be measured: each is made of sums over one cube's rows, or divides by those of another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

SECONDS_AN_HOUR: Final = 3_600
SECONDS_A_DAY: Final = 86_400
DAYS_A_WEEK: Final = 7


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
        return self.is_money or self.how == "of_money"


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
        _measure("quota_attainment", "quotas", "percent", "quota won_amount", "Amount won, of the quota", "定额完成率", how="of_money", per="deals_closed"),
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
        _measure("invoices", "invoices", "count", "invoices", "Invoices, void ones left out", "发票数"),
        _measure("invoiced", "invoices", "money", "amount", "Amount invoiced", "开票金额"),
        _measure("outstanding", "invoices", "money", "outstanding", "Outstanding: invoiced and not paid yet", "未收款金额"),
        _measure("overdue", "invoices", "money", "overdue", "Overdue: outstanding and due before today", "逾期金额", is_of_today=True),
        _measure("overdue_share", "invoices", "percent", "outstanding overdue", "Overdue, of what is outstanding", "逾期占比", how="of_money", is_of_today=True),
        _measure("invoices_overdue", "invoices", "count", "late", "Invoices overdue", "逾期发票数", is_of_today=True),
        _measure("days_to_pay", "invoices", "days", "settled_days settled", "Days from the invoice to its last payment, mean", "平均回款天数", how="quotient"),
        _measure("paid_late", "invoices", "percent", "settled_late settled", "Settled after they were due, of those settled", "逾期回款率", how="quotient", times=100.0),
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
