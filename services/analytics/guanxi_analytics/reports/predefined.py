"""Reports that everybody has: the same documents as saved ones, declared in code, in English and Chinese."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from guanxi_analytics.queries.cubes import CUBES
from guanxi_analytics.queries.groupings import told_by
from guanxi_analytics.queries.measures import MEASURES

YEAR: Final = {"from": "this_year", "until": "next_year"}
TWELVE: Final = {"from": "-11m", "until": "tomorrow"}


@dataclass(frozen=True, slots=True)
class Predefined:
    id: str
    name: str
    name_zh: str
    document: Mapping[str, Any]
    chart: str = "auto"
    is_graded: bool = False

    @property
    def permissions(self) -> list[str]:
        cubes = {MEASURES[name].cube for name in self.document["measures"]}
        groupings = {f"{name}:read" for name in told_by(self.document["dimensions"])}
        return sorted({CUBES[cube].permission for cube in cubes} | groupings)


def _report(
    id: str, name: str, name_zh: str, measures: str, dimensions: str, *, chart: str = "auto",
    is_graded: bool = False, **more: Any,
) -> Predefined:  # fmt: skip
    document = {
        "measures": measures.split(), "dimensions": dimensions.split(),
        "period": YEAR, "compare": "previous_year", **more,
    }  # fmt: skip
    return Predefined(id, name, name_zh, document, chart, is_graded)


SALES: Final = "revenue margin orders customers"
WINS: Final = (
    "win_rate deals_won deals_lost cycle_days"  # without money: one row for all currencies
)
SERVICE: Final = "tickets_solved response_hours resolution_hours sla_attainment reopened_share"
BACKLOG: Final = "backlog backlog_unanswered backlog_late"
CONTENT: Final = "csat csat_answers nps nps_answers"
COMPLAINTS: Final = "complaints complaint_days cause_found action_done steps_done steps_skipped"
RESPONSES: Final = "response_rate campaign_responses campaign_members campaign_held_out"
ACTED: Final = "visits activities_done accounts_visited activity_minutes"
BESIDE: Final = "activities_done visits won_amount revenue deals_won"  # side by side, and no cause
ATTAINED: Final = "quota_attainment quota won_amount deals_won"
QUARTER: Final[Mapping[str, Any]] = {
    "period": {"from": "this_quarter", "until": "next_quarter"}, "compare": None,
}  # fmt: skip
STOCKED: Final = "stock_on_hand weeks_of_cover sell_through sell_in"
STANDING: Final = "accounts accounts_share customers_share accounts_at_risk accounts_lost"
OWED: Final = "outstanding overdue overdue_share invoices_overdue days_to_pay paid_late"
WHENEVER: Final[Mapping[str, Any]] = {"period": None, "compare": None}  # whenever it came in

PREDEFINED: Final[Mapping[str, Predefined]] = {
    report.id: report
    for report in (
        _report("sales-by-month", "Sales by month", "月度销售", SALES, "month"),
        _report("sales-by-product", "Sales by product", "产品销售", "revenue quantity margin orders", "product", top=20),
        _report("sales-by-category", "Sales by category", "品类销售", "revenue quantity margin orders", "category", top=20),
        _report("sales-by-channel", "Sales by channel", "渠道销售", SALES, "source"),
        _report("sales-by-region", "Sales by region", "地区销售", SALES, "region", top=30),
        _report("sales-by-segment", "Customers and revenue by segment", "细分客户销售", "revenue customers orders margin", "segment", top=30),
        _report("sales-by-territory", "Sales by territory", "销售区域业绩", SALES, "territory", top=30),
        _report("sales-by-industry", "Sales by industry", "行业销售", SALES, "industry", top=30),
        _report("sales-by-person", "Sales by person", "人员销售", SALES, "owner", top=30),
        _report("sales-by-team", "Sales by team", "团队销售", SALES, "team", top=30),
        _report("top-customers", "Top customers", "重点客户", "revenue margin orders average_order", "account", top=30, is_graded=True),
        _report("customers-by-margin", "Customers by margin", "客户毛利", "margin revenue orders", "account", top=30, is_graded=True),
        _report("returns-by-product", "Bought and kept, by product", "产品退货", "bought revenue", "product", top=20),
        _report("deals-opened-by-source", "Opportunities opened, by source", "商机来源", "deals_opened opened_amount", "source"),
        _report("wins-by-month", "Win rate and cycle by month", "月度赢单率与成交周期", WINS, "month", chart="line"),
        _report("wins-by-person", "Win rate and cycle by person", "人员赢单率与成交周期", WINS, "owner", top=30),
        _report("wins-by-pipeline", "Win rate and cycle by pipeline", "流程赢单率与成交周期", WINS, "pipeline"),
        _report("won-amount-by-person", "Amount won, by person", "人员赢单金额", "won_amount deals_won", "owner", top=30),
        _report("lost-reasons", "Why deals were lost", "丢单原因", "deals_lost", "reason", top=20,
                filter_groups=[{"filters": [{"field": "status", "operator": "eq", "value": "lost"}]}]),
        _report("tickets-by-month", "Tickets in and solved, by month", "月度工单", "tickets_opened tickets_solved", "month", chart="line"),
        _report("tickets-by-channel", "Tickets by channel", "工单渠道", "tickets_opened", "channel"),
        _report("tickets-by-kind", "Tickets by kind", "工单类型", "tickets_opened", "ticket_kind"),
        _report("service-by-priority", "Service levels by priority", "各优先级服务水平", SERVICE, "priority"),
        _report("service-by-month", "Service levels by month", "月度服务水平", SERVICE, "month", chart="line"),
        _report("service-by-queue", "Service levels by queue", "各队列服务水平", SERVICE, "queue", top=30),
        _report("backlog-by-queue", "Tickets not solved, by queue", "各队列积压工单", BACKLOG, "queue", top=30, **WHENEVER),
        _report("backlog-by-priority", "Tickets not solved, by priority", "各优先级积压工单", BACKLOG, "priority", **WHENEVER),
        _report("satisfaction-by-month", "Satisfaction by month", "月度满意度", CONTENT, "month", chart="line"),
        _report("satisfaction-by-agent", "Satisfaction by agent", "各坐席满意度", CONTENT, "owner", top=30),
        _report("complaints-by-root-cause", "Complaints by root cause", "投诉根因", COMPLAINTS, "root_cause", top=30),
        _report("complaints-by-product", "Complaints by product", "产品投诉", COMPLAINTS, "product", top=30),
        *(
            _report(f"accounts-by-{dimension.replace('_', '-')}", f"Accounts by {name}", f"{name_zh}客户分布", STANDING, dimension, top=30, **WHENEVER)
            for dimension, name, name_zh in (
                ("grade", "grade", "等级"), ("needs_tier", "needs tier", "需求层次"),
                ("relationship_level", "relationship level", "关系层级"), ("industry", "industry", "行业"), ("region", "region", "地区"),
                ("segment", "segment", "细分"),
            )
        ),
        _report("campaign-responses", "Responses by campaign", "活动响应", RESPONSES, "campaign", top=30, **WHENEVER),
        _report("campaign-costs", "Cost by campaign", "活动费用", "campaign_cost cost_per_response", "campaign", top=30, **WHENEVER),
        _report("activities-by-month", "Activities by month", "月度活动", ACTED, "month", chart="line"),
        _report("activities-by-person", "Activities by person", "人员活动", ACTED, "owner", top=30),
        _report("activities-by-kind", "Activities by kind", "各类活动", "activities_done accounts_contacted activity_minutes", "activity_kind"),
        _report("activities-overdue", "Activities planned and overdue, by person", "人员计划与逾期活动", "activities_overdue activities_planned", "owner", top=30, **WHENEVER),
        _report("activity-and-results", "Activities beside results, by person and month", "人员月度活动与业绩", BESIDE, "owner month", chart="line", compare=None),
        _report("activity-and-results-by-grade", "Activities beside results, by grade of account", "各等级客户活动与业绩", BESIDE, "grade"),
        _report("activity-and-results-by-region", "Activities beside results, by region", "各地区活动与业绩", BESIDE, "region", top=30),
        _report("quota-attainment", "Quota attainment of the quarter, by person", "人员季度定额完成率", ATTAINED, "owner", top=30, **QUARTER),
        _report("quota-attainment-by-team", "Quota attainment of the quarter, by team", "团队季度定额完成率", ATTAINED, "team", top=30, **QUARTER),
        _report("quota-attainment-by-month", "Quota attainment by month", "月度定额完成率", ATTAINED, "month", compare=None),
        _report("stock-by-distributor", "Sell-in, sell-through and stock, by distributor", "经销商进销存", STOCKED, "account", top=30),
        _report("stock-by-product", "Sell-in, sell-through and stock, by product", "产品进销存", STOCKED, "product", top=30),
        _report("stock-by-month", "Sell-in, sell-through and stock, by month", "月度进销存", STOCKED, "month", chart="line"),
        _report("receivables-ageing", "Receivables by days overdue", "应收账款账龄", "outstanding invoices", "overdue_bucket", **WHENEVER,
                filter_groups=[{"filters": [{"field": "outstanding", "operator": "gt", "value": "0"}]}]),
        _report("receivables-by-person", "Receivables by person", "人员应收账款", OWED, "owner", top=30, **WHENEVER),
        _report("receivables-by-customer", "Receivables by customer", "客户应收账款", OWED, "account", top=30, **WHENEVER),
        _report("service-by-agent", "Service levels by agent", "各坐席服务水平", SERVICE, "owner", top=30),
    )
}  # fmt: skip


def shown(report: Predefined) -> dict[str, Any]:
    return {
        "id": report.id, "name": report.name, "name_zh": report.name_zh,
        "document": report.document, "chart": report.chart, "is_graded": report.is_graded,
    }  # fmt: skip
