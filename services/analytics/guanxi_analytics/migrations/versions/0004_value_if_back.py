"""What a customer would be worth who came back today."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customer_outlooks", sa.Column("value_if_back", sa.Numeric(), nullable=True))


def downgrade() -> None:
    op.drop_column("customer_outlooks", "value_if_back")
