"""Webhooks: where events go, whose turn it is, what was sent and how that went."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import execute_script, secure
from guanxi_shared.schedules import roster_policy

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXTS = postgresql.ARRAY(sa.Text())


def uuid(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def words(name: str, *, default: str | None = None, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=nullable, server_default=default)


def number(name: str, *, default: int = 0) -> sa.Column[object]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=str(default))


def flag(name: str, default: str) -> sa.Column[object]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.text(default))


def instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    now = None if nullable else sa.text("clock_timestamp()")
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=now)


def one_of(table: str, column: str, *values: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}"))


def parent(
    table: str, column: str, target: str, *, ondelete: str | None = None
) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organisation_id", column], [f"{target}.organisation_id", f"{target}.id"],
        name=op.f(f"fk_{table}_organisation_id_{column}"), ondelete=ondelete,
    )  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "webhooks",
        uuid("organisation_id"), uuid("id"), words("url"), words("description", nullable=True),
        sa.Column("event_types", TEXTS, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("filter", postgresql.JSONB()),
        words("payload", default="full"), words("format", default="standard"),
        words("ordering", default="record"), number("concurrency", default=8),
        flag("is_enabled", "true"), words("disabled_reason", nullable=True),
        instant("disabled_at", nullable=True), uuid("owner_id"), sa.Column("scopes", TEXTS),
        words("sealed_secret"), words("sealed_previous", nullable=True),
        instant("previous_secret_until", nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False, server_default="1"),
        instant("created_at"), instant("updated_at"), instant("deleted_at", nullable=True),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_webhooks")),
        parent("webhooks", "owner_id", "users"),
        one_of("webhooks", "payload", "thin", "full"),
        one_of("webhooks", "format", "standard", "cloudevents"),
        one_of("webhooks", "ordering", "record", "endpoint", "none"),
    )  # fmt: skip
    op.create_index(
        "ix_webhooks_organisation_id_owner_id", "webhooks", ["organisation_id", "owner_id", "id"]
    )
    op.create_table(
        "webhook_turns",
        uuid("organisation_id"), uuid("webhook_id"), instant("next_at", nullable=True),
        flag("rung", "false"), uuid("lease", nullable=True), instant("leased_until", nullable=True),
        words("cursor", default=""), instant("hears_from"), instant("heard_at"),
        number("next_number", default=1), number("failures"), instant("failing_since", nullable=True),
        instant("last_failed_at", nullable=True), instant("last_delivered_at", nullable=True),
        instant("held_until", nullable=True), flag("owner_to_tell", "false"),
        sa.PrimaryKeyConstraint("organisation_id", "webhook_id", name=op.f("pk_webhook_turns")),
        parent("webhook_turns", "webhook_id", "webhooks", ondelete="CASCADE"),
    )  # fmt: skip
    op.create_index("ix_webhook_turns_next_at", "webhook_turns", ["next_at"])
    create_deliveries()
    secure("webhooks", "webhook_turns", "webhook_deliveries", "webhook_attempts")
    execute_script(roster_policy("webhook_turns"))


def create_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        uuid("organisation_id"), uuid("id"), uuid("webhook_id"), uuid("event_id"),
        words("event_type"), words("subject", nullable=True), instant("occurred_at"),
        words("service", nullable=True), words("place", nullable=True), number("number"),
        words("lane"), words("status", default="waiting"), number("attempts"), instant("due_at"),
        sa.Column("last_status", sa.Integer()), words("last_error", nullable=True),
        instant("finished_at", nullable=True), instant("queued_at"), instant("created_at"),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_webhook_deliveries")),
        parent("webhook_deliveries", "webhook_id", "webhooks", ondelete="CASCADE"),
        one_of("webhook_deliveries", "status", "waiting", "delivered", "failed", "dropped"),
    )  # fmt: skip
    place, waiting = ["organisation_id", "webhook_id"], sa.text("status = 'waiting'")
    op.create_index(
        "uq_webhook_deliveries_event", "webhook_deliveries", [*place, "event_id"], unique=True
    )
    op.create_index(
        "ix_webhook_deliveries_waiting", "webhook_deliveries", [*place, "lane", "number"],
        postgresql_where=waiting,
    )  # fmt: skip
    op.create_index(
        "ix_webhook_deliveries_due", "webhook_deliveries", [*place, "due_at"],
        postgresql_where=waiting,
    )  # fmt: skip
    op.create_index(
        "ix_webhook_deliveries_listed", "webhook_deliveries", [*place, "created_at", "id"]
    )
    op.create_table(
        "webhook_attempts",
        uuid("organisation_id"), uuid("id"), uuid("delivery_id"), number("number"),
        instant("began_at"), number("duration_ms"), sa.Column("status_code", sa.Integer()),
        words("error", nullable=True), words("excerpt", nullable=True),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_webhook_attempts")),
        parent("webhook_attempts", "delivery_id", "webhook_deliveries", ondelete="CASCADE"),
    )  # fmt: skip
    op.create_index(
        "ix_webhook_attempts_organisation_id_delivery_id", "webhook_attempts",
        ["organisation_id", "delivery_id", "number"],
    )  # fmt: skip


def downgrade() -> None:
    for table in ("webhook_attempts", "webhook_deliveries", "webhook_turns", "webhooks"):
        op.drop_table(table)
