"""The allow-list of schedules of reports."""

from typing import Final

from guanxi_analytics.models.schedules import ReportSchedule
from guanxi_analytics.schedules.schemas import ScheduleRead
from guanxi_shared.resources import Resource, fields_of

PATH: Final = "/v1/analytics/report-schedules"
TABLE: Final = ReportSchedule.metadata.tables["report_schedules"]

SCHEDULES: Final = Resource(
    name="report-schedules",
    noun="report_schedule",
    service="analytics",
    table=TABLE,
    fields=fields_of(TABLE, hidden=("rights",)),
    permitted_as="reports",
    seen_as="reports",
    model=ScheduleRead,
    path=PATH,
)
