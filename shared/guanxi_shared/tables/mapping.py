"""Which column of a file is which field: by name, in any language the aliases know."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from opencc import OpenCC
from rapidfuzz import fuzz

# Chinese names are short: 客户名 is 0.86 like 客户名称. At that, "billing street" would be a
# "mailing street".
_ENOUGH_CHINESE = 0.85
_ENOUGH_LATIN = 0.88
_WORDS = re.compile(r"[a-z]+|\d+|[^\W\d_a-z]+")
_ASIDE = re.compile(r"[(（\[【].*?[)）\]】]")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


class _Name(NamedTuple):
    """A header or alias without case, width, script and punctuation; numbers apart from words."""

    words: str
    numbers: str


def suggest(
    columns: Sequence[str], fields: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, float]]:
    """Column → (field, score from 0 to 1); columns that resemble nothing are left out.

    `fields` names each field's aliases; its own name is one of them. A field is suggested for one
    column, or for a numbered group of them (`phone 1`, `phone 2`, `tel_3`).
    """
    aliases = {
        field: [_name(alias) for alias in (field, *names)] for field, names in fields.items()
    }
    found = [
        (score, -position, column, field)
        for position, column in enumerate(columns)
        for field, names in aliases.items()
        if (score := _score(column, names))
    ]
    return _assign(sorted(found, reverse=True, key=lambda each: each[:2]))


def _assign(found: Sequence[tuple[float, int, str, str]]) -> dict[str, tuple[str, float]]:
    """Best scores first, then the order of the file."""
    chosen: dict[str, tuple[str, float]] = {}
    holders: dict[str, _Name] = {}
    for score, _, column, field in found:
        name = _name(column)
        if column in chosen or not _may_join(name, holders.get(field)):
            continue
        chosen[column] = (field, round(score, 3))
        holders.setdefault(field, name)
    return chosen


def _may_join(name: _Name, holder: _Name | None) -> bool:
    if holder is None:
        return True
    return name.words == holder.words and name.numbers != holder.numbers


def _score(column: str, aliases: Sequence[_Name]) -> float:
    whole = _name(column)
    bare = _name(_ASIDE.sub(" ", column))
    return max(_likeness(name, alias) for name in (whole, bare) for alias in aliases)


def _likeness(name: _Name, alias: _Name) -> float:
    """1 for the same words; a number in the name costs nothing, one only in the alias counts."""
    if not name.words or (alias.numbers and alias.numbers != name.numbers):
        return 0.0
    left, right = name.words.replace(" ", ""), alias.words.replace(" ", "")
    if left == right:
        return 1.0
    # Two characters of Chinese are too few to be alike: 公司 and 公司电话 share half of all.
    if min(len(left), len(right)) < 3:
        return 0.0
    close = max(fuzz.ratio(left, right), fuzz.token_sort_ratio(name.words, alias.words))
    enough = _ENOUGH_LATIN if left.isascii() else _ENOUGH_CHINESE
    return min(close, 99.0) / 100 if close >= enough * 100 else 0.0


@lru_cache(maxsize=4096)
def _name(text: str) -> _Name:
    text = unicodedata.normalize("NFKC", _CAMEL.sub(" ", text))
    text = unicodedata.normalize("NFKD", text.casefold())
    text = "".join(char for char in text if not unicodedata.combining(char))
    if not text.isascii():
        text = _to_simplified().convert(text)
    words = _WORDS.findall(text)
    return _Name(
        " ".join(word for word in words if not word.isdigit()),
        " ".join(word for word in words if word.isdigit()),
    )


@lru_cache(maxsize=1)
def _to_simplified() -> OpenCC:
    return OpenCC("t2s")
