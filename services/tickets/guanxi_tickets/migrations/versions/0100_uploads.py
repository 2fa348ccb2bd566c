"""Uploads that may break off and go on."""

from guanxi_shared.tus.migrating import create_uploads_table, drop_uploads_table

revision = "0100"
down_revision = "0096"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_uploads_table()


def downgrade() -> None:
    drop_uploads_table()
