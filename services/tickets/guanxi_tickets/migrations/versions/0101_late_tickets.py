"""What is late stays due until it is done: tickets whose breach was told are looked at once more."""

from guanxi_shared.migrations import execute_script

revision = "0101"
down_revision = "0100"
branch_labels = None
depends_on = None

# Of all organisations at once: row-level security would show none.
LOOK_AGAIN = """
ALTER TABLE tickets NO FORCE ROW LEVEL SECURITY;
UPDATE tickets SET sla_next_at = least(sla_next_at, now())
WHERE sla_breached <> '{}' AND deleted_at IS NULL AND status_kind NOT IN ('solved', 'closed');
ALTER TABLE tickets FORCE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    execute_script(LOOK_AGAIN)


def downgrade() -> None:
    """Nothing of the schema changed."""
