"""`Idempotency-Key`: a repeated POST gives the first answer again, kept in the same transaction.

The key is claimed before the work and the answer stored after it, both in the work's own
transaction: either the work and its answer are there, or neither. Kept for 24 hours.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

import orjson
from starlette.responses import Response

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict, Invalid, Malformed

LONGEST_KEY = 255


def is_free(organisation: str, actor: str, key: str) -> str:
    """SQL that takes the key of these expressions for this transaction, unless another one holds it."""
    held = f"({organisation})::text || ({actor})::text || {key}"
    return f"pg_try_advisory_xact_lock(hashtextextended({held}, 0))"


# A claim that is not granted either waits for nobody: another request holds the advisory lock
# (409), or the row is there already (replay).
CLAIM = f"""
INSERT INTO idempotency (organisation_id, actor_id, key, fingerprint, status, headers, body)
SELECT $1::uuid, $2::uuid, $3::text, $4::bytea, 0, '{{}}'::jsonb, ''::bytea
WHERE {is_free("$1", "$2", "$3")}
ON CONFLICT DO NOTHING RETURNING true
"""
STORED = """
SELECT fingerprint, status, headers, body FROM idempotency
WHERE organisation_id = $1 AND actor_id = $2 AND key = $3
"""
KEEP = """
UPDATE idempotency SET status = $4, headers = $5::jsonb, body = $6
WHERE organisation_id = $1 AND actor_id = $2 AND key = $3
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write answers, in the form that can be stored and sent again byte for byte."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def headers_json(self) -> str:
        return orjson.dumps(dict(self.headers)).decode()

    def response(self, *, replayed: bool = False) -> Response:
        headers = {"content-type": "application/json", **self.headers}
        if replayed:
            headers["Idempotent-Replayed"] = "true"
        return Response(self.body, self.status, headers)


@dataclass(frozen=True, slots=True)
class Claim:
    """A request's key, whose it is, and what it asked for."""

    organisation_id: UUID
    actor_id: UUID
    key: str
    fingerprint: bytes

    @property
    def key_parts(self) -> tuple[UUID, UUID, str, bytes]:
        return (self.organisation_id, self.actor_id, self.key, self.fingerprint)


Work = Callable[[Connection], Awaitable[Answer]]


def claim_of(call: Call, body: bytes) -> Claim | None:
    """The claim that the request's Idempotency-Key makes; None without one."""
    key = call.request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise Malformed(
            "The Idempotency-Key must be 1 to 255 printable ASCII characters.",
            errors={"Idempotency-Key": "Send 1 to 255 printable ASCII characters."},
        )
    scope = call.request.scope
    fingerprint = hashlib.sha256(f"{scope['method']} {scope['path']}\n".encode() + body).digest()
    return Claim(call.organisation, call.by.user_id or UUID(int=0), key, fingerprint)


async def answer_once(call: Call, work: Work, *, fingerprint_of: bytes) -> Response:
    """Run `work` in one transaction; with an Idempotency-Key, run it only once.

    Same key and body: the stored answer. Same key, other body: 422. Still running: 409.
    """
    claim = claim_of(call, fingerprint_of)
    async with call.db.transaction(call.organisation) as connection:
        if claim is not None and not await connection.fetchval(CLAIM, *claim.key_parts):
            return await _replay(connection, claim)
        answer = await work(connection)
        if claim is not None:
            parts = claim.key_parts[:3]
            await connection.execute(KEEP, *parts, answer.status, answer.headers_json, answer.body)
    return answer.response()


async def replay(call: Call, claim: Claim) -> Response:
    """The first answer again, for a claim that was not granted."""
    async with call.db.transaction(call.organisation) as connection:
        return await _replay(connection, claim)


async def _replay(connection: Connection, claim: Claim) -> Response:
    row = await connection.fetchrow(STORED, *claim.key_parts[:3])
    if row is None:
        raise Conflict(
            "A request with this Idempotency-Key is still running; ask again in a moment.",
            code="still_running",
            headers={"Retry-After": "1"},
        )
    if row["fingerprint"] != claim.fingerprint:
        raise Invalid(
            "This Idempotency-Key was used with another request; use a new key.",
            code="idempotency_key_reused",
        )
    headers = orjson.loads(row["headers"])
    return Answer(row["status"], row["body"], headers).response(replayed=True)
