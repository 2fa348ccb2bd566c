"""The portal as customers see it, and links as agents make them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.values import Value
from guanxi_tickets.comments.schemas import AuthorKind, Body, FileIds
from guanxi_tickets.portal.link_rules import MOST_DAYS
from guanxi_tickets.ticket_settings.schemas import StateKind
from guanxi_tickets.tickets.schemas import Kind

Reach = Literal["ticket", "requester"]


class PortalLinkCreate(Value):
    """`requester`: the tickets of whoever asked for this one, as far as whoever makes the link sees them;
    `ticket`: this one alone."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reach": "requester"}})

    reach: Reach = "requester"
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] | None = Field(
        default=None, description="For how long it opens; 90 if absent."
    )
    by_mail: bool = Field(default=False, description="Whether the requester is sent it by mail.")


class PortalLinkMade(BaseModel):
    """`token` is shown this once."""

    id: UUID
    reach: Reach
    token: str
    path: str
    expires_at: datetime


class PortalLinkRead(BaseModel):
    """A link that there is: what it opens, and whether it still does. By what it is opened is shown to nobody."""

    id: UUID
    reach: Reach
    ticket_id: UUID | None = Field(description="This one, or null: made for another one of theirs.")
    created_by: UUID | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    opens: bool
    letter: Literal["waiting", "sent", "dropped", "failed"] | None


class PortalLinks(BaseModel):
    data: list[PortalLinkRead]


class LinksRevoked(BaseModel):
    revoked: int


class PortalReply(Value):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"body": "谢谢,已经收到。Thank you."}}
    )

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    body: Body
    file_ids: FileIds = Field(default_factory=list, description="Files put there before.")


class PortalVisit(BaseModel):
    """Whose portal it is, and what the link opens until when."""

    organisation: str
    reach: Reach
    expires_at: datetime


class PortalTicket(BaseModel):
    id: UUID
    number: str
    subject: str
    kind: Kind
    status: str
    status_kind: StateKind
    due_at: datetime | None = Field(description="When something is due by what was promised.")
    created_at: datetime
    updated_at: datetime
    solved_at: datetime | None
    closed_at: datetime | None


class PortalPromise(BaseModel):
    body: str
    due_at: datetime
    state: str
    created_at: datetime


class PortalMay(BaseModel):
    reply: bool
    close: bool
    reopen: bool


class PortalSurvey(BaseModel):
    """How it was is asked at this path, and answered once."""

    token: str
    path: str
    expires_at: datetime


class PortalTicketWhole(PortalTicket):
    description: str | None
    survey: PortalSurvey | None
    promises: list[PortalPromise]
    may: PortalMay


class PortalTickets(BaseModel):
    data: list[PortalTicket]
    next: UUID | None = Field(description="Send it as `before` for the next fifty.")


class PortalComment(BaseModel):
    id: UUID
    body: str
    author_kind: AuthorKind
    file_ids: list[UUID]
    created_at: datetime
    updated_at: datetime


class PortalComments(BaseModel):
    data: list[PortalComment]


class PortalFile(BaseModel):
    id: UUID
    name: str
    content_type: str
    size: int
    sha256: str
    author_kind: AuthorKind
    comment_id: UUID | None
    created_at: datetime


class PortalFiles(BaseModel):
    data: list[PortalFile]


class PortalArticle(BaseModel):
    id: UUID
    title: str
    summary: str | None
    language: str
    snippet: str | None
    updated_at: datetime


class PortalArticles(BaseModel):
    data: list[PortalArticle]


class PortalArticleWhole(BaseModel):
    id: UUID
    title: str
    summary: str | None
    body: str
    language: str
    updated_at: datetime


class PortalOpinion(BaseModel):
    article_id: UUID
    helpful: bool
    comment: str | None
    updated_at: datetime


SHOWN_OF_COMMENT: tuple[str, ...] = tuple(PortalComment.model_fields)
SHOWN_OF_FILE: tuple[str, ...] = tuple(PortalFile.model_fields)
