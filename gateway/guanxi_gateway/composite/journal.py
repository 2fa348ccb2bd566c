"""The journal of composites: claimed before anything is done, kept at each step, ended with the answer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from uuid import UUID

import asyncpg

from guanxi_gateway.composite.url_rules import Kind
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id

# The claim of a key waits for nobody: a row that is there is another try's.
CLAIM = """
WITH claimed AS (
  INSERT INTO composites (organisation_id, id, user_id, session_id, scopes, is_scoped, key, fingerprint,
    all_or_nothing, steps)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
  ON CONFLICT (organisation_id, user_id, key) WHERE key IS NOT NULL DO NOTHING RETURNING id
)
INSERT INTO composite_turns (organisation_id, id, lease, leased_until)
SELECT $1, id, $11, clock_timestamp() + $12::float8 * interval '1 second' FROM claimed RETURNING id
"""
KNOWN = """
SELECT id, fingerprint, state, status, answer, finished_at FROM composites
WHERE organisation_id = $1 AND user_id = $2 AND key = $3
"""
DUE = """
SELECT organisation_id, id FROM composite_turns WHERE leased_until <= clock_timestamp()
ORDER BY leased_until LIMIT $1
"""
TAKE = """
UPDATE composite_turns SET lease = $3, leased_until = clock_timestamp() + $4::float8 * interval '1 second'
WHERE (organisation_id, id) = (
  SELECT organisation_id, id FROM composite_turns
  WHERE organisation_id = $1 AND id = $2 AND leased_until <= clock_timestamp() FOR UPDATE SKIP LOCKED)
RETURNING id
"""
LOAD = """
SELECT user_id, session_id, scopes, is_scoped, all_or_nothing, key, state, steps FROM composites
WHERE organisation_id = $1 AND id = $2
"""
KEEP = """
WITH held AS (
  UPDATE composite_turns SET leased_until = clock_timestamp() + $4::float8 * interval '1 second'
  WHERE organisation_id = $1 AND id = $2 AND lease = $3 RETURNING id
)
UPDATE composites SET state = $5, steps = $6
WHERE organisation_id = $1 AND id = $2 AND EXISTS (SELECT FROM held) RETURNING id
"""
END = """
WITH held AS (
  DELETE FROM composite_turns WHERE organisation_id = $1 AND id = $2 AND lease = $3 RETURNING id
)
UPDATE composites SET state = 'ended', steps = '[]', status = $4, answer = $5, finished_at = clock_timestamp()
WHERE organisation_id = $1 AND id = $2 AND EXISTS (SELECT FROM held) RETURNING id
"""
LEAVE = """
UPDATE composite_turns SET leased_until = clock_timestamp() + $4::float8 * interval '1 second'
WHERE organisation_id = $1 AND id = $2 AND lease = $3
"""
FORGET = "DELETE FROM composites"  # by the policy: what ended a day ago, seen by nobody
BLANK = """
UPDATE composites SET answer = NULL
WHERE organisation_id = $1 AND finished_at IS NOT NULL AND strpos(answer, $2) > 0
"""

State = Literal["running", "undoing", "ended"]
StepState = Literal["waiting", "sent", "done", "refused", "failed", "undone", "kept"]
LEAVE_SECONDS: Final = 1.0


class LeaseLost(Exception):
    """Another process is at this composite by now."""


@dataclass(slots=True)
class Step:
    """A request of a composite. `target` and `sent` are its address and body with the references filled in,
    `base` the version that it was sent for, `why` the reason why it could not be undone."""

    method: str
    url: str
    body: Any
    reference_id: str | None
    if_match: str | None
    kind: Kind
    service: str
    state: StepState = "waiting"
    target: str | None = None
    sent: str | None = None
    base: str | None = None
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    answer: str = "null"  # JSON
    why: str | None = None

    @property
    def is_refused(self) -> bool:
        return self.status >= 300


@dataclass(slots=True)
class Run:
    """A composite that is being done, by the holder of its lease. `is_orphaned`: whoever asked for it may do
    nothing any more, so it is only found out what was done, and undone."""

    organisation_id: UUID
    id: UUID
    user_id: UUID
    session_id: UUID
    scopes: Sequence[str] | None
    all_or_nothing: bool
    steps: list[Step]
    key: str | None
    lease: UUID
    state: State = "running"
    authorization: str | None = None
    is_orphaned: bool = False

    def request_id(self, index: int, *, undo: bool = False) -> str:
        return f"composite-{self.id}-{'u' if undo else ''}{index}"

    @property
    def own_requests(self) -> str:
        return f"composite-{self.id}-"


def steps_text(steps: Sequence[Step]) -> str:
    return json.dumps([{name: getattr(step, name) for name in Step.__slots__} for step in steps])


def steps_of(text: str) -> list[Step]:
    return [Step(**each) for each in json.loads(text)]


async def claim(database: Database, run: Run, *, fingerprint: bytes, seconds: float) -> bool:
    """Whether it is ours to do; False when the key is known already."""
    async with database.transaction(run.organisation_id) as connection:
        found = await connection.fetchval(
            CLAIM, run.organisation_id, run.id, run.user_id, run.session_id,
            list(run.scopes or ()), run.scopes is not None, run.key, fingerprint, run.all_or_nothing,
            steps_text(run.steps), run.lease, seconds,
        )  # fmt: skip
    return found is not None


async def known(
    database: Database, organisation_id: UUID, user_id: UUID, key: str
) -> asyncpg.Record | None:
    async with database.transaction(organisation_id) as connection:
        return await connection.fetchrow(KNOWN, organisation_id, user_id, key)


async def due(database: Database, most: int) -> list[tuple[UUID, UUID]]:
    """Composites of any organisation that nobody is at."""
    async with database.transaction(None) as connection:
        rows = await connection.fetch(DUE, most)
    return [(row["organisation_id"], row["id"]) for row in rows]


async def take(database: Database, organisation_id: UUID, id: UUID, seconds: float) -> Run | None:
    """An unfinished composite to go on with; None when somebody is at it, or it has ended."""
    lease = new_id()
    async with database.transaction(organisation_id) as connection:
        if await connection.fetchval(TAKE, organisation_id, id, lease, seconds) is None:
            return None
        row = await connection.fetchrow(LOAD, organisation_id, id)
    if row is None:
        return None
    return Run(
        organisation_id, id, row["user_id"], row["session_id"],
        row["scopes"] if row["is_scoped"] else None, row["all_or_nothing"],
        steps_of(row["steps"]), row["key"], lease, row["state"],
    )  # fmt: skip


async def keep(database: Database, run: Run, seconds: float) -> None:
    """What has been done and what is sent next; LeaseLost when another process took over."""
    async with database.transaction(run.organisation_id) as connection:
        found = await connection.fetchval(
            KEEP, run.organisation_id, run.id, run.lease, seconds, run.state, steps_text(run.steps)
        )
    if found is None:
        raise LeaseLost


async def end(database: Database, run: Run, status: int, answer: str) -> None:
    async with database.transaction(run.organisation_id) as connection:
        found = await connection.fetchval(
            END, run.organisation_id, run.id, run.lease, status, answer
        )
    if found is None:
        raise LeaseLost


async def leave(database: Database, run: Run) -> None:
    """For whoever looks next, in a moment."""
    async with database.transaction(run.organisation_id) as connection:
        await connection.execute(LEAVE, run.organisation_id, run.id, run.lease, LEAVE_SECONDS)
