"""The allow-list of quotas: what they show, filter and sort."""

from typing import Final

from sqlalchemy import Table

from guanxi_pipeline import models
from guanxi_pipeline.quotas.schemas import QuotaRead
from guanxi_shared.resources import Resource, fields_of

QUOTA: Final[Table] = models.Quota.metadata.tables["quotas"]

QUOTAS: Resource = Resource(
    name="quotas",
    noun="quota",
    service="pipeline",
    table=QUOTA,
    fields=fields_of(QUOTA, money=("amount",)),
    model=QuotaRead,
)
