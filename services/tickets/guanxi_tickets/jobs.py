"""What the worker of tickets does: `python -m guanxi_shared.worker guanxi_tickets`."""

from collections.abc import Mapping
from typing import Final

from guanxi_shared.running_jobs import Handler
from guanxi_tickets.agents.leaving import forget_agents
from guanxi_tickets.assignments.giving import assign_from_queues
from guanxi_tickets.assignments.handing_back import end_shifts
from guanxi_tickets.drafts.leaving import forget_drafts
from guanxi_tickets.references.settling import settle_references
from guanxi_tickets.sla_alerts.giving import give_alerts

HANDLERS: Final[Mapping[str, Handler]] = {}
SCHEDULES: Final = (
    settle_references,
    give_alerts,
    forget_drafts,
    assign_from_queues,
    end_shifts,
    forget_agents,
)
