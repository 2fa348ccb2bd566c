"""Reading one quote: by whoever sees it, and by whoever is named to approve it."""

from starlette.responses import Response

from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_shared import reads
from guanxi_shared.calls import Call
from guanxi_shared.errors import NotFound
from guanxi_shared.identifiers import id_in_path

ASKED = """
SELECT as_shown, version FROM quotes WHERE organisation_id = $2 AND id = $3 AND deleted_at IS NULL
  AND status = 'pending_approval'
  AND approvals @> jsonb_build_array(jsonb_build_object('approver_id', $4::uuid::text))
"""


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
