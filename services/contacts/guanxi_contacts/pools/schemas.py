"""Open pools as the API takes and shows them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from guanxi_contacts.accounts.schemas import AccountRead, Kind
from guanxi_contacts.values import Grade, LifecycleStage
from guanxi_shared.documents import FilterGroup
from guanxi_shared.money import Money
from guanxi_shared.values import Fields, Line, Prose, Value

Days = Annotated[int, Field(ge=1, le=3650)]
Most = Annotated[int, Field(ge=1, le=1_000_000)]
Ids = Annotated[list[UUID], Field(max_length=500)]

EXAMPLE: dict[str, Any] = {
    "name": "North, open to all",
    "entry_filter": {
        "filter_groups": [{"filters": [{"field": "region", "operator": "eq", "value": "华北"}]}]
    },
    "release_rules": [
        {"name": "forgotten", "idle_days": 30},
        {"name": "never bought", "never_won_days": 180},
    ],
    "warn_days": 3,
    "protection_days": 7,
    "max_held": 50,
    "max_claims_per_day": 5,
}


class FilterDocument(Value):
    """A search document's filters: groups OR, filters AND; none means everything."""

    filter_groups: Annotated[list[FilterGroup], Field(max_length=50)] = Field(default_factory=list)


class ReleaseRule(Value):
    """An owned record comes back when all that is named here has lasted so long; at least one is."""

    name: Line
    filter: FilterDocument = Field(default_factory=FilterDocument, description="For which records.")
    idle_days: Days | None = Field(default=None, description="No activity for so many days.")
    never_won_days: Days | None = Field(default=None, description="Nothing won for so many days.")
    contract_over_days: Days | None = Field(
        default=None, description="The last contract over for so many days."
    )

    @model_validator(mode="after")
    def check_days(self) -> "ReleaseRule":
        if not (self.idle_days or self.never_won_days or self.contract_over_days):
            raise ValueError("say idle_days, never_won_days or contract_over_days")
        return self


Rules = Annotated[list[ReleaseRule], Field(max_length=20)]


class PoolFields(Fields):
    model_config = ConfigDict(extra="forbid")

    description: Prose | None = None
    priority: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        default=100, description="The pool with the lowest number whose entry filter fits takes."
    )
    team_ids: Ids = Field(default_factory=list, description="Members: teams, those below included.")
    user_ids: Ids = Field(
        default_factory=list, description="Members: people. None at all: everybody."
    )
    entry_filter: FilterDocument = Field(default_factory=FilterDocument)
    release_rules: Rules = Field(default_factory=list)
    warn_days: Annotated[int, Field(ge=0, le=365)] = 0
    protection_days: Annotated[int, Field(ge=0, le=3650)] = 0
    max_held: Most | None = Field(
        default=None, description="Records of this pool one person holds."
    )
    max_claims_per_day: Most | None = None


class PoolCreate(PoolFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = None
    name: Line
    resource: Literal["accounts"] = "accounts"


class PoolUpdate(PoolFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"max_held": 80}})

    name: Line = Field(default="", validate_default=False)


class PoolRead(BaseModel):
    id: UUID
    name: str
    description: str | None
    resource: str
    priority: int
    team_ids: list[UUID]
    user_ids: list[UUID]
    entry_filter: dict[str, Any]
    release_rules: list[Any]
    warn_days: int
    protection_days: int
    max_held: int | None
    max_claims_per_day: int | None
    version: int
    created_at: datetime
    updated_at: datetime


class PooledRead(BaseModel):
    """What members of a pool see of a record before they claim it: no way to reach anybody."""

    id: UUID
    name: str
    short_name: str | None
    kind: Kind
    industry: str | None
    region: str | None
    source: str | None
    staff_count: int | None
    founded_year: int | None
    revenue: Money | None
    grade: Grade | None
    lifecycle_stage: LifecycleStage
    tags: list[str]
    version: int
    created_at: datetime
    updated_at: datetime


class Claim(BaseModel):
    """One record or several; the claim of each is its own."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"record_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}},
    )

    record_id: UUID | None = None
    record_ids: Annotated[list[UUID], Field(max_length=100)] | None = None

    @model_validator(mode="after")
    def check_named(self) -> "Claim":
        if not self.wanted or (self.record_id and self.record_ids):
            raise ValueError("send record_id or record_ids")
        return self

    @property
    def wanted(self) -> list[UUID]:
        return [self.record_id] if self.record_id else list(dict.fromkeys(self.record_ids or ()))


class ClaimNext(BaseModel):
    """The first records that fit, whichever nobody else is about to take."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"sorts": ["-staff_count"], "count": 1}}
    )

    filter_groups: list[FilterGroup] | None = None
    sorts: list[str] | None = None
    count: Annotated[int, Field(ge=1, le=50)] = 1


class Assignment(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "record_ids": ["01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"],
                "owner_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f51",
            }
        },
    )

    record_ids: Annotated[list[UUID], Field(min_length=1, max_length=100)]
    owner_id: UUID


class Release(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"reason": "Moved away, not my region"}}
    )

    pool_id: UUID | None = Field(default=None, description="Absent: the first whose filter fits.")
    reason: Annotated[Prose, Field(max_length=1000)] | None = None


class Refused(BaseModel):
    record_id: UUID
    code: str
    detail: str


class Taken(BaseModel):
    """The records that have their owner now, and why others have not."""

    data: list[AccountRead]
    refused: list[Refused]


class Holding(BaseModel):
    user_id: UUID
    held: int
    claimed_today: int


class PoolStats(BaseModel):
    """Of the people whose records the caller sees; `waiting` is of the whole pool."""

    pool_id: UUID
    waiting: int
    held: int
    claimed_today: int
    warned: int
    people: list[Holding]


class RuleOutlook(BaseModel):
    pool_id: UUID
    pool: str
    rule: str
    applies: bool
    due_at: datetime | None
    days_left: int | None


class AccountPool(BaseModel):
    """Where an account without owner lies; when and why one with an owner would come there."""

    account_id: UUID
    pool_id: UUID | None
    from_pool_id: UUID | None
    owned_since: datetime | None
    last_activity_at: datetime | None
    last_won_at: datetime | None
    contract_ends_on: date | None
    protected_until: datetime | None
    warned_at: datetime | None
    falls_back_at: datetime | None
    because: RuleOutlook | None
    rules: list[RuleOutlook]
