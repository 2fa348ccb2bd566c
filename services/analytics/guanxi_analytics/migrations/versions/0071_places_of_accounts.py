"""Where accounts are. The feed is heard from its beginning by a rebuild."""

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

PLACES = ("country", "province", "city")


def upgrade() -> None:
    for name in PLACES:
        op.add_column("account_facts", sa.Column(name, sa.Text(), nullable=True))


def downgrade() -> None:
    for name in PLACES:
        op.drop_column("account_facts", name)
