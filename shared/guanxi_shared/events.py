"""Writing the log: each change is an event row beside the row it changed, in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from guanxi_shared.calls import Actor
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import new_id
from guanxi_shared.statements import array_text

# Name and type of each parameter; lists go as text (see array_text).
COLUMNS = (
    ("organisation_id", "uuid"), ("id", "uuid"), ("type", "text"), ("subject_type", "text"),
    ("subject_id", "uuid"), ("version", "bigint"), ("actor_id", "uuid"), ("actor_kind", "text"),
    ("channel", "text"), ("changed", "text::text[]"), ("before", "jsonb"), ("after", "jsonb"),
    ("owner_id", "uuid"), ("team_id", "uuid"), ("request_id", "text"), ("trace_id", "text"),
    ("occurred_at", "timestamptz"),
)  # fmt: skip
NAMES = ", ".join(f'"{name}"' for name, _ in COLUMNS)
# For rows that come by the many: how each value arrives, and how it is read.
ARRIVING = ", ".join(f'"{name}" {kind.partition("::")[0]}' for name, kind in COLUMNS)
READ = ", ".join(f'"{name}"::{kind}' for name, kind in COLUMNS)


def logged(first: int, source: str) -> str:
    """The INSERT that logs what `source` (a CTE) wrote; its parameters start at `first`."""
    values = ", ".join(f"${first + i}::{kind}" for i, (_, kind) in enumerate(COLUMNS))
    return f"INSERT INTO events ({NAMES}) SELECT {values} FROM {source}"


def event_values(
    *,
    organisation_id: UUID,
    type: str,
    subject_type: str,
    subject_id: UUID,
    version: int,
    actor: Actor,
    changed: Sequence[str],
    before: Mapping[str, Any] | None,
    after: bytes,
    owner_id: UUID | None,
    team_id: UUID | None,
    occurred_at: datetime | None = None,
) -> list[Any]:
    """`occurred_at` is the row's own time of change, so that `as_of` that time finds this state."""
    return [
        organisation_id, new_id(), type, subject_type, subject_id, version, actor.id, actor.kind,
        actor.channel, array_text(changed), dumps(before) if before is not None else None, after.decode(),
        owner_id, team_id, actor.request_id, actor.trace_id, occurred_at or datetime.now(UTC),
    ]  # fmt: skip


async def publish(
    connection: Connection | asyncpg.Connection,
    *,
    organisation_id: UUID,
    type: str,
    subject_type: str,
    subject_id: UUID,
    version: int,
    actor: Actor,
    after: Mapping[str, Any],
    changed: Sequence[str] = (),
    before: Mapping[str, Any] | None = None,
    owner_id: UUID | None = None,
    team_id: UUID | None = None,
) -> None:
    """One event for a change made in this transaction, after the record's row lock.

    `after` is the whole new state as the API shows it; `before` the changed fields as they were.
    """
    values = event_values(
        organisation_id=organisation_id,
        type=type,
        subject_type=subject_type,
        subject_id=subject_id,
        version=version,
        actor=actor,
        changed=changed,
        before=before,
        after=orjson.dumps(after, option=orjson.OPT_UTC_Z, default=str),
        owner_id=owner_id,
        team_id=team_id,
    )
    await connection.execute(logged(1, "(SELECT 1) AS one"), *values)


def dumps(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_UTC_Z, default=str).decode()
