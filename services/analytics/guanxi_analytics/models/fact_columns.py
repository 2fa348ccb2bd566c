"""The columns and indexes that tables of facts have in common."""

from typing import Any

from sqlalchemy import BigInteger, Column, Date, Index, Numeric, PrimaryKeyConstraint, text
from sqlmodel import Field

from guanxi_shared.schema import instant

KNOWN_NOW = text("ended_at IS NULL")


def moment(name: str, *, nullable: bool = True) -> Any:
    return Field(default=None, sa_column=instant(name, nullable=nullable))


def number(*, nullable: bool = True) -> Any:
    return Field(default=None, sa_column=Column(Numeric, nullable=nullable))


def day(*, nullable: bool = True) -> Any:
    return Field(default=None, sa_column=Column(Date, nullable=nullable))


def row_version() -> Any:
    return Field(sa_column=Column(BigInteger, nullable=False))


def indexes(table: str, *columns: str) -> tuple[Any, ...]:
    """The key, that one row of a piece is the present one, and what answers are found by: among what is
    known now, and among all that was."""
    return (
        PrimaryKeyConstraint("organisation_id", "subject_id", "piece_id", "version"),
        Index(
            f"ux_{table}_present", "organisation_id", "subject_id", "piece_id",
            unique=True, postgresql_where=KNOWN_NOW,
        ),
        Index(f"ix_{table}_known", "organisation_id", "recorded_at", "ended_at"),
        *(
            Index(f"ix_{table}_{column}", "organisation_id", column, postgresql_where=KNOWN_NOW)
            for column in columns
        ),
    )  # fmt: skip
