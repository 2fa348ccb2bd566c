"""What the worker of tickets does: `python -m guanxi_shared.worker guanxi_tickets`."""

from collections.abc import Mapping
from typing import Final

from guanxi_shared.running_jobs import Handler
from guanxi_tickets.articles.reviewing import tell_reviews
from guanxi_tickets.drafts.leaving import forget_drafts
from guanxi_tickets.references.settling import settle_references
from guanxi_tickets.sla_alerts.giving import give_alerts

HANDLERS: Final[Mapping[str, Handler]] = {}
SCHEDULES: Final = (settle_references, give_alerts, forget_drafts, tell_reviews)
