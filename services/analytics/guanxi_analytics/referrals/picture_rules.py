"""Referrers as a picture: who brought how many, directly and through chains. Pure."""

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from guanxi_analytics.charts.picture_rules import picture_of

TITLE: Final = {"en": "New accounts by whom they came", "zh": "转介绍来源客户"}
MEASURES: Final = (
    {"name": "direct", "unit": "count", "labels": {"en": "Came directly", "zh": "直接转介绍"}},
    {
        "name": "through",
        "unit": "number",
        "labels": {"en": "Came through them", "zh": "间接转介绍"},
    },
)


def referrals_picture(found: Mapping[str, Any], language: str, zone: ZoneInfo) -> dict[str, Any]:
    rows = [_row({"account": str(each["account_id"])}, each) for each in found["referrers"]]
    whole = {"direct": found["referred_accounts"], "through": sum(r["values"]["through"] for r in rows)}  # fmt: skip
    answer = {
        "as_of": found["as_of"], "period": found["period"], "measures": MEASURES,
        "dimensions": [{"name": "account"}], "rows": rows, "row_count": found["referrer_count"],
        "totals": [_row({}, whole)],
        "names": {"account": {str(each["account_id"]): each["name"] or "…" for each in found["referrers"]}},
    }  # fmt: skip
    return picture_of(answer, TITLE, chart="bars", language=language, zone=zone)


def _row(dimensions: dict[str, str], each: Mapping[str, Any]) -> dict[str, Any]:
    values = {measure["name"]: each[str(measure["name"])] for measure in MEASURES}
    return {"dimensions": dimensions, "currency": None, "values": values}
