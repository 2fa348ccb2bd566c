"""Which phone made a record: the part of this service in offline sync."""

from guanxi_shared.sync.migrating import create_sync_table, drop_sync_table

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_sync_table()


def downgrade() -> None:
    drop_sync_table()
