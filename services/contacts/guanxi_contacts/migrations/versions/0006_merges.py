"""Merges and their undoing; the match keys by which likely duplicates are found."""

from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_contacts.duplicates.keys import account_keys, person_keys
from guanxi_shared.migrations import secure

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

AT_ONCE = 2_000
# What the keys are made of; `{}` for what a table lacks.
READ = {
    "accounts": "name, legal_name, short_name, local_name, domain, website, emails",
    "contacts": "name",
}
KEYS = {"accounts": account_keys, "contacts": person_keys}
OWN_KINDS = ("c:", "y:", "w:")


def upgrade() -> None:
    for table in ("accounts", "contacts"):
        op.add_column(table, sa.Column("merged_into_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_{table}_organisation_id_merged_into_id"),
            table,
            table,
            ["organisation_id", "merged_into_id"],
            ["organisation_id", "id"],
        )
        op.create_index(
            f"ix_{table}_organisation_id_merged_into_id",
            table,
            ["organisation_id", "merged_into_id"],
            unique=False,
            postgresql_where=sa.text("merged_into_id IS NOT NULL"),
        )
        _add_keys(table)
    _create_merges()
    _create_moves()
    secure("merges", "merge_moves")


def _create_merges() -> None:
    op.create_table(
        "merges",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("survivor_id", sa.Uuid(), nullable=False),
        sa.Column("source_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        *(
            sa.Column(
                name,
                postgresql.JSONB(astext_type=sa.Text()),
                server_default=sa.text("'{}'"),
                nullable=False,
            )
            for name in ("fields", "before", "after", "moved")
        ),
        sa.Column("status", sa.Text(), server_default="done", nullable=False),
        sa.Column(
            "kept",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        *(
            sa.Column(
                name,
                sa.DateTime(timezone=True),
                server_default=sa.text("clock_timestamp()"),
                nullable=False,
            )
            for name in ("created_at", "updated_at")
        ),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("resource IN ('accounts', 'contacts')", name=op.f("ck_merges_resource")),
        sa.CheckConstraint("status IN ('done', 'undone')", name=op.f("ck_merges_status")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_merges")),
    )
    op.create_index(
        "ix_merges_organisation_id_survivor_id",
        "merges",
        ["organisation_id", "survivor_id", "id"],
        unique=False,
    )


def _create_moves() -> None:
    op.create_table(
        "merge_moves",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("child", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "merge_id"],
            ["merges.organisation_id", "merges.id"],
            name=op.f("fk_merge_moves_organisation_id_merge_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id", "merge_id", "child", "record_id", name=op.f("pk_merge_moves")
        ),
    )


def _add_keys(table: str) -> None:
    """The new kinds of keys for the records that are there, some at a time. The owner of the tables
    is held by the policies too, and an organisation is none it could name: they rest meanwhile."""
    connection = op.get_bind()
    for each in (table, f"{table}_search"):
        op.execute(f"ALTER TABLE {each} NO FORCE ROW LEVEL SECURITY")
    select = sa.text(
        f"SELECT organisation_id, id, {READ[table]} FROM {table}"
        " WHERE (organisation_id, id) > (CAST(:organisation AS uuid), CAST(:id AS uuid))"
        " ORDER BY organisation_id, id LIMIT :most"
    )
    update = sa.text(
        f"UPDATE {table}_search AS t SET match_keys = ARRAY(SELECT DISTINCT unnest(t.match_keys || s.keys))"
        " FROM jsonb_to_recordset(CAST(CAST(:rows AS text) AS jsonb))"
        " AS s (organisation_id uuid, id uuid, keys text[])"
        " WHERE t.organisation_id = s.organisation_id AND t.id = s.id"
    )
    at = {"organisation": "0" * 32, "id": "0" * 32}
    while rows := connection.execute(select, {**at, "most": AT_ONCE}).mappings().all():
        found = [_with_keys(table, dict(row)) for row in rows]
        connection.execute(update, {"rows": orjson.dumps(found).decode()})
        at = {"organisation": found[-1]["organisation_id"], "id": found[-1]["id"]}
    for each in (table, f"{table}_search"):
        op.execute(f"ALTER TABLE {each} FORCE ROW LEVEL SECURITY")


def _with_keys(table: str, row: dict[str, Any]) -> dict[str, Any]:
    if isinstance(emails := row.get("emails"), str):
        row["emails"] = orjson.loads(emails)
    return {
        "organisation_id": str(row["organisation_id"]),
        "id": str(row["id"]),
        "keys": sorted(KEYS[table](row)),
    }


def downgrade() -> None:
    op.drop_table("merge_moves")
    op.drop_table("merges")
    for table in ("accounts", "contacts"):
        op.execute(f"ALTER TABLE {table}_search NO FORCE ROW LEVEL SECURITY")
        op.execute(
            f"UPDATE {table}_search SET match_keys = ARRAY(SELECT key FROM unnest(match_keys) AS key"
            f" WHERE left(key, 2) NOT IN {OWN_KINDS})"
        )
        op.execute(f"ALTER TABLE {table}_search FORCE ROW LEVEL SECURITY")
        op.drop_column(table, "merged_into_id")
