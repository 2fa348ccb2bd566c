"""Which policy a new ticket has: the first, in their order, whose filter it fits."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_tickets.sla_policies.known import KnownPolicy, policies_of
from guanxi_tickets.tickets.fitting import first_fitting_each


async def chosen(
    call: Call, connection: Connection | Deferred, row: Mapping[str, Any], *,
    preferred: UUID | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The columns of a new ticket that say what is promised; none without a policy that fits. The one that
    is `preferred` is its, while it is active, whatever the filters say."""
    if preferred is not None:
        policies = await policies_by_id(call)
        if preferred in policies:
            return policies[preferred]
    return (await chosen_for_each(call, connection, [row]))[0]


async def policies_by_id(call: Call) -> dict[UUID, dict[str, Any]]:
    """The columns of a ticket with each of the active ones."""
    policies = await policies_of(call.house).of(call.organisation)
    return {policy.id: _columns(policy) for policy in policies}


async def chosen_for_each(
    call: Call, connection: Connection | Deferred, rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What filters choose for each, asked once for all of them."""
    policies = await policies_of(call.house).of(call.organisation)
    documents = [policy.filter_groups for policy in policies]
    places = await first_fitting_each(call, connection, rows, documents)
    return [{} if place is None else _columns(policies[place]) for place in places]


def _columns(policy: KnownPolicy) -> dict[str, Any]:
    return {
        "sla_policy_id": policy.id, "sla_policy_version": policy.version,
        "sla_calendar_id": policy.calendar_id, "sla_calendar_version": policy.calendar_version,
    }  # fmt: skip
