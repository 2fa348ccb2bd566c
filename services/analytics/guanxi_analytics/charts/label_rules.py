"""How numbers and names are written in pictures. Pure."""

import math
import unicodedata
from typing import Final

STEPS: Final = {
    "en": ((1e9, "bn"), (1e6, "M"), (1e3, "k")),
    "zh": ((1e8, "亿"), (1e4, "万")),
}
SUFFIX: Final = {
    "percent": {"en": " %", "zh": "%"},
    "hours": {"en": " h", "zh": " 小时"},
    "days": {"en": " d", "zh": " 天"},
}
EMPTY: Final = {"en": "(none)", "zh": "（无）"}


def width_of(text: str) -> float:
    """In widths of a Latin letter: a Chinese one takes two."""
    return sum(2.0 if unicodedata.east_asian_width(each) in "WF" else 1.0 for each in text)


def shortened(text: str, most: float) -> str:
    """At most as wide as `most` Latin letters, its end being … where there was more."""
    text = " ".join(text.split())
    if width_of(text) <= most:
        return text
    kept = ""
    for each in text:
        if width_of(kept + each) > most - 1:
            break
        kept += each
    return kept + "…"


def compact(value: float, unit: str, language: str) -> str:
    """`1.24M`, `124 万`, `45.3 %`: three figures are what a picture can say."""
    size, word = abs(value), ""
    if unit not in SUFFIX:
        for step, name in STEPS[language]:
            if size >= step * 0.99995:
                value, word = value / step, (name if language == "en" else f" {name}")
                break
    return f"{_figures(value, unit)}{word}{SUFFIX.get(unit, {}).get(language, '')}"


def _figures(value: float, unit: str) -> str:
    if value == 0:
        return "0"
    if abs(value) < 0.005:
        return "<0.01" if value > 0 else ">-0.01"
    digits = max(0, min(2, 2 - math.floor(math.log10(abs(value)))))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def whole(value: float) -> str:
    """With all of its digits before the point."""
    return f"{value:,.0f}"
