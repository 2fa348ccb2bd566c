"""Which policy a new ticket has: the first, in their order, whose filter it fits."""

from collections.abc import Mapping
from typing import Any

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_tickets.sla_policies.known import policies_of
from guanxi_tickets.tickets.fitting import first_fitting


async def chosen(
    call: Call, connection: Connection | Deferred, row: Mapping[str, Any]
) -> dict[str, Any]:
    """The columns of a new ticket that say what is promised; none without a policy that fits."""
    policies = await policies_of(call.house).of(call.organisation)
    documents = [policy.filter_groups for policy in policies]
    place = await first_fitting(call, connection, row, documents)
    if place is None:
        return {}
    policy = policies[place]
    return {
        "sla_policy_id": policy.id, "sla_policy_version": policy.version,
        "sla_calendar_id": policy.calendar_id, "sla_calendar_version": policy.calendar_version,
    }  # fmt: skip
