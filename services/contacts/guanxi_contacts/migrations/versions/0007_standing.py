"""Standing: each move of grade, lifecycle, relationship and needs; where accounts are, for nearby."""

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import execute_script, secure

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# What a log entry of an account says of its standing. A merge or an erasure that moves it is the
# system's doing, whoever asked for it.
SOURCE = """
    CASE WHEN {e}.channel = 'import' THEN 'import'
         WHEN {e}.actor_kind = 'service' OR {e}.type <> 'contacts.account.updated' THEN 'system'
         ELSE 'by_hand' END
"""
COLUMNS = "organisation_id, account_id, version, dimension, from_value, to_value, actor_id, actor_kind, at"
VALUES = """
    {e}.organisation_id, {e}.subject_id, {e}.version, d.dimension, {e}.before ->> d.dimension,
    {e}.after ->> d.dimension, {e}.actor_id, {e}.actor_kind, {e}.occurred_at
"""
DIMENSIONS = "'{grade,lifecycle_stage,relationship_level,needs_tier}'::text[]"

# The log is the one place that every change passes through (requests, batches, imports, merges), in
# the transaction of the change. What only a request to change the standing knows, it binds to its
# transaction as `app.standing`.
TRIGGER = f"""
CREATE FUNCTION keep_standing() RETURNS trigger LANGUAGE plpgsql AS $body$
DECLARE
    told jsonb := coalesce(nullif(current_setting('app.standing', true), ''), '{{}}')::jsonb;
BEGIN
    INSERT INTO standing_changes ({COLUMNS}, source, reason, effective_on, is_correction)
    SELECT {VALUES.format(e="NEW")}, coalesce(told ->> 'source', {SOURCE.format(e="NEW")}),
        told ->> 'reason', (told ->> 'effective_on')::date,
        coalesce((told ->> 'is_correction')::boolean, false)
    FROM unnest({DIMENSIONS}) AS d(dimension) WHERE d.dimension = ANY(NEW.changed)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $body$;
CREATE TRIGGER keep_standing AFTER INSERT ON events FOR EACH ROW
    WHEN (NEW.subject_type = 'account' AND NEW.changed && {DIMENSIONS})
    EXECUTE FUNCTION keep_standing();
"""
# What happened before this migration is in the log too. The owner reads all organisations for once.
FROM_THE_LOG = f"""
ALTER TABLE events NO FORCE ROW LEVEL SECURITY;
INSERT INTO standing_changes ({COLUMNS}, source)
SELECT {VALUES.format(e="e")}, {SOURCE.format(e="e")}
FROM events AS e JOIN unnest({DIMENSIONS}) AS d(dimension) ON d.dimension = ANY(e.changed)
WHERE e.subject_type = 'account'
ON CONFLICT DO NOTHING;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    op.create_table(
        "standing_changes",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("from_value", sa.Text(), nullable=True),
        sa.Column("to_value", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("is_correction", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "dimension IN ('grade', 'lifecycle_stage', 'relationship_level', 'needs_tier')",
            name=op.f("ck_standing_changes_dimension"),
        ),
        sa.CheckConstraint(
            "source IN ('by_hand', 'analytics', 'import', 'system')",
            name=op.f("ck_standing_changes_source"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "account_id"],
            ["accounts.organisation_id", "accounts.id"],
            name=op.f("fk_standing_changes_organisation_id_account_id"),
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id", "account_id", "version", "dimension",
            name=op.f("pk_standing_changes"),
        ),
    )  # fmt: skip
    execute_script(FROM_THE_LOG)
    secure("standing_changes")
    execute_script(TRIGGER)
    op.create_index(
        "ix_accounts_placed",
        "accounts",
        ["organisation_id", "latitude", "longitude"],
        unique=False,
        postgresql_where=sa.text("latitude IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_accounts_placed", table_name="accounts")
    execute_script("DROP TRIGGER keep_standing ON events; DROP FUNCTION keep_standing();")
    op.drop_table("standing_changes")
