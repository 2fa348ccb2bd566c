"""Snapshots of facts as columns: which files they are, of which moment, and what was computed of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint
from sqlmodel import Field

from guanxi_analytics.db import Table
from guanxi_shared.columns import id_column, instant_column, json_column, text_column


class FactSnapshot(Table, table=True):
    """Never changed. `months` names a file each, `features` says rows, digest and seconds of each, `compared` what came of
    holding the running sums against sums made anew."""

    __tablename__ = "fact_snapshots"
    __table_args__ = (PrimaryKeyConstraint("organisation_id", "id"),)

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    watermark: dict[str, Any] = json_column("{}")  # changes of each source that it holds
    rows: int = Field(sa_column=Column(BigInteger, nullable=False))
    months: list[Any] = json_column("[]")
    engine: str = text_column(nullable=False)
    code_version: int = Field(sa_column=Column(BigInteger, nullable=False))
    features: dict[str, Any] = json_column("{}")
    compared: dict[str, Any] = json_column("{}")
    made_at: datetime = instant_column("made_at")
