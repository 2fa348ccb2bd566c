"""Erasing somebody here: because contacts erased them, or a lead by itself."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.leads.service import demand_unbusy
from guanxi_pipeline.models.privacy import ERASURE_REASONS
from guanxi_pipeline.privacy import reached
from guanxi_pipeline.privacy.erasing import Erasing
from guanxi_pipeline.privacy.leftovers import leave
from guanxi_pipeline.privacy.person_rules import whole_texts
from guanxi_pipeline.privacy.places import PLACES
from guanxi_pipeline.settings import own_settings
from guanxi_shared import records
from guanxi_shared.calls import Actor, Call
from guanxi_shared.db import Connection
from guanxi_shared.erasing.kept_files import kept_naming
from guanxi_shared.erasing.needle_rules import in_files, needles_of
from guanxi_shared.erasing.persons import known_ids
from guanxi_shared.erasing.records import Said, write_counts, write_down
from guanxi_shared.erasing.schemas import ErasureRequest
from guanxi_shared.erasing.tombstones import find_tombstone
from guanxi_shared.errors import NotFound
from guanxi_shared.records import Loaded

CHANNEL: Final = "erasure"
EXPORTED: Final = ("invoices", "leads", "opportunities", "orders", "payments", "products", "quotes")
WRITTEN_DOWN: Final = """
SELECT reason, erased_by FROM erasures WHERE organisation_id = $1 AND subject_id = $2 AND subject_type = $3
ORDER BY erased_at LIMIT 1
"""


async def hear_erasure(
    connection: Connection, organisation: UUID, noun: str, subject_id: UUID,
    tombstone: Mapping[str, Any], files_dir: Path,
) -> None:  # fmt: skip
    """What contacts tells of a contact or an account that it erased (its tombstone). Heard once more,
    nothing is left to be done."""
    given, by = tombstone.get("erasure_reason"), tombstone.get("erased_by")
    reason = str(given) if given in ERASURE_REASONS else "other"
    said = Said(noun, subject_id, reason, None, None if by is None else UUID(str(by)))
    ids = await known_ids(connection, organisation, noun, subject_id)
    lead_ids = await reached.hold_leads(connection, organisation, noun, ids)
    known = await connection.fetchrow(WRITTEN_DOWN, organisation, subject_id, noun)
    if known is None or lead_ids:
        await _erase(connection, organisation, said, lead_ids, ids, _actor(said), files_dir)


async def erase_what_came_late(
    connection: Connection, organisation: UUID, became: Mapping[str, UUID | None], files_dir: Path
) -> None:
    """A lead that has just become somebody who was erased meanwhile; by noun, what it became."""
    for noun, subject_id in became.items():
        if subject_id is None:
            continue
        known = await connection.fetchrow(WRITTEN_DOWN, organisation, subject_id, noun)
        if known is not None:
            tombstone = {"erasure_reason": known["reason"], "erased_by": known["erased_by"]}
            await hear_erasure(connection, organisation, noun, subject_id, tombstone, files_dir)


async def erase_lead(call: Call, lead_id: UUID, data: ErasureRequest) -> dict[str, Any]:
    """One lead, for good; who was erased already stays so. What a converted one became is contacts'."""
    if (already := await find_tombstone(call, LEADS, lead_id)) is not None:
        return already
    said = Said(LEADS.noun, lead_id, data.reason, data.request_reference, call.by.user_id)
    async with call.db.transaction(call.organisation) as connection:
        await reached.hold(connection, call.organisation, [lead_id])
        loaded = await _load(call, connection, lead_id)
        if loaded.row["erased_at"] is None:
            demand_unbusy(loaded)
            await _erase(
                connection, call.organisation, said, [lead_id], [], call.actor,
                own_settings(call).files_dir,
            )  # fmt: skip
    tombstone = await find_tombstone(call, LEADS, lead_id)
    assert tombstone is not None
    return tombstone


async def _load(call: Call, connection: Connection, lead_id: UUID) -> Loaded:
    """One that the caller may change, deleted or not."""
    scope = await call.scope(LEADS.name)
    try:
        return await records.load_record(connection, LEADS, lead_id, scope=scope)
    except NotFound:
        return await records.load_record(connection, LEADS, lead_id, scope=scope, deleted=True)


async def _erase(
    connection: Connection, organisation: UUID, said: Said, lead_ids: Sequence[UUID],
    known_ids: Sequence[UUID], actor: Actor, files_dir: Path,
) -> None:  # fmt: skip
    """Everything in the caller's transaction; what they are called is looked up before it goes."""
    states, deals = await _known(connection, organisation, said, lead_ids, known_ids)
    needles = needles_of(states)
    imports, exports = await kept_naming(files_dir, organisation, in_files(needles))
    erasure_id, erased_at = await write_down(connection, organisation, said)
    erasing = Erasing(
        connection=connection, organisation=organisation, person_ids=lead_ids, erasure_id=erasure_id,
        erased_at=erased_at, reason=said.reason, actor=actor, needles=needles, imports=imports,
        exported=EXPORTED, noun=said.noun, subject_id=said.subject_id,
        known_ids=known_ids, whole_texts=whole_texts(states), deal_ids=deals,
    )  # fmt: skip
    counts = [await place.erase(erasing) for place in PLACES if place.erase is not None]
    await write_counts(erasing, counts)
    await leave(connection, organisation, erasing.imports, exports)


async def _known(
    connection: Connection, organisation: UUID, said: Said, lead_ids: Sequence[UUID],
    known_ids: Sequence[UUID],
) -> tuple[list[dict[str, Any]], list[UUID]]:  # fmt: skip
    """Everything that they ever were here, and their deals. A lead by itself has none: what a converted
    one became is its contact's."""
    states = await reached.states_of(connection, organisation, lead_ids)
    if said.noun == LEADS.noun:
        return states, []
    who = (said.noun, known_ids)
    states += await reached.copies_of(connection, organisation, *who)
    return states, await reached.deals_of(connection, organisation, *who, lead_ids)


def _actor(said: Said) -> Actor:
    """Whoever erased them there."""
    kind = "service" if said.by is None else "user"
    return Actor(id=said.by, kind=kind, channel=CHANNEL)
