"""What changes here when an account or a person does: merges are followed, there and back; the words
that records are found by follow an account's name."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_pipeline.opportunities.found_rules import found_by
from guanxi_pipeline.orders.found_rules import found_by as found_order_by
from guanxi_pipeline.payments.following import OF_ACCOUNT as OF_ITS_INVOICES
from guanxi_pipeline.payments.following import follow_invoices
from guanxi_pipeline.quotes.rules import found_by as found_quote_by
from guanxi_pipeline.references.followed import FOLLOWED
from guanxi_shared import following
from guanxi_shared.db import Connection

OF_ACCOUNT = """
SELECT o.*, {more}k.name AS account_name FROM {table} o
JOIN known_accounts k ON k.organisation_id = o.organisation_id AND k.id = o.account_id
WHERE o.organisation_id = $1 AND o.account_id = $2 AND o.id > $3 ORDER BY o.id LIMIT $4
"""

Find = Callable[..., dict[str, Any]]
ORDER_LINES = """
(SELECT coalesce(jsonb_agg(jsonb_build_object('sku', l.sku, 'name', l.name) ORDER BY l.position), '[]')
 FROM order_lines l WHERE l.organisation_id = o.organisation_id AND l.order_id = o.id)::text AS lines,
"""


def _found_order(row: Mapping[str, Any], *, account_name: str | None) -> dict[str, Any]:
    return found_order_by({**row, "lines": orjson.loads(row["lines"])}, account_name=account_name)


# What is found by its account's name, too; what of it is not in its own table; by what else.
NAMED: Final[tuple[tuple[str, str, Find], ...]] = (
    ("opportunities", "", found_by), ("quotes", "", found_quote_by),
    ("orders", ORDER_LINES, _found_order),
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
    """Records are found by their account's name, by nobody else's; payments are their invoice's account's."""
    if noun == "account":
        await follow_name(connection, organisation, id)
        await follow_invoices(connection, organisation, OF_ITS_INVOICES, id, actor=following.ACTOR)


async def follow_name(connection: Connection, organisation: UUID, account_id: UUID) -> None:
    """The words by which the account's records are found; no record changes by it."""
    for table, more, find in NAMED:
        naming = OF_ACCOUNT.format(table=table, more=more)
        await following.renew_words(
            connection, organisation, table, naming, account_id, partial(_found, find)
        )


def _found(find: Find, row: Mapping[str, Any]) -> dict[str, Any]:
    return find(row, account_name=row["account_name"])
