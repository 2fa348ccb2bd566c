"""Accounts in segments as they were told, and when segments were looked at. What there is, the first look tells."""

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import execute_script, secure

revision = "0121"
down_revision = "0120"
branch_labels = None
depends_on = None

# Whom a duty has work for, as in the other services.
ORGANISATIONS = """
CREATE POLICY rounds ON directory_state FOR SELECT TO CURRENT_USER USING (
    nullif(current_setting('app.organisation_id', true), '') IS NULL);
CREATE FUNCTION organisations() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = contacts, pg_temp AS $$
    SELECT organisation_id FROM directory_state
$$;
REVOKE ALL ON FUNCTION organisations() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION organisations() TO contacts;
"""


def upgrade() -> None:
    op.add_column("segments", sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("segments", sa.Column("not_told", sa.Text(), nullable=True))
    now = sa.text("clock_timestamp()")
    op.create_table(
        "segment_accounts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("segment_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_segment_accounts")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "segment_id"], ["segments.organisation_id", "segments.id"],
            name=op.f("fk_segment_accounts_organisation_id_segment_id"),
        ),
    )  # fmt: skip
    op.create_index(
        "ix_segment_accounts_segment",
        "segment_accounts",
        ["organisation_id", "segment_id", "account_id"],
    )
    op.create_index(
        "ix_segment_accounts_account", "segment_accounts", ["organisation_id", "account_id"]
    )
    secure("segment_accounts")
    execute_script(ORGANISATIONS)


def downgrade() -> None:
    execute_script("DROP FUNCTION organisations(); DROP POLICY rounds ON directory_state;")
    op.drop_table("segment_accounts")
    op.drop_column("segments", "not_told")
    op.drop_column("segments", "looked_at")
