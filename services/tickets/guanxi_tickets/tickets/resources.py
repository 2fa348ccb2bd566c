"""The allow-list of tickets: what they show, filter, sort and include."""

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Table, Text, Uuid, any_, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_shared import resources as r
from guanxi_shared.resources import Field, Include, Resource, Where, fields_of, looked_up
from guanxi_shared.search import tagged
from guanxi_shared.visibility import Scope, predicate
from guanxi_tickets import models
from guanxi_tickets.tickets.schemas import TicketRead

METADATA = models.Ticket.metadata
TICKET: Final[Table] = METADATA.tables["tickets"]
ACCOUNT: Final[Table] = METADATA.tables["known_accounts"]
PERSON: Final[Table] = METADATA.tables["known_contacts"]
IDS = ARRAY(Uuid)
HIDDEN: Final = ("sla_policy_version", "sla_calendar_id", "sla_calendar_version")


def _linked(column: Column[Any]) -> Where:
    """Overlap, which the index over the links serves."""

    def where(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
        values = value if isinstance(value, list) else [value]
        found: ColumnElement[bool] = column.op("&&")(bind(values, IDS))
        return found

    return where


def _of_known(known: Table, column: Column[Any], own: Column[Any]) -> Where:
    """By what is known here of its account or requester (`account_name=`)."""

    def where(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
        values = bind(value if isinstance(value, list) else [value], ARRAY(Text))
        found = select(known.c.id).where(
            known.c.organisation_id == TICKET.c.organisation_id, column == any_(values)
        )
        return own.in_(found)

    return where


def _shown(known: Table, own: Column[Any], prefix: str, names: tuple[str, ...]) -> Any:
    """`include=account`: what is known here of it, null for those who may not see it."""

    def build(scope: Scope) -> ColumnElement[Any]:
        parts: list[Any] = ["id", cast(known.c.id, Text)]
        for name in names:
            parts += [name, known.c[name]]
        found = select(func.jsonb_build_object(*parts)).where(
            known.c.organisation_id == TICKET.c.organisation_id,
            known.c.id == own,
            known.c.deleted_at.is_(None),
            predicate(known, scope, prefix=prefix),
        )
        return found.correlate(TICKET).scalar_subquery()

    return build


def _fields() -> dict[str, Field]:
    fields: dict[str, Field] = {}
    for name, field in fields_of(TICKET, hidden=HIDDEN).items():
        shown = "assignee_id" if name == "owner_id" else name
        fields[shown] = replace(field, name=shown)
    fields["custom"] = replace(fields["custom"], kind=r.OBJECT)
    fields["tags"] = replace(fields["tags"], where=tagged(TICKET, models.TICKET_SEARCH))
    looked = [
        looked_up("follower_id", r.ID, TICKET, _linked(TICKET.c.follower_ids)),
        looked_up("related_id", r.ID, TICKET, _linked(TICKET.c.related_ids)),
        *(
            looked_up(
                f"account_{name}", r.TEXT, TICKET,
                _of_known(ACCOUNT, ACCOUNT.c[name], TICKET.c.account_id),
            )
            for name in ("name", "industry", "region", "grade")
        ),
        looked_up(
            "requester_name", r.TEXT, TICKET,
            _of_known(PERSON, PERSON.c.name, TICKET.c.requester_id),
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
            _shown(
                ACCOUNT, TICKET.c.account_id, "account", ("name", "industry", "region", "grade")
            ),
            "accounts",
        ),
        "requester": Include(
            "requester",
            _shown(PERSON, TICKET.c.requester_id, "requester", ("name", "title")),
            "contacts",
        ),
    },
    search=models.TICKET_SEARCH,
    has_documents=True,
    model=TicketRead,
)
