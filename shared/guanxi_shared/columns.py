"""How columns and indexes of these tables are spelt."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Text,
    Uuid,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from guanxi_shared.schema import instant


def id_column(*, nullable: bool = True) -> Any:
    return Field(default=None, sa_column=Column(Uuid, nullable=nullable))


def ids_column() -> Any:
    return Field(sa_column=Column(ARRAY(Uuid), nullable=False, server_default=text("'{}'")))


def version_column() -> Any:
    """Of a record, which begins with 1."""
    return Field(sa_column=Column(BigInteger, nullable=False, server_default="1"))


def text_column(*, nullable: bool = True) -> Any:
    return Field(default=None, sa_column=Column(Text, nullable=nullable))


def json_column(default: str) -> Any:
    return Field(sa_column=Column(JSONB, nullable=False, server_default=text(f"'{default}'")))


def texts_column() -> Any:
    return Field(sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'")))


def instant_column(name: str, *, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=instant(name, nullable=nullable, now=not nullable))


def one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
