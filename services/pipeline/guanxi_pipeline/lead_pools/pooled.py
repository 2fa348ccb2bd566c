"""What waits in the pools of a caller: open leads without an owner, of their teams or of nobody's.

An allow-list of its own over leads: what is not shown cannot be filtered or sorted by either, or a
phone number could be guessed digit by digit.
"""

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, any_, or_, true
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_pipeline.lead_pools.schemas import PooledLeadRead
from guanxi_pipeline.leads.known import ways_of
from guanxi_pipeline.leads.resources import LEAD, LEADS, is_open
from guanxi_shared import pages
from guanxi_shared import resources as r
from guanxi_shared.calls import Call
from guanxi_shared.filters import Condition
from guanxi_shared.pages import ListQuery
from guanxi_shared.resources import looked_up

POOLED: Final = replace(
    LEADS,
    name="pooled_leads",
    noun="pooled_lead",
    fields={n: field for n, field in LEADS.fields.items() if n in PooledLeadRead.model_fields},
    search=None,
    has_documents=False,
    is_owned=False,  # the pool is the rule here: `within` of every query
    model=PooledLeadRead,
)


class Membership:
    """Whose pools somebody takes from: `all` of them, or those of their teams and the common one."""

    def __init__(self, *, sees_all: bool, teams: frozenset[UUID], is_common_open: bool) -> None:
        self.sees_all = sees_all
        self.teams = teams
        self.is_common_open = is_common_open

    def covers(self, team_id: UUID | None) -> bool:
        if self.sees_all:
            return True
        return self.is_common_open if team_id is None else team_id in self.teams

    @property
    def shape(self) -> tuple[bool, bool]:
        return self.sees_all, self.is_common_open

    def waiting(self, bind: Any) -> ColumnElement[bool]:
        """Ownerless open leads in these pools."""
        if self.sees_all:
            where: ColumnElement[bool] = true()
        else:
            where = LEAD.c.team_id == any_(bind(sorted(self.teams), ARRAY(Uuid)))
            if self.is_common_open:
                where = or_(LEAD.c.team_id.is_(None), where)
        return and_(LEAD.c.owner_id.is_(None), is_open(), LEAD.c.deleted_at.is_(None), where)


async def membership_of(call: Call) -> Membership:
    scope = await call.scope(LEADS.name)
    ways = await ways_of(call.house).of(call.organisation)
    return Membership(
        sees_all=scope.everything, teams=frozenset(scope.teams),
        is_common_open=ways.is_common_pool_open,
    )  # fmt: skip


async def page_of_pools(call: Call, raw: bytes) -> ListQuery:
    """The list that a query string means, within the caller's pools."""
    member = await membership_of(call)
    query = pages.from_query_string(raw, POOLED, POOLED.fields, call.clock)

    def where(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
        return member.waiting(bind)

    field = replace(looked_up("pool", r.TEXT, LEAD, where), shape=member.shape)
    return replace(query, within=(Condition(field, "eq", "", ""),))
