"""The settings for leads as a resource: one record for an organisation, in its log and feed."""

from typing import Final

from guanxi_pipeline import models
from guanxi_pipeline.lead_settings.schemas import LeadSettingsRead
from guanxi_shared.resources import Resource, fields_of

TABLE: Final = models.LeadSettings.metadata.tables["lead_settings"]
LEAD_SETTINGS: Resource = Resource(
    name="lead_settings",
    noun="lead_settings",
    service="pipeline",
    table=TABLE,
    fields=fields_of(TABLE),
    is_owned=False,
    model=LeadSettingsRead,
)
