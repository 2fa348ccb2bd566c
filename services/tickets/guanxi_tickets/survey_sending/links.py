"""The link to a survey: made from the invitation whenever somebody may have it, and kept nowhere."""

from datetime import datetime
from typing import Any
from uuid import UUID

from guanxi_shared import reads
from guanxi_shared.calls import Call, House
from guanxi_shared.errors import Conflict
from guanxi_shared.signed_links import Link, key_from, token_of
from guanxi_tickets.survey_sending.resources import INVITATIONS
from guanxi_tickets.survey_sending.rules import PURPOSE

PUBLIC = "/v1/public/surveys"
OPEN = ("sent", "started")


class NotOpen(Conflict):
    code, title = "survey_not_open", "Nothing can be answered by this invitation"


def survey_key(here: House) -> bytes:
    return key_from(here.common.service_secret, PURPOSE)


async def read_link(call: Call, invitation_id: UUID) -> dict[str, Any]:
    """Of one that was sent and can still be answered."""
    invitation = await reads.find_record(call, INVITATIONS, invitation_id)
    if invitation["status"] not in OPEN:
        raise NotOpen(f"The invitation is {invitation['status']}.")
    return link_of(call, invitation_id, _moment(invitation["expires_at"]))


def link_of(call: Call, invitation_id: UUID, expires_at: datetime) -> dict[str, Any]:
    token = token_of(Link(call.organisation, invitation_id, expires_at), survey_key(call.house))
    return {"token": token, "path": f"{PUBLIC}/{token}", "expires_at": expires_at}


def _moment(value: datetime | str) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
