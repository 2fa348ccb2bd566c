"""Open pools, and what their rules ask of an account."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import execute_script, secure
from guanxi_shared.schedules import roster_policy

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# A new owner begins a new period: nothing of the former one's is remembered. A trigger, because
# requests, batches, imports and merges all change owners, and none of them may forget this.
OWNER_CHANGE = """
CREATE FUNCTION note_owner_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO account_dealings (organisation_id, account_id, owned_since)
    VALUES (NEW.organisation_id, NEW.id, CASE WHEN NEW.owner_id IS NOT NULL THEN NEW.updated_at END)
    ON CONFLICT (organisation_id, account_id) DO UPDATE SET
        owned_since = excluded.owned_since, pool_id = NULL, from_pool_id = NULL, holder_id = NULL,
        protected_until = NULL, warned_at = NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER note_owner_change AFTER UPDATE OF owner_id ON accounts FOR EACH ROW
    WHEN (OLD.owner_id IS DISTINCT FROM NEW.owner_id) EXECUTE FUNCTION note_owner_change();
"""


def upgrade() -> None:
    op.create_table(
        "pools",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("resource", sa.Text(), server_default="accounts", nullable=False),
        sa.Column("priority", sa.BigInteger(), server_default="100", nullable=False),
        sa.Column(
            "team_ids", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column(
            "user_ids", postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column(
            "entry_filter",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "release_rules",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("warn_days", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("protection_days", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("max_held", sa.BigInteger(), nullable=True),
        sa.Column("max_claims_per_day", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("resource IN ('accounts')", name=op.f("ck_pools_resource")),
        sa.CheckConstraint("max_claims_per_day > 0", name=op.f("ck_pools_max_claims_per_day")),
        sa.CheckConstraint("max_held > 0", name=op.f("ck_pools_max_held")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_pools")),
    )
    op.create_index(
        "ix_pools_organisation_id_priority",
        "pools",
        ["organisation_id", "priority", "id"],
        unique=False,
    )
    op.create_index(
        "uq_pools_organisation_id_name",
        "pools",
        ["organisation_id", "name"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "account_dealings",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("last_activity_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_won_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contract_ends_on", sa.Date(), nullable=True),
        sa.Column("owned_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "idle_since",
            sa.DateTime(timezone=True),
            sa.Computed("greatest(last_activity_at, owned_since)", persisted=True),
            nullable=True,
        ),
        sa.Column(
            "unwon_since",
            sa.DateTime(timezone=True),
            sa.Computed("greatest(last_won_at, owned_since)", persisted=True),
            nullable=True,
        ),
        sa.Column("pool_id", sa.Uuid(), nullable=True),
        sa.Column("from_pool_id", sa.Uuid(), nullable=True),
        sa.Column("holder_id", sa.Uuid(), nullable=True),
        sa.Column("protected_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "account_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_account_dealings_organisation_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "from_pool_id"],
            ["pools.organisation_id", "pools.id"],
            name=op.f("fk_account_dealings_organisation_id_from_pool_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "pool_id"],
            ["pools.organisation_id", "pools.id"],
            name=op.f("fk_account_dealings_organisation_id_pool_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "account_id", name=op.f("pk_account_dealings")),
    )
    op.create_index(
        "ix_account_dealings_contract",
        "account_dealings",
        ["organisation_id", "contract_ends_on"],
        unique=False,
        postgresql_where=sa.text("contract_ends_on IS NOT NULL"),
    )
    op.create_index(
        "ix_account_dealings_held",
        "account_dealings",
        ["organisation_id", "from_pool_id", "holder_id"],
        unique=False,
        postgresql_where=sa.text("from_pool_id IS NOT NULL"),
    )
    op.create_index(
        "ix_account_dealings_idle",
        "account_dealings",
        ["organisation_id", "idle_since"],
        unique=False,
    )
    op.create_index(
        "ix_account_dealings_pool",
        "account_dealings",
        ["organisation_id", "pool_id"],
        unique=False,
        postgresql_where=sa.text("pool_id IS NOT NULL"),
    )
    op.create_index(
        "ix_account_dealings_unwon",
        "account_dealings",
        ["organisation_id", "unwon_since"],
        unique=False,
    )
    op.create_index(
        "ix_account_dealings_warned",
        "account_dealings",
        ["organisation_id", "warned_at"],
        unique=False,
        postgresql_where=sa.text("warned_at IS NOT NULL"),
    )
    op.create_table(
        "pool_claim_counts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("claims", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "pool_id"],
            ["pools.organisation_id", "pools.id"],
            name=op.f("fk_pool_claim_counts_organisation_id_pool_id"),
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id", "pool_id", "day", "user_id", name=op.f("pk_pool_claim_counts")
        ),
    )
    op.create_table(
        "pool_sweeps",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("enrolled_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enrolled_whole_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("swept_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_pool_sweeps")),
    )
    op.create_index(
        "ix_accounts_ownerless",
        "accounts",
        ["organisation_id", "id"],
        unique=False,
        postgresql_where=sa.text("owner_id IS NULL AND deleted_at IS NULL"),
    )
    secure("pools", "account_dealings", "pool_claim_counts", "pool_sweeps")
    op.execute(roster_policy("pool_sweeps"))
    execute_script(OWNER_CHANGE)


def downgrade() -> None:
    execute_script("DROP TRIGGER note_owner_change ON accounts; DROP FUNCTION note_owner_change();")
    op.drop_index("ix_accounts_ownerless", table_name="accounts")
    for table in ("pool_sweeps", "pool_claim_counts", "account_dealings", "pools"):
        op.drop_table(table)
