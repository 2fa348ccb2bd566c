"""Rate limits by GCRA (ITU-T I.371): the maths, the one SQL statement, the header values.

A key's whole state is one time, its theoretical arrival time. A call of cost c moves it forward by
c times the emission interval and is refused when that would run more than the burst ahead of now.
The statement does the same with the database's clock, so that replicas agree to the call.
"""

import math
import re
from dataclasses import dataclass

TAKE_SQL = """
WITH clock AS MATERIALIZED (
    SELECT extract(epoch FROM clock_timestamp())::float8 AS now
), taken AS (
    INSERT INTO rate_limits AS held (key, arrival)
    SELECT $1::text, clock.now + $2::float8 FROM clock
    ON CONFLICT (key) DO UPDATE
        SET arrival = greatest(held.arrival, excluded.arrival - $2::float8) + $2::float8
        WHERE greatest(held.arrival, excluded.arrival - $2::float8) + $2::float8
              <= excluded.arrival - $2::float8 + $3::float8
    RETURNING held.arrival
)
SELECT true AS allowed, taken.arrival, clock.now FROM taken, clock
UNION ALL
SELECT false, held.arrival, clock.now FROM rate_limits AS held, clock
WHERE held.key = $1::text AND NOT EXISTS (SELECT FROM taken)
"""
"""$1 key, $2 cost in seconds (`Limit.seconds_for`), $3 tolerance in seconds (`Limit.tolerance`).

One row `(allowed, arrival, now)`; no row at all when the key was made by a concurrent call that
this statement's snapshot cannot see: refused too, ask again. Never call it with a cost above the
burst: the first call of a key is not checked (`Limit.seconds_for` sees to that).
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """`quota` cost units in `window` seconds, at most `burst` of them at once."""

    name: str
    quota: int
    window: int
    burst: int

    @property
    def interval(self) -> float:
        """Seconds that one cost unit takes."""
        return self.window / self.quota

    @property
    def tolerance(self) -> float:
        return self.burst * self.interval

    def seconds_for(self, cost: int) -> float:
        """A call dearer than the burst takes the whole burst: it must be possible at all."""
        return min(cost, self.burst) * self.interval


@dataclass(frozen=True, slots=True)
class Verdict:
    """`arrival` is the state to keep; times in seconds, `remaining` in cost units."""

    allowed: bool
    arrival: float
    remaining: int
    retry_after: float
    reset_after: float


def take(arrival: float | None, now: float, *, cost: int, limit: Limit) -> Verdict:
    """What `TAKE_SQL` decides, for the bucket in the process."""
    held = max(arrival if arrival is not None else now, now)
    wanted = held + limit.seconds_for(cost)
    allowed = wanted <= now + limit.tolerance
    return verdict(allowed, wanted if allowed else held, now, cost=cost, limit=limit)


def verdict(allowed: bool, arrival: float, now: float, *, cost: int, limit: Limit) -> Verdict:
    """Completes a row of `TAKE_SQL`."""
    ahead = max(arrival - now, 0.0)
    room = limit.tolerance - ahead
    short = 0.0 if allowed else max(limit.seconds_for(cost) - room, 0.0)
    # The division leaves 9.999… where ten calls are free.
    remaining = max(math.floor(room / limit.interval + 1e-6), 0)
    return Verdict(allowed, arrival, remaining, retry_after=short, reset_after=ahead)


def rate_limit_headers(found: Verdict, limit: Limit) -> dict[str, str]:
    """draft-ietf-httpapi-ratelimit-headers; `Retry-After` in whole seconds, never 0."""
    headers = {
        "RateLimit-Policy": f'"{limit.name}";q={limit.quota};w={limit.window}',
        "RateLimit": f'"{limit.name}";r={found.remaining};t={math.ceil(found.reset_after)}',
    }
    if not found.allowed:
        headers["Retry-After"] = str(max(math.ceil(found.retry_after), 1))
    return headers


_COSTS: tuple[tuple[str, str, int], ...] = (
    ("POST", r"/v1/auth/(sign-in|password-resets?.*|refresh)|/v1/oauth/.*", 5),
    ("POST", r"/v1/[^/]+/batch|/v1/(imports|exports|jobs|merges)(/.*)?", 20),
    ("POST", r"/v1/[^/]+/snapshot", 50),
    ("POST", r"/v1/snapshot", 100),
    ("POST", r"/v1/[^/]+/search", 2),
    ("GET", r"/v1/search|/v1/customers/[^/]+/overview|/v1/analytics/.*", 5),
    ("GET", r"/v1/sync/pull", 5),
    ("POST", r"/v1/sync/push", 20),
)
_RULES = tuple((method, re.compile(path), cost) for method, path, cost in _COSTS)


def call_cost(method: str, path: str) -> int:
    """In cost units: a read 1, another write 2, what makes the suite work hard more."""
    for wanted, pattern, cost in _RULES:
        if method == wanted and pattern.fullmatch(path):
            return cost
    return 1 if method in ("GET", "HEAD", "OPTIONS") else 2
