"""Progressive locks after failed sign-ins, per address and per network address.

The address is counted by the digest of what was typed, known or not, so a lock says nothing about
whether an account exists. A lock is answered before the password is looked at: guessing while
locked teaches nothing and costs no argon2.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class LockPolicy:
    """`free` failures cost nothing, then each one doubles the lock from `first` up to `longest`.

    Failures are forgotten after `memory` without another one.
    """

    free: int
    first: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(minutes=15)
    memory: timedelta = timedelta(hours=24)


ADDRESS_POLICY = LockPolicy(free=5)
# An office behind one address fails more often than a person does.
NETWORK_POLICY = LockPolicy(free=50, memory=timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Failures:
    count: int = 0
    last_failed_at: datetime | None = None
    locked_until: datetime | None = None


def address_key(email: str) -> bytes:
    return hashlib.sha256(b"address:" + email.strip().casefold().encode()).digest()


def network_key(client_host: str) -> bytes:
    return hashlib.sha256(b"network:" + client_host.encode()).digest()


def locked_for(failures: Failures, now: datetime) -> timedelta:
    """Zero when an attempt may be made now."""
    if failures.locked_until is None:
        return timedelta(0)
    return max(failures.locked_until - now, timedelta(0))


def after_failure(failures: Failures, now: datetime, *, policy: LockPolicy) -> Failures:
    count = _remembered(failures, now, policy) + 1
    lock = lock_length(count, policy=policy)
    until = now + lock if lock else None
    return Failures(count=count, last_failed_at=now, locked_until=until)


def after_success(failures: Failures) -> Failures:
    """Only the person's own count is cleared; the network's is not, or one good account of an
    attacker would buy fifty free guesses at others."""
    return replace(failures, count=0, last_failed_at=None, locked_until=None)


def lock_length(count: int, *, policy: LockPolicy) -> timedelta:
    beyond = count - policy.free
    if beyond < 0:
        return timedelta(0)
    doubled: timedelta = policy.first * 2 ** min(beyond, 20)
    return min(doubled, policy.longest)


def _remembered(failures: Failures, now: datetime, policy: LockPolicy) -> int:
    last = failures.last_failed_at
    return 0 if last is None or now - last > policy.memory else failures.count
