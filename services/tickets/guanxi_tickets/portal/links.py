"""Links of the portal: made, and taken back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from guanxi_shared import delegation
from guanxi_shared.calls import Call, House
from guanxi_shared.db import Connection
from guanxi_shared.erasing.persons import known_ids
from guanxi_shared.errors import NotFound
from guanxi_shared.events import dumps
from guanxi_shared.identifiers import new_id
from guanxi_shared.signed_links import Link, key_from, token_of
from guanxi_tickets.errors import NoRequester
from guanxi_tickets.letters.writing import write_link_letter
from guanxi_tickets.portal.link_rules import PURPOSE, lifetime
from guanxi_tickets.portal.schemas import PortalLinkCreate
from guanxi_tickets.tickets.service import load_ticket

PATH: Final = "/v1/public/portal"
INSERT = """
INSERT INTO portal_links (organisation_id, id, reach, ticket_id, requester_id, email, rights, created_by, created_at,
  expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8, $9, $10)
"""
LINKS = """
SELECT p.id::text, p.reach, CASE WHEN p.ticket_id = $2 THEN p.ticket_id::text END AS ticket_id, p.created_by::text, p.created_at, p.expires_at, p.revoked_at,
  p.revoked_at IS NULL AND p.expires_at > now() AS opens, l.status AS letter
FROM portal_links p LEFT JOIN ticket_letters l ON l.organisation_id = p.organisation_id AND l.link_id = p.id
WHERE p.organisation_id = $1 AND (p.ticket_id = $2 OR p.requester_id = ANY($3::uuid[]) OR p.email = $4)
ORDER BY p.id DESC LIMIT 200
"""
REVOKE_ONE = """
UPDATE portal_links SET revoked_at = clock_timestamp()
WHERE organisation_id = $1 AND id = $2 AND revoked_at IS NULL AND (ticket_id = $3 OR requester_id = ANY($4::uuid[]) OR email = $5)
"""
REVOKE = """
UPDATE portal_links SET revoked_at = clock_timestamp()
WHERE organisation_id = $1 AND revoked_at IS NULL AND (ticket_id = $2 OR requester_id = ANY($3::uuid[]) OR email = $4)
RETURNING 1
"""


async def make_link(
    here: House, connection: Connection, ticket: Mapping[str, Any], *, reach: str, days: int | None = None,
    by: Call | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A new link as its maker is shown it, once: the token is kept nowhere. `by` is the user who makes it; no
    link shows more than they may see."""
    now = datetime.now(UTC)
    expires = (now + lifetime(days)).replace(microsecond=0)
    is_wide = reach == "requester"
    if is_wide and ticket["requester_id"] is None and ticket["from_email"] is None:
        raise NoRequester("The ticket names nobody whose other tickets could be shown.")
    link_id, organisation = new_id(), ticket["organisation_id"]
    await connection.execute(
        INSERT, organisation, link_id, reach, ticket["id"],
        ticket["requester_id"] if is_wide else None,
        ticket["from_email"] if is_wide and ticket["requester_id"] is None else None,
        dumps(delegation.as_params(by.by)) if by is not None else None,
        by.by.user_id if by is not None else None, now, expires,
    )  # fmt: skip
    key = key_from(here.common.service_secret, PURPOSE)
    token = token_of(Link(organisation, link_id, expires), key)
    return {
        "id": link_id, "reach": reach, "token": token, "path": f"{PATH}/{token}",
        "expires_at": expires,
    }  # fmt: skip


async def make_portal_link(
    call: Call, connection: Connection, ticket_id: UUID, data: PortalLinkCreate
) -> dict[str, Any]:
    """Whoever has the link answers by it, so the ticket must be the caller's to change."""
    ticket = await load_ticket(call, connection, ticket_id)
    made = await make_link(
        call.house, connection, ticket.row, reach=data.reach, days=data.days, by=call
    )
    if data.by_mail:
        await write_link_letter(connection, call.organisation, "portal", ticket_id, made["id"])
    return made


async def list_links(call: Call, connection: Connection, ticket_id: UUID) -> list[dict[str, Any]]:
    """Every link that opens the ticket, or did: made for it, or for its requester."""
    row = (await load_ticket(call, connection, ticket_id, to_write=False)).row
    asked = (call.organisation, ticket_id, *await _person(connection, row))
    return [dict(found) for found in await connection.fetch(LINKS, *asked)]


async def revoke_link(
    call: Call, connection: Connection, ticket_id: UUID, link_id: UUID
) -> dict[str, Any]:
    """The link as it is then; one that was taken back already stays so."""
    row = (await load_ticket(call, connection, ticket_id)).row
    asked = (ticket_id, *await _person(connection, row))
    await connection.execute(REVOKE_ONE, call.organisation, link_id, *asked)
    found = await list_links(call, connection, ticket_id)
    own = next((each for each in found if each["id"] == str(link_id)), None)
    if own is None:
        raise NotFound(f"The ticket has no link with the id {str(link_id)!r}.")
    return own


async def revoke_links(call: Call, connection: Connection, ticket_id: UUID) -> int:
    """Every link that was made for the ticket, and those of its requester: how many opened until now."""
    row = (await load_ticket(call, connection, ticket_id)).row
    asked = (call.organisation, ticket_id, *await _person(connection, row))
    return len(await connection.fetch(REVOKE, *asked))


async def _person(connection: Connection, row: Mapping[str, Any]) -> tuple[list[UUID], str | None]:
    """Whose links open the ticket: its requester, by whatever contacts they were before a merge, too."""
    requester = row["requester_id"]
    known = [] if requester is None else await known_ids(connection, row["organisation_id"], "contact", requester)  # fmt: skip
    return known, row["from_email"]
