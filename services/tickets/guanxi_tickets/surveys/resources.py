"""The allow-list of surveys."""

from dataclasses import replace
from typing import Final

from guanxi_shared import resources as r
from guanxi_shared.resources import Resource, fields_of
from guanxi_tickets import models
from guanxi_tickets.surveys.schemas import SurveyRead

TABLE: Final = models.Survey.metadata.tables["surveys"]
_FIELDS = fields_of(TABLE, hidden=("ran_until",))
SURVEYS: Resource = Resource(
    name="surveys",
    noun="survey_form",
    service="tickets",
    table=TABLE,
    fields=_FIELDS
    | {name: replace(_FIELDS[name], kind=r.OBJECT) for name in ("texts", "follow_up")}
    | {
        name: replace(_FIELDS[name], is_filtered=False)
        for name in ("filter_groups", "items", "questions")
    },
    is_owned=False,
    model=SurveyRead,
)
