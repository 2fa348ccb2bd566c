"""What is outstanding by age as a picture, a currency beneath the other. Pure."""

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from guanxi_analytics.charts.picture_rules import picture_of

TITLE: Final = {"en": "Receivables by days overdue", "zh": "应收账款账龄"}
MEASURES: Final = (  # how many invoices there are is told above the bars, and not drawn
    {"name": "outstanding", "unit": "money", "labels": {"en": "Outstanding", "zh": "未收款金额"}},
    {"name": "invoices", "unit": "count", "labels": {"en": "Invoices", "zh": "发票"}},
)
NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "not_due": {"en": "Not due", "zh": "未到期"}, "1-30": {"en": "1 to 30 days", "zh": "1–30 天"},
    "31-60": {"en": "31 to 60 days", "zh": "31–60 天"}, "61-90": {"en": "61 to 90 days", "zh": "61–90 天"},
    "over_90": {"en": "Over 90 days", "zh": "超过 90 天"},
}  # fmt: skip


def risk_picture(
    found: Mapping[str, Any], own: str | None, language: str, zone: ZoneInfo
) -> dict[str, Any]:
    """`own` is the currency that comes first."""
    rows = [
        _row({"bucket": NAMES[each["bucket"]][language]}, total["currency"], each, None)
        for total in found["totals"]
        for each in total["buckets"]
    ]
    count = sum(total["invoices"] or 0 for total in found["totals"])
    totals = enumerate(found["totals"])
    answer = {
        "as_of": found["as_of"], "period": None, "measures": MEASURES, "dimensions": [{"name": "bucket"}], "rows": rows,
        "row_count": len(rows), "names": {}, "smallest_cell": found.get("smallest_cell"), "own_currency": own,
        "totals": [_row({}, each["currency"], each, 0 if n else count) for n, each in totals],
    }  # fmt: skip
    return picture_of(answer, TITLE, chart="columns", language=language, zone=zone)


def _row(
    dimensions: dict[str, str], currency: str, each: Mapping[str, Any], invoices: int | None
) -> dict[str, Any]:
    amount = each["outstanding"]
    return {
        "dimensions": dimensions, "currency": currency, "is_suppressed": amount is None,
        "values": {"outstanding": amount, "invoices": invoices},
    }  # fmt: skip
