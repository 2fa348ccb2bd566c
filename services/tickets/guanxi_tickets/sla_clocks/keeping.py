"""What a ticket keeps of its clocks, written with whatever moves them, in the same statement."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_tickets.sla.clock_rules import Reading, read_clocks
from guanxi_tickets.sla.run_rules import Event
from guanxi_tickets.sla_clocks.event_rules import events_from
from guanxi_tickets.sla_clocks.kept_rules import kept_of, look_again_at
from guanxi_tickets.sla_clocks.promised import Promised, promised_of

# The log in its order, then what was said; what was taken back later was said nevertheless.
TOLD = """
SELECT occurred_at AS at, split_part(type, '.', 3) AS verb, after->>'status' AS status,
  after->>'status_kind' AS status_kind, after->>'priority' AS priority, NULL AS author_kind, version AS n
FROM events WHERE organisation_id = $1 AND subject_id = $2 AND subject_type = 'ticket'
UNION ALL
SELECT created_at, NULL, NULL, NULL, NULL, author_kind, NULL FROM ticket_comments
WHERE organisation_id = $1 AND ticket_id = $2
ORDER BY n, at
"""
STANDING: Final = ("status", "status_kind", "priority")
MOVING: Final = frozenset({"status", "priority", "deleted_at"})


class Clocks(NamedTuple):
    """The clocks of a ticket at an instant; `events` are what they were read from."""

    promised: Promised
    events: list[Event]
    readings: list[Reading]

    def kept(self, now: datetime, *, untold: datetime | None = None) -> dict[str, Any]:
        """`untold`: the `sla_next_at` of before, for whoever did not look at what was due then."""
        return kept_of(self.readings, look_again_at(self.readings, self.events, now, untold))


async def events_of(
    connection: Connection | Deferred, row: Mapping[str, Any], promised: Promised,
    pending: Mapping[str, Any] | None = None,
) -> list[Event]:  # fmt: skip
    """From the log and the replies of a stored ticket, and a version of it that is about to be written."""
    asked = (row["organisation_id"], row["id"])
    told = [dict(each) for each in await connection.fetch(TOLD, *asked)]
    replies = [each for each in told if each["author_kind"] is not None]
    log = [each for each in told if each["author_kind"] is None]
    return events_from([*log, *([pending] if pending else [])], replies, promised.key)


async def clocks_of(
    connection: Connection | Deferred, row: Mapping[str, Any], now: datetime, *,
    pending: Mapping[str, Any] | None = None,
) -> Clocks | None:  # fmt: skip
    """None without a policy. `pending` has `at`, `verb`, `status`, `status_kind`, `priority`."""
    promised = await promised_of(connection, row["organisation_id"], row)
    if promised is None:
        return None
    events = await events_of(connection, row, promised, pending)
    return _read(promised, events, now)


def _read(promised: Promised, events: list[Event], now: datetime) -> Clocks:
    return Clocks(promised, events, read_clocks({promised.key: promised.policy}, events, now))


async def kept_with(
    connection: Connection | Deferred, row: Mapping[str, Any], changes: Mapping[str, Any],
    now: datetime, *, verb: str,
) -> dict[str, Any]:  # fmt: skip
    """The changes of a stored ticket with what they do to its clocks; the changes alone where that is
    nothing."""
    if row["sla_policy_id"] is None or MOVING.isdisjoint(changes):
        return dict(changes)
    pending = {name: {**row, **changes}[name] for name in STANDING} | {"at": now, "verb": verb}
    clocks = await clocks_of(connection, row, now, pending=pending)
    assert clocks is not None
    return {**changes, **clocks.kept(now, untold=row["sla_next_at"])}


async def kept_from_the_start(
    connection: Connection | Deferred, row: Mapping[str, Any]
) -> dict[str, Any]:
    """What a ticket that is about to be made keeps."""
    promised = await promised_of(connection, row["organisation_id"], row)
    if promised is None:
        return {}
    now = row["created_at"]
    begun = {name: row[name] for name in STANDING} | {"at": now, "verb": "created"}
    return _read(promised, events_from([begun], [], promised.key), now).kept(now)


async def kept_after_a_reply(
    connection: Connection, row: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """What a ticket keeps once somebody replied, which is stored already."""
    clocks = await clocks_of(connection, row, now)
    return {} if clocks is None else clocks.kept(now, untold=row["sla_next_at"])
