"""What a ticket keeps of its clocks, written with whatever moves them, in the same statement."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_tickets.sla.clock_rules import Reading, read_clocks
from guanxi_tickets.sla.run_rules import Event
from guanxi_tickets.sla_clocks.event_rules import STANDING, events_from
from guanxi_tickets.sla_clocks.kept_rules import kept_of, look_again_at
from guanxi_tickets.sla_clocks.promised import Promised, promised_of

# The log in its order, then what was said and promised; what was taken back later was said nevertheless. A
# reply counts where it was written; one that a merge or a split brought counts from that moment on, too, so
# that neither moves what was counted before.
TOLD = """
SELECT subject_id AS of, 'log' AS part, occurred_at AS at, version AS n, split_part(type, '.', 3) AS verb,
  after->>'status' AS status, after->>'status_kind' AS status_kind, after->>'priority' AS priority,
  NULL AS author_kind, NULL::timestamptz AS due_at, NULL AS outcome, NULL::timestamptz AS ended_at
FROM events WHERE organisation_id = $1 AND subject_id = ANY($2::uuid[]) AND subject_type = 'ticket'
UNION ALL
SELECT said.of, 'reply', said.at, NULL, NULL, NULL, NULL, NULL, author_kind, NULL, NULL, NULL FROM (
  SELECT ticket_id AS of, created_at AS at, author_kind FROM ticket_comments
  WHERE organisation_id = $1 AND ticket_id = ANY($2::uuid[]) AND written_on_id IS NULL
  UNION ALL SELECT written_on_id, created_at, author_kind FROM ticket_comments
  WHERE organisation_id = $1 AND written_on_id = ANY($2::uuid[])
  UNION ALL SELECT ticket_id, joined_at, author_kind FROM ticket_comments
  WHERE organisation_id = $1 AND ticket_id = ANY($2::uuid[]) AND written_on_id <> ticket_id) AS said
UNION ALL
SELECT ticket_id, 'promise', created_at, NULL, NULL, NULL, NULL, NULL, NULL, due_at, outcome, ended_at
FROM ticket_promises WHERE organisation_id = $1 AND ticket_id = ANY($2::uuid[])
ORDER BY n, at
"""
Parts = dict[str, list[Mapping[str, Any]]]
MOVING: Final = frozenset({"status", "priority", "deleted_at"})


class Clocks(NamedTuple):
    """The clocks of a ticket at an instant; `events` are what they were read from."""

    promised: Promised | None
    events: list[Event]
    readings: list[Reading]

    def kept(self, now: datetime, *, untold: datetime | None = None) -> dict[str, Any]:
        """`untold`: the `sla_next_at` of before, for whoever did not look at what was due then."""
        return kept_of(self.readings, look_again_at(self.readings, self.events, now, untold))


async def told_of(
    connection: Connection | Deferred, organisation: UUID, ids: Sequence[UUID]
) -> dict[UUID, Parts]:
    """What is stored of tickets, in one look: the `log`, each `reply` and each `promise`."""
    found: dict[UUID, Parts] = {id: {"log": [], "reply": [], "promise": []} for id in ids}
    for each in await connection.fetch(TOLD, organisation, list(ids)):
        found[each["of"]][each["part"]].append(dict(each))
    return found


async def events_of(
    connection: Connection | Deferred, row: Mapping[str, Any], promised: Promised | None,
    pending: Sequence[Mapping[str, Any]] = (),
) -> list[Event]:  # fmt: skip
    """From what is stored of a ticket, and versions of it that are about to be written."""
    told = await told_of(connection, row["organisation_id"], [row["id"]])
    return _events(told[row["id"]], promised, pending)


def _events(
    parts: Parts, promised: Promised | None, pending: Sequence[Mapping[str, Any]] = ()
) -> list[Event]:
    key = promised.key if promised else None
    return events_from([*parts["log"], *pending], parts["reply"], key, parts["promise"])


async def clocks_of(
    connection: Connection | Deferred, row: Mapping[str, Any], now: datetime, *,
    pending: Sequence[Mapping[str, Any]] = (),
) -> Clocks:  # fmt: skip
    """Each that is `pending` has `at`, `verb`, `status`, `status_kind`, `priority`."""
    promised = await promised_of(connection, row["organisation_id"], row)
    return _read(promised, await events_of(connection, row, promised, pending), now)


async def clocks_of_many(
    connection: Connection, rows: Sequence[Mapping[str, Any]], now: datetime
) -> dict[UUID, Clocks]:
    """Of tickets of one organisation, by their ids."""
    if not rows:
        return {}
    organisation = rows[0]["organisation_id"]
    told = await told_of(connection, organisation, [row["id"] for row in rows])
    return {row["id"]: await clocks_from(connection, row, told[row["id"]], now) for row in rows}


async def clocks_from(
    connection: Connection | Deferred, row: Mapping[str, Any], told: Parts, now: datetime, *,
    pending: Sequence[Mapping[str, Any]] = (),
) -> Clocks:  # fmt: skip
    """From what was read of a ticket already; only a policy that this process does not know yet is asked for."""
    promised = await promised_of(connection, row["organisation_id"], row)
    return _read(promised, _events(told, promised, pending), now)


def _read(promised: Promised | None, events: list[Event], now: datetime) -> Clocks:
    policies = {promised.key: promised.policy} if promised is not None else {}
    return Clocks(promised, events, read_clocks(policies, events, now))


def is_timed(row: Mapping[str, Any]) -> bool:
    """Whether anything was ever promised of a stored ticket, by a policy or by somebody."""
    return row["sla_policy_id"] is not None or row["sla"] is not None


async def kept_with(
    connection: Connection | Deferred, row: Mapping[str, Any], changes: Mapping[str, Any],
    now: datetime, *, verb: str,
) -> dict[str, Any]:  # fmt: skip
    """The changes of a stored ticket with what they do to its clocks; the changes alone where that is
    nothing."""
    if not is_moved(row, changes):
        return dict(changes)
    clocks = await clocks_of(connection, row, now, pending=[version_of(row, changes, now, verb)])
    return {**changes, **clocks.kept(now, untold=row["sla_next_at"])}


def is_moved(row: Mapping[str, Any], changes: Mapping[str, Any]) -> bool:
    """Whether changes of a stored ticket do something to its clocks."""
    return is_timed(row) and not MOVING.isdisjoint(changes)


def version_of(
    row: Mapping[str, Any], changes: Mapping[str, Any], now: datetime, verb: str
) -> dict[str, Any]:
    """A version that is about to be written, as clocks read a log."""
    return {name: {**row, **changes}[name] for name in STANDING} | {"at": now, "verb": verb}


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


async def kept_with_a_past(
    connection: Connection, row: Mapping[str, Any], log: Sequence[Mapping[str, Any]], now: datetime
) -> dict[str, Any]:
    """What a ticket keeps that begins with a log of what happened to it elsewhere, which tells of no
    replies. What was missed there is shown, and not told of here."""
    promised = await promised_of(connection, row["organisation_id"], row)
    if promised is None:
        return {}
    clocks = _read(promised, events_from(log, [], promised.key), now)
    return {**clocks.kept(now), "sla_told_from": now}


async def kept_with_more(
    connection: Connection, row: Mapping[str, Any], told: Parts, log: Sequence[Mapping[str, Any]],
    now: datetime,
) -> dict[str, Any]:  # fmt: skip
    """What a stored ticket, of which `told` was read, keeps after versions that are about to be written."""
    if not is_timed(row):
        return {}
    clocks = await clocks_from(connection, row, told, now, pending=log)
    return clocks.kept(now, untold=row["sla_next_at"])


async def kept_after_a_reply(
    connection: Connection, row: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """What a ticket keeps once somebody replied, which is stored already."""
    return await kept_after(connection, row, now) if is_timed(row) else {}


async def kept_after(
    connection: Connection, row: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """What a ticket keeps after everything that is stored."""
    clocks = await clocks_of(connection, row, now)
    return clocks.kept(now, untold=row["sla_next_at"])
