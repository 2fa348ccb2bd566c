"""Every route of the service. Of one beginning, paths without a parameter come before those with one."""

from typing import Final

from guanxi_shared.job_routes import jobs_router
from guanxi_tickets.article_categories.routes import router as article_categories
from guanxi_tickets.article_feedback.routes import router as article_feedback
from guanxi_tickets.article_links.routes import router as article_links
from guanxi_tickets.article_suggestions.routes import router as article_suggestions
from guanxi_tickets.articles.publishing_routes import router as publishing
from guanxi_tickets.articles.routes import router as articles
from guanxi_tickets.business_calendars.routes import router as business_calendars
from guanxi_tickets.comments.routes import router as comments
from guanxi_tickets.drafts.routes import router as drafts
from guanxi_tickets.fields.routes import router as fields
from guanxi_tickets.macros.routes import router as macros
from guanxi_tickets.merges.routes import router as merges
from guanxi_tickets.promises.routes import router as promises
from guanxi_tickets.sla_alerts.routes import router as sla_alerts
from guanxi_tickets.sla_policies.routes import router as sla_policies
from guanxi_tickets.sla_reading.routes import router as sla_reading
from guanxi_tickets.splits.routes import router as splits
from guanxi_tickets.ticket_settings.routes import router as ticket_settings
from guanxi_tickets.tickets.routes import router as tickets
from guanxi_tickets.views.routes import router as views

ROUTERS: Final = (
    fields, views, jobs_router(), ticket_settings, business_calendars, sla_policies, sla_alerts,
    sla_reading, drafts, macros, merges, splits, comments, promises, article_categories,
    article_suggestions, article_feedback, article_links, publishing, articles, tickets,
)  # fmt: skip
