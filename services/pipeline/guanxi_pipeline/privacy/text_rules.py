"""Which texts of a deal, a quote or an order tell of a person, and what stands there instead. Pure."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_shared.erasing.needle_rules import in_json
from guanxi_shared.erasing.rules import Told

DECISION: Final = "decision"
PARTS: Final = ("lines", "approvals")  # sums are made of them: none is left out
SAID: Final[Mapping[str, Any]] = {"name": "", "description": None, "comment": None}
ANSWERED: Final[Mapping[str, Any]] = {
    "name": "", "comment": None, "address": None, "user_agent": None,
}  # fmt: skip


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


def unsaid(
    parts: Iterable[Mapping[str, Any]], needles: Collection[str], whole_texts: Collection[str]
) -> list[dict[str, Any]]:
    """Every part, without those of its texts that tell."""
    return [
        {
            key: SAID[key] if key in SAID and is_telling(value, needles, whole_texts) else value
            for key, value in part.items()
        }
        for part in parts
    ]


def unanswered(decision: Mapping[str, Any]) -> dict[str, Any]:
    """That an offer was answered, and by which way; not by whom."""
    return {**decision, **ANSWERED}


def told_of(
    record_id: UUID, states: Iterable[Mapping[str, Any]], fields: Mapping[str, Any],
    *, needles: Iterable[str], whole_texts: Collection[str], is_theirs: bool,
) -> list[Told]:  # fmt: skip
    """Every value that a record ever had in `fields` (with what an empty one is) and that tells of the
    person. The answer to an offer that was theirs tells of them whatever it says."""
    lowered = [in_json(needle).lower() for needle in needles]
    found: dict[tuple[str, bytes], Told] = {}
    for state in states:
        for field, empty in fields.items():
            value = state.get(field)
            if value in (None, "", [], {}):
                continue
            instead = _instead(field, value, empty, lowered, whole_texts, is_theirs)
            if instead != value:
                found[field, _written(value)] = Told(record_id, field, value, instead)
    return list(found.values())


def _instead(
    field: str, value: Any, empty: Any, needles: Collection[str], whole_texts: Collection[str],
    is_theirs: bool,
) -> Any:  # fmt: skip
    if field in PARTS:
        return unsaid(value, needles, whole_texts)
    if not (field == DECISION and is_theirs) and not is_telling(value, needles, whole_texts):
        return value
    if field == DECISION:
        return unanswered(value)
    return without(value, needles, whole_texts, empty=empty)


def changes_of(present: Mapping[str, Any], told: Iterable[Told]) -> dict[str, Any]:
    """The columns of a row that stand as somebody was told of. Letter for letter: what the log says with
    decimals (2.0) equals a number of the row (2.0), but is written as a text."""
    return {
        each.field: each.instead
        for each in told
        if each.field in present and _written(present[each.field]) == _written(each.value)
    }


def _written(value: Any) -> bytes:
    return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS)
