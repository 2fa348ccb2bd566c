"""What changes here when an account or a person does: merges are followed, there and back; the words
that records are found by follow an account's name."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.opportunities.found_rules import found_by
from guanxi_pipeline.quotes.rules import found_by as found_quote_by
from guanxi_pipeline.references.followed import FOLLOWED
from guanxi_shared import following
from guanxi_shared.db import Connection
from guanxi_shared.statements import array_text

AT_ONCE = 500
OF_ACCOUNT = """
SELECT o.*, k.name AS account_name FROM {table} o
JOIN known_accounts k ON k.organisation_id = o.organisation_id AND k.id = o.account_id
WHERE o.organisation_id = $1 AND o.account_id = $2 AND o.id > $3 ORDER BY o.id LIMIT $4
"""
FOUND = """
UPDATE {table}_search SET search_text = $3, search_grams = $4::text::text[], match_keys = $5::text::text[]
WHERE organisation_id = $1 AND id = $2
"""
NIL = UUID(int=0)

Find = Callable[..., dict[str, Any]]
# What is found by its account's name, too.
NAMED: Final[tuple[tuple[str, Find], ...]] = (
    ("opportunities", found_by), ("quotes", found_quote_by),
)  # fmt: skip


async def follow_merge(
    connection: Connection, organisation: UUID, noun: str, survivor: UUID,
    merge: Mapping[str, Any], verb: str,
) -> None:  # fmt: skip
    """Everything here that named a source names the survivor; undone, what still does goes back."""
    own = [followed for followed in FOLLOWED if followed.noun == noun]
    await following.follow_merge(
        connection, organisation, own, survivor, merge, verb, renamed=renamed
    )


async def renamed(connection: Connection, organisation: UUID, noun: str, id: UUID) -> None:
    """Records are found by their account's name, by nobody else's."""
    if noun == "account":
        await follow_name(connection, organisation, id)


async def follow_name(connection: Connection, organisation: UUID, account_id: UUID) -> None:
    """The words by which the account's records are found; no record changes by it."""
    for table, find in NAMED:
        read, write, after = OF_ACCOUNT.format(table=table), FOUND.format(table=table), NIL
        while rows := await connection.fetch(read, organisation, account_id, after, AT_ONCE):
            words = [_words(organisation, dict(row), find) for row in rows]
            await connection.executemany(write, words)
            after = rows[-1]["id"]


def _words(organisation: UUID, row: Mapping[str, Any], find: Find) -> Sequence[Any]:
    found = find(row, account_name=row["account_name"])
    return (
        organisation, row["id"], found["search_text"], array_text(found["search_grams"]),
        array_text(found["match_keys"]),
    )  # fmt: skip
