"""The allow-list of invitations. Whoever sees the ticket sees them; partial answers are nobody's yet."""

from dataclasses import replace
from typing import Final

from guanxi_shared.resources import Resource, fields_of
from guanxi_tickets import models
from guanxi_tickets.survey_sending.schemas import InvitationRead

INVITATION: Final = models.SurveyInvitation.metadata.tables["survey_invitations"]
_FIELDS = {
    ("assignee_id" if name == "owner_id" else name): field
    for name, field in fields_of(INVITATION, hidden=("partial",)).items()
}
_FIELDS["assignee_id"] = replace(_FIELDS["assignee_id"], name="assignee_id")
INVITATIONS: Resource = Resource(
    name="survey-invitations",
    noun="survey_invitation",
    service="tickets",
    table=INVITATION,
    fields=_FIELDS,
    model=InvitationRead,
    seen_as="tickets",
)
