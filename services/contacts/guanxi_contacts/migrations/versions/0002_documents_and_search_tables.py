"""Records as documents, and what they are found by in tables of its own.

The documents of what is there come from the log, which holds each state as the API shows it.
"""

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import create_search_table, execute_script

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

WORDS = ("search_text", "search_grams", "search_digits", "match_keys")
COPIED = ("organisation_id", "id", "owner_id", "team_id", "tags", "deleted_at", *WORDS)
FILLED = """
INSERT INTO {table}_search ({columns}) SELECT {columns} FROM {table};
UPDATE {table} AS t SET as_shown = (
    SELECT e.after::text FROM events AS e
    WHERE e.organisation_id = t.organisation_id AND e.subject_id = t.id AND e.subject_type = '{noun}'
    ORDER BY e.version DESC, e.id DESC LIMIT 1
);
"""
# One's own records filtered by the usual fields are answered from the index alone.
INCLUDED = {
    "accounts": ("deleted_at", "industry", "region", "source", "grade", "lifecycle_stage"),
    "contacts": ("deleted_at", "department", "source"),
}
# The owner of the tables is held to their policies too; for this once it may see all organisations.
LIFTED = "ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;"
FORCED = "ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"


def upgrade() -> None:
    for table, noun in (("accounts", "account"), ("contacts", "contact")):
        op.add_column(table, sa.Column("as_shown", sa.Text(), nullable=True))
        create_search_table(table)
        touched = (table, "events")
        execute_script(
            "".join(LIFTED.format(table=each) for each in touched)
            + FILLED.format(table=table, noun=noun, columns=", ".join(COPIED))
            + "".join(FORCED.format(table=each) for each in touched)
        )
        op.drop_index(f"ix_{table}_search", table_name=table)
        op.drop_index(f"ix_{table}_match_keys", table_name=table)
        for name in WORDS:
            op.drop_column(table, name)
        own = f"ix_{table}_organisation_id_owner_id"
        op.drop_index(own, table_name=table)
        op.create_index(
            own,
            table,
            ["organisation_id", "owner_id", "updated_at", "id"],
            postgresql_include=INCLUDED[table],
        )


def downgrade() -> None:
    """The words of each record would have to be made anew, which only the service can."""
    raise RuntimeError("restore a backup from before contacts 0002 instead")
