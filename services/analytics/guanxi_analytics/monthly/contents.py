"""What a monthly report is made of: figures beside the month before and the year before, and what stands behind them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from guanxi_analytics.queries.period_rules import moved

# Without money: one table for all currencies; with it, one for each.
SALES: Final = ("orders customers", "revenue margin average_order")
DEALS: Final = (
    "deals_opened deals_won deals_lost win_rate cycle_days", "opened_amount won_amount",
)  # fmt: skip
SERVICE: Final = (
    "tickets_opened tickets_solved response_hours resolution_hours sla_attainment reopened_share",
)
MONTHS_SHOWN: Final = 13


@dataclass(frozen=True, slots=True)
class Part:
    """`kind`: `chart` is drawn, `table` is drawn and written out with its records."""

    id: str
    labels: Mapping[str, str]
    kind: str
    document: Mapping[str, Any]
    chart: str = "auto"
    is_graded: bool = False
    is_of_year: bool = False  # of the months until then, not of the month alone


@dataclass(frozen=True, slots=True)
class Section:
    """`figures` are lists of measures, each asked for at once."""

    id: str
    labels: Mapping[str, str]
    permission: str
    figures: tuple[str, ...]
    parts: tuple[Part, ...] = field(default=())


def _part(id: str, en: str, zh: str, measures: str, dimension: str, **more: Any) -> Part:
    document = {"measures": measures.split(), "dimensions": [dimension], **more.pop("also", {})}
    return Part(id, {"en": en, "zh": zh}, more.pop("kind", "table"), document, **more)


TEN: Final = {"top": 10}
SECTIONS: Final = (
    Section(
        "sales", {"en": "Sales", "zh": "销售"}, "orders:read", SALES,
        (
            _part("sales-year", "Revenue and orders by month", "月度销售额与订单", "revenue orders", "month", kind="chart", is_of_year=True),
            _part("sales-region", "Sales by region", "地区销售", "revenue orders", "region", also=TEN),
            _part("sales-product", "Sales by product", "产品销售", "revenue quantity", "product", also=TEN),
            _part("sales-person", "Sales by person", "人员销售", "revenue orders", "owner", also=TEN),
            _part("top-customers", "Top customers", "重点客户", "revenue orders", "account", also=TEN, is_graded=True),
        ),
    ),
    Section(
        "deals", {"en": "Opportunities", "zh": "商机"}, "opportunities:read", DEALS,
        (
            _part("wins-year", "Win rate and deals won by month", "月度赢单率与赢单数", "win_rate deals_won", "month", kind="chart", chart="line", is_of_year=True),
            _part("wins-person", "Deals closed by person", "人员成交", "deals_won deals_lost win_rate", "owner", also=TEN),
            _part("lost-reasons", "Why deals were lost", "丢单原因", "deals_lost", "reason",
                  also={**TEN, "filter_groups": [{"filters": [{"field": "status", "operator": "eq", "value": "lost"}]}]}),
        ),
    ),
    Section(
        "service", {"en": "Service", "zh": "服务"}, "tickets:read", SERVICE,
        (
            _part("tickets-year", "Tickets in and solved by month", "月度新增与解决工单", "tickets_opened tickets_solved", "month", kind="chart", is_of_year=True),
            _part("service-priority", "Service levels by priority", "各优先级服务水平", "tickets_solved response_hours resolution_hours sla_attainment", "priority", also=TEN),
        ),
    ),
)  # fmt: skip


def as_report(part: Part, month: date) -> Mapping[str, Any]:
    """The part as a report of that month, or of the months that end with it."""
    first = moved(month, 1 - MONTHS_SHOWN) if part.is_of_year else month
    document = {**part.document, "period": period_of(first, moved(month, 1))}
    if not part.is_of_year:
        document["compare"] = "previous_period"
    return _report(part.id, part.labels, document, part.chart, is_graded=part.is_graded)


def figures_report(measures: str, month: date, compare: str) -> Mapping[str, Any]:
    document = {
        "measures": measures.split(), "compare": compare, "period": period_of(month, moved(month, 1)),
    }  # fmt: skip
    return _report("figures", {"en": "Figures", "zh": "指标"}, document)


def _report(
    id: str, labels: Mapping[str, str], document: Mapping[str, Any], chart: str = "auto", *,
    is_graded: bool = False,
) -> Mapping[str, Any]:  # fmt: skip
    return {
        "id": id, "name": labels["en"], "name_zh": labels["zh"], "document": document,
        "chart": chart, "is_graded": is_graded,
    }  # fmt: skip


def period_of(first: date, until: date) -> dict[str, str]:
    return {"from": first.isoformat(), "until": until.isoformat()}
