"""The tables of imports: files that were sent, and the rows of them that did not go through."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from guanxi_shared.columns import one_of
from guanxi_shared.schema import instant


def add_import_tables(metadata: MetaData) -> None:
    """`imports`: a file, how it is taken, the job that does it. `import_rows`: see kept_rows.py."""
    Table(
        "imports",
        metadata,
        Column("organisation_id", Uuid, nullable=False),
        Column("id", Uuid, nullable=False),
        Column("resource", Text, nullable=False),
        Column("file_name", Text, nullable=False),
        Column("size", BigInteger, nullable=False),
        Column("sha256", Text, nullable=False),
        Column("source", JSONB, nullable=False),  # how it is read
        Column("suggestion", JSONB, nullable=False),  # column → field, score
        Column("preview", JSONB, nullable=False),
        Column("options", JSONB),
        Column("job_id", Uuid),  # the newest, dry or not
        Column("created_by", Uuid),  # gateway's user
        instant("created_at", now=True),
        PrimaryKeyConstraint("organisation_id", "id"),
        Index("ix_imports_organisation_id_created_by", "organisation_id", "created_by", "id"),
    )
    Table(
        "import_rows",
        metadata,
        Column("organisation_id", Uuid, nullable=False),
        Column("job_id", Uuid, nullable=False),
        Column("number", BigInteger, nullable=False),
        Column("line", BigInteger, nullable=False),
        Column("status", Text, nullable=False),
        Column("cells", JSONB, nullable=False),
        Column("reasons", JSONB, nullable=False),
        Column("record_id", Uuid),
        Column("reference", JSONB, nullable=False, server_default="{}"),  # to look up at the end
        PrimaryKeyConstraint("organisation_id", "job_id", "number"),
        ForeignKeyConstraint(
            ["organisation_id", "job_id"], ["jobs.organisation_id", "jobs.id"], ondelete="CASCADE"
        ),
        one_of("status", ("refused", "postponed", "incomplete")),
    )
