"""Which products are bought together, and which go along with coming back."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import secure

revision = "0020"
down_revision = "0008"
branch_labels = None
depends_on = None


def _columns(kind: Any, *names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, kind(), nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "product_rules",
        *_columns(sa.Uuid, "organisation_id", "model_id"),
        *_columns(sa.Text, "kind"),
        *_columns(sa.BigInteger, "place"),
        sa.Column("given", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        *_columns(sa.Text, "leads_to"),
        *_columns(sa.BigInteger, "together", "of_given", "of_then", "orders"),
        *_columns(sa.Float, "p", "q"),
        sa.CheckConstraint("kind IN ('pair', 'rule')", name=op.f("ck_product_rules_kind")),
        sa.PrimaryKeyConstraint("organisation_id", "kind", "place", name=op.f("pk_product_rules")),
    )  # fmt: skip
    for column in ("given", "leads_to"):
        op.create_index(f"ix_product_rules_{column}", "product_rules", ["organisation_id", column])
    op.create_table(
        "product_retentions",
        *_columns(sa.Uuid, "organisation_id", "model_id"),
        *_columns(sa.BigInteger, "place"),
        *_columns(sa.Text, "product"),
        *_columns(sa.BigInteger, "buyers", "back", "others", "others_back"),
        *_columns(sa.Float, "difference", "low", "high", "p", "q"),
        sa.PrimaryKeyConstraint("organisation_id", "place", name=op.f("pk_product_retentions")),
    )
    secure("product_rules", "product_retentions")


def downgrade() -> None:
    for table in ("product_retentions", "product_rules"):
        op.drop_table(table)
