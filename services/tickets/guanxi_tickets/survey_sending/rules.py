"""Who is asked: a share that anybody can draw again, and not too often. Pure.

A ticket is in the sample of a survey when the first 8 bytes of SHA-256(survey id | ticket id), read as a
whole number and divided by 2^64, lie below the share. The same ticket is drawn alike whenever it is asked
for, and differently for another survey; a greater share keeps everybody whom a smaller one has drawn.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

PURPOSE: Final = b"guanxi tickets survey link 1"
# What was solved longer ago than the delay and this is not asked about any more: the worker was away, or
# the ticket is older than its record here.
LATEST: Final = timedelta(days=7)


def place_of(survey_id: UUID, ticket_id: UUID) -> float:
    """Where the ticket lies between 0 and 1."""
    drawn = hashlib.sha256(survey_id.bytes + ticket_id.bytes).digest()
    return int.from_bytes(drawn[:8], "big") / 2**64


def is_sampled(survey_id: UUID, ticket_id: UUID, percent: int) -> bool:
    return place_of(survey_id, ticket_id) * 100 < percent


def send_at(survey: Mapping[str, Any], ticket: Mapping[str, Any], now: datetime) -> datetime | None:
    """When a ticket that is solved or closed is asked about by this survey; None if it is not."""
    at: datetime | None = ticket["solved_at" if survey["send_on"] == "solved" else "closed_at"]
    if at is None:
        return None
    due = at + timedelta(minutes=survey["delay_minutes"])
    return due if now - due <= LATEST else None


def why_not(invitation: Mapping[str, Any], about: Mapping[str, Any]) -> str | None:
    """What keeps a planned invitation from being sent, of what is found when its time has come."""
    if not about["survey_is_on"]:
        return "survey_off"
    if invitation["ticket_id"] is not None:
        if about["status_kind"] is None:
            return "ticket_gone"
        if about["status_kind"] not in ("solved", "closed") or (
            about["reopened_count"] != invitation["round"]
        ):
            return "reopened"
    is_nobody = invitation["contact_id"] is None or about["contact_is_gone"]
    return "nobody" if is_nobody else None
