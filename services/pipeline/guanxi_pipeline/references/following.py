"""What changes here when an account or a person does: merges are followed, there and back; the words
that records are found by follow an account's name."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.opportunities.found_rules import found_by
from guanxi_pipeline.quotes.rules import found_by as found_quote_by
from guanxi_pipeline.references.followed import FOLLOWED
from guanxi_shared import following
from guanxi_shared.db import Connection

OF_ACCOUNT = """
SELECT o.*, k.name AS account_name FROM {table} o
JOIN known_accounts k ON k.organisation_id = o.organisation_id AND k.id = o.account_id
WHERE o.organisation_id = $1 AND o.account_id = $2 AND o.id > $3 ORDER BY o.id LIMIT $4
"""

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
        naming = OF_ACCOUNT.format(table=table)
        await following.renew_words(
            connection, organisation, table, naming, account_id, partial(_found, find)
        )


def _found(find: Find, row: Mapping[str, Any]) -> dict[str, Any]:
    return find(row, account_name=row["account_name"])
