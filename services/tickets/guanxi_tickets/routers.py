"""Every route of the service. Of one beginning, paths without a parameter come before those with one."""

from typing import Final

from guanxi_shared.job_routes import jobs_router
from guanxi_tickets.agents.routes import router as agents
from guanxi_tickets.article_categories.routes import router as article_categories
from guanxi_tickets.article_feedback.routes import router as article_feedback
from guanxi_tickets.article_links.routes import router as article_links
from guanxi_tickets.article_suggestions.routes import router as article_suggestions
from guanxi_tickets.articles.publishing_routes import router as publishing
from guanxi_tickets.articles.routes import router as articles
from guanxi_tickets.assignments.routes import router as assignments
from guanxi_tickets.business_calendars.routes import router as business_calendars
from guanxi_tickets.comments.routes import router as comments
from guanxi_tickets.complaints.routes import router as complaints
from guanxi_tickets.coordination_tasks.routes import router as coordination_tasks
from guanxi_tickets.corrective_actions.routes import router as corrective_actions
from guanxi_tickets.drafts.routes import router as drafts
from guanxi_tickets.entitlements.routes import router as entitlements
from guanxi_tickets.exports.routes import router as exports
from guanxi_tickets.fields.routes import router as fields
from guanxi_tickets.files.routes import router as files
from guanxi_tickets.imports.routes import router as imports
from guanxi_tickets.letters.routes import router as letters
from guanxi_tickets.macros.routes import router as macros
from guanxi_tickets.merges.routes import router as merges
from guanxi_tickets.portal.knowledge_routes import router as public_knowledge
from guanxi_tickets.portal.public_routes import router as public_portal
from guanxi_tickets.portal.routes import router as portal
from guanxi_tickets.privacy.routes import router as privacy
from guanxi_tickets.promises.routes import router as promises
from guanxi_tickets.queues.routes import router as queues
from guanxi_tickets.root_causes.routes import router as root_causes
from guanxi_tickets.service_reports.routes import router as service_reports
from guanxi_tickets.sla_alerts.routes import router as sla_alerts
from guanxi_tickets.sla_policies.routes import router as sla_policies
from guanxi_tickets.sla_reading.routes import router as sla_reading
from guanxi_tickets.splits.routes import router as splits
from guanxi_tickets.survey_answers.public_routes import router as public_surveys
from guanxi_tickets.survey_answers.routes import router as survey_answers
from guanxi_tickets.survey_results.routes import router as survey_results
from guanxi_tickets.survey_sending.routes import router as survey_invitations
from guanxi_tickets.surveys.routes import router as surveys
from guanxi_tickets.sync.routes import router as sync
from guanxi_tickets.ticket_forms.public import router as public_ticket_forms
from guanxi_tickets.ticket_forms.routes import router as ticket_forms
from guanxi_tickets.ticket_settings.routes import router as ticket_settings
from guanxi_tickets.tickets.routes import router as tickets
from guanxi_tickets.uploads.routes import router as uploads
from guanxi_tickets.views.routes import router as views

ROUTERS: Final = (
    exports,
    imports,
    fields,
    views,
    jobs_router(),
    ticket_settings,
    business_calendars,
    sla_policies,
    sla_alerts,
    sla_reading,
    drafts,
    macros,
    privacy,
    merges,
    splits,
    comments,
    promises,
    uploads,
    files,
    agents,
    queues,
    assignments,
    complaints,
    coordination_tasks,
    corrective_actions,
    root_causes,
    service_reports,
    ticket_forms,
    public_ticket_forms,
    portal,
    letters,
    public_portal,
    public_knowledge,
    surveys,
    survey_invitations,
    survey_answers,
    public_surveys,
    survey_results,
    entitlements,
    article_categories,
    article_suggestions,
    article_feedback,
    article_links,
    publishing,
    articles,
    sync,
    tickets,
)
