"""The allow-list of answers. Whoever sees the ticket sees them."""

from dataclasses import replace
from typing import Final

from guanxi_shared import resources as r
from guanxi_shared.resources import Resource, fields_of
from guanxi_tickets import models
from guanxi_tickets.survey_answers.schemas import AnswerRead

ANSWER: Final = models.SurveyAnswer.metadata.tables["survey_answers"]
_FIELDS = {
    ("assignee_id" if name == "owner_id" else name): field
    for name, field in fields_of(ANSWER, hidden=("follow_up_at",)).items()
}
_FIELDS["assignee_id"] = replace(_FIELDS["assignee_id"], name="assignee_id")
_FIELDS["answers"] = replace(_FIELDS["answers"], kind=r.OBJECT)
ANSWERS: Resource = Resource(
    name="survey-answers",
    noun="survey",
    service="tickets",
    table=ANSWER,
    fields=_FIELDS,
    model=AnswerRead,
    permitted_as="tickets",
    seen_as="tickets",
)
