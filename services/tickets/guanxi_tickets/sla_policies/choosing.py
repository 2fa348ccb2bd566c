"""Which policy a new ticket has: the first, in their order, whose filter it fits.

The statement names the table of tickets; a CTE of that name stands before it and holds the one row, so
that the policy is known before the write, which stays one write with one event.
"""

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Integer, case, literal_column, select, true

from guanxi_shared import filters
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import Invalid, Malformed
from guanxi_shared.filters import Binder, Groups
from guanxi_shared.statements import compile_after_binding
from guanxi_tickets.sla_policies.known import KnownPolicy, policies_of
from guanxi_tickets.tickets.resources import TICKET, TICKETS

AS_IF = """
WITH tickets AS (SELECT r.* FROM jsonb_populate_record(NULL::tickets, $1::text::jsonb) AS r),
tickets_search AS (SELECT r.* FROM jsonb_populate_record(NULL::tickets_search, $1::text::jsonb) AS r)
"""


async def understood(call: Call, document: Sequence[Any]) -> Groups:
    """The conditions of a policy as they are meant now; Invalid when they mean nothing."""
    fields = await call.custom_fields.extend(call.organisation, TICKETS)
    try:
        return filters.groups_from_document(list(document), fields, call.clock)
    except Malformed as problem:
        reasons = " ".join(problem.errors.values())
        sentence = f"{problem.detail} {reasons}".strip()
        raise Invalid(
            f"filter_groups: {sentence}", errors={"filter_groups": sentence}, code="broken_filter"
        ) from problem


async def chosen(
    call: Call, connection: Connection | Deferred, row: Mapping[str, Any], *,
    preferred: UUID | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The columns of a new ticket that say what is promised; none without a policy that fits. The one that
    is `preferred` is its, while it is active, whatever the filters say."""
    policies = await policies_of(call.house).of(call.organisation)
    if preferred is not None:
        for policy in policies:
            if policy.id == preferred:
                return _columns(policy)
    conditioned = list(takewhile(lambda policy: policy.filter_groups, policies))
    documents = [each.filter_groups for each in conditioned]
    fits = await _fitting(call, connection, row, documents) if documents else []
    fitting = [policy for policy, is_fit in zip(conditioned, fits, strict=True) if is_fit]
    for policy in [*fitting, *policies[len(conditioned) :]]:  # the next one fits whatever it is
        return _columns(policy)
    return {}


def _columns(policy: KnownPolicy) -> dict[str, Any]:
    return {
        "sla_policy_id": policy.id, "sla_policy_version": policy.version,
        "sla_calendar_id": policy.calendar_id, "sla_calendar_version": policy.calendar_version,
    }  # fmt: skip


async def _fitting(
    call: Call, connection: Connection | Deferred, row: Mapping[str, Any], documents: Sequence[Any]
) -> list[bool]:
    """A filter that means nothing any more (a custom field was removed) fits nothing."""
    bind = Binder()
    columns: list[ColumnElement[int]] = []
    for index, document in enumerate(documents):
        try:
            groups = await filters.prepared(call, await understood(call, document))
        except (Invalid, Malformed):
            columns.append(literal_column("0", Integer).label(f"c{index}"))
            continue
        condition = filters.compile_groups(groups, bind)
        fits = case((true() if condition is None else condition, 1), else_=0)
        columns.append(fits.label(f"c{index}"))
    compiled = compile_after_binding(select(*columns).select_from(TICKET))
    whole = orjson.dumps(dict(row), option=orjson.OPT_UTC_Z, default=str).decode()
    asked = await connection.fetchrow(AS_IF + compiled.sql, whole, *compiled.args(bind.values))
    assert asked is not None
    return [bool(value) for value in asked.values()]
