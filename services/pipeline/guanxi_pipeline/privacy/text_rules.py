"""Which texts of a deal, a quote or an order tell of a person, and what stands there instead. Pure."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from guanxi_shared.erasing.needle_rules import in_json
from guanxi_shared.erasing.rules import Told
from guanxi_shared.erasing.text_rules import is_telling, without, written

DECISION: Final = "decision"
PARTS: Final = ("lines", "approvals")  # sums are made of them: none is left out
SAID: Final[Mapping[str, Any]] = {"name": "", "description": None, "comment": None}
ANSWERED: Final[Mapping[str, Any]] = {
    "name": "", "comment": None, "address": None, "user_agent": None,
}  # fmt: skip


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
                found[field, written(value)] = Told(record_id, field, value, instead)
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
