"""The allow-list of submitted forecasts."""

from typing import Final

from sqlalchemy import Table

from guanxi_pipeline import models
from guanxi_pipeline.calls.schemas import CallRead
from guanxi_shared.resources import Resource, fields_of

CALL: Final[Table] = models.ForecastCall.metadata.tables["forecast_calls"]

FORECASTS: Resource = Resource(
    name="forecasts",
    noun="forecast",
    service="pipeline",
    table=CALL,
    fields=fields_of(CALL, money=("commit", "best_case", "adjusted_commit", "adjusted_best_case")),
    model=CallRead,
)
