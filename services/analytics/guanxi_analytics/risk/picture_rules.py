"""What is outstanding by age as a picture, a currency beside the other. Pure."""

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from guanxi_analytics.charts.picture_rules import picture_of

TITLE: Final = {"en": "Receivables by days overdue", "zh": "应收账款账龄"}
MEASURE: Final = {
    "name": "outstanding",
    "unit": "money",
    "labels": {"en": "Outstanding", "zh": "未收款金额"},
}
NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "not_due": {"en": "Not due", "zh": "未到期"}, "1-30": {"en": "1 to 30 days", "zh": "1–30 天"},
    "31-60": {"en": "31 to 60 days", "zh": "31–60 天"}, "61-90": {"en": "61 to 90 days", "zh": "61–90 天"},
    "over_90": {"en": "Over 90 days", "zh": "超过 90 天"},
}  # fmt: skip


def risk_picture(found: Mapping[str, Any], language: str, zone: ZoneInfo) -> dict[str, Any]:
    rows = [
        _row({"bucket": NAMES[each["bucket"]][language]}, total["currency"], each)
        for total in found["totals"]
        for each in total["buckets"]
    ]
    answer = {
        "as_of": found["as_of"], "period": None, "measures": [MEASURE], "dimensions": [{"name": "bucket"}],
        "rows": rows, "row_count": len(rows), "names": {}, "smallest_cell": found.get("smallest_cell"),
        "totals": [_row({}, total["currency"], total) for total in found["totals"]],
    }  # fmt: skip
    return picture_of(answer, TITLE, chart="columns", language=language, zone=zone)


def _row(dimensions: dict[str, str], currency: str, each: Mapping[str, Any]) -> dict[str, Any]:
    amount = each["outstanding"]
    return {
        "dimensions": dimensions, "currency": currency, "values": {"outstanding": amount},
        "is_suppressed": amount is None,
    }  # fmt: skip
