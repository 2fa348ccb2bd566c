"""What changes here when an account or a person does: merges are followed, there and back; the words that
tickets are found by follow the names of account and requester."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from guanxi_shared import following
from guanxi_shared.db import Connection
from guanxi_shared.following import Columns, Followed
from guanxi_shared.statements import array_text
from guanxi_tickets.tickets.found_rules import found_by
from guanxi_tickets.tickets.resources import TICKETS

AT_ONCE = 500
NAMED_BY: Final = {"account": "account_id", "contact": "requester_id"}
NAMING = """
SELECT t.id, t.number, t.subject, t.description, t.external_id, a.name AS account_name, c.name AS requester_name
FROM tickets t
LEFT JOIN known_accounts a ON a.organisation_id = t.organisation_id AND a.id = t.account_id
LEFT JOIN known_contacts c ON c.organisation_id = t.organisation_id AND c.id = t.requester_id
WHERE t.organisation_id = $1 AND t.{column} = $2 AND t.id > $3 ORDER BY t.id LIMIT $4
"""
FOUND = """
UPDATE tickets_search SET search_text = $3, search_grams = $4::text::text[], match_keys = $5::text::text[]
WHERE organisation_id = $1 AND id = $2
"""
NIL = UUID(int=0)


def _followed(noun: str) -> Followed:
    column = NAMED_BY[noun]

    def after(row: Mapping[str, Any], gone: Collection[UUID], survivor: UUID) -> Columns:
        return {column: survivor}

    def back(value: Any) -> Columns:
        return {column: None if value is None else UUID(str(value))}

    return Followed(
        noun, TICKETS, column, f"{column} = ANY($2::uuid[])", f"t.{column} = k.id", after, back
    )


FOLLOWED: Final = (_followed("account"), _followed("contact"))


async def follow_merge(
    connection: Connection, organisation: UUID, noun: str, survivor: UUID,
    merge: Mapping[str, Any], verb: str,
) -> None:  # fmt: skip
    """Every ticket that named a source names the survivor; undone, what still does goes back."""
    own = [followed for followed in FOLLOWED if followed.noun == noun]
    await following.follow_merge(
        connection, organisation, own, survivor, merge, verb, renamed=follow_name
    )


async def follow_name(connection: Connection, organisation: UUID, noun: str, id: UUID) -> None:
    """The words by which the tickets of an account or a person are found; no ticket changes by it."""
    sql, after = NAMING.format(column=NAMED_BY[noun]), NIL
    while rows := await connection.fetch(sql, organisation, id, after, AT_ONCE):
        await connection.executemany(FOUND, [_words(organisation, dict(row)) for row in rows])
        after = rows[-1]["id"]


def _words(organisation: UUID, row: Mapping[str, Any]) -> Sequence[Any]:
    names = (row["account_name"], row["requester_name"])
    found = found_by(row, account_name=names[0], requester_name=names[1])
    return (
        organisation, row["id"], found["search_text"], array_text(found["search_grams"]),
        array_text(found["match_keys"]),
    )  # fmt: skip
