"""Accounts and people as contacts tells of them, and what follows here when one changes.

The narrow shape read from each event's `after`:

    contacts.account.*  id, name, industry, region, grade, parent_id, owner_id, team_id
    contacts.contact.*  id, name, title, owner_id, team_id

from `merged` and `unmerged`, whose subject is the survivor, `before.merge` with `id` and `source_ids`, and
from a source's `deleted` the survivor (`before.merged_into_id`).
"""

from typing import Any, Final
from uuid import UUID

from guanxi_shared.consumers import Consumer, FeedSource
from guanxi_shared.db import Connection
from guanxi_shared.heard import Event, id_of, maybe_id_of, moment_of
from guanxi_tickets.references.following import follow_merge, follow_name

TYPES: Final = ("contacts.account.*", "contacts.contact.*")
GONE: Final = frozenset({"deleted", "erased"})
OWN: Final = {"account": ("industry", "region", "grade", "parent_id"), "contact": ("title",)}
MERGED = "UPDATE known_{noun}s SET merged_into_id = $3 WHERE organisation_id = $1 AND id = $2"


def _copy_sql(noun: str) -> str:
    names = ("version", "name", "owner_id", "team_id", "deleted_at", *OWN[noun])
    values = ", ".join(f"${n}" for n in range(1, len(names) + 3))
    sets = ", ".join(f"{name} = excluded.{name}" for name in names)
    return (
        f"INSERT INTO known_{noun}s AS k (organisation_id, id, {', '.join(names)}) VALUES ({values})"
        f" ON CONFLICT (organisation_id, id) DO UPDATE SET {sets}, merged_into_id ="
        " CASE WHEN excluded.deleted_at IS NULL THEN NULL ELSE k.merged_into_id END"
        " WHERE k.version < excluded.version"
    )


COPY: Final = {noun: _copy_sql(noun) for noun in OWN}


async def apply_contacts_event(connection: Connection, event: Event) -> None:
    """The copy first, then what points to it here; an older version changes nothing."""
    organisation, id = id_of(event["organisation_id"]), id_of(event["subject_id"])
    _, noun, verb = event["type"].split(".", 2)
    await _copy(connection, organisation, id, noun, verb, event)
    told = event.get("before") or {}
    if verb in ("merged", "unmerged") and (merge := told.get("merge")) is not None:
        await follow_merge(connection, organisation, noun, id, merge, verb)
    # Tickets may be there before the one they name is known; an erasure names no fields.
    if verb in ("created", "erased") or "name" in (event.get("changed") or ()):
        await follow_name(connection, organisation, noun, id)


async def _copy(
    connection: Connection, organisation: UUID, id: UUID, noun: str, verb: str, event: Event
) -> None:
    state, is_gone = event["after"], verb in GONE
    await connection.execute(
        COPY[noun], organisation, id, int(event["version"]), state.get("name") or "",
        maybe_id_of(state.get("owner_id")), maybe_id_of(state.get("team_id")),
        moment_of(event) if is_gone else None, *(_stored(name, state.get(name)) for name in OWN[noun]),
    )  # fmt: skip
    merged_into = (event.get("before") or {}).get("merged_into_id")
    if is_gone and merged_into is not None:
        await connection.execute(MERGED.format(noun=noun), organisation, id, id_of(merged_into))


def _stored(name: str, value: Any) -> Any:
    return maybe_id_of(value) if name.endswith("_id") else value


def contacts_consumer(source: FeedSource) -> Consumer:
    return Consumer("contacts", TYPES, source, apply_contacts_event)
