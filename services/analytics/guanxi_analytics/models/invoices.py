"""Invoices as they stood: what was asked for, by when, and how much of it was paid."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from guanxi_analytics.db import Table
from guanxi_analytics.facts.invoice_rules import STATUSES
from guanxi_analytics.models.fact_columns import day, indexes, moment, number, row_version
from guanxi_shared.columns import id_column, one_of, text_column


class InvoiceFact(Table, table=True):
    """`paid_on` is the day it was settled; `outstanding` is what is left to pay, nothing of one that is void."""

    __tablename__ = "invoice_facts"
    __table_args__ = (
        *indexes("invoice_facts", "issued_on", "due_on", "account_id", "owner_id", "team_id"),
        one_of("status", STATUSES),
    )

    organisation_id: UUID = id_column(nullable=False)
    subject_id: UUID = id_column(nullable=False)  # pipeline's invoice
    piece_id: UUID = id_column(nullable=False)  # the same
    version: int = row_version()
    recorded_at: datetime = moment("recorded_at", nullable=False)
    ended_at: datetime | None = moment("ended_at")
    invoice_number: str | None = text_column()
    status: str = text_column(nullable=False)
    issued_on: date = day(nullable=False)
    due_on: date = day(nullable=False)
    paid_on: date | None = day()
    currency: str = text_column(nullable=False)
    amount: Decimal = number(nullable=False)
    paid: Decimal = number(nullable=False)
    outstanding: Decimal = number(nullable=False)
    account_id: UUID | None = id_column()
    contact_id: UUID | None = id_column()
    order_id: UUID | None = id_column()
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()
