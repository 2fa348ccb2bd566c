"""The allow-list of payments."""

from typing import Final

from sqlalchemy import Table

from guanxi_pipeline import models
from guanxi_pipeline.invoices.resources import in_one_currency
from guanxi_pipeline.payments.schemas import PaymentRead
from guanxi_shared.resources import Resource

PAYMENT: Final[Table] = models.Payment.metadata.tables["payments"]
PAYMENTS: Resource = Resource(
    name="payments",
    noun="payment",
    service="pipeline",
    table=PAYMENT,
    fields=in_one_currency(PAYMENT, ("amount",)),
    model=PaymentRead,
)
