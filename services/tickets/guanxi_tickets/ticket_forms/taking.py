"""A form that somebody filled in, without a token: a ticket, or what looks like one."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request

from guanxi_shared.calls import House, house
from guanxi_shared.db import Connection
from guanxi_shared.files.keeping import Asked, Place, stored_bytes
from guanxi_shared.files.receiving import Received, is_form, receive_form
from guanxi_shared.peers import peer_client
from guanxi_shared.records import State
from guanxi_shared.uploads import Bounds
from guanxi_shared.web_forms import rules as form_rules
from guanxi_shared.web_forms.limits import Counted, count
from guanxi_shared.web_forms.taking import LONGEST_BODY, Form, begin_form, kinds_of, texts_sent
from guanxi_shared.writes import parse_object
from guanxi_shared.written import KNOWN_TEAMS
from guanxi_tickets.clients import CONTACTS
from guanxi_tickets.files.service import insert_file
from guanxi_tickets.letters.writing import write_link_letter
from guanxi_tickets.portal.links import make_link
from guanxi_tickets.portal.visitors import VisitorCall, facts_of, visitor_of
from guanxi_tickets.requesters.lookup import ContactsAway, look_up
from guanxi_tickets.requesters.rules import Found, Typed, next_look, typed_from, wanted
from guanxi_tickets.settings import Settings
from guanxi_tickets.ticket_forms import rules
from guanxi_tickets.tickets.resources import TICKETS
from guanxi_tickets.tickets.schemas import TicketCreate
from guanxi_tickets.tickets.service import make_ticket

TABLE: Final = "ticket_forms"
COUNTED: Final = Counted("ticket_form_hits", "ticket_form_counts")
MOST_PARTS: Final = 60


@dataclass(frozen=True, slots=True)
class Sent:
    """What was filled in, by whom as they say, and from where."""

    texts: Mapping[str, str]
    ticket: Mapping[str, Any]
    typed: Typed
    address: str
    file: Received | None


async def take_form(request: Request, key: str) -> tuple[Form, State | None, dict[str, Any] | None]:
    """The form, the ticket that came of it and the link to follow it. Counted against the address first; a
    machine is thanked like a person, and nothing is made."""
    here = house(request)
    form, address = await begin_form(request, TABLE, COUNTED, key)
    kinds = await kinds_of(here, form.organisation, TICKETS)
    texts, file = await _read(request, here, form, kinds)
    try:
        if form_rules.is_trapped(texts, form.row["honeypot"]):
            async with here.db.transaction(form.organisation) as connection:
                await count(connection, COUNTED, form.organisation, form.id, "trapped")
            return form, None, None
        facts = await facts_of(here, form.organisation)
        call = VisitorCall(request, here, visitor_of(form.organisation, facts), channel="form")
        ticket, who = rules.ticket_from(texts, form.row, kinds)
        typed = typed_from(who, region=facts.region)
        return form, *await _make(call, form, Sent(texts, ticket, typed, address, file))
    finally:
        if file is not None:
            file.path.unlink(missing_ok=True)


async def _read(
    request: Request, here: House, form: Form, kinds: Mapping[str, str]
) -> tuple[Mapping[str, str], Received | None]:
    if not (is_form(request) and form.row["takes_files"]):
        return await texts_sent(request, form, kinds), None
    settings = here.settings
    assert isinstance(settings, Settings)
    limit = min(settings.max_visitor_file_bytes, settings.max_file_bytes)
    bounds = Bounds(limit, field_bytes=LONGEST_BODY, parts=MOST_PARTS, needs_file=False)
    pairs, file = await receive_form(request, settings, bounds)
    several = {form.row["honeypot"], *form_rules.taking_several(kinds)}
    try:
        return form_rules.texts_of(form_rules.named_once(pairs, several=several)), file
    except BaseException:
        if file is not None:
            file.path.unlink(missing_ok=True)
        raise


async def _make(call: VisitorCall, form: Form, sent: Sent) -> tuple[State, dict[str, Any]]:
    data = parse_object(TicketCreate, dict(sent.ticket))
    more, name = await _about(call, form, sent)
    if sent.file is None:
        return await _write(call, form, data, more, name, sent, None)
    async with stored_bytes(call, sent.file) as place:
        made = await _write(call, form, data, more, name, sent, place)
        place.is_used = True
    return made


async def _write(
    call: VisitorCall, form: Form, data: TicketCreate, more: dict[str, Any], name: str | None, sent: Sent,
    place: Place | None,
) -> tuple[State, dict[str, Any]]:  # fmt: skip
    """Ticket, file, link and count, all of it or nothing."""
    async with call.db.transaction(call.organisation) as connection:
        more["team_id"] = await _team(connection, form)
        fields = data.model_dump(exclude_unset=True, exclude_none=True)
        ticket = await make_ticket(
            call, connection, fields, more=more, requester_name=name,
            may_route=more["team_id"] is None,
        )  # fmt: skip
        if sent.file is not None and place is not None:
            await insert_file(
                call, connection, ticket["id"], sent.file, place, Asked(None, None, ()),
                sent.file.name, visibility="public", by="requester",
            )  # fmt: skip
        named = {**more, "organisation_id": call.organisation, "id": ticket["id"]}
        link = await make_link(call.house, connection, named, reach="ticket")
        if form.row["sends_receipt"] and sent.typed.email is not None:
            await write_link_letter(
                connection, call.organisation, "receipt", ticket["id"], link["id"]
            )
        await count(connection, COUNTED, form.organisation, form.id, "taken")
    return ticket, link


async def _team(connection: Connection, form: Form) -> UUID | None:
    """The form's team, as long as it is there."""
    wanted_id = form.row["team_id"]
    if wanted_id is None:
        return None
    found: UUID | None = await connection.fetchval(KNOWN_TEAMS, form.organisation, UUID(wanted_id))
    return found


async def _about(call: VisitorCall, form: Form, sent: Sent) -> tuple[dict[str, Any], str | None]:
    """Columns that say who asks: as typed, and whose contact that is, if contacts says so at once."""
    now, typed = datetime.now(UTC), sent.typed
    found: Found | None = None
    with suppress(ContactsAway):
        found = await look_up(peer_client(call.house, CONTACTS), call.organisation, typed)
    is_sought = found is None and wanted(typed) is not None
    more: dict[str, Any] = {
        "from_name": typed.name, "from_email": typed.email, "from_phone": typed.phone,
        "form_id": form.id, "requester_id": found.id if found else None,
        "consent": rules.consent_of(sent.texts, form.row, address=sent.address, now=now),
        "seek_requester_at": next_look(now, now) if is_sought else None,
    }  # fmt: skip
    if found is not None and found.account_id is not None:
        more["account_id"] = found.account_id
    return more, found.name if found else None
