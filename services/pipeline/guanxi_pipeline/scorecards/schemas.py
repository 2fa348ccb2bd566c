"""The scorecard as the API takes and shows it, and a lead's score with its evidence."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_pipeline.pipelines.schemas import Key
from guanxi_shared.documents import FilterGroup
from guanxi_shared.values import Line, Value

Points = Annotated[int, Field(ge=-1000, le=1000)]

EXAMPLE: dict[str, Any] = {
    "criteria": [
        {"key": "software", "label": "Makes software", "points": 20,
         "filter_groups": [{"filters": [{"field": "industry", "operator": "eq", "value": "software"}]}]},
        {"key": "no_phone", "label": "No way to ring them", "points": -10,
         "filter_groups": [{"filters": [{"field": "phones", "operator": "contains", "value": "[]"}]}]},
    ],
    "questions": [
        {"key": "budget", "text": "Is there a budget?", "choices": [
            {"key": "approved", "label": "Approved", "points": 30},
            {"key": "planned", "label": "Planned", "points": 10},
            {"key": "none", "label": "None", "points": -20}]},
    ],
}  # fmt: skip


class Criterion(Value):
    """Points for each lead that fits a filter (the search document over leads)."""

    key: Key
    label: Line
    points: Points
    filter_groups: Annotated[list[FilterGroup], Field(min_length=1, max_length=20)]


class Choice(Value):
    key: Key
    label: Line
    points: Points


class Question(Value):
    """What people answer on the lead (`answers`): budget, authority, need, time."""

    key: Key
    text: Line
    choices: Annotated[list[Choice], Field(min_length=1, max_length=20)]


class ScorecardUpdate(Value):
    """Both lists are whole; one that is not sent stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    criteria: Annotated[list[Criterion], Field(max_length=50)] = Field(default_factory=list)
    questions: Annotated[list[Question], Field(max_length=20)] = Field(default_factory=list)


class ScorecardRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    criteria: list[Criterion]
    questions: list[Question]
    version: int
    created_at: datetime | None
    updated_at: datetime | None


class Reason(BaseModel):
    kind: Literal["criterion", "question"]
    key: str
    label: str
    answer: str | None
    points: int


class ScoreRead(BaseModel):
    """`score` is the sum of the points of `reasons`, both of the moment the lead was last written."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "score": 50, "scored_at": "2026-11-22T08:00:00Z", "is_current": True,
                "reasons": [
                    {"kind": "criterion", "key": "software", "label": "Makes software",
                     "answer": None, "points": 20},
                    {"kind": "question", "key": "budget", "label": "Is there a budget?",
                     "answer": "Approved", "points": 30}],
            }
        }
    )  # fmt: skip

    score: int | None
    reasons: list[Reason]
    scored_at: datetime | None
    is_current: bool = Field(description="Whether the scorecard is still the one it was scored by.")
