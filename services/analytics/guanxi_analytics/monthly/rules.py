"""Which month. Pure."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from guanxi_analytics.queries.period_rules import moved


def last_month(at: datetime, zone: ZoneInfo) -> date:
    """The first day of the last month that was over."""
    return moved(at.astimezone(zone).date().replace(day=1), -1)
