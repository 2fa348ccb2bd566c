"""Use cases of people's rights: erase somebody for good, hold that off, hand everything out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from guanxi_contacts.errors import ImportRunning, OnLegalHold
from guanxi_contacts.privacy.erasing import Erasing
from guanxi_contacts.privacy.leftovers import KIND as LEFTOVERS
from guanxi_contacts.privacy.leftovers import Leftovers, remove_leftovers
from guanxi_contacts.privacy.persons import Kind, all_states, load_person, records_of
from guanxi_contacts.privacy.places import PLACES
from guanxi_contacts.privacy.schemas import HoldRequest
from guanxi_contacts.privacy.suppressions import list_of
from guanxi_contacts.settings import own_settings
from guanxi_shared import delegation, records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.erasing.kept_files import kept_naming
from guanxi_shared.erasing.needle_rules import in_files, needles_of
from guanxi_shared.erasing.records import Said, write_counts, write_down
from guanxi_shared.erasing.schemas import ErasureRequest
from guanxi_shared.erasing.tombstones import demand_not_erased, find_tombstone
from guanxi_shared.errors import Conflict, NotFound
from guanxi_shared.exports.service import tell_of_export
from guanxi_shared.identifiers import new_id
from guanxi_shared.jobs import create_job
from guanxi_shared.merging import refuse_merged
from guanxi_shared.records import Loaded

ARCHIVE: Final = "archive"
MOST_LOOKS: Final = 3

HELD = """
SELECT id, subject_type, subject_id, reason, placed_by, placed_at, released_by, released_at
FROM legal_holds WHERE organisation_id = $1 AND subject_type = $2 AND subject_id = ANY($3::uuid[]) AND released_at IS NULL
LIMIT 1
"""
PLACE = """
INSERT INTO legal_holds (organisation_id, id, subject_type, subject_id, reason, placed_by)
VALUES ($1, $2, $3, $4, $5, $6)
"""
RELEASE = """
UPDATE legal_holds SET released_at = clock_timestamp(), released_by = $4
WHERE organisation_id = $1 AND subject_type = $2 AND subject_id = $3 AND released_at IS NULL
RETURNING id, subject_type, subject_id, reason, placed_by, placed_at, released_by, released_at
"""
# Their jobs wrote the person, whatever can still be read in their files.
WROTE = """
SELECT DISTINCT i.id FROM events e JOIN jobs j ON j.organisation_id = e.organisation_id
  AND e.request_id = 'job-' || j.id::text AND j.kind = 'import'
JOIN imports i ON i.organisation_id = j.organisation_id AND i.id = (j.params ->> 'import_id')::uuid
WHERE e.organisation_id = $1 AND e.subject_id = ANY($2::uuid[]) AND e.subject_type = $3
"""
RUNNING = """
SELECT count(*) FROM jobs WHERE organisation_id = $1 AND kind = 'import' AND status IN ('queued', 'running')
  AND (params ->> 'import_id')::uuid = ANY($2::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Found:
    """Kept files in which a person was found, and by what they were looked for."""

    needles: frozenset[str]
    imports: tuple[UUID, ...]
    exports: tuple[str, ...]


async def look_for(call: Call, kind: Kind, person_id: UUID) -> Found:
    """Before anything is locked: files may be large. Seen is demanded here, so that nobody makes us
    read files for a record that is none of theirs."""
    async with call.db.transaction(call.organisation) as connection:
        await load_person(call, connection, kind, person_id)
        ids = await records_of(connection, call.organisation, kind, person_id)
        states = await all_states(connection, call.organisation, kind, ids)
    needles = needles_of(states)
    wanted = in_files([*needles, *map(str, ids)])
    imports, exports = await kept_naming(own_settings(call).files_dir, call.organisation, wanted)
    return Found(frozenset(needles), tuple(imports), tuple(exports))


async def erase(call: Call, kind: Kind, person_id: UUID, data: ErasureRequest) -> dict[str, Any]:
    """Everything of a person in one transaction, then the bytes; who was erased already stays so."""
    for _ in range(MOST_LOOKS):
        if (already := await find_tombstone(call, kind.resource, person_id)) is not None:
            return already
        found = await look_for(call, kind, person_id)
        async with call.db.transaction(call.organisation) as connection:
            left = await _erase(call, connection, kind, person_id, data, found)
        if left is not None:
            await remove_leftovers(own_settings(call), left)
            break
    else:
        raise Conflict("Others keep changing this record; try again.", code="busy")
    tombstone = await find_tombstone(call, kind.resource, person_id)
    assert tombstone is not None
    return tombstone


async def _erase(
    call: Call, connection: Connection, kind: Kind, person_id: UUID, data: ErasureRequest, found: Found
) -> Leftovers | None:  # fmt: skip
    """None when the person changed since the files were looked through."""
    loaded = await load_person(call, connection, kind, person_id)
    if loaded.row["erased_at"] is not None:  # by somebody who was quicker
        return None
    refuse_merged(kind.resource, loaded)
    ids = await records_of(connection, call.organisation, kind, person_id)
    await _refuse_held(call, connection, kind, ids)
    needles = needles_of(await all_states(connection, call.organisation, kind, ids))
    if not found.needles.issuperset(needles):
        return None
    wrote = await connection.fetch(WROTE, call.organisation, ids, kind.noun)
    imports = sorted({*found.imports, *(row["id"] for row in wrote)})
    if await connection.fetchval(RUNNING, call.organisation, imports):
        raise ImportRunning(
            "An import whose file names this person is still to run; wait for its end or cancel it.",
            headers={"Retry-After": "10"},
        )
    erasing = await _begin(
        call, connection, kind, loaded, data, ids=ids, needles=needles, imports=imports
    )
    counts = [await place.erase(erasing) for place in PLACES if place.erase is not None]
    await write_counts(erasing, counts)
    left = Leftovers(
        call.organisation, person_id, tuple(erasing.blobs), tuple(erasing.imports), found.exports
    )
    await create_job(
        connection,
        call.organisation,
        kind=LEFTOVERS,
        params=left.as_params(),
        created_by=call.by.user_id,
    )
    return left


async def _begin(
    call: Call, connection: Connection, kind: Kind, loaded: Loaded, data: ErasureRequest,
    *, ids: list[UUID], needles: list[str], imports: list[UUID],
) -> Erasing:  # fmt: skip
    said = Said(kind.noun, loaded.id, data.reason, data.request_reference, call.by.user_id)
    erasure_id, erased_at = await write_down(connection, call.organisation, said)
    return Erasing(
        connection=connection, organisation=call.organisation, kind=kind, loaded=loaded, person_ids=ids,
        erasure_id=erasure_id, erased_at=erased_at, reason=data.reason, actor=call.actor,
        needles=needles, imports=imports, exported=[kind.resource.name], suppressions=list_of(call),
    )  # fmt: skip


async def _refuse_held(
    call: Call, connection: Connection, kind: Kind, person_ids: Sequence[UUID]
) -> None:
    """A hold of a record that was merged into this one holds them both."""
    held = await connection.fetchrow(HELD, call.organisation, kind.noun, list(person_ids))
    if held is not None:
        raise OnLegalHold(
            f"This {kind.noun} is on legal hold since {held['placed_at']:%Y-%m-%d}; release it first."
        )


async def find_hold(call: Call, kind: Kind, person_id: UUID) -> Mapping[str, Any]:
    """The hold that stands; NotFound when none does, or the caller does not see the person."""
    async with call.db.transaction(call.organisation) as connection:
        await present_person(call, connection, kind, person_id, to_write=False)
        held = await connection.fetchrow(HELD, call.organisation, kind.noun, [person_id])
    if held is None:
        raise NotFound(f"This {kind.noun} is not on legal hold.")
    return dict(held)


async def place_hold(
    call: Call, connection: Connection, kind: Kind, person_id: UUID, data: HoldRequest
) -> Mapping[str, Any]:
    """Under the person's lock: of a hold and an erasure at once, the first wins."""
    loaded = await present_person(call, connection, kind, person_id)
    if await connection.fetchrow(HELD, call.organisation, kind.noun, [person_id]) is not None:
        raise Conflict(f"This {kind.noun} is on legal hold already.", code="already_held")
    await connection.execute(
        PLACE, call.organisation, new_id(), kind.noun, person_id, data.reason, call.by.user_id
    )
    await _tell(call, connection, kind, loaded, verb="held")
    held = await connection.fetchrow(HELD, call.organisation, kind.noun, [person_id])
    assert held is not None
    return dict(held)


async def release_hold(
    call: Call, connection: Connection, kind: Kind, person_id: UUID
) -> Mapping[str, Any]:
    loaded = await present_person(call, connection, kind, person_id)
    released = await connection.fetchrow(
        RELEASE, call.organisation, kind.noun, person_id, call.by.user_id
    )
    if released is None:
        raise NotFound(f"This {kind.noun} is not on legal hold.")
    await _tell(call, connection, kind, loaded, verb="released")
    return dict(released)


async def _tell(
    call: Call, connection: Connection, kind: Kind, loaded: Loaded, *, verb: str
) -> None:
    """Of a deleted record nothing is told: whoever follows would take it for a sign of life."""
    if loaded.row["deleted_at"] is None:
        await records.update_record(
            connection, kind.resource, loaded, {}, actor=call.actor, verb=verb
        )


async def present_person(
    call: Call, connection: Connection, kind: Kind, person_id: UUID, *, to_write: bool = True
) -> Loaded:
    """Somebody who is there, deleted or not, but not erased."""
    loaded = await load_person(call, connection, kind, person_id, to_write=to_write)
    if loaded.row["erased_at"] is not None:
        await demand_not_erased(call, kind.resource, person_id)
        raise NotFound(f"There is no {kind.noun} with the id {str(person_id)!r}.")
    return loaded


async def start_archive(call: Call, connection: Connection, kind: Kind, person_id: UUID) -> UUID:
    """Queue the job that writes the archive, and tell the audit log that somebody asked for it."""
    await present_person(call, connection, kind, person_id)
    params = {
        "person_id": str(person_id), "noun": kind.noun, "by": delegation.as_params(call.by),
    }  # fmt: skip
    job_id = await create_job(
        connection, call.organisation, kind=ARCHIVE, params=params, created_by=call.by.user_id
    )
    await tell_of_export(call, connection, job_id, kind.resource.name, "archive")
    return job_id
