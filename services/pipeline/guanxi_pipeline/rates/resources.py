"""The allow-list of exchange rates: everybody of the organisation sees all of them."""

from typing import Final

from sqlalchemy import Table

from guanxi_pipeline import models
from guanxi_pipeline.rates.schemas import ExchangeRateRead
from guanxi_shared.resources import Resource, fields_of

EXCHANGE_RATE: Final[Table] = models.ExchangeRate.metadata.tables["exchange_rates"]
EXCHANGE_RATES: Resource = Resource(
    name="exchange-rates",
    noun="exchange_rate",
    service="pipeline",
    table=EXCHANGE_RATE,
    fields=fields_of(EXCHANGE_RATE),
    is_owned=False,
    model=ExchangeRateRead,
)
