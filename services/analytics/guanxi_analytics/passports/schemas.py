"""What a model is worth, as the API shows it."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_shared.values import Day, Value

EXAMPLE: dict[str, Any] = {
    "name": "repeat-purchases", "verdict": "use", "is_used": True,
    "sentence": "Over 3 past moments the expected purchases of a customer were 0.79 off on average, by the customer's own"
    " rate 1.04; the sum of all was 13% off, by the rule 47%.",
}  # fmt: skip


class Fit(Value):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"until": "2026-10-31"}}
    )

    until: Day | None = Field(
        default=None, description="The last day that counts; today, if absent."
    )


class Fitted(BaseModel):
    parameters: dict[str, float]
    standard_errors: dict[str, float | None]
    log_likelihood: float
    customers: int
    dependence: float | None = None


class PastMoment(BaseModel):
    """What would have been said at `origin` of the weeks after it. `rule` is the baseline. `error` and `rule_error`
    are mean absolute errors of a customer's purchases; `auc` says how well each orders who comes again."""

    origin: date
    customers: int
    actual: int
    predicted: float
    rule: float
    error: float
    rule_error: float
    auc: float | None
    recency_auc: float | None


class Calibrated(BaseModel):
    """Customers by repeats until the newest origin: purchases expected and come, on average."""

    repeats: str
    customers: int
    predicted: float
    actual: float


class Data(BaseModel):
    first_on: date | None
    until: date
    customers: int
    buying_again: int


class Drift(BaseModel):
    """How parameters moved since the fit before, in percent."""

    fitted_at: datetime
    verdict: str
    parameters: dict[str, float]


class Passport(BaseModel):
    """How often customers buy is fitted over all of them, `spending` in each currency with enough who bought again.
    `data`, `buying`, `spending`, `backtest`, `calibration` and `drift` sum over all customers: null for those who do
    not see all orders."""

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
    backtest: list[PastMoment] | None
    calibration: list[Calibrated] | None
    drift: Drift | None


class Passports(BaseModel):
    data: list[Passport]
