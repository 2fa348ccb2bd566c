"""Reports as the API takes and shows them."""

from datetime import datetime
from typing import Any, Literal, cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from guanxi_analytics.queries.asked import Query
from guanxi_analytics.queries.schemas import Labels, QueryAnswer, Row
from guanxi_shared.sharing import SharedWith
from guanxi_shared.values import Fields, Line

Chart = Literal["auto", "bars", "columns", "line", "none"]
EXAMPLE: dict[str, Any] = {
    "name": "Steel in the north, by month",
    "name_zh": "北方钢铁行业月度销售",
    "document": {
        "measures": ["revenue", "orders"],
        "dimensions": ["month"],
        "filter_groups": [{"filters": [{"field": "industry", "operator": "eq", "value": "steel"}]}],
        "period": {"from": "this_year", "until": "next_year"},
        "compare": "previous_year",
    },
    "shared_with": "team",
}


class ReportFields(Fields):
    """`document` is a query without `as_of`: the run names the moment, and relative days count from it."""

    model_config = ConfigDict(extra="forbid")

    name_zh: Line | None = None
    chart: Chart = "auto"
    is_graded: bool = Field(
        default=False, description="Rows get a grade by their share of the first measure: A, B, C."
    )
    shared_with: SharedWith = "nobody"
    shared_team_id: UUID | None = Field(
        default=None, description="Which team, when shared with one; absent: the only one one has."
    )


class ReportCreate(ReportFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    id: UUID | None = None
    name: Line
    document: Query


class ReportUpdate(ReportFields):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"chart": "line"}})

    name: Line = Field(default="", validate_default=False)
    document: Query = Field(default=cast(Any, None), validate_default=False)


class ReportRead(BaseModel):
    id: UUID
    name: str
    name_zh: str | None
    document: dict[str, Any]
    chart: Chart
    is_graded: bool
    shared_with: SharedWith
    shared_team_id: UUID | None
    owner_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime


class PredefinedReport(BaseModel):
    """`id` is its name in paths. `is_permitted`: whether the caller may read what it is of."""

    id: str
    name: str
    name_zh: str
    document: dict[str, Any]
    chart: Chart
    is_graded: bool
    is_permitted: bool


class PredefinedReports(BaseModel):
    data: list[PredefinedReport]


class RanReport(BaseModel):
    id: str
    name: str
    name_zh: str | None
    chart: Chart
    labels: Labels
    is_graded: bool


class KeptAnswer(BaseModel):
    """`is_kept`: the answer was there already, made by this code of these facts. `watermark` counts the changes of
    facts by source; `parameters` are the query with its days."""

    is_kept: bool
    computed_at: datetime
    watermark: str
    code_version: int
    parameters: dict[str, Any]


class GradedRow(Row):
    grade: Literal["A", "B", "C"] | None = None


class ReportAnswer(QueryAnswer):
    rows: list[GradedRow]  # type: ignore[assignment]  # rows as elsewhere, and more


class ReportRun(BaseModel):
    report: RanReport
    kept: KeptAnswer
    answer: ReportAnswer
