"""What is to be done about one record of a push, from what is stored under its id."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any


class Verdict(Enum):
    NOTHING = auto()  # it is so already
    CREATE = auto()
    UPDATE = auto()
    DELETE = auto()
    CONFLICT = auto()  # the phone has to pull first
    REJECT = auto()  # the phone may keep it, we do not


@dataclass(slots=True)
class Stored:
    """What stands under an id: `is_held` tells whether the phone got it with its last pull."""

    is_deleted: bool
    is_seen: bool
    is_changed: bool
    is_mine: bool
    is_held: bool
    values: Mapping[str, Any] = field(default_factory=dict)


def verdict_on_write(stored: Stored | None, differing: Mapping[str, Any]) -> Verdict:
    """`created` and `updated` alike: a created one that exists is an update, an updated one that never
    was is a create. What somebody deleted, or took out of view, the phone has to hear of first."""
    if stored is None:
        return Verdict.CREATE
    if not stored.is_seen and not stored.is_held and not stored.is_mine:
        return Verdict.REJECT
    if stored.is_deleted or not stored.is_seen:
        return Verdict.CONFLICT
    if not differing:
        return Verdict.NOTHING
    return Verdict.CONFLICT if stored.is_changed else Verdict.UPDATE


def verdict_on_delete(stored: Stored | None) -> Verdict:
    """What is unknown, gone already or out of sight needs no deleting."""
    if stored is None or stored.is_deleted or not stored.is_seen:
        return Verdict.NOTHING
    return Verdict.CONFLICT if stored.is_changed else Verdict.DELETE
