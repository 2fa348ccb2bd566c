"""Every table of tickets: the data dictionary, a file for each thing that is kept."""

from guanxi_shared.imports.tables import add_import_tables
from guanxi_shared.sync.tables import add_sync_table
from guanxi_shared.tus.tables import add_uploads_table
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
    ArticleWord,
    TicketArticle,
)
from guanxi_tickets.models.comments import TicketComment, TicketNote
from guanxi_tickets.models.complaints import (
    ComplaintRound,
    CoordinationTask,
    CorrectiveAction,
    RootCause,
)
from guanxi_tickets.models.drafts import TicketDraft
from guanxi_tickets.models.entitlements import Entitlement, EntitlementBooking
from guanxi_tickets.models.files import TicketFile, TicketNoteFile
from guanxi_tickets.models.forms import TicketForm, TicketFormCount, TicketFormHit
from guanxi_tickets.models.letters import TicketLetter
from guanxi_tickets.models.macros import Macro
from guanxi_tickets.models.merges import TicketMerge, TicketMergeMove
from guanxi_tickets.models.portal import PortalLink
from guanxi_tickets.models.privacy import Erasure
from guanxi_tickets.models.promises import TicketPromise
from guanxi_tickets.models.queues import Agent, Queue, TicketAssignment
from guanxi_tickets.models.references import KnownAccount, KnownContact, MergeFollow
from guanxi_tickets.models.settings import TicketSettings
from guanxi_tickets.models.sla import BusinessCalendar, SlaAlert, SlaPolicy
from guanxi_tickets.models.surveys import Survey, SurveyAnswer, SurveyEdition, SurveyInvitation
from guanxi_tickets.models.tickets import TICKET_SEARCH, Ticket, TicketNumber

add_import_tables(Ticket.metadata)
add_sync_table(Ticket.metadata)
add_uploads_table(Ticket.metadata)
add_views_table(Ticket.metadata)

__all__ = [
    "ARTICLE_SEARCH",
    "TICKET_SEARCH",
    "Agent",
    "Article",
    "ArticleCategory",
    "ArticleDraft",
    "ArticleFeedback",
    "ArticleInquiry",
    "ArticleShown",
    "ArticleTerm",
    "ArticleVersion",
    "ArticleView",
    "ArticleWord",
    "BusinessCalendar",
    "ComplaintRound",
    "CoordinationTask",
    "CorrectiveAction",
    "Entitlement",
    "EntitlementBooking",
    "Erasure",
    "KnownAccount",
    "KnownContact",
    "Macro",
    "MergeFollow",
    "PortalLink",
    "Queue",
    "RootCause",
    "SlaAlert",
    "SlaPolicy",
    "Survey",
    "SurveyAnswer",
    "SurveyEdition",
    "SurveyInvitation",
    "Ticket",
    "TicketArticle",
    "TicketAssignment",
    "TicketComment",
    "TicketDraft",
    "TicketFile",
    "TicketForm",
    "TicketFormCount",
    "TicketFormHit",
    "TicketLetter",
    "TicketMerge",
    "TicketMergeMove",
    "TicketNote",
    "TicketNoteFile",
    "TicketNumber",
    "TicketPromise",
    "TicketSettings",
]
