"""Reading one quote: by whoever sees it, and by whoever is named to approve it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from starlette.responses import Response

from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_shared import reads
from guanxi_shared.calls import Call
from guanxi_shared.errors import NotFound
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.resources import Resource

ASKED = """
SELECT as_shown, version FROM quotes WHERE organisation_id = $2 AND id = $3 AND deleted_at IS NULL
  AND status = 'pending_approval'
  AND approvals @> jsonb_build_array(jsonb_build_object('approver_id', $4::uuid::text))
"""

# The step whose turn it is waits for this person: by name, or because they lead the owner.
AWAITING = """
SELECT q.as_shown FROM quotes q,
  jsonb_path_query_first(q.approvals, '$[*] ? (@.status == "waiting")') AS step
WHERE q.organisation_id = $2 AND q.status = 'pending_approval' AND q.deleted_at IS NULL
  AND (step->>'approver_id' = $3::uuid::text OR (step->>'approver' = 'manager' AND $4::boolean
    AND ($5::boolean OR q.owner_id = ANY($6::uuid[]))))
  AND ($7::boolean OR (q.owner_id IS DISTINCT FROM $3 AND q.submitted_by_id IS DISTINCT FROM $3))
ORDER BY q.submitted_at, q.id LIMIT 200
"""


async def list_awaiting(call: Call) -> Response:
    """The quotes that wait for the caller's approval, the longest first, 200 at most."""
    scope = await call.scope(QUOTES.name)
    asked = (
        call.organisation, call.by.user_id, call.by.may("quotes:approve"), scope.everything,
        list(scope.owners), call.by.role == "admin",
    )  # fmt: skip
    rows = await call.db.fetch(call.organisation, AWAITING, *asked)
    body = b",".join(row["as_shown"].encode() for row in rows)
    return Response(b'{"data":[' + body + b"]}", media_type="application/json")


async def read_quote(call: Call, id_text: str) -> Response:
    try:
        return await reads.get_record(call, QUOTES, id_text)
    except NotFound:
        asked = (call.organisation, id_in_path(id_text), call.by.user_id)
        row = await call.db.fetchrow(call.organisation, ASKED, *asked)
        if row is None:
            raise
    headers = {"etag": f'"{row["version"]}"'}
    return Response(row["as_shown"], media_type="application/json", headers=headers)


async def may_change(call: Call, resource: Resource, shown: Mapping[str, Any]) -> bool:
    """Whether a record that the caller sees, as it is shown, is theirs to change as well."""
    scope = await call.scope(resource.name)
    owner_id, team_id = shown["owner_id"], shown["team_id"]
    return scope.may_write(
        id=UUID(shown["id"]), owner_id=UUID(owner_id) if owner_id else None,
        team_id=UUID(team_id) if team_id else None,
    )  # fmt: skip
