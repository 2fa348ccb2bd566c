"""Products that go together, come next, or go along with coming back, as the API shows them."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

RULE: dict[str, Any] = {
    "given": [{"key": "GX-1", "name": "Printer"}], "then": {"key": "GX-2", "name": "Toner"}, "both": 40, "of_given": 60,
    "of_then": 90, "orders": 1000, "support": 0.04, "confidence": 0.666667, "lift": 7.407407, "leverage": 0.0346,
    "p": 1e-21, "q": 1e-18,
}  # fmt: skip
LEARNT: dict[str, Any] = {
    "n": 1000,
    "fitted_at": "2026-11-01T02:00:00Z",
    "watermark": {"pipeline": 4211},
}
SENTENCE = "Counted in orders; together is no cause."
PAGE: dict[str, Any] = {"next_cursor": None, "has_more": False, "total": None}


class Product(BaseModel):
    """`key` is the article number, else the id, else the name."""

    key: str
    name: str | None


class ProductPage(BaseModel):
    next_cursor: str | None
    has_more: bool
    total: int | None


class Learnt(BaseModel):
    """`n` orders were learnt from; null where nothing was fitted or not all orders are seen."""

    n: int | None
    fitted_at: datetime | None
    watermark: dict[str, int]
    sentence: str


class Rule(BaseModel):
    """Of `orders` orders, `of_given` hold all of `given`, `of_then` hold `then`, `both` hold all of them."""

    given: list[Product]
    then: Product
    both: int
    of_given: int
    of_then: int
    orders: int
    support: float
    confidence: float
    lift: float
    leverage: float
    p: float
    q: float


class Affinity(Learnt):
    model_config = ConfigDict(
        json_schema_extra={"example": {**LEARNT, "sentence": SENTENCE, "test": "Fisher's exact test", "data": [RULE], "page": PAGE}}
    )  # fmt: skip

    test: str | None
    data: list[Rule]
    page: ProductPage


class Retaining(BaseModel):
    """Of `buyers`, who bought it on their first day, `back` came back within the window, of `others` `others_back`."""

    product: Product
    buyers: int
    back: int
    others: int
    others_back: int
    difference: float
    low: float
    high: float
    p: float
    q: float


class ProductRetention(Learnt):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {**LEARNT, "sentence": SENTENCE, "kind": "association", "window_days": 182, "data": [], "page": PAGE}
        }
    )  # fmt: skip

    kind: Literal["association"]
    window_days: int | None
    data: list[Retaining]
    page: ProductPage


class Because(BaseModel):
    product: Product
    confidence: float
    lift: float


class Next(BaseModel):
    """`because`: of those who bought that, the share that bought this in one order; null where it is what is bought most."""

    product: Product
    because: Because | None


class NextProducts(Learnt):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **LEARNT, "sentence": SENTENCE, "account_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f52", "by": "pairs",
                "verdict": "use", "bought": 3, "data": [],
            }
        }
    )  # fmt: skip

    account_id: UUID
    by: Literal["pairs", "popularity", "nothing"]
    verdict: str | None
    bought: int
    data: list[Next]
