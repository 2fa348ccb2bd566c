"""How often who may call."""

from sqlalchemy import Text
from sqlmodel import Field

from guanxi_gateway.db import Table


class RateLimit(Table, table=True):
    """GCRA state (`limits_rules`); unlogged, so that a crash of the server empties it."""

    __tablename__ = "rate_limits"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    key: str = Field(primary_key=True, sa_type=Text)
    arrival: float
