"""The allow-list of tickets: what they show, filter, sort and include."""

from dataclasses import replace
from typing import Final

from sqlalchemy import Table

from guanxi_shared import resources as r
from guanxi_shared.copies import by_copied, shown_copy
from guanxi_shared.resources import Field, Include, Resource, fields_of, looked_up, overlaps
from guanxi_shared.search import tagged
from guanxi_tickets import models
from guanxi_tickets.tickets.clock_conditions import had_clock, runs_clock
from guanxi_tickets.tickets.schemas import TicketRead

METADATA = models.Ticket.metadata
TICKET: Final[Table] = METADATA.tables["tickets"]
ACCOUNT: Final[Table] = METADATA.tables["known_accounts"]
PERSON: Final[Table] = METADATA.tables["known_contacts"]
OF_ACCOUNT: Final = ("name", "industry", "region", "grade")
HIDDEN: Final = (
    "merged_into_id", "sla_policy_version", "sla_calendar_id", "sla_calendar_version", "sla_next_at",
    "sla_told_from", "imported_at", "seek_requester_at", "survey_due_at",
)  # fmt: skip
# Within `sla` as they are shown; by themselves to filter and sort by.
OF_CLOCKS: Final = ("sla_due_at", "sla_breached")


def _fields() -> dict[str, Field]:
    fields: dict[str, Field] = {}
    for name, field in fields_of(TICKET, hidden=HIDDEN).items():
        shown = "assignee_id" if name == "owner_id" else name
        fields[shown] = replace(field, name=shown)
    for name in ("custom", "sla", "consent"):
        fields[name] = replace(fields[name], kind=r.OBJECT)
    for name in OF_CLOCKS:
        fields[name] = replace(fields[name], is_shown=False)
    fields["tags"] = replace(fields["tags"], where=tagged(TICKET, models.TICKET_SEARCH))
    looked = [
        looked_up("follower_id", r.ID, TICKET, overlaps(TICKET.c.follower_ids)),
        looked_up("related_id", r.ID, TICKET, overlaps(TICKET.c.related_ids)),
        looked_up("sla_clock", r.TEXT, TICKET, had_clock(TICKET)),
        looked_up("sla_running", r.TEXT, TICKET, runs_clock(TICKET)),
        *(
            looked_up(
                f"account_{name}", r.TEXT, TICKET,
                by_copied(TICKET.c.account_id, ACCOUNT.c[name]),
            )
            for name in OF_ACCOUNT
        ),
        looked_up(
            "requester_name", r.TEXT, TICKET,
            by_copied(TICKET.c.requester_id, PERSON.c.name),
        ),
    ]  # fmt: skip
    return fields | {field.name: field for field in looked}


TICKETS: Resource = Resource(
    name="tickets",
    noun="ticket",
    service="tickets",
    table=TICKET,
    fields=_fields(),
    includes={
        "account": Include(
            "account",
            shown_copy(TICKET.c.account_id, ACCOUNT, OF_ACCOUNT, prefix="account"),
            "accounts",
        ),
        "requester": Include(
            "requester",
            shown_copy(TICKET.c.requester_id, PERSON, ("name", "title"), prefix="requester"),
            "contacts",
        ),
    },
    search=models.TICKET_SEARCH,
    has_documents=True,
    model=TicketRead,
)
