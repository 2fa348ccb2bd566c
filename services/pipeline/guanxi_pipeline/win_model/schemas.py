"""What is shown of a win model: the comparison by which it is used or not, and one deal's answer."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Verdict = Literal[
    "not_trained", "too_few_deals", "better", "no_better_than_win_rate",
    "no_better_than_stage_default",
]  # fmt: skip


class CalibrationRow(BaseModel):
    """Of `n` held-back moments with about this prediction, how many were won; in percent, with the 95%
    interval."""

    n: int
    won: int
    predicted: float
    observed: float
    low: float
    high: float


class Scores(BaseModel):
    brier: float
    log_loss: float
    auc: float | None


class Compared(BaseModel):
    learnt: Scores
    win_rate: Scores
    stage_default: Scores


class Gain(BaseModel):
    """How much lower the learnt Brier score is, with the 95% interval of a paired bootstrap over deals."""

    mean: float
    low: float
    high: float


class Gains(BaseModel):
    win_rate: Gain
    stage_default: Gain


class Counts(BaseModel):
    won: int
    lost: int


class Comparison(BaseModel):
    """What the model would have said of deals that it had not seen, beside what one says without it."""

    verdict: Verdict
    sentence: str
    scores: Compared
    gains: Gains
    calibration: list[CalibrationRow]
    win_rate: float = Field(description="Percent of the deals learnt from.")
    win_rate_by_stage: dict[str, float]
    closed: Counts
    moments: int
    learnt_from: int = Field(description="Deals closed before the held-back months.")
    held_back: int = Field(description="Deals opened since and closed by now.")
    held_back_since: str
    in_neither: int = Field(description="Deals that were open across that day.")
    withheld: list[str] = Field(
        description="What was left out of deals that came here closed: written at closing."
    )


class Needed(BaseModel):
    closed: int
    of_each: int


EXAMPLE: dict[str, Any] = {
    "pipeline_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50",
    "verdict": "no_better_than_win_rate",
    "sentence": "No better than your win rate on 1727 deals opened since 2017-09: …",
    "is_in_use": False,
    "uses_model": True,
    "closed": {"won": 4238, "lost": 2473},
    "needed": {"closed": 200, "of_each": 40},
}


class WinModelRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    pipeline_id: UUID
    verdict: Verdict
    sentence: str
    is_in_use: bool = Field(description="Better, and not taken out of use.")
    uses_model: bool = Field(description="Whether the pipeline's open deals take what it says.")
    closed: Counts
    needed: Needed
    model_id: UUID | None
    trained_at: datetime | None
    trained_by: UUID | None
    ended_at: datetime | None
    comparison: Comparison | None
    judged_by: dict[str, int] | None = Field(description="How many terms each group has.")
    parameters: dict[str, Any] | None
    watermark: dict[str, Any] | None


class Evidence(BaseModel):
    """What one thing moved: in log-odds, and in percentage points, one after the other."""

    term: str
    value: Any
    log_odds: float
    points: float


class WinProbability(BaseModel):
    """Every answer that there is, in percent, and which one is in use."""

    opportunity_id: UUID
    status: Literal["open", "won", "lost"]
    in_use: Literal["stage", "manual", "model"]
    probability: float
    stage_default: float
    by_hand: float | None
    learnt: float | None
    why_not: str | None = Field(description="Why nothing learnt is said.")
    log_odds: float | None
    base_probability: float | None = Field(description="Of the average deal.")
    base_log_odds: float | None
    evidence: list[Evidence] = Field(
        description="The strongest first; base and evidence add up to the answer."
    )
    calibration: list[CalibrationRow] = Field(
        description="How such predictions did on the held-back months."
    )
    model_id: UUID | None
    trained_at: datetime | None
    n: int | None = Field(description="Closed deals that it was learnt from.")
