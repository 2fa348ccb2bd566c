"""Forecasts as the API shows them."""

from datetime import date
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from guanxi_pipeline.board.schemas import Converted
from guanxi_shared.money import Money

CNY: dict[str, Any] = {"amount": "310000.00", "currency": "CNY"}
SUMS: dict[str, Any] = {"sums": [CNY], "converted": CNY | {"rates": []}}
FIGURES_EXAMPLE: dict[str, Any] = {
    "closed": {"count": 4, **SUMS}, "commit": {"count": 4, **SUMS}, "best_case": {"count": 4, **SUMS},
    "pipeline": {"count": 4, **SUMS}, "weighted": SUMS, "expected": SUMS, "without_amount": 1,
    "quota": {"sums": [{"amount": "500000.00", "currency": "CNY"}],
              "converted": {"amount": "500000.00", "currency": "CNY", "rates": []}},
    "attainment": 0.62, "pace": 0.9663, "gap": {"amount": "190000.00", "currency": "CNY"},
}  # fmt: skip
EXAMPLE: dict[str, Any] = {
    "period": {"name": "2026-Q4", "kind": "quarter", "starts_on": "2026-10-01", "ends_on": "2026-12-31"},
    "by": "person", "as_of": None, "rights": None,
    "elapsed": {"days": 59, "of": 92, "counted_in": "calendar_days", "share": 0.6413},
    "currency": "CNY", "rate_on": "2026-11-28", "missing_rates": [],
    "groups": [{"id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50", "name": "王芳", **FIGURES_EXAMPLE}],
    "total": FIGURES_EXAMPLE | {
        "interval": None,
        "interval_refused": "80 percent take 9 finished quarters of which the forecast at this point was "
                            "kept; there are 2.",
    },
}  # fmt: skip


class PeriodRead(BaseModel):
    """`ends_on` is its last day."""

    name: str
    kind: Literal["month", "quarter", "year"]
    starts_on: date
    ends_on: date


class Elapsed(BaseModel):
    """How many of the days have begun, the present one among them."""

    days: int
    of: int
    counted_in: Literal["calendar_days"]
    share: float


class SumsRead(BaseModel):
    """Each currency by itself; `converted` is null where a rate is missing."""

    sums: list[Money]
    converted: Converted | None


class CategoryRead(SumsRead):
    count: int


class Figures(BaseModel):
    """`closed`: won in the period. `commit`, `best_case`, `pipeline`: open, to close in it.
    `weighted`: those three by probability. `expected`: closed + weighted. `attainment`: closed / quota.
    `pace`: closed / (quota x share of the days that have begun). `gap`: quota - closed."""

    closed: CategoryRead
    commit: CategoryRead
    best_case: CategoryRead
    pipeline: CategoryRead
    weighted: SumsRead
    expected: SumsRead
    without_amount: int
    quota: SumsRead | None
    attainment: float | None
    pace: float | None
    gap: Money | None


class Group(Figures):
    """`id` is null for what counts for nobody (no team, no product); products are named by their id."""

    id: UUID | None
    name: str | None


class PastPeriod(BaseModel):
    period: str
    forecast_on: date
    forecast: Money
    actual: Money
    error: Money
    ratio: float | None


class Interval(BaseModel):
    """Of `expected`; `coverage` in percent, `n` past periods, each of them in `past`."""

    coverage: int
    low: Money
    middle: Money
    high: Money
    n: int
    method: str
    past: list[PastPeriod]


class Total(Figures):
    interval: Interval | None
    interval_refused: str | None


class Forecast(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    period: PeriodRead
    by: Literal["person", "team", "pipeline", "product"]
    as_of: date | None
    rights: str | None
    elapsed: Elapsed
    currency: str
    rate_on: date
    missing_rates: list[str]
    groups: list[Group]
    total: Total


class Accuracy(BaseModel):
    """`wape`, `bias` and `mape` as ratios; a bias above 0 was too hopeful. `n` periods, `mape_n` of
    them with something won."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "kind": "quarter", "share": 0.5, "currency": "CNY", "rate_on": "2026-11-28",
                "n": 1, "wape": 0.0333, "bias": 0.0333, "mape": 0.0333, "mape_n": 1,
                "periods": [{
                    "period": "2026-Q3", "forecast_on": "2026-08-15", "forecast": CNY,
                    "actual": {"amount": "300000.00", "currency": "CNY"},
                    "error": {"amount": "10000.00", "currency": "CNY"}, "ratio": 0.9677,
                }],
            }
        }
    )  # fmt: skip

    kind: Literal["month", "quarter", "year"]
    share: float
    currency: str
    rate_on: date
    n: int
    wape: float | None
    bias: float | None
    mape: float | None
    mape_n: int
    periods: list[PastPeriod]
