"""Activities as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from guanxi_shared.emails import normalise_email
from guanxi_shared.values import Custom, Fields, Instant, Line, Name, Prose, Tags, TimeZone, Value

Kind = Literal["call", "visit", "meeting", "email", "message", "note", "task"]
Status = Literal["planned", "done", "cancelled"]
Priority = Literal["low", "normal", "high"]
Response = Literal["needs_action", "accepted", "declined", "tentative"]
Minutes = Annotated[int, Field(ge=0, le=31 * 24 * 60)]
Linked = Annotated[
    list[UUID], Field(max_length=100), AfterValidator(lambda ids: list(dict.fromkeys(ids)))
]
Exdates = Annotated[
    list[Instant], Field(max_length=500), AfterValidator(lambda days: sorted(set(days)))
]

EXAMPLE: dict[str, Any] = {
    "kind": "meeting",
    "subject": "年度合作方案讨论",
    "body": "带上去年的服务报告。",
    "starts_at": "2026-12-01T06:00:00Z",
    "ends_at": "2026-12-01T07:00:00Z",
    "location": "北京市海淀区中关村大街1号",
    "account_ids": ["01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"],
    "participants": [{"name": "张三", "email": "zhang.san@weilai.example", "response": "accepted"}],
    "reminder_at": "2026-12-01T05:45:00Z",
}


class Participant(Value):
    """A user, a contact, or somebody known by name or address alone."""

    user_id: UUID | None = None
    contact_id: UUID | None = None
    name: Line | None = None
    email: Annotated[str, Field(max_length=254)] | None = None
    response: Response = "needs_action"

    @model_validator(mode="after")
    def check_somebody(self) -> "Participant":
        if self.user_id is not None and self.contact_id is not None:
            raise ValueError("is a user or a contact, not both")
        if not (self.user_id or self.contact_id or self.name or self.email):
            raise ValueError("needs a user_id, a contact_id, a name or an email")
        if self.email is not None:
            self.email = normalise_email(self.email).address
        return self


Participants = Annotated[list[Participant], Field(max_length=200)]


class ActivityFields(Fields):
    """What may be written on an activity; README says what each kind may hold."""

    model_config = ConfigDict(extra="forbid")

    body: Prose | None = None
    status: Status | None = Field(
        default=None, description="Planned if absent; emails, messages and notes are done."
    )
    priority: Priority = "normal"
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    duration_minutes: Minutes | None = Field(
        default=None, description="Computed when start and end are known."
    )
    due_at: Instant | None = None
    done_at: Instant | None = None
    outcome: Prose | None = None
    next_step: Prose | None = None
    location: Line | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    time_zone: TimeZone | None = Field(
        default=None, description="IANA; what repeats keeps the wall-clock time of this zone."
    )
    recurrence: Annotated[str, Field(max_length=500)] | None = Field(
        default=None, description="A rule of RFC 5545 such as FREQ=WEEKLY;BYDAY=MO."
    )
    exdates: Exdates = Field(
        default_factory=list, description="Starts of a series' occurrences that do not take place."
    )
    reminder_at: Instant | None = None
    account_ids: Linked = Field(default_factory=list)
    contact_ids: Linked = Field(default_factory=list)
    opportunity_id: UUID | None = None
    ticket_id: UUID | None = None
    follow_up_of_id: UUID | None = None
    participants: Participants = Field(default_factory=list)
    owner_id: UUID | None = None
    team_id: UUID | None = None
    external_id: Line | None = None
    tags: Tags = Field(default_factory=list)
    custom: Custom = Field(default_factory=dict)


class ActivityCreate(ActivityFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = Field(default=None, description="The client's own UUIDv7, if it brings one.")
    kind: Kind
    subject: Name


class ActivityUpdate(ActivityFields):
    """A merge patch (RFC 7396): fields that are not sent stay as they are."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"status": "done", "outcome": "签约"}}
    )

    kind: Kind | None = None
    subject: Name = Field(default="", validate_default=False)


class Visit(BaseModel):
    """`distance_m` is that of the check-in, `is_far` that of either check; details are at `/visit`."""

    checked_in_at: datetime
    checked_out_at: datetime | None
    duration_seconds: int | None
    distance_m: float | None
    is_far: bool | None


class ActivityRead(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": EXAMPLE
            | {"id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f52", "version": 1, "status": "planned"}
        }
    )

    id: UUID
    kind: Kind
    subject: str
    body: str | None
    status: Status
    priority: Priority
    starts_at: datetime | None
    ends_at: datetime | None
    duration_minutes: int | None
    due_at: datetime | None
    done_at: datetime | None
    outcome: str | None
    next_step: str | None
    location: str | None
    latitude: float | None
    longitude: float | None
    time_zone: str | None
    recurrence: str | None
    exdates: list[datetime]
    series_id: UUID | None = Field(description="The series or chain that this belongs to.")
    recurrence_id: datetime | None = Field(description="Its place in there: the original start.")
    reminder_at: datetime | None
    reminded_at: datetime | None
    account_ids: list[UUID]
    contact_ids: list[UUID]
    opportunity_id: UUID | None
    ticket_id: UUID | None
    follow_up_of_id: UUID | None
    participants: Participants
    owner_id: UUID | None
    team_id: UUID | None
    external_id: str | None
    visit: Visit | None = Field(description="Once somebody has checked in.")
    tags: list[str]
    custom: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime


class OccurrenceCreate(ActivityFields):
    """What one occurrence of a series has differently; the rest is the series'."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "recurrence_id": "2026-12-08T08:00:00Z", "starts_at": "2026-12-09T08:00:00Z",
            }
        },
    )  # fmt: skip

    id: UUID | None = None
    recurrence_id: Instant = Field(description="The start that the series gives it.")
    subject: Name | None = None


class FollowUp(ActivityFields):
    """The next activity; accounts, contacts, opportunity and ticket are those of this one unless
    it names others."""

    model_config = ConfigDict(extra="forbid")

    id: UUID | None = None
    kind: Kind
    subject: Name


class ActivityCompletion(Value):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "outcome": "客户要求报价。",
                "next_step": "报价",
                "follow_up": {
                    "kind": "task", "subject": "发送报价", "due_at": "2026-12-03T09:00:00Z",
                },
            }
        },
    )  # fmt: skip

    outcome: Prose | None = None
    next_step: Prose | None = None
    done_at: Instant | None = None
    duration_minutes: Minutes | None = None
    recurrence_id: Instant | None = Field(
        default=None, description="Which occurrence of a series is done: its original start."
    )
    follow_up: FollowUp | None = None


class ActivityCompleted(ActivityRead):
    """The activity that is done, and what came of it in the same transaction."""

    follow_up: ActivityRead | None
    next: ActivityRead | None = Field(description="The next occurrence of a repeating task.")
