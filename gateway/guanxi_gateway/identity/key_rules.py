"""Rotation of signing keys: which one signs, which are published, when to make and drop one.

Every key lives through three phases. As `next` it is published but does not sign, so that each
service has it in its cache before it meets it; as `current` it signs; as `previous` it only
verifies what it signed, until the last of those tokens has run out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Phase(StrEnum):
    NEXT = "next"
    CURRENT = "current"
    PREVIOUS = "previous"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class KeyTimes:
    """A key is described by its `kid` and the moment from which it may sign."""

    kid: str
    signs_from: datetime


@dataclass(frozen=True, slots=True)
class RotationPolicy:
    """`ahead` must exceed the services' JWKS cache, `behind` the life of an access token."""

    every: timedelta = timedelta(days=30)
    ahead: timedelta = timedelta(hours=1)
    behind: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class RotationPlan:
    """`make_from` is the moment from which a new key shall sign; `drop` names keys to delete."""

    make_from: datetime | None
    drop: tuple[str, ...]


def ordered(keys: Sequence[KeyTimes]) -> list[KeyTimes]:
    """Oldest first; the kid decides between equals so that all replicas agree."""
    return sorted(keys, key=lambda key: (key.signs_from, key.kid))


def signing_kid(keys: Sequence[KeyTimes], now: datetime) -> str | None:
    """The youngest key whose time has come; None asks the caller to make one at once."""
    ready = [key for key in ordered(keys) if key.signs_from <= now]
    return ready[-1].kid if ready else None


def phases(keys: Sequence[KeyTimes], now: datetime, *, policy: RotationPolicy) -> dict[str, Phase]:
    current = signing_kid(keys, now)
    successors = dict(_with_successor(keys))
    return {
        key.kid: _phase(key, successors[key.kid], current, now, policy) for key in ordered(keys)
    }


def published_kids(keys: Sequence[KeyTimes], now: datetime, *, policy: RotationPolicy) -> list[str]:
    """What the JWKS document lists: every key but those whose tokens have all run out."""
    found = phases(keys, now, policy=policy)
    return [kid for kid, phase in found.items() if phase is not Phase.GONE]


def plan_rotation(
    keys: Sequence[KeyTimes], now: datetime, *, policy: RotationPolicy
) -> RotationPlan:
    """What to do now; running it again after doing it plans nothing."""
    found = phases(keys, now, policy=policy)
    drop = tuple(kid for kid, phase in found.items() if phase is Phase.GONE)
    return RotationPlan(make_from=_make_from(keys, now, policy), drop=drop)


def _make_from(keys: Sequence[KeyTimes], now: datetime, policy: RotationPolicy) -> datetime | None:
    if signing_kid(keys, now) is None:
        return now
    youngest = ordered(keys)[-1]
    due = youngest.signs_from + policy.every
    if youngest.signs_from > now or now < due - policy.ahead:
        return None
    return max(due, now + policy.ahead)


def _with_successor(keys: Sequence[KeyTimes]) -> list[tuple[str, datetime | None]]:
    line = ordered(keys)
    return [
        (key.kid, line[place + 1].signs_from if place + 1 < len(line) else None)
        for place, key in enumerate(line)
    ]


def _phase(
    key: KeyTimes,
    succeeded_at: datetime | None,
    current: str | None,
    now: datetime,
    policy: RotationPolicy,
) -> Phase:
    if key.signs_from > now:
        return Phase.NEXT
    if key.kid == current or succeeded_at is None:
        return Phase.CURRENT
    return Phase.PREVIOUS if now < succeeded_at + policy.behind else Phase.GONE
