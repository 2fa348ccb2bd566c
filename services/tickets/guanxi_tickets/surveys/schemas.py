"""Surveys as the API takes and shows them; question_rules.py says what their kinds ask."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from guanxi_shared.documents import FilterGroup
from guanxi_shared.values import Fields, Line, Name, Storable, Value
from guanxi_tickets.ticket_settings.schemas import Priority
from guanxi_tickets.tickets.schemas import Kind as TicketKind

Kind = Literal["csat", "nps", "ces", "satisfaction", "kano", "custom"]
Occasion = Literal["solved", "closed", "schedule", "hand"]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$")]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Words = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000), Storable
]
Texts = Annotated[dict[Language, Words], Field(min_length=1, max_length=20)]

EXAMPLE: dict[str, Any] = {
    "name": "客户满意度 CSAT",
    "kind": "csat",
    "default_language": "zh",
    "texts": {
        "zh": {"title": "请评价我们的服务", "thanks": "谢谢您！"},
        "en": {"title": "How did we do?", "thanks": "Thank you!"},
    },
    "questions": [
        {"key": "why", "type": "text", "texts": {"en": "What is the reason?", "zh": "为什么？"}}
    ],
    "send_on": "solved",
    "delay_minutes": 60,
    "filter_groups": [{"filters": [{"field": "kind", "operator": "ne", "value": "complaint"}]}],
    "sample_percent": 50,
    "quiet_days": 30,
    "follow_up": {"threshold": 2, "assign_to": "manager"},
}


class Wording(Value):
    """What stands around the questions in one language; `score` asks for the score of CSAT, NPS or CES in
    other words than ours."""

    title: Line | None = None
    intro: Words | None = None
    thanks: Words | None = None
    score: Words | None = None


class Item(Value):
    """What is asked about: a part of the service, or for Kano a feature."""

    key: Key
    texts: Texts


class Option(Value):
    key: Key
    texts: Texts


class Question(Value):
    """One of the organisation's own: a rating from `min` to `max`, a choice, several, or a text."""

    key: Key
    type: Literal["rating", "choice", "multi_choice", "text"]
    texts: Texts
    is_required: bool = False
    min: Annotated[int, Field(ge=-100, le=100)] | None = None
    max: Annotated[int, Field(ge=-100, le=100)] | None = None
    options: Annotated[list[Option], Field(max_length=100)] = Field(default_factory=list)

    @model_validator(mode="after")
    def check_whole(self) -> Self:
        if self.type == "rating":
            low, high = 1 if self.min is None else self.min, 5 if self.max is None else self.max
            if low >= high:
                raise ValueError("min must be less than max")
            self.min, self.max = low, high
        elif self.min is not None or self.max is not None:
            raise ValueError("only a rating has min and max")
        is_choice = self.type in ("choice", "multi_choice")
        keys = [option.key for option in self.options]
        if is_choice and (len(keys) < 2 or len(set(keys)) < len(keys)):
            raise ValueError("needs two options at least, each with a key of its own")
        if not is_choice and keys:
            raise ValueError("only a choice has options")
        return self


class FollowUp(Value):
    """A score at the threshold, or worse, opens a ticket. `manager`: who heads the assignee's teams, else
    the ticket's, or the nearest team above; who cannot be found is the assignee, else the team."""

    threshold: Annotated[int, Field(ge=0, le=10)]
    kind: TicketKind = "complaint"
    priority: Priority | None = None
    assign_to: Literal["manager", "assignee", "team", "given"] = "manager"
    assignee_id: UUID | None = None
    team_id: UUID | None = None

    @model_validator(mode="after")
    def check_somebody(self) -> Self:
        is_given = self.assignee_id is not None or self.team_id is not None
        if is_given != (self.assign_to == "given"):
            raise ValueError("assignee_id or team_id go with assign_to 'given'")
        return self


class SurveyFields(Fields):
    is_active: bool = True
    default_language: Language = "en"
    texts: Annotated[dict[Language, Wording], Field(max_length=20)] = Field(default_factory=dict)
    scale_min: Annotated[int, Field(ge=-100, le=100)] = Field(
        default=1, description="Of the items of a satisfaction survey."
    )
    scale_max: Annotated[int, Field(ge=-100, le=100)] = 5
    is_low_good: bool = Field(
        default=False, description="Of an effort score: 1 is easy. Otherwise 7 is."
    )
    items: Annotated[list[Item], Field(max_length=60)] = Field(
        default_factory=list,
        description="Of a satisfaction or Kano survey, which ask twice of each.",
    )
    questions: Annotated[list[Question], Field(max_length=60)] = Field(default_factory=list)
    send_on: Occasion = Field(
        default="hand",
        description="When a ticket is solved or closed; every `every_days` to the requesters of what"
        " was solved since; or by hand alone.",
    )
    delay_minutes: Annotated[int, Field(ge=0, le=43_200)] = 0
    every_days: Annotated[int, Field(ge=1, le=365)] = 30
    filter_groups: Annotated[list[FilterGroup], Field(max_length=20)] = Field(
        default_factory=list, description="Over tickets, as in a search; none fits every ticket."
    )
    sample_percent: Annotated[int, Field(ge=1, le=100)] = Field(
        default=100, description="The share of tickets that are asked about; drawn by a hash."
    )
    quiet_days: Annotated[int, Field(ge=0, le=730)] = Field(
        default=30, description="Nobody is asked who was asked by any survey within so many days."
    )
    valid_days: Annotated[int, Field(ge=1, le=365)] = 30
    least_n: Annotated[int, Field(ge=2, le=10_000)] = Field(
        default=30, description="Fewer answers than this, and results claim nothing."
    )
    follow_up: FollowUp | None = None


class SurveyCreate(SurveyFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = None
    name: Name
    kind: Kind


class SurveyUpdate(SurveyFields):
    """A merge patch; each part is sent whole. What is asked otherwise from now on is a new edition: what
    was sent before stays as it was. The kind stays."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"is_active": False, "quiet_days": 60}}
    )

    name: Name = Field(default="", validate_default=False)


class SurveyRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    name: str
    kind: Kind
    is_active: bool
    default_language: str
    texts: dict[str, Any]
    scale_min: int
    scale_max: int
    is_low_good: bool
    items: list[dict[str, Any]]
    questions: list[dict[str, Any]]
    edition: int
    send_on: Occasion
    delay_minutes: int
    every_days: int
    next_run_at: datetime | None
    filter_groups: list[dict[str, Any]]
    sample_percent: int
    quiet_days: int
    valid_days: int
    least_n: int
    follow_up: dict[str, Any] | None
    version: int
    created_at: datetime
    updated_at: datetime


class AskedQuestion(BaseModel):
    """A question as it was sent, in every language that it has."""

    key: str
    type: str
    part: str | None
    item: str | None
    texts: dict[str, str]
    is_required: bool
    min: int | None
    max: int | None
    options: list[dict[str, Any]]


class EditionRead(BaseModel):
    number: int
    kind: Kind
    default_language: str
    texts: dict[str, Any]
    questions: list[AskedQuestion]
    created_at: datetime


class Editions(BaseModel):
    data: list[EditionRead]
