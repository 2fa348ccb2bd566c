"""Members of campaigns as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from guanxi_contacts.pools.schemas import FilterDocument
from guanxi_shared.values import Fields, Instant, Storable, Value

MemberType = Literal["account", "contact"]
Group = Literal["treated", "held_out"]
Status = Literal["targeted", "sent", "responded"]
MOST: int = 10_000  # of one request
Key = Annotated[str, Field(min_length=1, max_length=60), Storable]
Whole = Annotated[int, Field(ge=-(2**53), le=2**53)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Answer = Annotated[str, Field(max_length=2_000), Storable] | bool | Whole | Number | None
Answers = Annotated[dict[Key, Answer], Field(max_length=50)]

CONTACT_ID = "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f51"
ADDED: dict[str, Any] = {
    "resource": "contacts",
    "document": {"filter_groups": [{"filters": [{"field": "tags", "operator": "has", "value": "newsletter"}]}]},
}  # fmt: skip
SHOWN: dict[str, Any] = {
    "id": "01933f6e-5a7e-5cc2-9c3e-0b1c2d3e4f92", "campaign_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f90",
    "member_type": "contact", "member_id": CONTACT_ID, "account_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50",
    "member_group": "treated", "is_by_lot": True, "status": "responded", "sent_at": "2026-09-03T01:00:00Z",
    "responded_at": "2026-09-04T08:12:00Z", "answers": {"coming": True}, "version": 3,
    "created_at": "2026-09-01T08:00:00Z", "updated_at": "2026-09-04T08:12:00Z",
}  # fmt: skip


class MembersAdd(Value):
    """Whom a campaign is meant for: by ids, by a segment or by a filter document. Without `group` the lot decides who is
    held out, by the campaign's share and seed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": ADDED})

    resource: Literal["accounts", "contacts"] | None = Field(
        default=None, description="Of the ids or the document; a segment says it itself."
    )
    ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST)] | None = None
    segment_id: UUID | None = None
    document: FilterDocument | None = None
    group: Group | None = None
    is_by_lot: bool = Field(
        default=False, description="Beside a group: it was drawn by lot, elsewhere, before anybody was addressed."
    )  # fmt: skip

    @model_validator(mode="after")
    def check_one(self) -> "MembersAdd":
        if sum(each is not None for each in (self.ids, self.segment_id, self.document)) != 1:
            raise ValueError("send one of ids, segment_id and document")
        if (self.segment_id is None) == (self.resource is None):
            raise ValueError("send resource with ids or a document, and without it a segment_id")
        if self.is_by_lot and self.group is None:
            raise ValueError("is_by_lot says of a group how it was drawn; send group, too")
        return self


class Refused(BaseModel):
    """Who may not be contacted so, by the reason."""

    do_not_contact: int
    refused: int
    no_consent: int


class MembersAdded(BaseModel):
    """`already` were members before. With `has_more` the same request, sent again, adds the next ones."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "added": 180, "treated": 144, "held_out": 36, "already": 0,
                "refused": {"do_not_contact": 2, "refused": 7, "no_consent": 11}, "has_more": False,
            }
        }
    )  # fmt: skip

    added: int
    treated: int
    held_out: int
    already: int
    refused: Refused
    has_more: bool


class MemberMark(Value):
    """What became of one member; `member_id` is the account's or the contact's id."""

    member_id: UUID
    at: Instant | None = Field(default=None, description="Now, if absent.")
    answers: Answers | None = None


class MembersMark(Value):
    """Say of many at once that they were sent to, or that they responded: of those that are named, or of all that are
    still waiting to be sent to."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"status": "responded", "members": [{"member_id": CONTACT_ID, "answers": {"coming": True}}]}
        },
    )  # fmt: skip

    status: Literal["sent", "responded"]
    members: Annotated[list[MemberMark], Field(min_length=1, max_length=MOST)] | None = None
    at: Instant | None = Field(default=None, description="Of all of them; now, if absent.")

    @model_validator(mode="after")
    def check_members(self) -> "MembersMark":
        if self.members is None and self.status == "responded":
            raise ValueError("name the members who responded")
        ids = [each.member_id for each in self.members or ()]
        if len(set(ids)) < len(ids):
            raise ValueError("each member stands once")
        return self


class MembersMarked(BaseModel):
    """`unchanged` were so already. `refused` were not sent to: they may not be contacted any more."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "marked": 143, "unchanged": 0, "has_more": False,
                "refused": {"do_not_contact": 0, "refused": 1, "no_consent": 0},
            }
        }
    )  # fmt: skip

    marked: int
    unchanged: int
    refused: Refused
    has_more: bool


class MemberUpdate(Fields):
    """A merge patch: a status goes forward, and a response can be taken back."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"status": "responded", "answers": {"coming": True}}},
    )

    status: Status = "targeted"
    sent_at: Instant | None = None
    responded_at: Instant | None = None
    answers: Answers = Field(default_factory=dict)


class CampaignMemberRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": SHOWN})

    id: UUID
    campaign_id: UUID
    member_type: MemberType
    member_id: UUID
    account_id: UUID | None
    member_group: Group
    is_by_lot: bool
    status: Status
    sent_at: datetime | None
    responded_at: datetime | None
    answers: dict[str, Any]
    version: int
    created_at: datetime
    updated_at: datetime
