"""The link by which a customer reads and answers an offer (`signed_links`): its purpose and its end. Pure."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

PURPOSE: Final = b"guanxi pipeline quote link 1"
KEPT_DAYS: Final = 90  # readable for so long after the last day on which it can be accepted


def expiry_of(valid_until: date, zone: tzinfo) -> datetime:
    end = datetime.combine(valid_until + timedelta(days=KEPT_DAYS + 1), time(), zone)
    return end.astimezone(UTC)
