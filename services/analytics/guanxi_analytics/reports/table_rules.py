"""An answer as a flat table. Pure.

Amounts are numbers with their currency in a column of its own; ids have their names where the caller may see them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from guanxi_analytics.queries.dimensions import PERIODS
from guanxi_analytics.reports.grade_rules import number

KINDS: Final = {"money": "amount", "count": "count"}
COMPARED: Final = {"en": "before", "zh": "上期"}
CHANGED: Final = {"en": "change, %", "zh": "变化 %"}
CURRENCY: Final = {"en": "Currency", "zh": "币种"}
GRADE: Final = {"en": "Grade", "zh": "等级"}
SUPPRESSED: Final = {"en": "Not shown: too few customers", "zh": "客户过少，未显示"}


@dataclass(frozen=True, slots=True)
class Column:
    """`kind`: text, amount, number or count."""

    name: str
    label: str
    kind: str


def columns_of(answer: Mapping[str, Any], language: str, *, is_graded: bool) -> list[Column]:
    found = [Column(d["name"], d["labels"][language], "text") for d in answer["dimensions"]]
    if any(measure["unit"] == "money" for measure in answer["measures"]):
        found.append(Column("currency", CURRENCY[language], "text"))
    is_compared = any("compared" in row for row in (*answer["rows"], *answer["totals"]))
    for measure in answer["measures"]:
        name, label = measure["name"], measure["labels"][language]
        kind = KINDS.get(measure["unit"], "number")
        found.append(Column(name, label, kind))
        if is_compared:
            found.append(Column(f"{name}_before", f"{label} ({COMPARED[language]})", kind))
            found.append(Column(f"{name}_change", f"{label} ({CHANGED[language]})", "number"))
    if answer.get("smallest_cell"):
        found.append(Column("is_suppressed", SUPPRESSED[language], "text"))
    return found + ([Column("grade", GRADE[language], "text")] if is_graded else [])


def rows_of(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those of an answer without dimensions are its totals."""
    rows = answer["rows"] if answer["dimensions"] else answer["totals"]
    return [_row(row, answer) for row in rows]


def _row(row: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {
        name: called(answer, name, value) for name, value in row["dimensions"].items()
    }
    flat["currency"], flat["grade"] = row["currency"], row.get("grade")
    flat["is_suppressed"] = "true" if row.get("is_suppressed") else None
    for name, value in row["values"].items():
        flat[name] = _cell(value)
        if row.get("compared") is not None:
            flat[f"{name}_before"] = _cell(row["compared"][name])
            flat[f"{name}_change"] = (row["change"][name] or {}).get("percent")
    return flat


def _cell(value: Any) -> Decimal | float | int | None:
    return number(value) if isinstance(value, Mapping) else value


def called(answer: Mapping[str, Any], dimension: str, value: str | None) -> str | None:
    """What a dimension's value is called: a name for an id, itself for the rest."""
    if value is None or dimension in PERIODS:
        return value
    names: Mapping[str, str] = answer["names"].get(dimension, {})
    return names.get(value, value)


def plain(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """With amounts as text, as JSON takes them without losing digits."""
    return [
        {name: f"{v:f}" if isinstance(v, Decimal) else v for name, v in row.items()} for row in rows
    ]
