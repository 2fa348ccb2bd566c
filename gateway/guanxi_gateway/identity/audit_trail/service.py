"""Reading, exporting and proving the audit log."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from guanxi_gateway.identity.audit import as_json
from guanxi_gateway.identity.audit_rules import (
    Broken,
    Link,
    Tip,
    against_head,
    verify_chain,
)
from guanxi_shared.calls import House

PAGE = 1000
READ = """
SELECT position, entry::text AS entry, digest FROM audit_log
WHERE organisation_id = $2 AND position < $3
  AND ($4::text IS NULL OR action = $4 OR action LIKE $4 || '.%')
  AND ($5::timestamptz IS NULL OR occurred_at >= $5)
  AND ($6::timestamptz IS NULL OR occurred_at < $6)
ORDER BY position DESC LIMIT $7
"""
FOLLOW = """
SELECT position, id, action, entry::text AS entry, digest, occurred_at FROM audit_log
WHERE organisation_id = $2 AND position > $3 ORDER BY position LIMIT $4
"""
HEAD = "SELECT position, digest FROM audit_heads WHERE organisation_id = $2"


# `Database.fetch`, or the like of it: rows of a SELECT whose own parameters start at $2.
Fetch = Callable[..., Awaitable[Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class Verdict:
    organisation_id: UUID
    head: Tip
    broken: Broken | None

    @property
    def is_intact(self) -> bool:
        return self.broken is None


@dataclass(frozen=True, slots=True)
class AuditQuery:
    limit: int = 50
    before: int = 2**62
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def list_entries(
    house: House, organisation_id: UUID, query: AuditQuery
) -> tuple[list[dict[str, Any]], str | None]:
    """Newest first, and the cursor of the next page."""
    rows = await house.db.fetch(
        organisation_id, READ, organisation_id, query.before, query.action, query.since,
        query.until, query.limit + 1,
    )  # fmt: skip
    shown = rows[: query.limit]
    following = str(shown[-1]["position"]) if len(rows) > query.limit else None
    return [_entry(row) for row in shown], following


async def export_entries(house: House, organisation_id: UUID) -> AsyncIterator[bytes]:
    """The whole chain as NDJSON, oldest first: enough to prove it elsewhere."""
    position = 0
    while rows := await _follow(house.db.fetch, organisation_id, position):
        yield b"".join(orjson.dumps(_entry(row), option=orjson.OPT_APPEND_NEWLINE) for row in rows)
        position = rows[-1]["position"]


async def verify_entries(fetch: Fetch, organisation_id: UUID) -> Verdict:
    """Every link from the first to the head that stood there when we began."""
    rows = await fetch(organisation_id, HEAD, organisation_id)
    head = Tip(rows[0]["position"], rows[0]["digest"]) if rows else Tip()
    tip: Tip | Broken = Tip()
    while isinstance(tip, Tip) and tip.position < head.position:
        rows = await _follow(fetch, organisation_id, tip.position)
        links = [_link(row) for row in rows if row["position"] <= head.position]
        if not links:
            break
        tip = verify_chain(links, start=tip)
    broken = tip if isinstance(tip, Broken) else against_head(tip, head)
    return Verdict(organisation_id, head, broken)


async def _follow(fetch: Fetch, organisation_id: UUID, position: int) -> Sequence[Any]:
    return await fetch(organisation_id, FOLLOW, organisation_id, position, PAGE)


def _entry(row: Any) -> dict[str, Any]:
    return {
        "position": row["position"],
        "digest": row["digest"].hex(),
        "entry": orjson.loads(row["entry"]),
    }


def _link(row: Any) -> Link:
    columns = {"id": row["id"], "action": row["action"], "at": row["occurred_at"]}
    return Link(row["position"], orjson.loads(row["entry"]), row["digest"], as_json(columns))
