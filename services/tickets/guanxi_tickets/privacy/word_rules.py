"""Which words of a ticket go with whoever asked for it, and what stands there instead. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from guanxi_shared.erasing.needle_rules import in_json
from guanxi_shared.erasing.rules import Told
from guanxi_shared.erasing.text_rules import is_telling, without, written

Instead = Callable[[str, Any], Any]  # of a field's value, what stands there from now on
# What people write on a ticket and what hangs on it, each with what an empty one is.
OF_TICKETS: Final[Mapping[str, Any]] = {
    "subject": "", "description": None, "from_name": None, "from_email": None, "from_phone": None,
    "consent": None, "external_id": None, "tags": [], "custom": {},
}  # fmt: skip
OF_COMMENTS: Final[Mapping[str, Any]] = {"body": ""}
OF_PROMISES: Final[Mapping[str, Any]] = {"body": "", "reason": None}
OF_TASKS: Final[Mapping[str, Any]] = {"title": "", "body": None, "reason": None, "result": None}
OF_ROUNDS: Final[Mapping[str, Any]] = {"steps": {}, "task": {}}  # the task is in the log alone
# What the organisation learned goes only where it names them.
LEARNED: Final[Mapping[str, Any]] = {"lesson": None}
OF_ACTIONS: Final[Mapping[str, Any]] = {"body": "", "effect_note": None}
OF_ENTITLEMENTS: Final[Mapping[str, Any]] = {"name": "", "note": None, "external_id": None}
NOTHING: Final[tuple[Any, ...]] = (None, "", [], {})
STEP: Final[Mapping[str, Any]] = {"text": None, "reason": None, "figures": []}
KEPT: Final = frozenset({"steps", "task"})  # of which only the words go


def unsaid(fields: Mapping[str, Any]) -> Instead:
    """Everything goes that somebody wrote; that a step or a task was done, by whom and when stays."""

    def instead(field: str, value: Any) -> Any:
        if field == "steps":
            return {step: {**told, **STEP} for step, told in value.items()}
        if field == "task":
            return {**value, "title": ""}
        return fields[field]

    return instead


def unnamed(fields: Mapping[str, Any], needles: Iterable[str], names: Collection[str]) -> Instead:
    """Only what names them goes: a text as a whole, of a list or a document the entries that do."""
    lowered = [in_json(needle).lower() for needle in needles]

    def instead(field: str, value: Any) -> Any:
        if not is_telling(value, lowered, names):
            return value
        return without(value, lowered, names, empty=fields[field])

    return instead


def unanswered(keys: Collection[str]) -> Instead:
    """Without what was written in answer to a question; scores and choices say nothing of who gave them."""

    def instead(field: str, value: Any) -> Any:
        return {key: answer for key, answer in value.items() if key not in keys}

    return instead


def told_of(
    record_id: UUID, states: Iterable[Mapping[str, Any]], fields: Iterable[str], instead: Instead
) -> list[Told]:
    """Every value that a record ever had in `fields` and that goes."""
    found: dict[tuple[str, bytes], Told] = {}
    wanted = tuple(fields)
    for state in states:
        for field in wanted:
            value = state.get(field)
            if value in NOTHING:
                continue
            other = instead(field, value)
            if other != value:
                found[field, written(value)] = Told(record_id, field, value, other)
    return list(found.values())


def typed_states(states: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What requesters said of themselves, as states of a contact."""
    return [
        {
            "name": state.get("from_name"),
            "emails": [{"address": state.get("from_email")}],
            "phones": [{"number": state.get("from_phone")}],
        }
        for state in states
        if any(state.get(name) for name in ("from_name", "from_email", "from_phone"))
    ]


def names_of(states: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Names as they are compared with whole texts."""
    found = (str(state.get("name") or "").strip().casefold() for state in states)
    return frozenset(name for name in found if name)
