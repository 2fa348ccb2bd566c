"""The tables every service has in its own schema: log, feed, idempotency, jobs, directory, fields.

`add_kernel_tables` declares them on a service's metadata; `kernel/0001.sql` creates them (run by each
service's first migration, see `migrations.install_kernel`); a test holds the two together.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Sequence,
    Table,
    Text,
    Uuid,
    func,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from guanxi_shared.jobs import QUEUE_TABLES, jobs_table

# Shared by all organisations: they hold positions and ids, never a record.
PLATFORM_TABLES = frozenset({"alembic_version", "feed_head", "feed_cursors"}) | QUEUE_TABLES


def instant(name: str, *, nullable: bool = False, now: bool = False) -> Column[object]:
    default = func.clock_timestamp() if now else None
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=default)


# What a search row holds beside the copies of its record's own columns; see search.py.
WORDS = ("search_text", "search_body", "search_grams", "search_digits", "match_keys")
COPIED = ("owner_id", "team_id", "tags", "deleted_at")


def words_in(search: Table) -> tuple[str, ...]:
    """Those of `WORDS` that a search table has."""
    return tuple(word for word in WORDS if word in search.c)


def add_search_table(table: Table, *, has_body: bool = False) -> Table:
    """`<table>_search`: what the records of a table are found by, a row each, written with them.

    `has_body`: long texts lie apart (`search_body`), so that whoever ranks names does not read them.

    One index for everything that is looked for by content: words, pinyin, digits, tags, and whose
    they are. Match keys have one of their own without a pending list, which imports, looking them up
    thousands of times in a row, would read whole each time.
    """
    name = f"{table.name}_search"
    body = [Column("search_body", Text, nullable=False, server_default="")] if has_body else []
    indexed = [text("search_body gin_trgm_ops")] if has_body else []
    return Table(
        name,
        table.metadata,
        Column("organisation_id", Uuid, nullable=False),
        Column("id", Uuid, nullable=False),
        Column("owner_id", Uuid),
        Column("team_id", Uuid),
        Column("tags", ARRAY(Text), nullable=False, server_default="{}"),
        instant("deleted_at", nullable=True),
        Column("search_text", Text, nullable=False, server_default=""),
        *body,
        Column("search_grams", ARRAY(Text), nullable=False, server_default="{}"),
        Column("search_digits", Text, nullable=False, server_default=""),
        Column("match_keys", ARRAY(Text), nullable=False, server_default="{}"),
        PrimaryKeyConstraint("organisation_id", "id"),
        Index(
            f"ix_{name}_words",
            "organisation_id", "owner_id", "team_id", "search_grams", "tags",
            text("search_text gin_trgm_ops"), text("search_digits gin_trgm_ops"), *indexed,
            postgresql_using="gin",
        ),
        Index(
            f"ix_{name}_match_keys", "organisation_id", "match_keys",
            postgresql_using="gin", postgresql_with={"fastupdate": "off"},
        ),
    )  # fmt: skip


def add_kernel_tables(metadata: MetaData) -> None:
    _events(metadata)
    _feed(metadata)
    _idempotency(metadata)
    _directory(metadata)
    _custom_fields(metadata)
    jobs_table(metadata)


def _events(metadata: MetaData) -> None:
    """One append-only log: history, as-of and change feed are three ways to read it."""
    sequence = Sequence("events_seq", metadata=metadata)
    Table(
        "events",
        metadata,
        Column("organisation_id", Uuid, nullable=False),
        Column("id", Uuid, nullable=False),
        Column("seq", BigInteger, sequence, server_default=sequence.next_value(), nullable=False),
        Column("position", BigInteger),  # given after commit, by whoever reads
        Column("type", Text, nullable=False),
        Column("subject_type", Text, nullable=False),
        Column("subject_id", Uuid, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("actor_id", Uuid),
        Column("actor_kind", Text, nullable=False),
        Column("channel", Text, nullable=False),
        Column("changed", ARRAY(Text), nullable=False),
        Column("before", JSONB),  # the changed fields as they were
        Column("after", JSONB, nullable=False),  # the whole new state, as the API shows it
        Column("owner_id", Uuid),
        Column("team_id", Uuid),
        Column("request_id", Text),
        Column("trace_id", Text),
        instant("occurred_at", now=True),
        PrimaryKeyConstraint("organisation_id", "subject_id", "version", "id", "occurred_at"),
        Index("ix_events_position", "position", postgresql_where="position IS NOT NULL"),
        Index(
            "ix_events_organisation_id_position", "organisation_id", "position",
            postgresql_where="position IS NOT NULL",
        ),
        Index("ix_events_unnumbered", "seq", postgresql_where="position IS NULL"),
        postgresql_partition_by="RANGE (occurred_at)",
    )  # fmt: skip


def _feed(metadata: MetaData) -> None:
    Table(
        "feed_head",
        metadata,
        Column("feed", Text, primary_key=True),
        Column("epoch", Uuid, nullable=False),
        Column("position", BigInteger, nullable=False),
    )
    Table(
        "feed_cursors",  # how far this service has applied other services' feeds
        metadata,
        Column("consumer", Text, primary_key=True),
        Column("epoch", Uuid),
        Column("position", BigInteger, nullable=False),
        instant("updated_at", now=True),
    )


def _idempotency(metadata: MetaData) -> None:
    Table(
        "idempotency",
        metadata,
        Column("organisation_id", Uuid, nullable=False),
        Column("actor_id", Uuid, nullable=False),
        Column("key", Text, nullable=False),
        Column("fingerprint", LargeBinary, nullable=False),
        Column("status", Integer, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("body", LargeBinary, nullable=False),
        instant("created_at", now=True),
        PrimaryKeyConstraint("organisation_id", "actor_id", "key"),
        Index("ix_idempotency_created_at", "created_at"),
    )


def _directory(metadata: MetaData) -> None:
    """Copies from the gateway's feed: who there is, and whose records each of them sees."""
    Table(
        "directory_state",
        metadata,
        Column("organisation_id", Uuid, primary_key=True),
        Column("version", BigInteger, nullable=False),
        Column("name", Text, nullable=False, server_default=""),
        Column("time_zone", Text, nullable=False, server_default="UTC"),
        Column("currency", Text, nullable=False, server_default="CNY"),
        Column("region", Text, nullable=False, server_default="CN"),
    )
    Table(
        "directory_users",
        metadata,
        Column("organisation_id", Uuid, nullable=False),
        Column("id", Uuid, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("name", Text, nullable=False),
        Column("email", Text, nullable=False),
        Column("active", Boolean, nullable=False),
        Column("sees_team", ARRAY(Uuid), nullable=False, server_default="{}"),
        Column("sees_subtree", ARRAY(Uuid), nullable=False, server_default="{}"),
        Column("teams", ARRAY(Uuid), nullable=False, server_default="{}"),
        Column("subtree_teams", ARRAY(Uuid), nullable=False, server_default="{}"),
        Column("heads", Boolean, nullable=False, server_default="false"),
        PrimaryKeyConstraint("organisation_id", "id"),
        Index("ix_directory_users_organisation_id_email", "organisation_id", "email"),
    )
    Table(
        "directory_teams",
        metadata,
        Column("organisation_id", Uuid, nullable=False),
        Column("id", Uuid, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("name", Text, nullable=False),
        Column("parent_id", Uuid),
        PrimaryKeyConstraint("organisation_id", "id"),
    )
    Table(
        "directory_shares",
        metadata,
        Column("organisation_id", Uuid, nullable=False),
        Column("id", Uuid, nullable=False),
        Column("resource", Text, nullable=False),
        Column("record_id", Uuid, nullable=False),
        Column("user_id", Uuid),
        Column("team_id", Uuid),
        Column("access", Text, nullable=False),
        instant("until", nullable=True),
        PrimaryKeyConstraint("organisation_id", "id"),
        Index("ix_directory_shares_organisation_id_resource", "organisation_id", "resource"),
    )


def _custom_fields(metadata: MetaData) -> None:
    Table(
        "custom_fields",
        metadata,
        Column("organisation_id", Uuid, nullable=False),
        Column("id", Uuid, nullable=False),
        Column("resource", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("label", JSONB, nullable=False),
        Column("kind", Text, nullable=False),
        Column("options", JSONB, nullable=False, server_default="[]"),
        Column("is_required", Boolean, nullable=False, server_default="false"),
        Column("version", BigInteger, nullable=False, server_default="1"),
        instant("created_at", now=True),
        instant("updated_at", now=True),
        instant("deleted_at", nullable=True),
        PrimaryKeyConstraint("organisation_id", "id"),
        Index(
            "uq_custom_fields_organisation_id_resource_key", "organisation_id", "resource", "key",
            unique=True, postgresql_where="deleted_at IS NULL",
        ),
    )  # fmt: skip
