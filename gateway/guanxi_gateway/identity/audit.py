"""Adding to the audit chain, in the transaction of what it speaks of."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from guanxi_gateway.identity.audit_rules import GENESIS, chain_digest
from guanxi_gateway.identity.rows import written
from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import new_id

# The no-op update takes the row lock whether the row is new or not.
HEAD = """
INSERT INTO audit_heads AS head (organisation_id, position, digest) VALUES ($1, 0, $2)
ON CONFLICT (organisation_id) DO UPDATE SET position = head.position
RETURNING position, digest
"""
ADD = """
WITH added AS (
    INSERT INTO audit_log (organisation_id, id, position, action, entry, digest, occurred_at)
    VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7) RETURNING position, digest
)
UPDATE audit_heads SET position = added.position, digest = added.digest FROM added
WHERE organisation_id = $1
"""


async def write_audit(
    connection: Connection,
    organisation_id: UUID,
    action: str,
    *,
    actor: Actor,
    subject: str | None = None,
    details: Mapping[str, Any] | None = None,
    entry_id: UUID | None = None,
) -> None:
    """Last in its transaction, since entries of one organisation wait for each other.

    `subject` is `noun/id`. Details must hold no secret and no more of a person than needed: an
    entry can never be erased.
    """
    now = datetime.now(UTC)
    entry_id = entry_id or new_id()
    entry = as_json(
        {
            "id": entry_id,
            "action": action,
            "at": now,
            "actor_id": actor.id,
            "actor_kind": actor.kind,
            "channel": actor.channel,
            "request_id": actor.request_id,
            "subject": subject,
            "details": dict(details or {}),
        }
    )
    head = await written(connection, HEAD, organisation_id, GENESIS)
    digest = chain_digest(head["digest"], entry)
    text = orjson.dumps(entry).decode()
    position = head["position"] + 1
    await connection.execute(ADD, organisation_id, entry_id, position, action, text, digest, now)


def as_json(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Everything as JSON has it, so that what is hashed is what jsonb gives back."""
    plain: dict[str, Any] = orjson.loads(orjson.dumps(entry, option=orjson.OPT_UTC_Z, default=str))
    return plain
