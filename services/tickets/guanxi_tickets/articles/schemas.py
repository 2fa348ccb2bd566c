"""Articles as the API takes and shows them."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from guanxi_shared.documents import Page
from guanxi_shared.values import Fields, Line, Storable, Tags
from guanxi_tickets.tickets.schemas import Kind

ArticleVisibility = Literal["public", "partner", "internal"]
ArticleState = Literal["draft", "in_review", "published", "archived"]
TAG = re.compile(
    r"([A-Za-z]{2,3})(-[A-Za-z]{4})?(-(?:[A-Za-z]{2}|\d{3}))?((?:-(?:[A-Za-z0-9]{5,8}|\d[A-Za-z0-9]{3}))*)"
)


def _language(text: str) -> str:
    """As BCP 47 writes it: `zh-Hans-CN`."""
    found = TAG.fullmatch(text)
    if found is None:
        raise ValueError("is no language tag such as zh-CN or en")
    language, script, region, variants = (part or "" for part in found.groups())
    return language.lower() + script.title() + region.upper() + variants.lower()


Language = Annotated[str, StringConstraints(max_length=35), AfterValidator(_language)]
Summary = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000), Storable]
Body = Annotated[str, StringConstraints(min_length=1, max_length=50_000), Storable]
Kinds = Annotated[list[Kind], Field(max_length=10), AfterValidator(lambda v: sorted(set(v)))]
Products = Annotated[list[UUID], Field(max_length=50), AfterValidator(lambda v: sorted(set(v)))]
Days = Annotated[int, Field(ge=1, le=3650)]

EXAMPLE: dict[str, Any] = {
    "title": "重置密码 Reset a password",
    "summary": "How a customer gets a new password by themselves.",
    "body": "## Steps\n\n1. Open the sign-in page\n2. Choose *Forgotten*",
    "language": "zh-CN",
    "visibility": "public",
    "tags": ["sign-in"],
    "kinds": ["question"],
    "review_every_days": 180,
}


class ArticleFields(Fields):
    summary: Summary | None = None
    category_id: UUID | None = None
    visibility: ArticleVisibility = "internal"
    kinds: Kinds = Field(default_factory=list, description="Kinds of tickets that it may answer.")
    product_ids: Products = Field(default_factory=list, description="Products that it is about.")
    owner_id: UUID | None = Field(default=None, description="Who keeps it right.")
    team_id: UUID | None = None
    review_every_days: Days | None = None
    external_id: Line | None = None
    tags: Tags = Field(default_factory=list)


class ArticleCreate(ArticleFields):
    """A draft, internal unless it says otherwise. The body is Markdown, kept as it is and never rendered
    here: whoever shows it as HTML cleans it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    title: Line
    body: Body
    language: Language
    translation_of: UUID | None = Field(
        default=None, description="An article that says the same in another language."
    )


class ArticleUpdate(ArticleFields):
    """A merge patch. Of a published article title, summary and body go into its working draft."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"tags": ["sign-in"]}})

    title: Line = Field(default="", validate_default=False)
    body: Body = Field(default="", validate_default=False)
    language: Language = Field(default="", validate_default=False)


class ArticleRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    title: str
    summary: str | None
    body: str
    language: str
    translation_group_id: UUID = Field(description="The same for all translations.")
    category_id: UUID | None
    visibility: ArticleVisibility
    state: ArticleState
    kinds: list[str]
    product_ids: list[UUID]
    owner_id: UUID | None
    team_id: UUID | None
    edition: int = Field(description="The number of the version that was published last; 0: none.")
    published_at: datetime | None
    review_every_days: int | None
    reviewed_at: datetime | None
    review_at: datetime | None = Field(description="When somebody should look at it again.")
    external_id: str | None
    tags: list[str]
    version: int
    created_at: datetime
    updated_at: datetime


class DraftUpdate(Fields):
    """A merge patch of the working draft, which begins as what is shown."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"title": "Better"}})

    title: Line = Field(default="", validate_default=False)
    summary: Summary | None = None
    body: Body = Field(default="", validate_default=False)


class DraftRead(BaseModel):
    id: UUID
    article_id: UUID
    title: str
    summary: str | None
    body: str
    owner_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime


class Publication(Fields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"note": "New menu"}})

    note: Summary | None = Field(default=None, description="What changed, for those who write.")


class VersionRead(BaseModel):
    number: int
    title: str
    summary: str | None
    body: str
    note: str | None
    published_at: datetime
    published_by: UUID | None


class VersionHead(BaseModel):
    number: int
    title: str
    note: str | None
    published_at: datetime
    published_by: UUID | None


class VersionPage(BaseModel):
    data: list[VersionHead]
    page: Page
