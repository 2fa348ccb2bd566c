"""Whether any summary changed is asked each minute: by an index."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_customer_summaries_updated_at", "customer_summaries", ["organisation_id", "updated_at"]
    )


def downgrade() -> None:
    op.drop_index("ix_customer_summaries_updated_at", table_name="customer_summaries")
