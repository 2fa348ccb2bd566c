"""Which products are bought together, and which go along with coming back: of the newest fit alone."""

from uuid import UUID

from sqlalchemy import BigInteger, Column, Float, Index, PrimaryKeyConstraint
from sqlmodel import Field

from guanxi_analytics.db import Table
from guanxi_shared.columns import id_column, one_of, text_column, texts_column


def _count() -> int:
    found: int = Field(sa_column=Column(BigInteger, nullable=False))
    return found


def _figure() -> float:
    found: float = Field(sa_column=Column(Float, nullable=False))
    return found


class ProductRule(Table, table=True):
    """Who buys all of `given` also buys `leads_to`, by counts of orders; `place` orders those of a kind. A product is its article
    number, else its id, else its name."""

    __tablename__ = "product_rules"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "kind", "place"),
        Index("ix_product_rules_given", "organisation_id", "given"),
        Index("ix_product_rules_leads_to", "organisation_id", "leads_to"),
        one_of("kind", ("pair", "rule")),
    )

    organisation_id: UUID = id_column(nullable=False)
    model_id: UUID = id_column(nullable=False)
    kind: str = text_column(nullable=False)
    place: int = _count()
    given: list[str] = texts_column()
    leads_to: str = text_column(nullable=False)
    together: int = _count()
    of_given: int = _count()
    of_then: int = _count()
    orders: int = _count()
    p: float = _figure()
    q: float = _figure()


class ProductRetention(Table, table=True):
    """Of those who bought a product on their first day, and of the others, how many came back within the window."""

    __tablename__ = "product_retentions"
    __table_args__ = (PrimaryKeyConstraint("organisation_id", "place"),)

    organisation_id: UUID = id_column(nullable=False)
    model_id: UUID = id_column(nullable=False)
    place: int = _count()
    product: str = text_column(nullable=False)
    buyers: int = _count()
    back: int = _count()
    others: int = _count()
    others_back: int = _count()
    difference: float = _figure()
    low: float = _figure()
    high: float = _figure()
    p: float = _figure()
    q: float = _figure()
