"""What a letter is about, and whom it is for, as both are when it goes."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_shared.db import Connection
from guanxi_shared.errors import NotFound, Unauthenticated, Upstream
from guanxi_shared.http import ServiceClient, within
from guanxi_shared.signed_links import Link, key_from, token_of
from guanxi_tickets.letters import rules
from guanxi_tickets.portal import link_rules
from guanxi_tickets.requesters.lookup import SECONDS, ContactsAway
from guanxi_tickets.settings import Settings
from guanxi_tickets.survey_sending.rules import PURPOSE as OF_SURVEYS

# Of a merged ticket what it went into; whom a merged person went into, contacts says by itself.
ABOUT: Final = """
SELECT l.kind, l.attempts, coalesce(g.sends_mail, true) AS sends_mail, t.number, t.from_email,
  d.name AS organisation, d.region, e.texts::text AS texts, e.default_language, i.language,
  coalesce(i.id, p.id) AS subject_id, coalesce(i.expires_at, p.expires_at) AS expires_at,
  CASE WHEN i.id IS NULL THEN p.revoked_at IS NOT NULL OR t.deleted_at IS NOT NULL
    ELSE i.status NOT IN ('sent', 'started') END AS is_over,
  CASE l.kind WHEN 'survey' THEN i.contact_id WHEN 'portal' THEN t.requester_id END AS contact_id
FROM ticket_letters l
LEFT JOIN survey_invitations i ON i.organisation_id = l.organisation_id AND i.id = l.invitation_id
LEFT JOIN survey_editions e ON e.organisation_id = i.organisation_id AND e.survey_id = i.survey_id AND e.number = i.edition
LEFT JOIN portal_links p ON p.organisation_id = l.organisation_id AND p.id = l.link_id
LEFT JOIN tickets t ON t.organisation_id = l.organisation_id AND t.id = l.ticket_id
LEFT JOIN ticket_settings g ON g.organisation_id = l.organisation_id AND g.id = l.organisation_id
LEFT JOIN directory_state d ON d.organisation_id = l.organisation_id
WHERE l.organisation_id = $1 AND l.id = $2
"""
RECEIPTS: Final = """
SELECT count(*) FROM ticket_letters l
JOIN tickets t ON t.organisation_id = l.organisation_id AND t.id = l.ticket_id
WHERE l.organisation_id = $1 AND l.kind = 'receipt' AND l.status = 'sent' AND l.sent_at > now() - interval '1 hour'
  AND t.from_email = $2
"""


async def about_letter(
    connection: Connection, organisation: UUID, letter_id: UUID
) -> dict[str, Any]:
    row = await connection.fetchrow(ABOUT, organisation, letter_id)
    assert row is not None
    found = dict(row) | {"texts": orjson.loads(row["texts"] or "{}")}
    found |= {"organisation": row["organisation"] or "", "region": row["region"] or ""}
    return found | {"language": rules.language_of(found)}


async def is_filled(connection: Connection, organisation: UUID, about: Mapping[str, Any]) -> bool:
    """Whether the address was sent receipts enough within the hour."""
    if about["kind"] != "receipt" or about["from_email"] is None:
        return False
    sent: int = await connection.fetchval(RECEIPTS, organisation, about["from_email"])
    return sent >= rules.MOST_RECEIPTS


async def address_of(
    client: ServiceClient | None, organisation: UUID, about: Mapping[str, Any]
) -> str | None:
    """The contact's own, whatever somebody typed; what was typed where it is nobody's contact, and for a
    receipt, which tells of what was typed. ContactsAway where nobody says."""
    if about["contact_id"] is None:
        typed: str | None = about["from_email"] if about["kind"] != "survey" else None
        return typed
    if client is None:
        raise ContactsAway
    wanted = {"field": "id", "operator": "eq", "value": str(about["contact_id"])}
    document = {"filter_groups": [{"filters": [wanted]}], "fields": ["id", "emails"], "limit": 1}
    try:
        with within(SECONDS):
            answer = await client.post_json(
                "/v1/contacts/search", document, organisation_id=organisation
            )
    except (Upstream, NotFound, Unauthenticated) as error:
        raise ContactsAway from error
    return rules.address_among(answer["data"][0]["emails"] if answer["data"] else [])


def link_to(
    own: Settings, secret: str, gateway_url: str, organisation: UUID, about: Mapping[str, Any]
) -> str:
    """Signed anew: it is the same whenever it is made, and kept nowhere."""
    is_survey = about["kind"] == "survey"
    purpose = OF_SURVEYS if is_survey else link_rules.PURPOSE
    link = Link(organisation, about["subject_id"], about["expires_at"])
    public_url = (own.public_url or gateway_url).rstrip("/")
    where = own.survey_url if is_survey else own.portal_url
    return where.format(public_url=public_url, token=token_of(link, key_from(secret, purpose)))
