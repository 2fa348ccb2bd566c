"""Contracts as the API shows them."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from guanxi_analytics.cohorts.schemas import Proportion
from guanxi_analytics.passports.schemas import Calibrated
from guanxi_shared.documents import Page
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


class RenewalsToCome(BaseModel):
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
    lifetime: list[RenewalsToCome]


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


class RenewalReason(BaseModel):
    """Contributions add up to the hazard: the share of all terms, and what length and place make of it."""

    name: Literal["all", "length", "place"]
    contribution: float
    sentence: str


class RunningContract(BaseModel):
    """A contract in its `n`-th term; below 0 `days_left` are those since its end, within the grace."""

    entitlement_id: UUID
    term: Term
    n: int
    began_on: date
    ends_on: date
    days_left: int
    hazard: float | None
    reasons: list[RenewalReason]


class Ending(RunningContract):
    """`name` is null of an account that the caller does not see."""

    account_id: UUID
    name: str | None


class RenewalJudgement(BaseModel):
    """As a model's passport has it."""

    n: int
    base_rate: float
    brier: float
    brier_of_base_rate: float
    brier_of_baseline: float
    skill: float
    auc: float | None
    calibration_error: float
    over_base_rate: tuple[float, float, float]
    over_baseline: tuple[float, float, float]


class RenewalsTested(BaseModel):
    """Of the terms that ended in each of the last `months`, foretold from those decided before it. `precision`: of the first
    `capacity` of each month the share that was lost, with its interval, beside that by the term's length alone and of anybody;
    `found`: of all lost, the share among them."""

    months: int
    terms: int
    lost: int
    expected: float
    called: int
    precision: float
    low: float
    high: float
    precision_by_length: float
    of_all: float
    found: float | None
    judgement: RenewalJudgement
    calibration: list[Calibrated]


class RenewalModel(BaseModel):
    verdict: Literal["use", "weak", "no_better", "refused"]
    sentence: str
    tested: RenewalsTested | None


class ContractRenewals(BaseModel):
    """`by`: what hazards are made of, the finest that was worth it in the past: a term's `place` in its contract (and length), its
    `length` alone, or the same for all."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "until": "2026-06-30", "as_of": "2026-06-30T08:00:00Z", "grace": 30, "within": 90, "by": "place",
                "model": {
                    "verdict": "use", "tested": None,
                    "sentence": "Better than the base rate and than the share of terms of the same length on 3,214 past cases: …",
                },
                "data": [
                    {
                        "account_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50", "name": "金桥机械",
                        "entitlement_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f51", "term": "year", "n": 1,
                        "began_on": "2025-08-01", "ends_on": "2026-07-31", "days_left": 31, "hazard": 0.31,
                        "reasons": [
                            {"name": "all", "contribution": 0.12, "sentence": "Of all terms 12.0% were not renewed."},
                            {"name": "length", "contribution": 0.04, "sentence": "Of terms of a year 16.0% were not."},
                            {
                                "name": "place", "contribution": 0.15,
                                "sentence": "It is term 1 of the contract: of those 31.0% were not.",
                            },
                        ],
                    }
                ],
                "page": {"next_cursor": None, "has_more": False, "total": None},
            }
        }
    )  # fmt: skip

    until: date
    as_of: datetime
    grace: int
    within: int
    by: Literal["place", "length", "overall"]
    model: RenewalModel
    data: list[Ending]
    page: Page
