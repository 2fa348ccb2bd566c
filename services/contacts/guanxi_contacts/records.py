"""What creates and updates of the records here have in common."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import UnknownReference
from guanxi_shared.identifiers import new_id
from guanxi_shared.resources import Resource
from guanxi_shared.visibility import Scope

HOLD = """
SELECT id, owner_id, team_id FROM {table} WHERE organisation_id = $1 AND id = ANY($2::uuid[]) AND deleted_at IS NULL
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
) -> dict[UUID, Mapping[str, Any]]:
    """Those of the ids that are there, with their owner_id and team_id; they are not merged away
    before the transaction ends."""
    sql = HOLD.format(table=resource.table.name)
    return {row["id"]: dict(row) for row in await connection.fetch(sql, organisation, list(ids))}


def demand_named(
    sent: Mapping[str, Any], present: Mapping[str, Any], held: Mapping[UUID, Mapping[str, Any]],
    scope: Scope, sentences: Mapping[str, str],
) -> None:  # fmt: skip
    """Records that are named (field → what is said without it) must be there, and the caller must
    see them, but for those that stand there already."""
    for field, sentence in sentences.items():
        if (named := sent.get(field)) is None:
            continue
        if named not in held or not (named == present.get(field) or scope.covers(**held[named])):
            raise UnknownReference(sentence, errors={field: "There is no such record for you."})
