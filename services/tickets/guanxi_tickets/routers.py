"""Every route of the service. Of one beginning, paths without a parameter come before those with one."""

from typing import Final

from guanxi_shared.job_routes import jobs_router
from guanxi_tickets.business_calendars.routes import router as business_calendars
from guanxi_tickets.comments.routes import router as comments
from guanxi_tickets.complaints.routes import router as complaints
from guanxi_tickets.coordination_tasks.routes import router as coordination_tasks
from guanxi_tickets.corrective_actions.routes import router as corrective_actions
from guanxi_tickets.drafts.routes import router as drafts
from guanxi_tickets.entitlements.routes import router as entitlements
from guanxi_tickets.fields.routes import router as fields
from guanxi_tickets.macros.routes import router as macros
from guanxi_tickets.merges.routes import router as merges
from guanxi_tickets.promises.routes import router as promises
from guanxi_tickets.root_causes.routes import router as root_causes
from guanxi_tickets.sla_alerts.routes import router as sla_alerts
from guanxi_tickets.sla_policies.routes import router as sla_policies
from guanxi_tickets.sla_reading.routes import router as sla_reading
from guanxi_tickets.splits.routes import router as splits
from guanxi_tickets.ticket_settings.routes import router as ticket_settings
from guanxi_tickets.tickets.routes import router as tickets
from guanxi_tickets.views.routes import router as views

ROUTERS: Final = (
    fields, views, jobs_router(), ticket_settings, business_calendars, sla_policies, sla_alerts,
    sla_reading, drafts, macros, merges, splits, comments, promises, tickets,
    complaints, coordination_tasks, corrective_actions, root_causes, entitlements,
)  # fmt: skip
