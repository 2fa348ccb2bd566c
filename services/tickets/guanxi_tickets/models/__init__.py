"""Every table of tickets: the data dictionary, a file for each thing that is kept."""

from guanxi_shared.views.resource import add_views_table
from guanxi_tickets.models.articles import (
    ARTICLE_SEARCH,
    Article,
    ArticleCategory,
    ArticleDraft,
    ArticleFeedback,
    ArticleInquiry,
    ArticleShown,
    ArticleTerm,
    ArticleVersion,
    ArticleView,
    TicketArticle,
)
from guanxi_tickets.models.comments import TicketComment, TicketNote
from guanxi_tickets.models.drafts import TicketDraft
from guanxi_tickets.models.macros import Macro
from guanxi_tickets.models.merges import TicketMerge, TicketMergeMove
from guanxi_tickets.models.promises import TicketPromise
from guanxi_tickets.models.references import KnownAccount, KnownContact, MergeFollow
from guanxi_tickets.models.settings import TicketSettings
from guanxi_tickets.models.sla import BusinessCalendar, SlaAlert, SlaPolicy
from guanxi_tickets.models.tickets import TICKET_SEARCH, Ticket, TicketNumber

add_views_table(Ticket.metadata)

__all__ = [
    "ARTICLE_SEARCH",
    "TICKET_SEARCH",
    "Article",
    "ArticleCategory",
    "ArticleDraft",
    "ArticleFeedback",
    "ArticleInquiry",
    "ArticleShown",
    "ArticleTerm",
    "ArticleVersion",
    "ArticleView",
    "BusinessCalendar",
    "KnownAccount",
    "KnownContact",
    "Macro",
    "MergeFollow",
    "SlaAlert",
    "SlaPolicy",
    "Ticket",
    "TicketArticle",
    "TicketComment",
    "TicketDraft",
    "TicketMerge",
    "TicketMergeMove",
    "TicketNote",
    "TicketNumber",
    "TicketPromise",
    "TicketSettings",
]
