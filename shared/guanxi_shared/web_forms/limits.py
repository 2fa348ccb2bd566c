"""How often something is taken from one address: a generic cell rate algorithm in one row each.

The row holds the theoretical arrival time (ITU-T I.371): each hit moves it on by an hour / limit, and
a hit that would move it more than an hour ahead of now is refused. Now is the clock's, read with the row
locked: a transaction's own now() would set whoever had to wait back behind those who went first.
"""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from uuid import UUID

from guanxi_shared.db import Connection, Database
from guanxi_shared.errors import TooMany

HOUR = timedelta(hours=1)
HIT = """
INSERT INTO {hits} AS h (organisation_id, form_id, address, used_up_to)
VALUES ($1, $2, $3, clock_timestamp() + $4::interval)
ON CONFLICT (organisation_id, form_id, address) DO UPDATE
  SET used_up_to = greatest(h.used_up_to, clock_timestamp()) + $4::interval
  WHERE greatest(h.used_up_to, clock_timestamp()) + $4::interval <= clock_timestamp() + $5::interval
RETURNING 1
"""
LEFT = """
SELECT extract(epoch FROM used_up_to + $4::interval - clock_timestamp() - $5::interval)::float8
FROM {hits} WHERE organisation_id = $1 AND form_id = $2 AND address = $3
"""
COUNT = """
INSERT INTO {counts} AS c (organisation_id, form_id, day, {kind})
VALUES ($1, $2, (now() AT TIME ZONE 'UTC')::date, 1)
ON CONFLICT (organisation_id, form_id, day) DO UPDATE SET {kind} = c.{kind} + 1
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """A service's tables of both: `hits` with form_id, address and used_up_to, `counts` with form_id, day and
    a number for each kind; without counts nothing is counted."""

    hits: str
    counts: str | None = None


async def take_hit(
    db: Database, counted: Counted, organisation: UUID, form_id: UUID, address: str, *, hourly_limit: int
) -> None:  # fmt: skip
    """TooMany with the seconds to wait. It counts whatever becomes of the request."""
    async with db.transaction(organisation) as connection:
        left = await seconds_left(connection, counted, organisation, form_id, address, hourly_limit)
        if left is None:
            return
        await count(connection, counted, organisation, form_id, "limited")
    raise TooMany("This was sent too often from where you are.", headers={"Retry-After": str(left)})


async def count(
    connection: Connection, counted: Counted, organisation: UUID, form_id: UUID, kind: str
) -> None:
    """One more of a kind today."""
    if counted.counts is not None:
        sql = COUNT.format(counts=counted.counts, kind=kind)
        await connection.execute(sql, organisation, form_id)


async def seconds_left(
    connection: Connection, counted: Counted, organisation: UUID, form_id: UUID, address: str,
    hourly_limit: int,
) -> int | None:  # fmt: skip
    """None: there was room and it is taken. Otherwise when there will be, in seconds (rounded up)."""
    step = HOUR / hourly_limit
    # A grain of time more, so that rounding to microseconds never takes the last hit away.
    asked = (organisation, form_id, address, step, HOUR + timedelta(milliseconds=1))
    if await connection.fetchval(HIT.format(hits=counted.hits), *asked) is not None:
        return None
    return max(1, ceil(await connection.fetchval(LEFT.format(hits=counted.hits), *asked) or 1))
