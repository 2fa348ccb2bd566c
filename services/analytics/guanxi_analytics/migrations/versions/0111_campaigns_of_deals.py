"""The campaign that a deal came of. Of deals that were told of before, a rebuild knows it."""

import sqlalchemy as sa
from alembic import op

revision = "0111"
down_revision = "0110"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deal_facts", sa.Column("campaign_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("deal_facts", "campaign_id")
