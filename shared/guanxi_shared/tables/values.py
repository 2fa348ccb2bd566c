"""Texts of cells as values, as people write them; anything else is a CellProblem.

Times and days are in `moments`; everything is offered here.
"""

import re
import unicodedata
from decimal import Decimal

from guanxi_shared.tables.cell_problem import CellProblem
from guanxi_shared.tables.currencies import CODES, SYMBOLS
from guanxi_shared.tables.moments import parse_day, parse_time_instant

__all__ = [
    "CellProblem",
    "parse_bool",
    "parse_day",
    "parse_decimal",
    "parse_time_instant",
    "split_list",
]

_YES = {"yes", "y", "true", "t", "1", "on", "x", "✓", "✔", "√", "是", "对", "真", "有", "启用"}
_NO = {"no", "n", "false", "f", "0", "off", "✗", "✘", "×", "否", "不", "错", "假", "无", "停用"}
_UNITS = {"万": 10_000, "萬": 10_000, "亿": 100_000_000, "億": 100_000_000, "": 1}
_EDGES = re.compile(
    r"(?P<before>[^\d\s.,()+\-−–]*) ?(?P<number>.*?) ?(?P<after>[^\d\s.,()+\-−–万萬亿億]*)"
)
_NUMBER = re.compile(
    r"(?P<digits>\d[\d.,' ]*|[.,]\d+)(?:[eE](?P<power>[+-]?\d{1,2}))?(?P<unit>[万萬亿億]?)"
)
_BETWEEN_ITEMS = re.compile(r"[;,、|；，｜\r\n]")
_AMBIGUOUS = "can be read in more than one way; write it like 1234.50"


def parse_decimal(
    text: str, column: str, *, decimal_comma: bool | None = None
) -> tuple[Decimal, str | None]:
    """The number and its ISO 4217 code if one is written: `￥１，２３４．５０` → 1234.50, CNY.

    `decimal_comma` decides what `1,234` and `1.234` are; without it they are 1234 and 1.234.
    The yuan's sign, which the yen shares, is CNY; `3.5万` is 35000; `(5)` is -5.
    """
    rest = " ".join(unicodedata.normalize("NFKC", text).split())
    rest, outer = _take_currency(rest, text, column)
    rest, is_negative = _take_sign(rest)
    rest, inner = _take_currency(rest, text, column)
    found = _NUMBER.fullmatch(rest)
    power = int(found["power"] or 0) if found else 0
    if found is None or sum(map(str.isdigit, rest)) > 28 or abs(power) > 20:
        raise CellProblem(column, text, "is not a number; write it like 1234.50")
    if outer and inner and outer != inner:
        raise CellProblem(column, text, "names two currencies; leave one")
    digits = _plain_digits(found["digits"].strip(), decimal_comma)
    if digits is None:
        raise CellProblem(column, text, _AMBIGUOUS)
    number = Decimal(digits).scaleb(power) * _UNITS[found["unit"]]
    return (-number if is_negative else number), outer or inner


def _take_sign(rest: str) -> tuple[str, bool]:
    """Bookkeepers put a negative number in brackets."""
    if rest.startswith("(") and rest.endswith(")"):
        return rest[1:-1].strip(), True
    if rest[:1] in ("-", "−", "–", "+"):
        return rest[1:].strip(), rest[0] != "+"
    return rest, False


def _take_currency(rest: str, text: str, column: str) -> tuple[str, str | None]:
    """The text without a currency before or behind the number."""
    edges = _EDGES.fullmatch(rest)
    if edges is None or not edges["number"]:
        return rest, None
    codes = {_currency(mark, text, column) for mark in edges.group("before", "after") if mark}
    if len(codes) > 1:
        raise CellProblem(column, text, "names two currencies; leave one")
    return edges["number"], next(iter(codes), None)


def _currency(mark: str, text: str, column: str) -> str:
    upper = mark.upper()
    if upper in CODES:
        return upper
    if upper in SYMBOLS:
        return SYMBOLS[upper]
    raise CellProblem(column, text, f"is not a number; {mark!r} is no currency that is known")


def _plain_digits(digits: str, decimal_comma: bool | None) -> str | None:
    """Without separators; None if the separators make no sense together."""
    whole, fraction = _parted(digits, decimal_comma)
    marks = set(re.sub(r"\d", "", whole))
    first, *groups = re.split(r"[., ']", whole)
    if groups and (len(marks) > 1 or not 1 <= len(first) <= 3 or first.startswith("0")):
        return None
    # India writes 12,34,567: all groups but the last may have two digits.
    if groups and (any(len(each) not in (2, 3) for each in groups) or len(groups[-1]) != 3):
        return None
    if fraction and not fraction.isdigit():
        return None
    return f"{first or '0'}{''.join(groups)}" + (f".{fraction}" if fraction else "")


def _parted(digits: str, decimal_comma: bool | None) -> tuple[str, str]:
    """What stands before and behind the decimal point, whichever sign it is."""
    marks = [char for char in digits if char in ".,"]
    point = marks[-1] if marks else ""
    if not marks or (len(marks) > 1 and len(set(marks)) == 1):
        return digits, ""
    if decimal_comma is not None and (point == ",") != decimal_comma:
        return digits, ""
    whole, _, fraction = digits.rpartition(point)
    if len(marks) == 1 and decimal_comma is None and point == "," and len(fraction) not in (1, 2):
        return digits, ""
    return whole, fraction


def parse_bool(text: str, column: str) -> bool:
    word = unicodedata.normalize("NFKC", text).strip().casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise CellProblem(column, text, "is neither yes nor no; write yes or no, 是 or 否, 1 or 0")


def split_list(text: str) -> list[str]:
    """Items between `;`, `,`, `、`, `|` or line ends, each once, in their order."""
    items = map(str.strip, _BETWEEN_ITEMS.split(text))
    return list(dict.fromkeys(filter(None, items)))
