"""Fitted models, and what they say of customers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import secure

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_outlooks",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("repeats", sa.BigInteger(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("alive", sa.Float(), nullable=False),
        sa.Column("purchases", sa.Float(), nullable=False),
        sa.Column("present", sa.Numeric(), nullable=True),
        sa.Column("quadrant", sa.Text(), nullable=True),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("value_low", sa.Numeric(), nullable=True),
        sa.Column("value_high", sa.Numeric(), nullable=True),
        sa.CheckConstraint(
            "quadrant IN ('protect', 'grow', 'harvest', 'maintain', 'uncertain')",
            name=op.f("ck_customer_outlooks_quadrant"),
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id", "customer_id", "currency", name=op.f("pk_customer_outlooks")
        ),
    )
    op.create_table(
        "fitted_models",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("is_used", sa.Boolean(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("customers", sa.BigInteger(), nullable=False),
        sa.Column("buying_again", sa.BigInteger(), nullable=False),
        sa.Column(
            "found",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "settings",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "watermark",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "fitted_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "verdict IN ('use', 'weak', 'no_better', 'refused')",
            name=op.f("ck_fitted_models_verdict"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_fitted_models")),
    )
    op.create_index(
        "ix_fitted_models_name",
        "fitted_models",
        ["organisation_id", "name", "fitted_at"],
        unique=False,
    )
    op.create_table(
        "quadrant_moves",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column(
            "moved_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("model_id", sa.Uuid(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("quadrant", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "organisation_id", "customer_id", "currency", "moved_at", name=op.f("pk_quadrant_moves")
        ),
    )
    secure("customer_outlooks", "fitted_models", "quadrant_moves")


def downgrade() -> None:
    op.drop_table("quadrant_moves")
    op.drop_table("fitted_models")
    op.drop_table("customer_outlooks")
