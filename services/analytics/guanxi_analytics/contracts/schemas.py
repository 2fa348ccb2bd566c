"""Contracts as the API shows them."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from guanxi_analytics.cohorts.schemas import Proportion
from guanxi_shared.money import Money

Term = Literal["month", "quarter", "half_year", "year", "two_years", "three_years", "other"]


class Curve(BaseModel):
    """With its 95% interval."""

    value: float | None
    low: float | None
    high: float | None


class FittedTerm(Curve):
    """Survivors by sorting alone; `retention` of this term, and by how many standard errors what was lies above it."""

    retention: float
    difference: float


class ContractTerm(BaseModel):
    """The n-th term: contracts that were due to be renewed at its end, those that were not, and of all that began the share
    that is still there (Kaplan and Meier, Greenwood's interval). `retention` is null of fewer than ten."""

    n: int
    at_risk: int
    lost: int
    retention: Proportion | None
    survivors: Curve
    fitted: FittedTerm | None


class CohortTerm(BaseModel):
    n: int
    kept: int
    survivors: Proportion | None
    fitted: float | None


class ContractCohort(BaseModel):
    """Contracts begun in a period; `terms` as far as all of them were due."""

    cohort: date
    contracts: int
    terms: list[CohortTerm]


class SbgFit(BaseModel):
    values: dict[str, float]
    standard_errors: dict[str, float]
    log_likelihood: float
    contracts: int


class Sorting(BaseModel):
    """Whether retention as it was is what sorting alone makes of it: Pearson's test over the terms."""

    p: float | None
    is_enough: bool
    differences: list[float]
    sentence: str


class HeldOutTerm(BaseModel):
    n: int
    observed: float
    foretold: float
    by_constant: float


class ContractBackTest(BaseModel):
    """Fitted on the first `trained_on` terms, held against the others. Errors are mean absolute differences of the survivors'
    share; `gain` is by how much the Brier score is lower than the baseline's: mean, low, high."""

    trained_on: int
    parameters: dict[str, float]
    baseline: str
    constant: float
    terms: list[HeldOutTerm]
    error: float
    error_of_constant: float
    gain: tuple[float, float, float]


class ContractModel(BaseModel):
    verdict: Literal["use", "weak", "no_better", "refused"]
    sentence: str
    parameters: SbgFit | None
    sorting: Sorting | None
    backtest: ContractBackTest | None


class Renewals(BaseModel):
    """Of a contract in its `term`-th term: discounted renewals to come (DERL), with the interval of the expectation, and their
    value where a margin was sent."""

    term: int
    renewals: float
    low: float
    high: float
    value: Money | None


class ContractBlock(BaseModel):
    """Contracts that began with a term of this length. `lapsed` were not renewed in time, `put_away` were ended before; `churn` is
    the share of both in all. `lifetime` is empty where the model is refused or no better than a constant rate."""

    term: Term
    term_years: float
    contracts: int
    running: int
    put_away: int
    lapsed: int
    churn: Proportion
    model: ContractModel
    terms: list[ContractTerm]
    cohorts: list[ContractCohort] | None
    lifetime: list[Renewals]


class ContractRetention(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "until": "2026-06-30", "as_of": "2026-07-01T08:00:00Z", "grace": 30, "by": None, "discount": 0.1,
                "margin": {"amount": "1200", "currency": "CNY"},
                "sentence": "A contract is what an account has without a gap; …", "data": [],
            }
        }
    )  # fmt: skip

    until: date
    as_of: datetime
    grace: int
    by: Literal["month", "quarter", "year"] | None
    discount: float
    margin: Money | None
    sentence: str
    data: list[ContractBlock]
