"""Conversions of leads: what is to be made, kept before anything is."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from guanxi_pipeline.db import Table
from guanxi_shared.columns import id_column, instant_column, json_column, one_of

CONVERSION_STATUSES = ("pending", "undoing", "done", "refused")


class Conversion(Table, table=True):
    """One lead's way to an account, a person and a deal: their ids are chosen here first, so that
    every step can be repeated."""

    __tablename__ = "lead_conversions"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        one_of("status", CONVERSION_STATUSES),
        # One at a time, and none after it is done.
        Index(
            "uq_lead_conversions_lead", "organisation_id", "lead_id", unique=True,
            postgresql_where=text("status <> 'refused'"),
        ),
        Index("ix_lead_conversions_of_lead", "organisation_id", "lead_id", "created_at"),
        Index(
            "ix_lead_conversions_unfinished", "organisation_id", "next_try_at",
            postgresql_where=text("status IN ('pending', 'undoing')"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    lead_id: UUID = id_column(nullable=False)
    status: str = Field(sa_column=Column(Text, nullable=False, server_default="pending"))
    asked: dict[str, Any] = json_column("{}")  # the request, by which a repetition is known
    account_id: UUID | None = id_column()  # contacts' account, there already or to be made
    contact_id: UUID | None = id_column()  # contacts' contact, there already or to be made
    opportunity_id: UUID | None = id_column()
    new_account: Any = Field(default=None, sa_column=Column(JSONB))  # what contacts is sent
    new_contact: Any = Field(default=None, sa_column=Column(JSONB))
    new_opportunity: Any = Field(default=None, sa_column=Column(JSONB))
    new_consents: Any = Field(
        default=None, sa_column=Column(JSONB)
    )  # what the new contact agreed to
    rights: dict[str, Any] = json_column("{}")  # the caller, in whose name it is finished
    problem: Any = Field(default=None, sa_column=Column(JSONB))  # why it was refused
    tries: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    next_try_at: datetime = instant_column("next_try_at")  # nobody else takes it up before
    created_at: datetime = instant_column("created_at")
    finished_at: datetime | None = instant_column("finished_at", nullable=True)
