"""Accounts and people as contacts tells of them, and what follows here when one changes.

The narrow shape read from each event's `after`:

    contacts.account.*  id, name, external_id, industry, region, grade, parent_id, owner_id, team_id, kind
    contacts.contact.*  id, name, external_id, title, emails, owner_id, team_id

of both what erasing/known_rules.py reads, and of `erased` also erasure_reason and erased_by,

from `merged` and `unmerged`, whose subject is the survivor, `before.merge` with `id` and `source_ids`, and
from a source's `deleted` the survivor (`before.merged_into_id`).
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from guanxi_shared.consumers import Consumer, FeedSource
from guanxi_shared.db import Connection
from guanxi_shared.erasing.known_rules import known_by
from guanxi_shared.heard import Event, id_of, maybe_id_of, moment_of
from guanxi_shared.imports.named_records import name_key
from guanxi_shared.matching import email_key
from guanxi_tickets.privacy.service import hear_erasure
from guanxi_tickets.references.following import follow_merge, follow_name

TYPES: Final = ("contacts.account.*", "contacts.contact.*")
GONE: Final = frozenset({"deleted", "erased"})
OWN: Final = {
    "account": ("external_id", "industry", "region", "grade", "parent_id"),
    "contact": ("external_id", "title"),
}
FOUND_BY: Final = {
    "account": ("name_key", "known_by"),
    "contact": ("name_key", "emails", "known_by"),
}
FORGET: Final = "UPDATE known_{noun}s SET known_by = '{{}}' WHERE organisation_id = $1 AND id = $2"
MERGED = "UPDATE known_{noun}s SET merged_into_id = $3 WHERE organisation_id = $1 AND id = $2"


def _copy_sql(noun: str) -> str:
    names = ("version", "name", "owner_id", "team_id", "deleted_at", *OWN[noun], *FOUND_BY[noun])
    values = ", ".join(f"${n}" for n in range(1, len(names) + 3))
    kept = {"known_by": "ARRAY(SELECT DISTINCT unnest(k.known_by || excluded.known_by))"}
    sets = ", ".join(f"{name} = {kept.get(name, f'excluded.{name}')}" for name in names)
    return (
        f"INSERT INTO known_{noun}s AS k (organisation_id, id, {', '.join(names)}) VALUES ({values})"
        f" ON CONFLICT (organisation_id, id) DO UPDATE SET {sets}, merged_into_id ="
        " CASE WHEN excluded.deleted_at IS NULL THEN NULL ELSE k.merged_into_id END"
        " WHERE k.version < excluded.version"
    )


COPY: Final = {noun: _copy_sql(noun) for noun in OWN}


async def apply_contacts_event(connection: Connection, event: Event, *, files_dir: Path) -> None:
    """The copy first, then what points to it here; an older version changes nothing."""
    organisation, id = id_of(event["organisation_id"]), id_of(event["subject_id"])
    _, noun, verb = event["type"].split(".", 2)
    if verb == "erased":  # first: the copy says what they are called
        await hear_erasure(connection, organisation, noun, id, event["after"], files_dir)
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
        moment_of(event) if is_gone else None, *_own(noun, state),
    )  # fmt: skip
    if verb == "erased":
        await connection.execute(FORGET.format(noun=noun), organisation, id)
    merged_into = (event.get("before") or {}).get("merged_into_id")
    if is_gone and merged_into is not None:
        await connection.execute(MERGED.format(noun=noun), organisation, id, id_of(merged_into))


def _own(noun: str, state: Mapping[str, Any]) -> list[Any]:
    """What is shown of it, and what rows of files name it by."""
    addresses = [email_key(each["address"]) for each in state.get("emails") or ()]
    is_person = noun == "contact" or state.get("kind") == "person"
    made = {
        "name_key": name_key(state.get("name") or ""), "emails": addresses,
        "known_by": known_by(state) if is_person else [],
    }  # fmt: skip
    shown = [_stored(name, state.get(name)) for name in OWN[noun]]
    return [*shown, *(made[name] for name in FOUND_BY[noun])]


def _stored(name: str, value: Any) -> Any:
    """`external_id` is no id of ours."""
    return maybe_id_of(value) if name == "parent_id" else value


def contacts_consumer(source: FeedSource, files_dir: Path) -> Consumer:
    """`files_dir` holds the files of imports and exports, in which somebody may be who is erased."""
    return Consumer("contacts", TYPES, source, partial(apply_contacts_event, files_dir=files_dir))
