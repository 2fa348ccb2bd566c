"""What the log of analytics holds: what people saved. Its facts are other services' records."""

from typing import Final

from guanxi_analytics.reports.resource import REPORTS
from guanxi_analytics.schedules.resource import SCHEDULES
from guanxi_shared.resources import Resource

LOGGED: Final[tuple[Resource, ...]] = (REPORTS, SCHEDULES)
