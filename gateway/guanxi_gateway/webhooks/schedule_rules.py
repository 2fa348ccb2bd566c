"""When a delivery is tried again, and when an endpoint is given up: pure decisions."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

# Before the second try, the third and so on; the first is at once.
PAUSES: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600)
)
MOST_TRIES: Final = len(PAUSES) + 1
WHOLE: Final = sum(PAUSES, timedelta())
JITTER: Final = 0.2  # a pause is so much longer at most, never shorter
LONGEST_RETRY_AFTER: Final = timedelta(hours=24)
GIVEN_UP_AFTER: Final = timedelta(days=5)
FEWEST_FAILURES: Final = 5
# Failures further apart than this say nothing of the time between them.
LONGEST_GAP: Final = timedelta(hours=24)
LONGEST_PROBE_PAUSE: Final = timedelta(minutes=1)
HOLDING: Final = frozenset({429, 503})  # here Retry-After speaks of the whole receiver
GONE: Final = 410
ABORT: Final = "abort-message"  # `webhook-delivery: abort-message`: this event is not wanted


def is_success(status: int | None) -> bool:
    return status is not None and 200 <= status < 300


def next_try(
    attempts: int, age: timedelta, now: datetime, *, retry_after: timedelta | None, chance: float
) -> datetime | None:
    """After `attempts` failed tries of a delivery of this age; None when that was the last. Never before the
    schedule, never before the receiver said; `chance` from 0 to 1 is for the jitter.

    A receiver that comes back is sent everything at once, which may use up tries early: none is given up
    before the whole schedule has passed."""
    if attempts >= MOST_TRIES and age >= WHOLE:
        return None
    pause = PAUSES[min(attempts, len(PAUSES)) - 1] * (1 + JITTER * chance)
    return now + max(pause, retry_after or timedelta())


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """RFC 9110 10.2.3: seconds, or a date; at most a day. None without one or for what is neither."""
    text = (header or "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=min(int(text[:9]), 10**8)), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta()), LONGEST_RETRY_AFTER)


@dataclass(frozen=True, slots=True)
class Health:
    """How an endpoint fares: failures since the last success, and since when without a long gap."""

    failures: int = 0
    failing_since: datetime | None = None
    last_failed_at: datetime | None = None

    @property
    def is_failing(self) -> bool:
        return self.failures >= FEWEST_FAILURES


def after_failure(health: Health, now: datetime) -> Health:
    last, since = health.last_failed_at, health.failing_since
    goes_on = since is not None and last is not None and now - last <= LONGEST_GAP
    return Health(health.failures + 1, since if goes_on else now, now)


def probe_pause(health: Health) -> timedelta:
    """How long a receiver that fails again and again is left alone before it is asked for the next event."""
    if not health.is_failing:
        return timedelta()
    return min(
        LONGEST_PROBE_PAUSE, timedelta(seconds=2 ** min(health.failures - FEWEST_FAILURES, 10))
    )


def is_given_up(health: Health) -> bool:
    """Five days of nothing but failures."""
    if health.failing_since is None or health.last_failed_at is None:
        return False
    lasted = health.last_failed_at - health.failing_since
    return health.failures >= FEWEST_FAILURES and lasted >= GIVEN_UP_AFTER
