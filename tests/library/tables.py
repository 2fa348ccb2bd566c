"""A service that is nobody's business: one table with a column of every kind the kernel knows."""

import importlib.resources
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    Text,
    Uuid,
    text,
)  # fmt: skip
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import registry
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import Field, SQLModel

from guanxi_shared.db import new_metadata
from guanxi_shared.migrations import OWN_ORGANISATION
from guanxi_shared.schema import add_kernel_tables, add_search_table, instant

SERVICE = "library"


class Table(SQLModel, registry=registry(metadata=new_metadata())):
    pass


METADATA = Table.metadata
add_kernel_tables(METADATA)


def _column(type_: Any, *, default: str | None = None) -> Any:
    made = text(default) if default is not None else None
    return Field(
        default=None, sa_column=Column(type_, nullable=default is None, server_default=made)
    )


class Book(Table, table=True):
    __tablename__ = "books"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        Index("uq_books_organisation_id_isbn", "organisation_id", "isbn", unique=True),
        Index("ix_books_organisation_id_updated_at", "organisation_id", "updated_at", "id"),
        Index("ix_books_organisation_id_owner_id", "organisation_id", "owner_id", "id"),
    )

    organisation_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    title: str = Field(sa_column=Column(Text, nullable=False))
    subtitle: str | None = _column(Text)
    isbn: str | None = _column(Text)
    pages: int | None = _column(BigInteger)
    weight: Decimal | None = _column(Numeric)
    rating: float | None = _column(Float)
    price_amount: Decimal | None = _column(Numeric)
    price_currency: str | None = _column(Text)
    is_lent: bool | None = _column(Boolean)
    printed_on: date | None = _column(Date)
    due_at: datetime | None = _column(DateTime(timezone=True))
    author_id: UUID | None = _column(Uuid)
    tags: list[str] = _column(ARRAY(Text), default="'{}'")
    reader_ids: list[UUID] = _column(ARRAY(Uuid), default="'{}'")
    copies: list[Any] = _column(JSONB, default="'[]'")
    custom: dict[str, Any] = _column(JSONB, default="'{}'")
    owner_id: UUID | None = _column(Uuid)
    team_id: UUID | None = _column(Uuid)
    version: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="1"))
    created_at: datetime = Field(sa_column=instant("created_at", now=True))
    updated_at: datetime = Field(sa_column=instant("updated_at", now=True))
    deleted_at: datetime | None = Field(sa_column=instant("deleted_at", nullable=True))
    as_shown: str | None = _column(Text)


BOOKS = METADATA.tables["books"]
BOOK_SEARCH = add_search_table(BOOKS)


async def install(owner_url: str) -> None:
    """The schema, as a first migration would make it."""
    kernel = importlib.resources.files("guanxi_shared") / "kernel"
    dialect = postgresql.dialect()
    parts = [(kernel / f"{part}.sql").read_text() for part in ("0001", "heading")]
    statements = [part.replace("{service}", SERVICE) for part in parts]
    for table in (BOOKS, BOOK_SEARCH):
        indexes = map(CreateIndex, sorted(table.indexes, key=lambda i: str(i.name)))
        made: tuple[CreateTable | CreateIndex, ...] = (CreateTable(table), *indexes)
        statements += [str(each.compile(dialect=dialect)) for each in made]
        statements.append(
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY organisation ON {table} USING ({OWN_ORGANISATION})"
        )
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute(";\n".join(statements))
    finally:
        await connection.close()
