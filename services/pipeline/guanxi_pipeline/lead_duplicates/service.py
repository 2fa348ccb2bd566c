"""What may be the same as a lead: other leads here, accounts and people in contacts."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from guanxi_pipeline.clients import contacts_client
from guanxi_pipeline.lead_duplicates import rules
from guanxi_pipeline.leads.resources import LEADS
from guanxi_pipeline.leads.rules import found_by
from guanxi_shared.auth import bearer
from guanxi_shared.calls import Call
from guanxi_shared.errors import NotFound, Unauthenticated, Unavailable, Upstream
from guanxi_shared.http import ServiceClient, within
from guanxi_shared.reads import find_record

SECONDS = 1.0
MOST = 20
ALIKE = """
SELECT s.id, s.match_keys, l.name, l.status, l.owner_id, l.team_id, u.name AS owner_name
FROM leads_search s JOIN leads l ON l.organisation_id = s.organisation_id AND l.id = s.id
LEFT JOIN directory_users u ON u.organisation_id = l.organisation_id AND u.id = l.owner_id
WHERE s.organisation_id = $2 AND s.id <> $3 AND s.deleted_at IS NULL AND s.match_keys && $4::text[]
ORDER BY s.match_keys && $5::text[] DESC, s.id DESC LIMIT 200
"""


async def find_duplicates(call: Call, lead: Mapping[str, Any]) -> dict[str, Any]:
    """For a lead as the API shows it; contacts is asked in the caller's name and never waited for
    long."""
    leads, asked = await asyncio.gather(_leads(call, lead), _in_contacts(call, lead))
    return {"leads": leads, "accounts": asked[0], "contacts": asked[1]}


async def check_lead(call: Call, lead_id: UUID) -> dict[str, Any]:
    found = await find_record(call, LEADS, lead_id)
    # Lists come out of Postgres as JSON that nobody has read yet.
    return await find_duplicates(call, orjson.loads(orjson.dumps(found)))


async def _leads(call: Call, lead: Mapping[str, Any]) -> list[dict[str, Any]]:
    keys = found_by(lead)["match_keys"]
    rows = await call.db.fetch(
        call.organisation,
        ALIKE,
        call.organisation,
        UUID(str(lead["id"])),
        keys,
        rules.strong(keys),
    )
    scope = await call.scope(LEADS.name)
    found = []
    for row, score, reasons in rules.candidates(keys, [dict(row) for row in rows])[:MOST]:
        seen = scope.covers(id=row["id"], owner_id=row["owner_id"], team_id=row["team_id"])
        shown = {"id": str(row["id"]), "name": row["name"], "status": row["status"]}
        found.append(
            {**(shown if seen else dict.fromkeys(shown)), "score": score,
             "level": rules.level_of(score), "reasons": reasons, "is_visible": seen,
             "owner_name": row["owner_name"]}
        )  # fmt: skip
    return found


async def _in_contacts(
    call: Call, lead: Mapping[str, Any]
) -> tuple[list[Any] | None, list[Any] | None]:
    client = contacts_client(call.house)
    if client is None:
        return None, None
    with within(SECONDS):
        accounts, contacts = await asyncio.gather(
            _ask(client, call, "accounts", rules.account_check(lead)),
            _ask(client, call, "contacts", rules.contact_check(lead)),
        )
    return accounts, contacts


async def _ask(
    client: ServiceClient, call: Call, resource: str, document: dict[str, Any] | None
) -> list[Any] | None:
    """None when contacts is away, slow, or refuses this caller: a hint is worth no error."""
    if document is None:
        return []
    if not call.by.may(f"{resource}:create"):
        return None
    try:
        path = f"/v1/{resource}/check-duplicate"
        found = await client.post_json(path, document, token=bearer(call.request.headers))
    except (Unavailable, Upstream, NotFound, Unauthenticated):
        return None
    candidates: list[Any] = found["candidates"]
    return candidates
