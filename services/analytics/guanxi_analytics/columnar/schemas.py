"""Snapshots as the API shows them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class MonthOfFacts(BaseModel):
    kind: Literal["sales", "deals", "tickets", "answers"] = "sales"
    month: str
    file: str
    rows: int


class FeatureMade(BaseModel):
    """`digest` is of the values: the same whatever engine computed them."""

    rows: int
    digest: str
    seconds: float


class SumsHeld(BaseModel):
    """Customers whose kept sums were held against sums made anew, and groups of deals, tickets and answers whose columns were
    held against the facts; `differ` is 0, or something is wrong with us."""

    compared: int
    differ: int
    examples: list[str]


class Snapshot(BaseModel):
    """`watermark`: how many changes of each source's facts it holds. Files never change and are named by their content."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f52", "made_at": "2026-11-02T03:00:00Z",
                "watermark": {"contacts": 211, "pipeline": 4211, "tickets": 96}, "rows": 1204,
                "months": [
                    {
                        "kind": "sales", "month": "2026-10", "rows": 1204,
                        "file": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f53/sales/2026-10-8a6b0c2d4e6f8a6b0c2d4e6f.parquet",
                    }
                ],
                "engine": "duckdb", "code_version": 711287,
                "features": {"cohorts": {"rows": 10, "digest": "9c30423756ca", "seconds": 0.04}},
                "compared": {"compared": 118, "differ": 0, "examples": []},
            }
        }
    )  # fmt: skip

    id: UUID
    made_at: datetime
    watermark: dict[str, int]
    rows: int
    months: list[MonthOfFacts]
    engine: str
    code_version: int
    features: dict[str, FeatureMade]
    compared: SumsHeld | None


class Snapshots(BaseModel):
    data: list[Snapshot]
