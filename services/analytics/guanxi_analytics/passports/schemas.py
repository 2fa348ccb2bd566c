"""What a model is worth, as the API shows it."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.values import Day, Value

EXAMPLE: dict[str, Any] = {
    "name": "repeat-purchases", "verdict": "use", "is_used": True,
    "sentence": "Better than the base rate and than how long customers have been silent on 3,214 past cases: Brier score"
    " 0.1421 against 0.1987 of the base rate and 0.1502 of how long customers have been silent.",
}  # fmt: skip


# A decimal as it is written: 0.8 is four fifths, and not the nearest binary number.
Share = Annotated[str, Field(pattern=r"^(0\.[0-9]{1,6}|1(\.0{1,6})?)$")]


class Fit(Value):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"until": "2026-10-31"}}
    )

    until: Day | None = Field(
        default=None, description="The last day that counts; today, if absent."
    )
    support: Share | None = Field(
        default=None,
        description="With `confidence`: rules of up to six products beside the pairs, of such a share of orders.",
    )
    confidence: Share | None = None


class Fitted(BaseModel):
    parameters: dict[str, float]
    standard_errors: dict[str, float | None]
    log_likelihood: float
    customers: int
    dependence: float | None = None


class PastMoment(BaseModel):
    """What would have been said at `origin` of the weeks after it: how many customers come again, on how many days they
    buy in all, and that at each one's own rate. Errors are shares of what came."""

    origin: date
    customers: int
    came: int
    came_again: int
    expected: float
    expected_again: float
    at_own_rate: float
    error_of_sum: float
    error_of_sum_at_own_rate: float


class Judgement(BaseModel):
    """Of the chances that were said at all past moments. Brier scores: 0 is perfect; `skill` is 1 less the ratio to
    that of the base rate. Gains are by how much the Brier score is lower: mean, and between what it lies."""

    n: int
    base_rate: float
    brier: float
    brier_of_base_rate: float
    brier_of_baseline: float
    skill: float
    auc: float | None
    auc_of_baseline: float | None
    calibration_error: float
    over_base_rate: tuple[float, float, float]
    over_baseline: tuple[float, float, float]


class Calibrated(BaseModel):
    """Cases in order of what was said, in up to ten parts: what was said on average, what came, and its interval."""

    n: int
    predicted: float
    observed: float
    low: float
    high: float


class IntervalCoverage(BaseModel):
    """Of intervals that were to hold such a share of customers' purchases, the share that did."""

    share: float
    covered: float


class Data(BaseModel):
    first_on: date | None
    until: date
    customers: int
    buying_again: int | None


class Drift(BaseModel):
    """How parameters moved since the fit before, in percent; `score` is the population stability index of the scores: below
    0.1 little, above 0.25 much."""

    fitted_at: datetime
    verdict: str
    parameters: dict[str, float]
    score: float | None


class Passport(BaseModel):
    """How often customers buy is fitted over all of them, `spending` in each currency with enough who bought again.
    What sums over all customers (`data` to `drift`) is null for those who do not see all records that it was learnt from."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: UUID
    name: str
    predicts: str
    method: str
    baseline: str
    verdict: Literal["use", "weak", "no_better", "refused"]
    sentence: str
    is_used: bool
    fitted_at: datetime
    horizon_weeks: int | None
    settings: dict[str, Any]
    watermark: dict[str, int]
    data: Data | None
    buying: Fitted | None
    spending: dict[str, Fitted] | None
    judgement: Judgement | None
    backtest: list[PastMoment] | None
    calibration: list[Calibrated] | None
    coverage: list[IntervalCoverage] | None
    drift: Drift | None
    figures: dict[str, Any] | None = Field(
        description="What a model other than repeat-purchases found."
    )


class Passports(BaseModel):
    data: list[Passport]
