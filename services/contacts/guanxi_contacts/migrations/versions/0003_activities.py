"""Activities, and the feeds of calendars."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import execute_script, secure

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
# Reminders fall due in every organisation, and the worker's duty is bound to none. It learns the
# ids and no more: the owner of the schema sees due rows by a policy of its own, and only through
# this function; then each is looked at in a transaction bound to its organisation.
REMINDERS = """
CREATE POLICY reminding ON activities FOR SELECT TO CURRENT_USER USING (
    nullif(current_setting('app.organisation_id', true), '') IS NULL
    AND status = 'planned' AND reminded_at IS NULL AND deleted_at IS NULL AND reminder_at <= now());
CREATE FUNCTION due_reminders(most integer) RETURNS TABLE (organisation_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = contacts, pg_temp AS $$
    SELECT a.organisation_id, a.id FROM activities a
    WHERE a.status = 'planned' AND a.reminded_at IS NULL AND a.deleted_at IS NULL
      AND a.reminder_at <= now() ORDER BY a.reminder_at LIMIT most
$$;
REVOKE ALL ON FUNCTION due_reminders(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION due_reminders(integer) TO contacts;
"""
JSONB = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    _create_activities()
    _create_indexes_of_lists()
    _create_indexes_of_content()
    _create_calendar_feeds()
    secure("activities", "calendar_feeds")
    execute_script(REMINDERS)


def _array(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[object]:
    empty = sa.text("'{}'")
    return sa.Column(name, postgresql.ARRAY(kind), server_default=empty, nullable=False)


def _now(name: str) -> sa.Column[object]:
    return sa.Column(name, INSTANT, server_default=sa.text("clock_timestamp()"), nullable=False)


def _create_activities() -> None:
    op.create_table(
        "activities",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text()),
        sa.Column("status", sa.Text(), server_default="planned", nullable=False),
        sa.Column("priority", sa.Text(), server_default="normal", nullable=False),
        sa.Column("starts_at", INSTANT),
        sa.Column("ends_at", INSTANT),
        sa.Column("duration_minutes", sa.BigInteger()),
        sa.Column("due_at", INSTANT),
        sa.Column("done_at", INSTANT),
        sa.Column("outcome", sa.Text()),
        sa.Column("next_step", sa.Text()),
        sa.Column("location", sa.Text()),
        sa.Column("latitude", sa.Float()),
        sa.Column("longitude", sa.Float()),
        sa.Column("time_zone", sa.Text()),
        sa.Column("recurrence", sa.Text()),
        _array("exdates", INSTANT),
        sa.Column("series_id", sa.Uuid()),
        sa.Column("recurrence_id", INSTANT),
        sa.Column("reminder_at", INSTANT),
        sa.Column("reminded_at", INSTANT),
        _array("account_ids", sa.Uuid()),
        _array("contact_ids", sa.Uuid()),
        sa.Column("opportunity_id", sa.Uuid()),
        sa.Column("ticket_id", sa.Uuid()),
        sa.Column("follow_up_of_id", sa.Uuid()),
        sa.Column("participants", JSONB, server_default=sa.text("'[]'"), nullable=False),
        _array("invited_ids", sa.Uuid()),
        sa.Column("series_starts_at", INSTANT),
        sa.Column("series_ends_at", INSTANT),
        sa.Column("owner_id", sa.Uuid()),
        sa.Column("team_id", sa.Uuid()),
        sa.Column("external_id", sa.Text()),
        _array("tags", sa.Text()),
        sa.Column("custom", JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        _array("search_grams", sa.Text()),
        sa.Column("search_digits", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        _now("created_at"),
        _now("updated_at"),
        sa.Column("deleted_at", INSTANT),
        sa.CheckConstraint(
            "kind IN ('call', 'visit', 'meeting', 'email', 'message', 'note', 'task')",
            name=op.f("ck_activities_kind"),
        ),
        sa.CheckConstraint(
            "status IN ('planned', 'done', 'cancelled')", name=op.f("ck_activities_status")
        ),
        sa.CheckConstraint(
            "priority IN ('low', 'normal', 'high')", name=op.f("ck_activities_priority")
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_activities_ends_at")),
        sa.CheckConstraint(
            "(status = 'done') = (done_at IS NOT NULL)", name=op.f("ck_activities_done_at")
        ),
        *(
            sa.ForeignKeyConstraint(
                ["organisation_id", name],
                ["activities.organisation_id", "activities.id"],
                name=op.f(f"fk_activities_organisation_id_{name}"),
            )
            for name in ("series_id", "follow_up_of_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_activities")),
    )


def _index(name: str, *columns: str, where: str | None = None, unique: bool = False) -> None:
    op.create_index(
        name,
        "activities",
        columns,
        unique=unique,
        postgresql_where=sa.text(where) if where else None,
    )


def _create_indexes_of_lists() -> None:
    org = "organisation_id"
    _index("ix_activities_organisation_id_updated_at", org, "updated_at", "id")
    _index("ix_activities_organisation_id_owner_id", org, "owner_id", "updated_at", "id")
    _index("ix_activities_owned", org, "owner_id", "id")
    _index(
        "ix_activities_organisation_id_team_id", org, "team_id", "updated_at", "id",
        where="team_id IS NOT NULL",
    )  # fmt: skip
    _index("ix_activities_organisation_id_starts_at", org, "starts_at", "id")
    _index("ix_activities_agenda", org, "owner_id", "starts_at", "id")
    _index(
        "ix_activities_due", org, "owner_id", "due_at", "id",
        where="status = 'planned' AND due_at IS NOT NULL",
    )  # fmt: skip
    _index("ix_activities_recurring", org, "owner_id", where="recurrence IS NOT NULL")
    for name in ("opportunity_id", "ticket_id", "external_id", "follow_up_of_id"):
        _index(f"ix_activities_organisation_id_{name}", org, name, where=f"{name} IS NOT NULL")
    _index(
        "uq_activities_organisation_id_recurrence_id", org, "series_id", "recurrence_id",
        where="series_id IS NOT NULL AND deleted_at IS NULL", unique=True,
    )  # fmt: skip
    _index(
        "ix_activities_reminder_at",
        "reminder_at",
        where="status = 'planned' AND reminded_at IS NULL AND deleted_at IS NULL"
        " AND reminder_at IS NOT NULL",
    )


def _create_indexes_of_content() -> None:
    op.create_index(
        "ix_activities_linked",
        "activities",
        ["organisation_id", "account_ids", "contact_ids", "invited_ids"],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_index(
        "ix_activities_search",
        "activities",
        [
            "organisation_id",
            "search_grams",
            "tags",
            sa.literal_column("search_text gin_trgm_ops"),
            sa.literal_column("search_digits gin_trgm_ops"),
        ],
        postgresql_using="gin",
    )


def _create_calendar_feeds() -> None:
    op.create_table(
        "calendar_feeds",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shown_team_id", sa.Uuid()),
        sa.Column("owner_id", sa.Uuid()),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("rights", JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("last_read_at", INSTANT),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        _now("created_at"),
        _now("updated_at"),
        sa.Column("deleted_at", INSTANT),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_calendar_feeds")),
    )
    org = "organisation_id"
    op.create_index("ix_calendar_feeds_owned", "calendar_feeds", [org, "owner_id", "id"])
    op.create_index(
        "uq_calendar_feeds_organisation_id_digest", "calendar_feeds", [org, "digest"], unique=True
    )


def downgrade() -> None:
    op.drop_table("calendar_feeds")
    op.execute("DROP FUNCTION due_reminders(integer)")
    op.drop_table("activities")
