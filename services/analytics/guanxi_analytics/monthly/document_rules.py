"""From answers to the pages of a monthly report: every number written out, with the request that lists its records. Pure.

Requests are numbered through the report; a number stands beside each figure, the request at the end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from guanxi_analytics.charts.label_rules import EMPTY, SUFFIX
from guanxi_analytics.charts.picture_rules import currencies_of
from guanxi_analytics.queries.measures import MEASURES
from guanxi_analytics.reports.grade_rules import number
from guanxi_analytics.reports.table_rules import called

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "title": {"en": "Monthly report", "zh": "月度报告"},
    "as_of": {"en": "As of", "zh": "数据截至"},
    "of": {"en": "The records that {} sees", "zh": "{} 可见的数据"},
    "month": {"en": "This month", "zh": "本月"},
    "before": {"en": "Month before", "zh": "上月"},
    "year": {"en": "A year before", "zh": "去年同月"},
    "change": {"en": "Change", "zh": "变化"},
    "figure": {"en": "Figure", "zh": "指标"},
    "records": {"en": "Records", "zh": "明细"},
    "records_text": {
        "en": "Each number in brackets beside a figure is a request that lists the very rows that it was summed from.",
        "zh": "数字旁方括号内的编号对应下列请求，可列出该数字所汇总的明细记录。",
    },
    "nothing": {"en": "Nothing in this month.", "zh": "本月无数据。"},
    "made": {"en": "Facts: {}. Code: {}.", "zh": "数据版本：{}。代码版本：{}。"},
    "grade": {"en": "Grade", "zh": "等级"},
    "page": {"en": "Page", "zh": "第"},
}  # fmt: skip


MOST_CURRENCIES: Final = 2  # of what is drawn and written out by row; figures are of all


@dataclass(slots=True)
class Numbered:
    """Requests, each numbered once."""

    known: dict[bytes, int] = field(default_factory=dict)

    def add(self, request: Mapping[str, Any] | None) -> int | None:
        if request is None:
            return None
        return self.known.setdefault(orjson.dumps(request), len(self.known) + 1)

    def listed(self) -> list[dict[str, Any]]:
        told = ((n, orjson.loads(each)) for each, n in self.known.items())
        return [
            {"number": n, "path": each["path"], "body": orjson.dumps(each["body"]).decode()}
            for n, each in told
        ]


def words(language: str) -> dict[str, str]:
    return {name: each[language] for name, each in WORDS.items()}


def figures_of(
    month: Mapping[str, Any], year: Mapping[str, Any], records: Numbered, language: str
) -> list[dict[str, Any]]:
    """A table for each currency of the totals of one month, beside the month and the year before it."""
    earlier = {row["currency"]: row for row in year["totals"]}
    places = {each: n for n, each in enumerate(currencies_of({**month, "dimensions": []}))}
    return [
        {
            "currency": row["currency"],
            "rows": [
                _figure(measure, row, earlier.get(row["currency"]), records, language)
                for measure in month["measures"]
            ],
        }
        for row in sorted(month["totals"], key=lambda row: places.get(row["currency"], 0))
    ]


def _figure(
    measure: Mapping[str, Any], row: Mapping[str, Any], year: Mapping[str, Any] | None,
    records: Numbered, language: str,
) -> dict[str, Any]:  # fmt: skip
    name, unit = measure["name"], measure["unit"]
    return {
        "label": measure["labels"][language].partition(";")[0],
        "now": written(row["values"][name], unit, language),
        "record": records.add(request_of(row, name)),
        "before": written(row["compared"][name], unit, language),
        "change": changed(row["change"][name]),
        "year": "–" if year is None else written(year["compared"][name], unit, language),
        "year_change": "–" if year is None else changed(year["change"][name]),
    }


def table_of(
    answer: Mapping[str, Any], records: Numbered, language: str, *, is_graded: bool
) -> dict[str, Any]:
    """A part's rows with all of their digits."""
    shown = currencies_of(answer)[:MOST_CURRENCIES]
    rows = [row for each in shown for row in answer["rows"] if row["currency"] == each]
    head = [*([WORDS["grade"][language]] if is_graded else [])]
    head += [each["labels"][language] for each in answer["dimensions"]]
    head += [m["labels"][language].partition(";")[0] for m in answer["measures"]]
    return {
        "head": head,
        "rows": [_row(answer, row, records, language, is_graded) for row in rows],
    }


def _row(
    answer: Mapping[str, Any], row: Mapping[str, Any], records: Numbered, language: str, is_graded: bool
) -> dict[str, Any]:  # fmt: skip
    labels = [
        called(answer, name, value) or EMPTY[language] for name, value in row["dimensions"].items()
    ]
    grade = [row.get("grade") or ""] if is_graded else []
    cells = [
        {"text": written(row["values"][m["name"]], m["unit"], language),
         "record": records.add(request_of(row, m["name"]))}
        for m in answer["measures"]
    ]  # fmt: skip
    return {"labels": [*grade, *labels], "cells": cells}


def request_of(row: Mapping[str, Any], measure: str) -> Mapping[str, Any] | None:
    """The one among a row's requests that lists the records of a measure."""
    path = f"/v1/analytics/facts/{MEASURES[measure].cube}/search"
    found: Sequence[Mapping[str, Any]] = [each for each in row["records"] if each["path"] == path]
    return found[0] if found else None


def written(value: Any, unit: str, language: str) -> str:
    """In full: money with its currency."""
    if value is None:
        return "–"
    if isinstance(value, Mapping):
        return f"{number(value):,} {value['currency']}"
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
    return text + SUFFIX.get(unit, {}).get(language, "")


def changed(change: Mapping[str, Any] | None) -> str:
    if change is None or change["percent"] is None:
        return "–"
    percent = change["percent"]
    return f"{percent:+,.1f}\u00a0%" if abs(percent) < 1000 else f"{percent:+,.0f}\u00a0%"
