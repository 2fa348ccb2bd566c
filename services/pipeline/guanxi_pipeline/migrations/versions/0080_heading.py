"""Who heads others, in the copy of the directory."""

from alembic import op

from guanxi_shared.migrations import install_kernel

revision = "0080"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    install_kernel("pipeline", part="heading")


def downgrade() -> None:
    op.drop_column("directory_users", "heads")
