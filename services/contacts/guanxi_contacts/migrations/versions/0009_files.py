"""Files, and the records that they belong to."""

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import secure

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    now = sa.text("clock_timestamp()")
    op.create_table(
        "files",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("declared_type", sa.Text(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("blob_id", sa.Uuid(), nullable=False),
        sa.Column("storage", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("storage IN ('local', 's3')", name=op.f("ck_files_storage")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_files")),
    )
    op.create_index(
        "uq_files_organisation_id_blob_id", "files", ["organisation_id", "blob_id"], unique=True
    )
    op.create_index(
        "ix_files_organisation_id_updated_at", "files", ["organisation_id", "updated_at", "id"]
    )
    op.create_index("ix_files_owned", "files", ["organisation_id", "owner_id", "id"])
    op.create_index(
        "ix_files_organisation_id_team_id", "files", ["organisation_id", "team_id", "id"],
        postgresql_where=sa.text("team_id IS NOT NULL"),
    )  # fmt: skip
    op.create_index(
        "ix_files_organisation_id_deleted_at", "files", ["organisation_id", "deleted_at"],
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "file_links",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "subject_type IN ('account', 'contact', 'activity')",
            name=op.f("ck_file_links_subject_type"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "file_id"], ["files.organisation_id", "files.id"],
            name=op.f("fk_file_links_organisation_id_file_id"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id", "file_id", "subject_type", "subject_id", name=op.f("pk_file_links")
        ),
    )  # fmt: skip
    op.create_index(
        "ix_file_links_organisation_id_subject_id",
        "file_links",
        ["organisation_id", "subject_id", "subject_type", "file_id"],
    )
    secure("files", "file_links")


def downgrade() -> None:
    op.drop_table("file_links")
    op.drop_table("files")
