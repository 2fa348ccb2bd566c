"""The allow-list of tax classes."""

from typing import Final

from sqlalchemy import Table

from guanxi_pipeline import models
from guanxi_pipeline.tax_classes.schemas import TaxClassRead
from guanxi_shared.resources import Resource, fields_of

TAX_CLASS: Final[Table] = models.TaxClass.metadata.tables["tax_classes"]
TAX_CLASSES: Resource = Resource(
    name="tax_classes",
    noun="tax_class",
    service="pipeline",
    table=TAX_CLASS,
    fields=fields_of(TAX_CLASS),
    is_owned=False,
    model=TaxClassRead,
)
