"""The allow-list of web forms."""

from dataclasses import replace
from typing import Final

from guanxi_pipeline import models
from guanxi_pipeline.lead_forms.schemas import LeadFormRead
from guanxi_shared.resources import Resource, fields_of

TABLE: Final = models.LeadForm.metadata.tables["lead_forms"]
_fields = fields_of(TABLE)
LEAD_FORMS: Resource = Resource(
    name="lead_forms",
    noun="lead_form",
    service="pipeline",
    table=TABLE,
    fields=_fields | {"fields": replace(_fields["fields"], key="name")},
    is_owned=False,
    model=LeadFormRead,
)
