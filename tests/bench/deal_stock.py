"""Deals of a pipeline whose ids are fixed, so that processes that make them agree on where they stand."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

PIPELINE_ID = UUID("01900000-0000-7000-8000-0000000000aa")
# Name, kind, percent, and how many of a hundred deals stand there.
STAGES = (
    ("Qualification", "open", 10, 12), ("Needs analysis", "open", 25, 9),
    ("Proposal", "open", 50, 6), ("Negotiation", "open", 75, 3),
    ("Won", "won", 100, 44), ("Lost", "lost", 0, 26),
)  # fmt: skip
CATEGORY = {"open": "pipeline", "won": "closed", "lost": "omitted"}
BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
SUBJECTS = ("年度软件许可", "Annual licences", "设备采购", "Line upgrade", "维保服务", "Training")
DAYS = 700


def stage_id(place: int) -> UUID:
    return UUID(int=PIPELINE_ID.int + 1 + place)


OPEN_STAGES = tuple(stage_id(place) for place, stage in enumerate(STAGES) if stage[1] == "open")


def pipeline() -> dict[str, Any]:
    """As `POST /v1/pipelines` takes it."""
    return {
        "id": str(PIPELINE_ID), "name": "Bench", "is_default": True,
        "stages": [
            {"id": str(stage_id(place)), "name": name, "kind": kind, "probability": percent}
            for place, (name, kind, percent, _) in enumerate(STAGES)
        ],
    }  # fmt: skip


def place_of(number: int) -> int:
    """The stage of a deal, by the shares above; neighbours stand apart."""
    share = number * 37 % 100
    for place, stage in enumerate(STAGES):
        share -= stage[3]
        if share < 0:
            return place
    raise AssertionError("the shares sum to a hundred")


def deal(number: int) -> dict[str, Any]:
    """Every column of a deal that does not say whose it is; one in five is in dollars."""
    place = place_of(number)
    _, kind, percent, _ = STAGES[place]
    at = BEGAN + timedelta(days=number * 7919 % DAYS, microseconds=number)
    closes: date = (at + timedelta(days=30 + number % 60)).date()
    return {
        "name": f"{SUBJECTS[number % len(SUBJECTS)]} {number:06d}", "pipeline_id": PIPELINE_ID,
        "stage_id": stage_id(place), "status": kind, "probability": Decimal(percent),
        "probability_source": "stage", "forecast_category": CATEGORY[kind],
        "amount_amount": Decimal(1_000 + number * 7919 % 200_000).quantize(Decimal("0.01")),
        "amount_currency": "USD" if number % 5 == 0 else "CNY", "amount_source": "given",
        "close_on": closes, "first_close_on": closes, "stage_entered_at": at,
        "closed_at": None if kind == "open" else at + timedelta(days=30),
        "rank": -Decimal(int(at.timestamp() * 1_000_000)),
    }  # fmt: skip
