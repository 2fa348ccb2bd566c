"""What changes here when an account or a person does: merges are followed, there and back; the words that
tickets are found by follow the names of account and requester."""

from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

from guanxi_shared import following
from guanxi_shared.db import Connection
from guanxi_shared.following import Columns, Followed
from guanxi_shared.resources import Resource
from guanxi_tickets.entitlements.resources import ENTITLEMENTS
from guanxi_tickets.promises.resources import PROMISES
from guanxi_tickets.sla_alerts.resources import ALERTS
from guanxi_tickets.survey_answers.resources import ANSWERS
from guanxi_tickets.survey_sending.resources import INVITATIONS
from guanxi_tickets.tickets.found_rules import found_by
from guanxi_tickets.tickets.resources import TICKETS

NAMED_BY: Final = {"account": "account_id", "contact": "requester_id"}
NAMED = """
SELECT DISTINCT t.{column} AS id FROM tickets t
WHERE t.organisation_id = $1 AND t.{column} = ANY($2::uuid[]) ORDER BY 1
"""
NAMING = """
SELECT t.id, t.number, t.subject, t.description, t.external_id, t.merged_numbers, t.from_name, t.from_email, a.name AS account_name, c.name AS requester_name
FROM tickets t
LEFT JOIN known_accounts a ON a.organisation_id = t.organisation_id AND a.id = t.account_id
LEFT JOIN known_contacts c ON c.organisation_id = t.organisation_id AND c.id = t.requester_id
WHERE t.organisation_id = $1 AND t.{column} = $2 AND t.id > $3 ORDER BY t.id LIMIT $4
"""


def _followed(noun: str, resource: Resource, column: str) -> Followed:
    def after(row: Mapping[str, Any], gone: Collection[UUID], survivor: UUID) -> Columns:
        return {column: survivor}

    def back(value: Any) -> Columns:
        return {column: None if value is None else UUID(str(value))}

    return Followed(
        noun, resource, column, f"{column} = ANY($2::uuid[])", f"t.{column} = k.id", after, back
    )


FOLLOWED: Final = (
    *(_followed(noun, TICKETS, column) for noun, column in NAMED_BY.items()),
    _followed("contact", INVITATIONS, "contact_id"),
    _followed("contact", ANSWERS, "contact_id"),
    _followed("account", ANSWERS, "account_id"),
    _followed("account", ENTITLEMENTS, "account_id"),
    _followed("account", ALERTS, "account_id"),
    _followed("contact", ALERTS, "requester_id"),
    _followed("account", PROMISES, "account_id"),
    _followed("contact", PROMISES, "requester_id"),
)


async def follow_merge(
    connection: Connection, organisation: UUID, noun: str, survivor: UUID,
    merge: Mapping[str, Any], verb: str,
) -> None:  # fmt: skip
    """Whatever named a source names the survivor; undone, what still does goes back."""
    own = [followed for followed in FOLLOWED if followed.noun == noun]
    await following.follow_merge(
        connection, organisation, own, survivor, merge, verb, renamed=follow_name
    )


async def follow_names(
    connection: Connection, organisation: UUID, noun: str, ids: Collection[str]
) -> None:
    """The same for many, of whom most have no ticket; their ids as they are spelt."""
    if not ids:
        return
    named = NAMED.format(column=NAMED_BY[noun])
    for row in await connection.fetch(named, organisation, list(ids)):
        await follow_name(connection, organisation, noun, row["id"])


async def follow_name(connection: Connection, organisation: UUID, noun: str, id: UUID) -> None:
    """The words by which the tickets of an account or a person are found; no ticket changes by it."""
    naming = NAMING.format(column=NAMED_BY[noun])
    await following.renew_words(connection, organisation, "tickets", naming, id, _found)


def _found(row: Mapping[str, Any]) -> dict[str, Any]:
    return found_by(row, account_name=row["account_name"], requester_name=row["requester_name"])
