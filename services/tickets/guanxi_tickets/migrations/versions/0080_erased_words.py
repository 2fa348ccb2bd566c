"""What people are recognised by when they are erased, and who else can be: persons' accounts, and
requesters who only said who they are."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0080"
down_revision = "0072"
branch_labels = None
depends_on = None

NAME = "ck_erasures_subject_type"


def upgrade() -> None:
    for table in ("known_accounts", "known_contacts"):
        op.add_column(
            table,
            sa.Column(
                "known_by",
                postgresql.ARRAY(sa.Text()),
                server_default=sa.text("'{}'"),
                nullable=False,
            ),
        )
    op.create_index(
        "ix_tickets_organisation_id_from_phone",
        "tickets",
        ["organisation_id", "from_phone", "id"],
        postgresql_where=sa.text("from_phone IS NOT NULL"),
    )
    op.drop_constraint(op.f(NAME), "erasures")
    op.create_check_constraint(
        op.f(NAME), "erasures", "subject_type IN ('contact', 'account', 'requester')"
    )


def downgrade() -> None:
    """Who was erased as something that this schema did not know stays in no list."""
    op.execute("DELETE FROM erasures WHERE subject_type <> 'contact'")
    op.drop_constraint(op.f(NAME), "erasures")
    op.create_check_constraint(op.f(NAME), "erasures", "subject_type IN ('contact')")
    op.drop_index("ix_tickets_organisation_id_from_phone", "tickets")
    for table in ("known_contacts", "known_accounts"):
        op.drop_column(table, "known_by")
