"""Sales territories, which account is in which, and where accounts are. Of an account that was known already that is
known with its next event."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import secure

revision = "0100"
down_revision = "0090"
branch_labels = None
depends_on = None

PLACES = ("country", "province", "city")
LISTS = ("countries", "regions", "provinces", "cities", "industries", "grades")


def upgrade() -> None:
    for place in PLACES:
        op.add_column("known_accounts", sa.Column(place, sa.Text(), nullable=True))
    op.create_table(
        "territories",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("rank", sa.BigInteger(), server_default="100", nullable=False),
        *(
            sa.Column(name, postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)
            for name in LISTS
        ),
        sa.Column("external_id", sa.Text(), nullable=True),
        *_of_every_record(),
        sa.ForeignKeyConstraint(
            ["organisation_id", "parent_id"],
            ["territories.organisation_id", "territories.id"],
            name=op.f("fk_territories_organisation_id_parent_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_territories")),
    )
    op.create_index(
        "uq_territories_organisation_id_name", "territories", ["organisation_id", "name"], unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )  # fmt: skip
    for name, more in {"updated_at": ["id"], "owner_id": ["id"], "team_id": ["id"], "parent_id": []}.items():  # fmt: skip
        op.create_index(
            f"ix_territories_organisation_id_{name}", "territories", ["organisation_id", name, *more]
        )  # fmt: skip
    op.create_table(
        "territory_accounts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("is_pinned", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("pinned_id", sa.Uuid(), nullable=True),
        *_of_every_record(),
        sa.ForeignKeyConstraint(
            ["organisation_id", "territory_id"],
            ["territories.organisation_id", "territories.id"],
            name=op.f("fk_territory_accounts_organisation_id_territory_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_territory_accounts")),
    )
    op.create_index(
        "uq_territory_accounts_organisation_id_account_id", "territory_accounts",
        ["organisation_id", "account_id"], unique=True,
    )  # fmt: skip
    op.create_index(
        "ix_territory_accounts_organisation_id_territory_id", "territory_accounts",
        ["organisation_id", "territory_id", "account_id"],
    )  # fmt: skip
    secure("territories", "territory_accounts")


def _of_every_record() -> list[sa.Column[object]]:
    now = sa.text("clock_timestamp()")
    return [
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
    ]


def downgrade() -> None:
    op.drop_table("territory_accounts")
    op.drop_table("territories")
    for place in PLACES:
        op.drop_column("known_accounts", place)
