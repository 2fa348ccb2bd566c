"""How the records of a person are erased: the row itself, files, consents, places in accounts."""

from typing import Any
from uuid import UUID

import orjson

from guanxi_contacts.campaign_members.resources import CAMPAIGN_MEMBERS
from guanxi_contacts.consents.resources import CONSENTS
from guanxi_contacts.files.resources import FILES
from guanxi_contacts.privacy.erasing import Erasing
from guanxi_contacts.privacy.persons import ACCOUNT
from guanxi_contacts.segments.resources import SEGMENT_MEMBERS
from guanxi_shared.erasing.needle_rules import in_json
from guanxi_shared.erasing.records import blank_events, erase_rows, log, with_times
from guanxi_shared.files.storage import UNFINISHED

# Held first, and only then looked at again: a link that is made meanwhile is committed by then.
HOLD_FILES = """
SELECT f.id FROM files f JOIN file_links l ON l.organisation_id = f.organisation_id AND l.file_id = f.id
WHERE f.organisation_id = $1 AND l.subject_type = $2 AND l.subject_id = ANY($3::uuid[])
ORDER BY f.id FOR UPDATE OF f
"""
OWN_FILES = """
SELECT f.id, f.blob_id, f.storage FROM files f
WHERE f.organisation_id = $1 AND f.id = ANY($2::uuid[]) AND NOT EXISTS (
    SELECT FROM file_links o WHERE o.organisation_id = $1 AND o.file_id = f.id
      AND NOT (o.subject_type = $3 AND o.subject_id = ANY($4::uuid[]))
)
"""
UNLINK_FILES = "DELETE FROM file_links WHERE organisation_id = $1 AND file_id = ANY($2::uuid[])"
UPLOADS_GONE = """
DELETE FROM uploads AS u WHERE u.organisation_id = $1 AND EXISTS (
  SELECT FROM jsonb_array_elements(u.links) AS l
  WHERE l ->> 'type' = $2 AND l ->> 'id' = ANY($3::uuid[]::text[]))
RETURNING blob_id
"""
CONSENTS_GONE = """
DELETE FROM consents WHERE organisation_id = $1 AND contact_id = ANY($2::uuid[])
RETURNING id, contact_id, channel, purpose, status, given_at, expires_at, recorded_by, version, created_at
"""
PLACES_GONE = (
    "DELETE FROM contact_accounts WHERE organisation_id = $1 AND contact_id = ANY($2::uuid[])"
)
# What another service told of the person, and what it told of others at once and names them.
TIMELINE_GONE = """
DELETE FROM timeline_entries AS t WHERE t.organisation_id = $1 AND (t.subject_id = ANY($2::uuid[])
  OR t.event_id IN (SELECT o.event_id FROM timeline_entries o
                    WHERE o.organisation_id = $1 AND o.subject_id = ANY($2::uuid[]))
  AND EXISTS (SELECT FROM unnest($3::text[]) AS n
              WHERE strpos(lower(concat_ws(' ', t.title, t.summary, t.data::text)), lower(n)) > 0))
"""
# Blanked first: what is logged of a member looks at their row.
CAMPAIGNS_LEFT = """
UPDATE campaign_members AS m SET answers = '{}', status = 'targeted', sent_at = NULL, responded_at = NULL,
  account_id = NULL, version = version + 1, updated_at = $3
WHERE m.organisation_id = $1 AND m.member_id = ANY($2::uuid[]) RETURNING to_jsonb(m)::text AS row
"""
MEMBERS_GONE = "DELETE FROM campaign_members WHERE organisation_id = $1 AND id = ANY($2::uuid[])"
# Blanked first, as members of campaigns are.
SEGMENTS_LEFT = """
UPDATE segment_accounts AS k SET version = version + 1, updated_at = $3
WHERE k.organisation_id = $1 AND k.account_id = ANY($2::uuid[]) RETURNING to_jsonb(k)::text AS row
"""
TOLD_GONE = "DELETE FROM segment_accounts WHERE organisation_id = $1 AND id = ANY($2::uuid[])"
MATCH_KEYS = """
SELECT array_agg(DISTINCT key) FROM {table}, unnest(match_keys) AS key
WHERE organisation_id = $1 AND id = ANY($2::uuid[])
"""
HOLDS_GONE = (
    "DELETE FROM legal_holds WHERE organisation_id = $1 AND subject_type = $2"
    " AND subject_id = ANY($3::uuid[])"
)


async def erase_person(erasing: Erasing) -> dict[str, int]:
    kind = erasing.kind
    also_kept = ("kind",) if kind is ACCOUNT else ()
    rows, events = await erase_rows(
        erasing, kind.resource, erasing.person_ids, computed=kind.empty, also_kept=also_kept
    )
    return {kind.table: rows, "events": events}


async def erase_files(erasing: Erasing) -> dict[str, int]:
    """Files that belong to nobody else. One that is also somebody else's stays, and its link to
    what is now a tombstone says nothing."""
    connection, whose = erasing.connection, (erasing.kind.noun, list(erasing.person_ids))
    held = await connection.fetch(HOLD_FILES, erasing.organisation, *whose)
    own = await connection.fetch(OWN_FILES, erasing.organisation, [r["id"] for r in held], *whose)
    ids = [row["id"] for row in own]
    if not ids:
        return {}
    erasing.blobs += [(row["storage"], row["blob_id"]) for row in own]
    await connection.execute(UNLINK_FILES, erasing.organisation, ids)
    rows, events = await erase_rows(
        erasing, FILES, ids, computed={"links": []}, also_kept=("blob_id", "storage")
    )
    return {"files": rows, "events": events}


async def erase_uploads(erasing: Erasing) -> dict[str, int]:
    """Those too that are also of others: what is not here yet can be sent again without this person."""
    rows = await erasing.connection.fetch(
        UPLOADS_GONE, erasing.organisation, erasing.kind.noun, list(erasing.person_ids)
    )
    erasing.blobs += [(UNFINISHED, row["blob_id"]) for row in rows]
    return {"uploads": len(rows)}


async def erase_consents(erasing: Erasing) -> dict[str, int]:
    """That something was said stays in the log, by whom and in which words does not."""
    rows = await erasing.connection.fetch(
        CONSENTS_GONE, erasing.organisation, list(erasing.person_ids)
    )
    nothing: dict[str, Any] = {"source": "", "proof": None, "file_id": None}
    states = [{**row, **nothing, "erased_at": erasing.erased_at} for row in rows]
    erasing.ids += [UUID(str(row["id"])) for row in rows]
    return {"consents": len(rows), "events": await blank_events(erasing, CONSENTS.noun, states)}


async def erase_places_in_accounts(erasing: Erasing) -> dict[str, int]:
    if erasing.kind is ACCOUNT:  # the people of an account keep their places; only its id is there
        return {}
    done = await erasing.connection.execute(
        PLACES_GONE, erasing.organisation, list(erasing.person_ids)
    )
    return {"contact_accounts": _count(done)}


async def erase_standing(erasing: Erasing) -> dict[str, int]:
    """Why somebody was thought of how, and what was going on with them."""
    if erasing.kind is not ACCOUNT:
        return {}
    ids, found = list(erasing.person_ids), {}
    for table in ("standing_changes", "account_dealings"):
        done = await erasing.connection.execute(
            f"DELETE FROM {table} WHERE organisation_id = $1 AND account_id = ANY($2::uuid[])",
            erasing.organisation, ids,
        )  # fmt: skip
        found[table] = _count(done)
    return found


async def erase_memberships(erasing: Erasing) -> dict[str, int]:
    done = await erasing.connection.execute(
        "DELETE FROM segment_members WHERE organisation_id = $1 AND member_id = ANY($2::uuid[])",
        erasing.organisation, list(erasing.person_ids),
    )  # fmt: skip
    return {"segment_members": _count(done)}


async def erase_told_segments(erasing: Erasing) -> dict[str, int]:
    """Which segments an account was told to be in; that there was a member stays in the log."""
    if erasing.kind is not ACCOUNT:
        return {}
    rows = await erasing.connection.fetch(
        SEGMENTS_LEFT, erasing.organisation, list(erasing.person_ids), erasing.erased_at
    )
    told = [orjson.loads(row["row"]) | {"account_id": None} for row in rows]
    states = [
        SEGMENT_MEMBERS.state(with_times(SEGMENT_MEMBERS.table, row), {}) | {"erased_at": erasing.erased_at}
        for row in told
    ]  # fmt: skip
    events = await blank_events(erasing, SEGMENT_MEMBERS.noun, states)
    await log(erasing, SEGMENT_MEMBERS, states, verb="erased")
    ids = [UUID(row["id"]) for row in told]
    erasing.ids += ids
    await erasing.connection.execute(TOLD_GONE, erasing.organisation, ids)
    return {"segment_accounts": len(ids), "events": events}


async def erase_campaigns(erasing: Erasing) -> dict[str, int]:
    """Nobody whom a campaign is meant for, and no answers of theirs; that there was one stays in the log."""
    rows = await erasing.connection.fetch(
        CAMPAIGNS_LEFT, erasing.organisation, list(erasing.person_ids), erasing.erased_at
    )
    told = [orjson.loads(row["row"]) for row in rows]
    states = [
        CAMPAIGN_MEMBERS.state(with_times(CAMPAIGN_MEMBERS.table, row), {}) | {"erased_at": erasing.erased_at}
        for row in told
    ]  # fmt: skip
    events = await blank_events(erasing, CAMPAIGN_MEMBERS.noun, states)
    await log(erasing, CAMPAIGN_MEMBERS, states, verb="erased")
    ids = [UUID(row["id"]) for row in told]
    erasing.ids += ids
    await erasing.connection.execute(MEMBERS_GONE, erasing.organisation, ids)
    return {"campaign_members": len(ids), "events": events}


async def erase_timeline(erasing: Erasing) -> dict[str, int]:
    done = await erasing.connection.execute(
        TIMELINE_GONE, erasing.organisation, list(erasing.person_ids),
        sorted({*erasing.needles, *map(in_json, erasing.needles)}),
    )  # fmt: skip
    return {"timeline_entries": _count(done)}


async def erase_holds(erasing: Erasing) -> dict[str, int]:
    """Released ones: while one stands nobody comes here."""
    done = await erasing.connection.execute(
        HOLDS_GONE, erasing.organisation, erasing.kind.noun, list(erasing.person_ids)
    )
    return {"legal_holds": _count(done)}


async def suppress(erasing: Erasing) -> dict[str, int]:
    """Hashes of the present addresses, so that they are known when they come back."""
    table = f"{erasing.kind.table}_search"
    keys = await erasing.connection.fetchval(
        MATCH_KEYS.format(table=table), erasing.organisation, list(erasing.person_ids)
    )
    kept = await erasing.suppressions.keep(erasing.connection, erasing.organisation, keys or ())
    return {"suppressions": kept}


def _count(done: str) -> int:
    return int(done.rpartition(" ")[2])
