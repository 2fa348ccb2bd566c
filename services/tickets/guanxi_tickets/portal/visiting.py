"""What a link opens. Every public route comes through here: whoever has a link sees the tickets of one person,
or one ticket, and whatever else is asked for does not exist."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson
from starlette.requests import Request

from guanxi_shared import delegation, logs
from guanxi_shared.auth import Principal
from guanxi_shared.calls import House, house
from guanxi_shared.db import Connection
from guanxi_shared.errors import Gone, NotFound
from guanxi_shared.identifiers import id_in_path
from guanxi_shared.signed_links import key_from, link_from
from guanxi_shared.visibility import Scope
from guanxi_shared.web_forms.limits import Counted, take_hit
from guanxi_shared.web_forms.rules import counted_as
from guanxi_shared.web_forms.taking import visitor_address
from guanxi_tickets.portal.link_rules import PURPOSE
from guanxi_tickets.portal.visitors import OrganisationFacts, VisitorCall, facts_of, visitor_of
from guanxi_tickets.tickets.resources import TICKETS

LINK = """
WITH RECURSIVE link AS (
  SELECT * FROM portal_links WHERE organisation_id = $2 AND id = $3
), person AS (
  SELECT requester_id AS id FROM link WHERE requester_id IS NOT NULL
  UNION SELECT k.merged_into_id FROM person p
  JOIN known_contacts k ON k.organisation_id = $2 AND k.id = p.id AND k.merged_into_id IS NOT NULL)
SELECT l.id, l.reach, l.ticket_id, l.email, l.rights::text AS rights, l.created_by, l.expires_at, l.revoked_at,
  ARRAY(SELECT id FROM person) AS person_ids FROM link l
"""
# $2 the organisation, $3 the ticket it was made for, $4 the contact as it was and as whom it goes on.
OF_TICKET: Final = """
t.organisation_id = $2 AND t.deleted_at IS NULL AND t.id = $3
AND ($4::uuid[] = '{}' OR t.requester_id = ANY($4::uuid[]))
"""
# $5 an address, $6 to $9 what the link's maker sees.
OF_REQUESTER: Final = """
t.organisation_id = $2 AND t.deleted_at IS NULL
AND (t.requester_id = ANY($4::uuid[]) OR t.from_email = $5::text)
AND (t.id = $3 OR $6::bool OR t.owner_id = ANY($7::uuid[]) OR t.team_id = ANY($8::uuid[]) OR t.id = ANY($9::uuid[]))
"""
ONE: Final = "SELECT 1 FROM tickets t WHERE {own} AND t.id = {first}"
HOURLY: Final = 60
COUNTED: Final = Counted("ticket_form_hits")


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody with a link that holds. `own` is the condition of what it opens, `asked` its parameters from
    $2 on."""

    call: VisitorCall
    facts: OrganisationFacts
    link: Mapping[str, Any]
    own: str
    asked: tuple[Any, ...]

    def sql(self, text: str) -> str:
        """A statement with the condition, and two more parameters behind its own: `first`, `second`."""
        behind = len(self.asked) + 2
        return text.format(own=self.own, first=f"${behind}", second=f"${behind + 1}")

    @property
    def house(self) -> House:
        return self.call.house

    @property
    def organisation(self) -> UUID:
        return self.call.organisation

    @property
    def is_wide(self) -> bool:
        return bool(self.link["reach"] == "requester")

    @property
    def may_be_asked(self) -> bool:
        """Whether it shows the surveys that wait: not by the link of a colleague who may see none, for
        whoever makes a link has it."""
        maker = _maker(self.link)
        return self.link["created_by"] is None or (
            maker is not None and maker.may("survey-invitations:create")
        )


async def begin_visit(request: Request, *, to_write: bool = False) -> Visit:
    """NotFound for a token that is none of ours, Gone for one whose time has passed or that was taken back.
    Writes are counted against the link and the address."""
    here = house(request)
    key = key_from(here.common.service_secret, PURPOSE)
    signed = link_from(request.path_params["token"], key)
    if signed is None:
        raise NotFound("There is nothing at this address.")
    if signed.expires_at <= datetime.now(UTC):
        raise Gone("This link has run out; ask for another.", code="link_expired")
    organisation = signed.organisation_id
    logs.organisation_id.set(str(organisation))
    found = await here.db.fetchrow(organisation, LINK, organisation, signed.subject_id)
    if found is None:
        raise NotFound("There is nothing at this address.")
    if found["revoked_at"] is not None:
        raise Gone("This link was taken back; ask for another.", code="link_revoked")
    if to_write:
        address = counted_as(visitor_address(request))
        await take_hit(here.db, COUNTED, organisation, found["id"], address, hourly_limit=HOURLY)
    facts = await facts_of(here, organisation)
    call = VisitorCall(request, here, visitor_of(organisation, facts))
    link = dict(found)
    asked: tuple[Any, ...] = (organisation, link["ticket_id"], link["person_ids"])
    if link["reach"] == "ticket":
        return Visit(call, facts, link, OF_TICKET, asked)
    scope = await _sight(here, link)
    seen = (scope.everything, list(scope.owners), list(scope.teams), list(scope.shared))
    return Visit(call, facts, link, OF_REQUESTER, (*asked, link["email"], *seen))


async def _sight(here: House, link: Mapping[str, Any]) -> Scope:
    """What the user who made the link may see now."""
    maker = _maker(link)
    return Scope() if maker is None else await here.directory.scope(maker, TICKETS.name)


def _maker(link: Mapping[str, Any]) -> Principal | None:
    """The user who made it, as they were then."""
    return None if link["rights"] is None else delegation.from_params(orjson.loads(link["rights"]))


async def own_ticket(visit: Visit) -> UUID:
    """The ticket that the path names, which is the visitor's; else there is none."""
    ticket_id = id_in_path(visit.call.request.path_params["ticket_id"])
    row = await visit.house.db.fetchrow(visit.organisation, visit.sql(ONE), *visit.asked, ticket_id)
    if row is None:
        raise _nothing(ticket_id)
    return ticket_id


async def hold_own(visit: Visit, connection: Connection, ticket_id: UUID) -> None:
    """The same under the lock of the ticket, so that it is the visitor's while it is written to."""
    held = visit.sql(ONE) + " FOR NO KEY UPDATE OF t"
    sql = f"SELECT found.* FROM (SELECT $1::text) AS unused, LATERAL ({held}) AS found"
    if await connection.fetchval(sql, "", *visit.asked, ticket_id) is None:
        raise _nothing(ticket_id)


def _nothing(ticket_id: UUID) -> NotFound:
    return NotFound(f"There is no ticket with the id {str(ticket_id)!r}.")
