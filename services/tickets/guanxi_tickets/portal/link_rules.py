"""The link by which a customer follows tickets (`signed_links`): its purpose, and how long it opens. Pure."""

from datetime import timedelta
from typing import Final

PURPOSE: Final = b"guanxi tickets portal link 1"
USUAL_DAYS: Final = 90
MOST_DAYS: Final = 366


def lifetime(days: int | None) -> timedelta:
    return timedelta(days=USUAL_DAYS if days is None else days)
