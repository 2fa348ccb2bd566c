"""The link by which a customer reads and answers an offer: for what it is signed, and until when. Pure."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from guanxi_shared import signed_links

PURPOSE = b"guanxi pipeline quote link 1"
KEPT_DAYS = 90  # readable for so long after the last day on which it can be accepted


def key_from(secret: str) -> bytes:
    return signed_links.key_from(secret, PURPOSE)


def expiry_of(valid_until: date, zone: tzinfo) -> datetime:
    end = datetime.combine(valid_until + timedelta(days=KEPT_DAYS + 1), time(), zone)
    return end.astimezone(UTC)
