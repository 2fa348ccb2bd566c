"""Months, quarters and years as files name them. Pure."""

import re
from datetime import date
from typing import Final

# 2026-11, 2026/11, 2026.11, 202611, 2026年11月
MONTH: Final = re.compile(r"(\d{4})(?:\s*[-/.年]\s*(\d{1,2})\s*月?|(\d\d))")
# 2026-Q4, 2026Q4, 2026 Q4, 2026年第4季度, 2026年四季度
QUARTER: Final = re.compile(
    r"(\d{4})\s*年?\s*-?\s*(?:[Qq]\s*([1-4])|第?\s*([1-4一二三四])\s*季度?)"
)
YEAR: Final = re.compile(r"(\d{4})\s*年?(?:度)?")
FIGURES: Final = {"一": 1, "二": 2, "三": 3, "四": 4}


def first_of_month(text: str) -> date | None:
    """Of a month that is written as such, without a day; None for everything else."""
    plain = text.strip()
    found = MONTH.fullmatch(plain) if plain[:4].isascii() else None
    return None if found is None else _day(found[1], int(found[2] or found[3]))


def first_day(text: str) -> date | None:
    """Of a month, quarter or year that is written as such; None for everything else."""
    if (month := first_of_month(text)) is not None:
        return month
    plain = text.strip()
    if not plain[:4].isascii():
        return None
    if found := QUARTER.fullmatch(plain):
        said = found[2] or found[3]
        return _day(found[1], (FIGURES.get(said) or int(said)) * 3 - 2)
    if found := YEAR.fullmatch(plain):
        return _day(found[1], 1)
    return None


def _day(year: str, month: int) -> date | None:
    return date(int(year), month, 1) if int(year) and 1 <= month <= 12 else None
