"""The allow-lists of tickets, each in the folder of what it lists."""

from typing import Final

from guanxi_shared.fields.resource import fields_resource
from guanxi_shared.views.resource import views_resource
from guanxi_tickets.article_categories.resources import CATEGORIES
from guanxi_tickets.articles.resources import ARTICLES, DRAFTS
from guanxi_tickets.business_calendars.resources import CALENDARS
from guanxi_tickets.comments.resources import COMMENTS, NOTES
from guanxi_tickets.macros.resources import MACROS
from guanxi_tickets.promises.resources import PROMISES
from guanxi_tickets.sla_alerts.resources import ALERTS
from guanxi_tickets.sla_policies.resources import POLICIES
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
    ARTICLES,
    DRAFTS,
    CATEGORIES,
)
VIEWED = {TICKETS.name: TICKETS}
