"""From an answer to what is drawn: blocks of one currency each, in them a panel for each measure. Pure.

By time where time is among the dimensions (another dimension gives the lines), else bars in the answer's order. What
does not fit is left out and said at the foot.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from guanxi_analytics.charts.label_rules import EMPTY, whole
from guanxi_analytics.queries.dimensions import PERIODS
from guanxi_analytics.reports.grade_rules import number
from guanxi_analytics.reports.table_rules import called

Answer = Mapping[str, Any]
MOST_MEASURES: Final = 4
MOST_BARS: Final = 30
MOST_LINES: Final = 6
MOST_BLOCKS: Final = 3
MOST_TIMES: Final = 120
WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "as_of": {"en": "as of {}", "zh": "截至 {}"},
    "until": {"en": "{} to {}", "zh": "{} 至 {}"},
    "ever": {"en": "all time", "zh": "全部时间"},
    "rows": {"en": "n: {} rows", "zh": "n：{} 行"},
    "bars": {"en": "{} of {} shown", "zh": "显示 {}/{} 项"},
    "measures": {"en": "Not drawn: {}", "zh": "未绘制：{}"},
    "currencies": {"en": "Other currencies, not drawn: {}", "zh": "未绘制的币种：{}"},
    "before": {"en": "Light: the period before", "zh": "浅色：上期"},
    "year_before": {"en": "Light: a year earlier", "zh": "浅色：上年同期"},
    "nothing": {"en": "Nothing in this period", "zh": "本期无数据"},
    "overlap": {"en": "A customer may be in several rows", "zh": "同一客户可能计入多行"},
    "suppressed": {"en": "Not shown: rows of fewer than {} customers", "zh": "未显示：客户数少于 {} 的行"},
    "grades": {"en": "A, B, C: within 80 %, 95 % and all of the sum", "zh": "A、B、C：累计占比 80%、95%、100%"},
}  # fmt: skip


def picture_of(
    answer: Answer,
    labels: Mapping[str, str],
    *,
    chart: str,
    language: str,
    zone: ZoneInfo,
    most_blocks: int = MOST_BLOCKS,
) -> dict[str, Any]:
    """What `drawing.draw` takes."""
    bucket = next((d["name"] for d in answer["dimensions"] if d["name"] in PERIODS), None)
    drawn = answer["measures"][:MOST_MEASURES]
    rows = answer["rows"] if answer["dimensions"] else answer["totals"]
    currencies = currencies_of(answer)
    left_out: list[str] = []
    blocks = []
    for currency in currencies[:most_blocks]:
        own = [row for row in rows if row["currency"] == currency]
        block, said = _block(answer, own, drawn, currency, bucket, chart, language)
        blocks.append(block)
        left_out += said
    more = answer["measures"][MOST_MEASURES:]
    if more:
        names = ", ".join(measure["labels"][language] for measure in more)
        left_out.append(_word("measures", language).format(names))
    if len(currencies) > most_blocks:
        others = ", ".join(str(each) for each in currencies[most_blocks:])
        left_out.append(_word("currencies", language).format(others))
    if any(dimension.get("is_many_valued") for dimension in answer["dimensions"]):
        left_out.append(_word("overlap", language))
    if any(row.get("is_suppressed") for row in (*rows, *answer["totals"])):
        left_out.append(_word("suppressed", language).format(answer["smallest_cell"]))
    if any(row.get("grade") for row in rows):
        left_out.append(_word("grades", language))
    return {
        "title": labels[language],
        "subtitle": _subtitle(answer, language, zone),
        "notes": [*_compared(answer, language), *dict.fromkeys(left_out)],
        "blocks": [block for block in blocks if block["panels"]],
        "nothing": _word("nothing", language),
        "language": language,
    }


def currencies_of(answer: Answer) -> list[Any]:
    """The organisation's own first, then those with most rows, of as many those that count most: amounts of
    two are not compared."""
    rows = answer["rows"] if answer["dimensions"] else answer["totals"]
    counts = Counter(row["currency"] for row in rows)
    counted = [each["name"] for each in answer["measures"] if each["unit"] == "count"][:1]
    sizes = Counter(
        {t["currency"]: t["values"][name] or 0 for t in answer["totals"] for name in counted}
    )
    own = answer.get("own_currency")
    return sorted(counts, key=lambda each: (each != own, -counts[each], -sizes[each], str(each)))


def _word(name: str, language: str) -> str:
    return WORDS[name][language]


def _subtitle(answer: Answer, language: str, zone: ZoneInfo) -> str:
    period = answer["period"]
    if period is None:
        days = _word("ever", language)
    else:
        last = date.fromisoformat(str(period["until"])) - timedelta(days=1)
        days = _word("until", language).format(period["from"], last)
    at = _local(datetime.fromisoformat(str(answer["as_of"]).replace("Z", "+00:00")), zone)
    as_of = _word("as_of", language).format(f"{at:%Y-%m-%d %H:%M} {at.tzname()}")
    return " · ".join((days, as_of, count_of(answer, language)))


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    """At the ends of the calendar a clock elsewhere shows no time."""
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at


def count_of(answer: Answer, language: str) -> str:
    """How many it is of: the counts among its measures, over all currencies; else its rows."""
    found = []
    for measure in answer["measures"]:
        if measure["unit"] == "count" and measure["name"] != "customers":
            values = [total["values"][measure["name"]] or 0 for total in answer["totals"]]
            shared = len(set(map(str, values))) == 1  # one count beside each currency
            size = sum(values[:1] if shared else values)
            label = measure["labels"][language]
            found.append(
                f"{whole(size)} {label.lower()}" if language == "en" else f"{label} {whole(size)}"
            )
    if not found:
        return _word("rows", language).format(whole(answer["row_count"]))
    return ("n: " if language == "en" else "n：") + ", ".join(found[:2])


def _compared(answer: Answer, language: str) -> list[str]:
    rows = [*answer["rows"], *answer["totals"]]
    if not any(row.get("compared") for row in rows):
        return []
    return [_word(answer.get("compared_with", "year_before"), language)]


def _block(
    answer: Answer, rows: Sequence[Any], drawn: Sequence[Any], currency: str | None,
    bucket: str | None, chart: str, language: str,
) -> tuple[dict[str, Any], list[str]]:  # fmt: skip
    if not answer["dimensions"]:
        return _numbers(rows, drawn, currency, language), []
    if bucket is not None:
        return _over_time(answer, rows, drawn, currency, bucket, chart, language)
    return _bars(answer, rows, drawn, currency, chart, language)


def _titled(measure: Any, currency: str | None, language: str) -> str:
    label: str = measure["labels"][language].partition(";")[0]  # what follows explains
    return f"{label} ({currency})" if measure["unit"] == "money" and currency else label


def _value(row: Any, name: str) -> float | None:
    found = number(row["values"][name])
    return None if found is None else float(found)


def _before(row: Any, name: str) -> float | None:
    found = number((row.get("compared") or {}).get(name))
    return None if found is None else float(found)


def _panel(
    measure: Any, currency: str | None, language: str, series: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "title": _titled(measure, currency, language), "unit": measure["unit"], "series": series,
    }  # fmt: skip


def _says_something(panel: Mapping[str, Any]) -> bool:
    return any(value is not None for each in panel["series"] for value in each["values"])


def _numbers(
    rows: Sequence[Any], drawn: Sequence[Any], currency: str | None, language: str
) -> dict[str, Any]:
    panels = [
        _panel(m, currency, language, [
            {"name": None, "values": [_value(row, m["name"]) for row in rows[:1]],
             "before": [_before(row, m["name"]) for row in rows[:1]]},
        ])
        for m in drawn
    ]  # fmt: skip
    return {"kind": "numbers", "labels": [""], "panels": [p for p in panels if _says_something(p)]}


def _bars(
    answer: Answer, rows: Sequence[Any], drawn: Sequence[Any], currency: str | None, chart: str,
    language: str,
) -> tuple[dict[str, Any], list[str]]:  # fmt: skip
    shown = rows[:MOST_BARS]
    labels = [_label(answer, row, language) for row in shown]
    panels = [
        _panel(m, currency, language, [
            {"name": None, "values": [_value(row, m["name"]) for row in shown],
             "before": [_before(row, m["name"]) for row in shown]},
        ])
        for m in drawn
    ]  # fmt: skip
    said = []
    is_all = len({row["currency"] for row in answer["rows"]}) == 1
    count = answer["row_count"] if is_all else len(rows)
    if len(shown) < count:
        said.append(_word("bars", language).format(len(shown), whole(count)))
    kind = "columns" if chart == "columns" and len(shown) <= 12 else "bars"
    block = {"kind": kind, "labels": labels, "panels": [p for p in panels if _says_something(p)]}
    return block, said


def _label(answer: Answer, row: Any, language: str) -> str:
    parts = [called(answer, name, value) for name, value in row["dimensions"].items()]
    text = " · ".join(part or EMPTY[language] for part in parts)
    return f"{row['grade']}  {text}" if row.get("grade") else text


def _over_time(
    answer: Answer, rows: Sequence[Any], drawn: Sequence[Any], currency: str | None, bucket: str,
    chart: str, language: str,
) -> tuple[dict[str, Any], list[str]]:  # fmt: skip
    times = sorted({row["dimensions"][bucket] for row in rows if row["dimensions"][bucket]})[
        -MOST_TIMES:
    ]
    lines: dict[str, dict[str, Any]] = {}
    for row in rows:
        others = {n: v for n, v in row["dimensions"].items() if n != bucket}
        name = _label(answer, {"dimensions": others}, language) if others else ""
        lines.setdefault(name, {})[row["dimensions"][bucket]] = row
    first = drawn[0]["name"]
    ranked = sorted(
        lines, key=lambda n: -sum(abs(_value(r, first) or 0) for r in lines[n].values())
    )
    is_single = ranked == [""]
    panels = []
    for measure in drawn:
        nothing = 0.0 if measure["unit"] in ("money", "count", "number") else None
        series = []
        for name in ranked[:MOST_LINES]:
            own, of = lines[name], measure["name"]
            series.append({
                "name": name or None,
                "values": [_value(own[t], of) if t in own else nothing for t in times],
                "before": [_before(own[t], of) if t in own and is_single else None for t in times],
            })  # fmt: skip
        panels.append(_panel(measure, currency, language, series))
    said = []
    if len(ranked) > MOST_LINES:
        said.append(_word("bars", language).format(MOST_LINES, whole(len(ranked))))
    is_line = chart == "line" or (chart == "auto" and (not is_single or len(times) > 16))
    kind = "line" if is_line and len(times) > 1 else "columns"
    block = {"kind": kind, "labels": times, "panels": [p for p in panels if _says_something(p)]}
    return block, said
