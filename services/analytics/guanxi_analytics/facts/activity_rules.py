"""What an activity says of itself: a piece for each account that it is with, or one without any."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import uuid5

from guanxi_analytics.facts.walking_rules import Pieces
from guanxi_shared.heard import id_of, maybe_id_of

SERIES: Final = frozenset({"call", "visit", "meeting"})  # of those a rule stands for occurrences
NAMED: Final = ("opportunity_id", "ticket_id", "owner_id", "team_id")


def activity_of(state: Mapping[str, Any]) -> Pieces:
    """A rule for occurrences to come is nothing that was done or is planned: those that are records of their own are.
    A task that repeats is one record at a time, and says so."""
    if state["recurrence"] is not None and state["kind"] in SERIES:
        return {}
    id, accounts = id_of(state["id"]), [id_of(each) for each in state["account_ids"]]
    visit = state.get("visit")
    common = {name: maybe_id_of(state[name]) for name in NAMED} | {
        "kind": state["kind"], "status": state["status"], "priority": state["priority"],
        "valid_at": _counted_at(state), "until_at": _until(state),
        "is_checked_in": visit is not None, "is_far": visit and visit["is_far"],
    }  # fmt: skip
    if not accounts:
        return {id: common | {"account_id": None, "minutes": minutes_of(state)}}
    shares = shared(minutes_of(state), len(accounts))
    return {
        uuid5(id, str(account)): common | {"account_id": account, "minutes": minutes}
        for account, minutes in zip(accounts, shares, strict=True)
    }


def minutes_of(state: Mapping[str, Any]) -> int | None:
    """Between check-in and check-out where both are known, else as it was said."""
    visit = state.get("visit")
    seconds = visit and visit["duration_seconds"]
    minutes: int | None = state["duration_minutes"]
    return minutes if seconds is None else (int(seconds) + 30) // 60


def shared(minutes: int | None, count: int) -> list[int | None]:
    """Whole minutes that add up: what does not divide is a minute more of the first ones."""
    if minutes is None:
        return [None] * count
    each, left = divmod(minutes, count)
    return [each + (n < left) for n in range(count)]


def _counted_at(state: Mapping[str, Any]) -> datetime:
    """When it was done; before that when it is meant for, or was written down if it is for no time."""
    planned = ("due_at", "starts_at") if state["kind"] == "task" else ("starts_at", "due_at")
    names = ("done_at", *planned) if state["status"] == "done" else planned
    found = next((state[name] for name in names if state[name] is not None), state["created_at"])
    return _moment(found)


def _until(state: Mapping[str, Any]) -> datetime | None:
    """By when it ought to be done."""
    times = (state[name] for name in ("due_at", "ends_at", "starts_at"))
    found = next((each for each in times if each is not None), None)
    return None if found is None else _moment(found)


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
