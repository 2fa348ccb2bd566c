"""Columns of the gateway's tables."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKeyConstraint,
    LargeBinary,
    Text,
    Uuid,
    func,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field


def instant(*, nullable: bool = False) -> Any:
    now = None if nullable else func.clock_timestamp()
    return Field(
        default=None,
        sa_column=Column(DateTime(timezone=True), nullable=nullable, server_default=now),
    )


def texts() -> Any:
    column: Column[Any] = Column(ARRAY(Text), nullable=False, server_default=text("'{}'"))
    return Field(default_factory=list, sa_column=column)


def ids() -> Any:
    column: Column[Any] = Column(ARRAY(Uuid), nullable=False, server_default=text("'{}'"))
    return Field(default_factory=list, sa_column=column)


def words(default: str | None = None, *, nullable: bool = False) -> Any:
    server = None if default is None else text(f"'{default}'")
    return Field(default=default, sa_column=Column(Text, nullable=nullable, server_default=server))


def document() -> Any:
    column: Column[Any] = Column(JSONB, nullable=False, server_default=text("'{}'"))
    return Field(default_factory=dict, sa_column=column)


def digest() -> Any:
    return Field(sa_column=Column(LargeBinary, nullable=False))


def version() -> Any:
    return Field(default=1, sa_column=Column(BigInteger, nullable=False, server_default=text("1")))


def of_user(*, column: str = "user_id") -> ForeignKeyConstraint:
    """Composite, because the checks of foreign keys bypass row-level security."""
    return ForeignKeyConstraint(
        ["organisation_id", column], ["users.organisation_id", "users.id"], ondelete="CASCADE"
    )
