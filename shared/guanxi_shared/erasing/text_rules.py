"""Which values of a record tell of a person, and what stands there instead. Pure."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import orjson

from guanxi_shared.erasing.rules import Told


def is_telling(value: Any, needles: Collection[str], whole_texts: Collection[str]) -> bool:
    """Whether a needle (in lower case, as it stands in JSON) is in it, or it is theirs as a whole."""
    if isinstance(value, str) and value.strip().casefold() in whole_texts:
        return True
    text = orjson.dumps(value, default=str).decode().lower()
    return any(needle in text for needle in needles)


def without(
    value: Any, needles: Collection[str], whole_texts: Collection[str], *, empty: Any
) -> Any:
    """A value without its telling parts: entries of a list or a document go alone, a text goes whole."""
    if isinstance(value, list):
        return [each for each in value if not is_telling(each, needles, whole_texts)]
    if isinstance(value, dict):
        return {k: v for k, v in value.items() if not is_telling(v, needles, whole_texts)}
    return empty


def changes_of(present: Mapping[str, Any], told: Iterable[Told]) -> dict[str, Any]:
    """The columns of a row that stand as somebody was told of. Letter for letter: what the log says with
    decimals (2.0) equals a number of the row (2.0), but is written as a text."""
    return {
        each.field: each.instead
        for each in told
        if each.field in present and written(present[each.field]) == written(each.value)
    }


def written(value: Any) -> bytes:
    return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS)
