"""What is left where somebody was erased: 410 for those who would have seen them, 404 for all others."""

from collections.abc import Awaitable
from typing import Any, NoReturn, TypeVar
from uuid import UUID

import orjson

from guanxi_shared.calls import Call
from guanxi_shared.errors import Gone, NotFound
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.resources import Resource

Answer = TypeVar("Answer")

ERASED = """
SELECT e.subject_id AS id, e.subject_type AS type, e.reason, e.request_reference, e.erased_by,
       e.erased_at, e.counts::text, r.owner_id, r.team_id
FROM erasures e JOIN {table} r ON r.organisation_id = e.organisation_id AND r.id = e.subject_id
WHERE e.organisation_id = $2 AND e.subject_id = $3 AND e.subject_type = $4
"""


async def find_tombstone(call: Call, resource: Resource, record_id: UUID) -> dict[str, Any] | None:
    """The erasure of a record, as the API shows it; None if there was none, or not for the caller."""
    sql = ERASED.format(table=resource.table.name)
    row = await call.db.fetchrow(
        call.organisation, sql, call.organisation, record_id, resource.noun
    )
    if row is None:
        return None
    found = dict(row)
    owner_id, team_id = found.pop("owner_id"), found.pop("team_id")
    scope = await call.scope_of(resource)
    if not scope.covers(id=record_id, owner_id=owner_id, team_id=team_id):
        return None
    return {**found, "counts": orjson.loads(found["counts"])}


async def demand_not_erased(call: Call, resource: Resource, record_id: UUID) -> None:
    if (found := await find_tombstone(call, resource, record_id)) is not None:
        raise Gone(
            f"This {resource.noun} was erased and does not come back.",
            code="erased",
            erased_at=found["erased_at"].isoformat(),
            reason=found["reason"],
        )


async def raise_missing(
    call: Call, resource: Resource, record_id: UUID, error: NotFound
) -> NoReturn:
    """Gone instead of NotFound where somebody was erased."""
    await demand_not_erased(call, resource, record_id)
    raise error


async def or_gone(
    call: Call, resource: Resource, id_text: str, answer: Awaitable[Answer]
) -> Answer:
    """A read by id; who was erased is looked for only where nobody was found."""
    try:
        return await answer
    except NotFound as error:
        await raise_missing(call, resource, id_in_path(id_text), error)
