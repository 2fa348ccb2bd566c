"""Products as facts: what stock reports and tickets call by id or number alone."""

from datetime import datetime
from uuid import UUID

from guanxi_analytics.db import Table
from guanxi_analytics.models.fact_columns import indexes, moment, row_version
from guanxi_shared.columns import id_column, text_column


class ProductFact(Table, table=True):
    """What a product is called and where it belongs, as it stood. `product` is its name, as in sales."""

    __tablename__ = "product_facts"
    __table_args__ = indexes("product_facts", "sku")

    organisation_id: UUID = id_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)  # pipeline's product
    piece_id: UUID = id_column(nullable=False)  # the same
    version: int = row_version()
    recorded_at: datetime = moment("recorded_at", nullable=False)
    ended_at: datetime | None = moment("ended_at")
    product: str = text_column(nullable=False)
    sku: str | None = text_column()
    category: str | None = text_column()
