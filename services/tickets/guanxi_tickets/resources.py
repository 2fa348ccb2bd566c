"""The allow-lists of tickets, each in the folder of what it lists."""

from typing import Final

from guanxi_shared.fields.resource import fields_resource
from guanxi_shared.views.resource import views_resource
from guanxi_tickets.agents.resources import AGENTS
from guanxi_tickets.article_categories.resources import CATEGORIES
from guanxi_tickets.articles.resources import ARTICLES, DRAFTS
from guanxi_tickets.business_calendars.resources import CALENDARS
from guanxi_tickets.comments.resources import COMMENTS, NOTES
from guanxi_tickets.complaints.resources import LOOPS
from guanxi_tickets.coordination_tasks.resources import TASKS
from guanxi_tickets.corrective_actions.resources import ACTIONS
from guanxi_tickets.entitlements.resources import ENTITLEMENTS
from guanxi_tickets.files.resources import FILES, NOTE_FILES
from guanxi_tickets.macros.resources import MACROS
from guanxi_tickets.promises.resources import PROMISES
from guanxi_tickets.queues.resources import QUEUES
from guanxi_tickets.root_causes.resources import CAUSES
from guanxi_tickets.sla_alerts.resources import ALERTS
from guanxi_tickets.sla_policies.resources import POLICIES
from guanxi_tickets.survey_answers.resources import ANSWERS
from guanxi_tickets.survey_sending.resources import INVITATIONS
from guanxi_tickets.surveys.resources import SURVEYS
from guanxi_tickets.ticket_forms.resources import TICKET_FORMS
from guanxi_tickets.ticket_settings.resources import TICKET_SETTINGS
from guanxi_tickets.tickets.resources import METADATA, TICKETS

FIELDS: Final = fields_resource("tickets", METADATA)
VIEWS: Final = views_resource("tickets", METADATA)
LOGGED = (
    TICKETS,
    COMMENTS,
    NOTES,
    TICKET_SETTINGS,
    POLICIES,
    CALENDARS,
    ALERTS,
    PROMISES,
    FIELDS,
    VIEWS,
    MACROS,
    FILES,
    NOTE_FILES,
    QUEUES,
    AGENTS,
    LOOPS,
    TASKS,
    ACTIONS,
    CAUSES,
    TICKET_FORMS,
    SURVEYS,
    INVITATIONS,
    ANSWERS,
    ENTITLEMENTS,
    ARTICLES,
    DRAFTS,
    CATEGORIES,
)
EXPORTED = (TICKETS, COMMENTS, NOTES, ARTICLES, ENTITLEMENTS, AGENTS, QUEUES, ANSWERS)
VIEWED = {TICKETS.name: TICKETS}
