"""What the worker of tickets does: `python -m guanxi_shared.worker guanxi_tickets`."""

from collections.abc import Mapping
from typing import Final

from guanxi_shared.running_jobs import Handler
from guanxi_tickets.drafts.leaving import forget_drafts
from guanxi_tickets.files.sweeping import sweep_ticket_files
from guanxi_tickets.privacy.leftovers import LEFTOVERS, erase_leftovers
from guanxi_tickets.references.settling import settle_references
from guanxi_tickets.requesters.seeking import seek_requesters
from guanxi_tickets.sla_alerts.giving import give_alerts
from guanxi_tickets.ticket_forms.sweeping import sweep_ticket_form_hits

HANDLERS: Final[Mapping[str, Handler]] = {LEFTOVERS: erase_leftovers}
SCHEDULES: Final = (
    settle_references,
    give_alerts,
    forget_drafts,
    sweep_ticket_files,
    seek_requesters,
    sweep_ticket_form_hits,
)
