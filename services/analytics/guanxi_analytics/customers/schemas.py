"""A customer as analytics shows them."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from guanxi_analytics.contracts.schemas import RunningContract
from guanxi_analytics.products.schemas import Next
from guanxi_analytics.risk.schemas import OF_ONE, CustomerRisk
from guanxi_shared.money import Money

Quadrant = Literal["protect", "grow", "harvest", "maintain", "uncertain"]


class Purchases(BaseModel):
    """Of the orders that the caller sees, in one currency: net of returns, `bought` before them; `margin` is
    null unless every cost is known."""

    currency: str
    orders: int
    days: int
    amount: Money
    bought: Money
    margin: Money | None
    first_on: date | None
    last_on: date | None
    days_since_last: int | None


class Scores(BaseModel):
    currency: str
    recency: int
    frequency: int
    monetary: int
    grade: str
    scored_at: datetime
    means: dict[str, str]


class Reasons(BaseModel):
    """`silent_intervals` is the naive rule: the silence as a multiple of the own usual interval. `contributions` add up
    to the logarithm of the odds of being alive, exactly."""

    silent_days: int
    usual_interval_days: float | None
    silent_intervals: float | None
    contributions: dict[str, float] | None
    if_bought_today: float | None
    sentence: str


class Value(BaseModel):
    """Of what is to come within the horizon, discounted; 95 % of what the parameters allow. `of` is margin where every
    cost is known, else revenue."""

    expected: Money
    low: Money
    high: Money
    of: str
    horizon_weeks: float
    discount: float


class Outlook(BaseModel):
    """What the model in use expects at the end of `until`. `value` and `at_risk` (value × the chance that it
    does not come) are null where some of the customer's orders are not the caller's to see."""

    currency: str
    alive: float
    purchases: float
    until: date
    value: Value | None
    at_risk: Money | None
    reasons: Reasons
    model_id: UUID
    verdict: str
    model: str


class Standing(BaseModel):
    """In the value matrix: `before` and `since` are of the last move. All null, and a sentence, where no model in use places them."""

    quadrant: Quadrant | None
    labels: dict[str, str] | None
    currency: str | None
    before: Quadrant | None
    since: datetime | None
    sentence: str


class LastAnswer(BaseModel):
    kind: Literal["csat", "nps"]
    score: int
    answered_at: datetime
    ticket_id: UUID | None


class Complaints(BaseModel):
    """Those that are neither solved nor closed; the five oldest."""

    open: int
    oldest_at: datetime | None
    ticket_ids: list[UUID]


class Content(BaseModel):
    """The last answer of each kind, and open complaints, of the tickets that the caller sees; `complaints` is null for those who read
    none. `loyalty_type` as in the satisfaction of all customers."""

    answers: list[LastAnswer]
    loyalty_type: Literal["loyal", "spurious", "latent", "none"] | None
    complaints: Complaints | None
    sentence: str


class RunningContracts(BaseModel):
    """By the newest fit of the model; `by` says what its hazards are made of."""

    model: str
    verdict: str | None
    by: Literal["place", "length", "overall"] | None
    until: date | None
    sentence: str
    data: list[RunningContract]


class NextOnes(BaseModel):
    url: str
    by: Literal["pairs", "popularity", "nothing"]
    verdict: str | None
    sentence: str
    data: list[Next]


class ScorePart(BaseModel):
    name: str
    contribution: str
    sentence: str


class Why(BaseModel):
    """Contributions are decimals as text and add up to `total` exactly: of P(alive) in log-odds, of money in `currency`, of hazards in
    shares."""

    score: Literal["alive", "value", "at_risk", "hazard"]
    currency: str | None
    entitlement_id: UUID | None
    unit: Literal["log_odds", "money", "share"]
    total: str
    contributions: list[ScorePart]


class Change(BaseModel):
    """What a score would be (`after`) instead of what it is: by a purchase today, by silence until `on`, by a renewal."""

    score: Literal["alive", "value", "hazard"]
    by: Literal["purchase_today", "silence", "renewal"]
    on: date | None
    before: str
    after: str
    currency: str | None
    entitlement_id: UUID | None
    sentence: str


class NextBestAction(BaseModel):
    """A rule, not a prediction. `computed` says how `expected` comes about: what is gained, or what is at risk."""

    place: int
    rule: Literal["answer", "collect", "renew", "win_back", "call", "cross_sell", "nothing"]
    is_rule: Literal[True]
    labels: dict[str, str]
    reasons: list[str]
    expected: Money | None
    computed: str | None
    entitlement_id: UUID | None


class NextBestActions(BaseModel):
    sentence: str
    data: list[NextBestAction]


class Customer(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "account_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50", "name": "华东机电", "grade": "A",
                "lifecycle_stage": "customer", "purchases": [], "scores": [], "outlooks": [],
                "outlooks_sentence": "They had bought nothing by 2026-06-30.",
                "quadrant": {
                    "quadrant": None, "labels": None, "currency": None, "before": None, "since": None,
                    "sentence": "They had bought nothing by 2026-06-30.",
                },
                "satisfaction": {
                    "answers": [
                        {"kind": "csat", "score": 2, "answered_at": "2026-06-20T03:00:00Z", "ticket_id": None}
                    ],
                    "loyalty_type": None, "complaints": {"open": 0, "oldest_at": None, "ticket_ids": []},
                    "sentence": "Whether they still buy is not known: no model in use says so, or they bought nothing.",
                },
                "contracts": {
                    "model": "/v1/analytics/models/renewal-hazard", "verdict": None, "by": None, "until": None,
                    "sentence": "No contract of theirs that you see is running.", "data": [],
                },
                "risk": OF_ONE | {"sentence": "Of the invoices and accounts that you see. …"},
                "next_products": {
                    "url": "/v1/analytics/customers/01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50/next-products", "by": "nothing",
                    "verdict": None, "sentence": "Nothing was fitted yet: POST /v1/analytics/models/fit.", "data": [],
                },
                "why": [], "what_would_change": [],
                "next_best_actions": {
                    "sentence": "These are rules in a fixed order, and no predictions: …",
                    "data": [
                        {
                            "place": 1, "rule": "answer", "is_rule": True,
                            "labels": {"en": "Answer what they complain about", "zh": "先处理投诉与低分"},
                            "reasons": ["They gave CSAT 2 on 2026-06-20; 2 and below is low."], "expected": None,
                            "computed": None, "entitlement_id": None,
                        }
                    ],
                },
            }
        }
    )  # fmt: skip

    account_id: UUID
    name: str
    grade: str | None
    lifecycle_stage: str | None
    purchases: list[Purchases]
    scores: list[Scores]
    outlooks: list[Outlook]
    outlooks_sentence: str
    quadrant: Standing
    satisfaction: Content
    contracts: RunningContracts
    risk: CustomerRisk
    next_products: NextOnes
    why: list[Why]
    what_would_change: list[Change]
    next_best_actions: NextBestActions
