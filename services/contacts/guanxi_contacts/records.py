"""What creates and updates of the records here have in common."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import new_id
from guanxi_shared.resources import Resource

HOLD = """
SELECT id FROM {table} WHERE organisation_id = $1 AND id = ANY($2::uuid[]) AND deleted_at IS NULL
ORDER BY id FOR KEY SHARE
"""
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "accounts": {
        "kind": "company", "lifecycle_stage": "prospect",
        "phones": [], "emails": [], "addresses": [], "tags": [],
    },
    "contacts": {
        "phones": [], "emails": [], "addresses": [], "tags": [], "hobbies": [],
        "do_not_contact": False,
    },
    "activities": {
        "priority": "normal", "exdates": [], "account_ids": [], "contact_ids": [],
        "participants": [], "invited_ids": [], "tags": [],
    },
}  # fmt: skip


def default_columns(call: Call, resource: Resource, sent: Mapping[str, Any]) -> dict[str, Any]:
    """What a new record has before the caller's own fields: id, organisation, owner, empty lists."""
    return {
        **DEFAULTS[resource.name],
        "organisation_id": call.organisation,
        "id": sent.get("id") or new_id(),
        "owner_id": call.by.user_id,
    }


async def hold_references(
    connection: Connection, resource: Resource, organisation: UUID, ids: Iterable[UUID]
) -> set[UUID]:
    """Those of the ids that are there; they are not merged away before the transaction ends."""
    sql = HOLD.format(table=resource.table.name)
    return {row["id"] for row in await connection.fetch(sql, organisation, list(ids))}
