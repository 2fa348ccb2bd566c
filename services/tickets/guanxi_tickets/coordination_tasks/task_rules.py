"""Tasks of other departments: where they go from where they stand, and when they warn. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from guanxi_tickets.errors import TaskOver

Row = Mapping[str, Any]
Verb = Literal["accepted", "done", "declined", "withdrawn"]
UNDER_WAY: Final = ("open", "accepted")
# From which states each may be said.
FROM: Final[Mapping[Verb, tuple[str, ...]]] = {
    "accepted": ("open",), "done": UNDER_WAY, "declined": UNDER_WAY, "withdrawn": UNDER_WAY,
}  # fmt: skip


def answered(row: Row, verb: Verb, now: datetime, **said: str) -> dict[str, Any]:
    """The columns of a task that was accepted, done, declined or withdrawn; TaskOver when it was ended
    before, or accepted already."""
    if row["status"] not in FROM[verb]:
        raise TaskOver(f"This task is {row['status']}.")
    moment = {"accepted_at": now} if verb == "accepted" else {"ended_at": now}
    changes = {"status": verb, **moment, **said}
    return {**changes, "next_at": next_at({**row, **changes})}


def next_at(row: Row) -> datetime | None:
    """When its warning or breach is to be told; None when nothing is any more."""
    if row["status"] not in UNDER_WAY or row["breached_at"] is not None:
        return None
    if row["warned_at"] is None and row["warn_at"] is not None:
        return _instant(row["warn_at"])
    return _instant(row["due_at"])


def _instant(value: Any) -> datetime:
    assert isinstance(value, datetime)
    return value


def happened(row: Row, now: datetime) -> list[tuple[str, dict[str, Any]]]:
    """What was not told yet, in the order of time, each with its columns: a warning (none where it was
    late before anybody could be warned by it is told all the same), then the breach."""
    found: list[tuple[str, dict[str, Any]]] = []
    whole = dict(row)
    while (at := next_at(whole)) is not None and at <= now:
        is_warning = whole["warned_at"] is None and whole["warn_at"] is not None
        verb, column = ("warned", "warned_at") if is_warning else ("breached", "breached_at")
        whole[column] = now
        found.append((verb, {column: now, "next_at": next_at(whole)}))
    return found


def share_of(start: datetime, due_at: datetime, percent: int) -> datetime:
    """The instant at which so much of the time is over."""
    return start + timedelta(seconds=int((due_at - start).total_seconds()) * percent // 100)
