"""Whom the law speaks of: contacts, and accounts that are people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_contacts.errors import NotAPerson
from guanxi_contacts.resources import ACCOUNTS, CONTACTS
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import NotFound
from guanxi_shared.records import Loaded
from guanxi_shared.resources import Resource


@dataclass(frozen=True, slots=True)
class Kind:
    """A resource whose records may be people; `empty` are its computed fields with nothing in them."""

    resource: Resource
    empty: Mapping[str, Any]

    @property
    def noun(self) -> str:
        return self.resource.noun

    @property
    def table(self) -> str:
        return str(self.resource.table.name)


CONTACT: Final = Kind(CONTACTS, {"accounts": []})
ACCOUNT: Final = Kind(ACCOUNTS, {})

# Stronger than the lock of a change: whoever links anything to the person holds FOR KEY SHARE.
HOLD = "SELECT id FROM {table} WHERE organisation_id = $1 AND id = $2 FOR UPDATE"
STATES = """
SELECT after::text FROM events
WHERE organisation_id = $1 AND subject_id = ANY($2::uuid[]) AND subject_type = $3
"""
# Records that were merged into this one, and into those: they are deleted, and the same person.
MERGED = """
WITH RECURSIVE same (id) AS (
    SELECT $2::uuid UNION SELECT r.id FROM {table} r JOIN same ON r.merged_into_id = same.id
    WHERE r.organisation_id = $1
) SELECT r.id FROM {table} r JOIN same ON r.id = same.id WHERE r.organisation_id = $1 AND r.erased_at IS NULL
ORDER BY r.id FOR UPDATE OF r
"""


async def load_person(
    call: Call, connection: Connection, kind: Kind, person_id: UUID, *, to_write: bool = True
) -> Loaded:
    """A person whom the caller may change, deleted or not, held against everybody."""
    await connection.fetchval(HOLD.format(table=kind.table), call.organisation, person_id)
    scope = await call.scope(kind.resource.name)
    try:
        loaded = await records.load_record(
            connection, kind.resource, person_id, scope=scope, to_write=to_write
        )
    except NotFound:
        loaded = await records.load_record(
            connection, kind.resource, person_id, scope=scope, to_write=to_write, deleted=True
        )
    if kind is ACCOUNT and loaded.row["kind"] != "person" and loaded.row["erased_at"] is None:
        raise NotAPerson(
            "This account is a company; only people have these rights.",
            errors={"account_id": "Name an account of the kind person."},
        )
    return loaded


async def records_of(
    connection: Connection, organisation_id: UUID, kind: Kind, person_id: UUID
) -> list[UUID]:
    """The ids of all records of a person, their own first."""
    rows = await connection.fetch(MERGED.format(table=kind.table), organisation_id, person_id)
    return [person_id, *(row["id"] for row in rows if row["id"] != person_id)]


async def all_states(
    connection: Connection, organisation_id: UUID, kind: Kind, person_ids: Sequence[UUID]
) -> list[dict[str, Any]]:
    """Everything that the person's records ever were."""
    rows = await connection.fetch(STATES, organisation_id, list(person_ids), kind.noun)
    return [orjson.loads(row["after"]) for row in rows]
