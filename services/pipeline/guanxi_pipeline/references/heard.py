"""Accounts and people as contacts tells of them, and what follows here when one changes.

The narrow shape read from each event's `after`:

    contacts.account.*  id, name, external_id, industry, region, grade, owner_id, team_id
    contacts.contact.*  id, name, title, owner_id, team_id, and what erasing/known_rules.py reads
    contacts.activity.* opportunity_id, status, done_at

of `erased` also erasure_reason and erased_by,

from `merged` and `unmerged`, whose subject is the survivor, `before.merge` with `id` and `source_ids`, and
from a source's `deleted` the survivor (`before.merged_into_id`).
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.privacy.service import hear_erasure
from guanxi_pipeline.references.following import follow_merge, follow_name
from guanxi_shared.consumers import Consumer, FeedSource
from guanxi_shared.db import Connection
from guanxi_shared.erasing.known_rules import known_by
from guanxi_shared.heard import Event, id_of, maybe_id_of, moment_of
from guanxi_shared.imports.named_records import name_key

TYPES: Final = ("contacts.account.*", "contacts.contact.*", "contacts.activity.*")
GONE: Final = frozenset({"deleted", "erased"})

ACCOUNT = """
INSERT INTO known_accounts AS k (organisation_id, id, version, name, owner_id, team_id, deleted_at, external_id, industry, region, grade,
  known_by, name_key)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (organisation_id, id) DO UPDATE SET
  version = excluded.version, name = excluded.name, owner_id = excluded.owner_id, team_id = excluded.team_id,
  deleted_at = excluded.deleted_at, external_id = excluded.external_id, industry = excluded.industry,
  region = excluded.region, grade = excluded.grade, name_key = excluded.name_key,
  known_by = ARRAY(SELECT DISTINCT unnest(k.known_by || excluded.known_by)),
  merged_into_id = CASE WHEN excluded.deleted_at IS NULL THEN NULL ELSE k.merged_into_id END
WHERE k.version < excluded.version RETURNING name
"""
CONTACT = """
INSERT INTO known_contacts AS k (organisation_id, id, version, name, owner_id, team_id, deleted_at, title, known_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (organisation_id, id) DO UPDATE SET
  version = excluded.version, name = excluded.name, owner_id = excluded.owner_id, team_id = excluded.team_id,
  deleted_at = excluded.deleted_at, title = excluded.title,
  known_by = ARRAY(SELECT DISTINCT unnest(k.known_by || excluded.known_by)),
  merged_into_id = CASE WHEN excluded.deleted_at IS NULL THEN NULL ELSE k.merged_into_id END
WHERE k.version < excluded.version RETURNING name
"""
FORGET = "UPDATE known_{noun}s SET known_by = '{{}}' WHERE organisation_id = $1 AND id = $2"
MERGED = "UPDATE known_{noun}s SET merged_into_id = $3 WHERE organisation_id = $1 AND id = $2"
# A moment still to come would keep a deal from being idle until then.
DONE = """
UPDATE opportunities SET last_activity_at = greatest(last_activity_at, least($3, clock_timestamp()))
WHERE organisation_id = $1 AND id = $2
"""
OF_ACCOUNT: Final = ("external_id", "industry", "region", "grade")
OF_CONTACT: Final = ("title",)


async def apply_contacts_event(connection: Connection, event: Event, *, files_dir: Path) -> None:
    """The copy first, then what points to it here; an older version changes nothing."""
    organisation = id_of(event["organisation_id"])
    _, noun, verb = event["type"].split(".", 2)
    if noun == "activity":
        await _note_activity(connection, organisation, event["after"])
        return
    if verb == "erased":  # first: the copy says what they are called
        who = id_of(event["subject_id"])
        await hear_erasure(connection, organisation, noun, who, event["after"], files_dir)
    await _copy(connection, organisation, noun, verb, event)
    told = event.get("before") or {}
    if verb in ("merged", "unmerged") and (merge := told.get("merge")) is not None:
        await follow_merge(connection, organisation, noun, id_of(event["subject_id"]), merge, verb)
    # An erasure names no fields; what was erased is found by nothing any more.
    is_renamed = verb == "erased" or "name" in (event.get("changed") or ())
    if noun == "account" and verb != "created" and is_renamed:
        await follow_name(connection, organisation, id_of(event["subject_id"]))


async def _note_activity(
    connection: Connection, organisation: UUID, state: Mapping[str, Any]
) -> None:
    """Something was done about a deal, and when; what is planned counts for nothing yet."""
    if state.get("status") == "done" and state.get("opportunity_id") and state.get("done_at"):
        done_at = datetime.fromisoformat(str(state["done_at"]))
        await connection.execute(DONE, organisation, id_of(state["opportunity_id"]), done_at)


async def _copy(
    connection: Connection, organisation: UUID, noun: str, verb: str, event: Event
) -> None:
    state, own = event["after"], OF_ACCOUNT if noun == "account" else OF_CONTACT
    is_gone = verb in GONE
    values = [
        organisation, id_of(event["subject_id"]), int(event["version"]), state.get("name") or "",
        maybe_id_of(state.get("owner_id")), maybe_id_of(state.get("team_id")),
        moment_of(event) if is_gone else None, *(state.get(name) for name in own),
        known_by(state) if noun == "contact" or state.get("kind") == "person" else [],
    ]  # fmt: skip
    if noun == "account":
        await connection.execute(ACCOUNT, *values, name_key(values[3]))
    else:
        await connection.execute(CONTACT, *values)
    if verb == "erased":
        await connection.execute(FORGET.format(noun=noun), organisation, values[1])
    merged_into = (event.get("before") or {}).get("merged_into_id")
    if is_gone and merged_into is not None:
        await connection.execute(
            MERGED.format(noun=noun), organisation, values[1], id_of(merged_into)
        )


def contacts_consumer(source: FeedSource, files_dir: Path) -> Consumer:
    """`files_dir` holds the files of imports and exports, in which somebody may be who is erased."""
    return Consumer("contacts", TYPES, source, partial(apply_contacts_event, files_dir=files_dir))
