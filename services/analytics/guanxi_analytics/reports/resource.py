"""The allow-list of saved reports."""

from dataclasses import replace
from typing import Final

from guanxi_analytics.models.reports import Report
from guanxi_analytics.reports.schemas import ReportRead
from guanxi_shared import resources as r
from guanxi_shared.resources import Resource, fields_of

TABLE: Final = Report.metadata.tables["reports"]
FIELDS: Final = fields_of(TABLE, hidden=("team_id",))
PATH: Final = "/v1/analytics/reports"

REPORTS: Final = Resource(
    name="reports",
    noun="report",
    service="analytics",
    table=TABLE,
    fields=FIELDS | {"document": replace(FIELDS["document"], kind=r.OBJECT)},
    is_for_everybody=True,
    model=ReportRead,
    path=PATH,
)
