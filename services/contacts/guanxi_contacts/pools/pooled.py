"""The records of a pool as its members see them before one of them is theirs.

An allow-list of its own over accounts: what is not shown cannot be filtered, sorted or looked for
either, or a phone number could be guessed digit by digit.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement

from guanxi_contacts.pools.members import open_pool
from guanxi_contacts.pools.queries import Entry, entries, shape_of, waiting_in
from guanxi_contacts.pools.schemas import PooledRead
from guanxi_contacts.resources import ACCOUNT, ACCOUNTS
from guanxi_shared import pages, reads
from guanxi_shared import resources as r
from guanxi_shared.calls import Call
from guanxi_shared.filters import Binder, Condition
from guanxi_shared.pages import ListQuery
from guanxi_shared.resources import looked_up

SHOWN: Final = (*PooledRead.model_fields, "revenue.currency")
POOLED: Final = replace(
    ACCOUNTS,
    name="pooled_accounts",
    fields={name: field for name, field in ACCOUNTS.fields.items() if name in SHOWN},
    includes={},
    search=None,
    has_documents=False,
    is_owned=False,  # the pool is the rule here: `within` of every query
    model=PooledRead,
)


async def page_of_pool(call: Call, pool_id: UUID, raw: bytes) -> ListQuery:
    """The list that a query string means, within a pool that is open to the caller."""
    pool, order = await open_pool(call, pool_id)
    query = pages.from_query_string(raw, POOLED, POOLED.fields, call.clock)
    return within(query, await entries(call, order), pool.id)


def within(query: ListQuery, order: Sequence[Entry], pool_id: UUID) -> ListQuery:
    return replace(query, within=(_lies_in(order, pool_id),))


async def count_waiting(call: Call, order: Sequence[Entry], pool_id: UUID) -> int:
    query = pages.from_query_string(b"", POOLED, POOLED.fields, call.clock)
    return await reads.count_records(call, POOLED, within(query, order, pool_id))


def _lies_in(order: Sequence[Entry], pool_id: UUID) -> Condition:
    def where(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
        assert isinstance(bind, Binder)
        return waiting_in(order, pool_id, bind)

    field = replace(looked_up("pool_id", r.ID, ACCOUNT, where), shape=shape_of(order))
    return Condition(field, "eq", pool_id, str(pool_id))
