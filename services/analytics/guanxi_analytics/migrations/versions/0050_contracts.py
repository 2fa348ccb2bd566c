"""Terms of service contracts. The feed is heard from its beginning by a rebuild."""

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import secure

revision = "0050"
down_revision = "0040"
branch_labels = None
depends_on = None

TERMS = ("month", "quarter", "half_year", "year", "two_years", "three_years", "other")


def upgrade() -> None:
    listed = ", ".join(f"'{each}'" for each in TERMS)
    op.create_table(
        "contract_facts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("piece_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("renewed_from_id", sa.Uuid(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(f"term IN ({listed})", name=op.f("ck_contract_facts_term")),
        sa.PrimaryKeyConstraint(
            "organisation_id", "subject_id", "piece_id", "version", name=op.f("pk_contract_facts")
        ),
    )
    present = sa.text("ended_at IS NULL")
    for column in ("valid_from", "account_id", "owner_id", "team_id"):
        op.create_index(
            f"ix_contract_facts_{column}", "contract_facts", ["organisation_id", column],
            postgresql_where=present,
        )  # fmt: skip
    op.create_index(
        "ix_contract_facts_known", "contract_facts", ["organisation_id", "recorded_at", "ended_at"]
    )
    op.create_index(
        "ux_contract_facts_present", "contract_facts", ["organisation_id", "subject_id", "piece_id"],
        unique=True, postgresql_where=present,
    )  # fmt: skip
    secure("contract_facts")


def downgrade() -> None:
    op.drop_table("contract_facts")
