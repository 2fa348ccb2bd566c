"""The ledger of an entitlement, for whoever sees the entitlement."""

from typing import Any, Final
from uuid import UUID

from guanxi_shared import reads
from guanxi_shared.calls import Call
from guanxi_shared.errors import Malformed
from guanxi_shared.pages import MAX_LIMIT, query_pairs
from guanxi_tickets.entitlements.resources import ENTITLEMENTS

LINES: Final = """
SELECT id::text, entitlement_id::text, ticket_id::text, amount::float8, why, note, booked_by::text, reverses_id::text, created_at
FROM entitlement_bookings WHERE organisation_id = $2 AND entitlement_id = $3
  AND ($4::uuid IS NULL OR (created_at, id) > (SELECT b.created_at, b.id FROM entitlement_bookings b
    WHERE b.organisation_id = $2 AND b.entitlement_id = $3 AND b.id = $4))
ORDER BY created_at, id LIMIT $5
"""


async def read_usage(call: Call, entitlement_id: UUID) -> dict[str, Any]:
    """A page of its bookings, the oldest first; the cursor is the last one's id."""
    await reads.find_record(call, ENTITLEMENTS, entitlement_id)
    limit, after = _paging(call)
    asked = (call.organisation, entitlement_id, after, limit + 1)
    rows = [dict(row) for row in await call.db.fetch(call.organisation, LINES, *asked)]
    has_more, rows = len(rows) > limit, rows[:limit]
    page = {
        "next_cursor": rows[-1]["id"] if has_more else None,
        "has_more": has_more,
        "total": None,
    }
    return {"data": rows, "page": page}


def _paging(call: Call) -> tuple[int, UUID | None]:
    options = dict(query_pairs(call.request.scope["query_string"]))
    if unknown := sorted(set(options) - {"limit", "cursor"}):
        raise Malformed(
            f"The usage does not take {unknown[0]!r}.", errors={unknown[0]: "Unknown parameter."}
        )
    try:
        limit = int(options.get("limit", 50))
        after = UUID(options["cursor"]) if options.get("cursor") else None
    except ValueError as error:
        raise Malformed(
            "limit is a number, cursor the next_cursor.", errors={"cursor": "Use next_cursor."}
        ) from error
    if not 1 <= limit <= MAX_LIMIT:
        raise Malformed(
            f"limit must be from 1 to {MAX_LIMIT}.", errors={"limit": f"Send 1 to {MAX_LIMIT}."}
        )
    return limit, after
