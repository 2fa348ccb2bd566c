"""Pipelines and stages as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from guanxi_shared.documents import FilterGroup
from guanxi_shared.values import Fields, Line, Name, Prose, Value

StageKind = Literal["open", "won", "lost"]
ForecastCategory = Literal["omitted", "pipeline", "best_case", "commit", "closed"]
Reopener = Literal["anybody", "manager", "nobody"]
# Kept with two digits behind the point, so also shown with them.
Percent = Annotated[float, Field(ge=0, le=100), AfterValidator(lambda value: round(value, 2))]
Days = Annotated[int, Field(ge=1, le=3650)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Reasons = Annotated[list[Line], Field(max_length=100)]

# What a stage may ask for: fields of an opportunity that can be empty.
Required = Literal[
    "account_id", "contacts", "amount", "lines", "close_on", "next_step", "next_step_on", "source",
    "competitors", "reason", "reason_note", "description", "splits",
]  # fmt: skip

STAGES_EXAMPLE: list[dict[str, Any]] = [
    {"name": "Qualification", "kind": "open", "probability": 10, "max_days": 14},
    {"name": "Needs analysis", "kind": "open", "probability": 25, "required_fields": ["account_id"]},
    {"name": "Proposal", "kind": "open", "probability": 50, "forecast_category": "best_case",
     "required_fields": ["amount", "close_on"],
     "exit_criteria": [{"key": "budget_agreed", "text": "The budget is agreed"}]},
    {"name": "Negotiation", "kind": "open", "probability": 75, "forecast_category": "commit"},
    {"name": "Won", "kind": "won"},
    {"name": "Lost", "kind": "lost", "required_fields": ["reason"]},
]  # fmt: skip
EXAMPLE: dict[str, Any] = {
    "name": "New business",
    "is_default": True,
    "loss_reasons": ["price", "competitor", "no budget", "no answer"],
    "stages": STAGES_EXAMPLE,
}


class ExitCriterion(Value):
    """What must hold before a stage is left forwards. With a filter the record itself must fit it;
    without one, who moves it confirms it (`confirmed` of the move)."""

    key: Key
    text: Line
    filter_groups: list[FilterGroup] | None = None


class StageValue(Value):
    """A stage in its pipeline. Of a pipeline that is there, one with an `id` is changed and one without
    is new; a new pipeline's may bring their own."""

    id: UUID | None = None
    name: Line
    kind: StageKind = "open"
    probability: Percent | None = Field(
        default=None, description="Percent; a won stage has 100, a lost one 0."
    )
    forecast_category: ForecastCategory | None = Field(
        default=None, description="`pipeline` unless said; `closed` when won, `omitted` when lost."
    )
    max_days: Days | None = Field(
        default=None, description="Longer in it, and the deal is flagged."
    )
    required_fields: Annotated[list[Required], Field(max_length=20)] = Field(default_factory=list)
    exit_criteria: Annotated[list[ExitCriterion], Field(max_length=20)] = Field(
        default_factory=list
    )
    guidance: Prose | None = Field(default=None, description="What to do here, for people.")


Stages = Annotated[list[StageValue], Field(min_length=1, max_length=50)]


class PipelineFields(Fields):
    description: Prose | None = None
    is_default: bool = False
    is_active: bool = True
    idle_days: Days = Field(default=14, description="Untouched for longer, and a deal is idle.")
    reopened_by: Reopener = Field(
        default="anybody", description="Who may reopen what is closed; `manager`: who leads others."
    )
    reopen_within_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    uses_model: bool = Field(
        default=False,
        description="Open deals take the learnt probability, as long as a model is in use.",
    )
    win_reasons: Reasons = Field(default_factory=list, description="Empty: any reason is taken.")
    loss_reasons: Reasons = Field(default_factory=list, description="Empty: any reason is taken.")
    external_id: Line | None = None


class PipelineCreate(PipelineFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = None
    name: Name
    stages: Stages


class PipelineUpdate(PipelineFields):
    """A merge patch; `stages` is the whole list in its order: one that is left out is removed, if
    nothing open stands in it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"loss_reasons": ["price", "timing"]}}
    )

    name: Name = Field(default="", validate_default=False)
    stages: Stages = Field(default=[], validate_default=False)


class StageRead(BaseModel):
    id: UUID
    name: str
    kind: StageKind
    probability: float
    forecast_category: ForecastCategory
    max_days: int | None
    required_fields: list[str]
    exit_criteria: list[dict[str, Any]]
    guidance: str | None


class PipelineRead(BaseModel):
    id: UUID
    name: str
    description: str | None
    is_default: bool
    is_active: bool
    idle_days: int
    reopened_by: Reopener
    reopen_within_days: int | None
    uses_model: bool
    win_reasons: list[str]
    loss_reasons: list[str]
    external_id: str | None
    stages: list[StageRead]
    version: int
    created_at: datetime
    updated_at: datetime
