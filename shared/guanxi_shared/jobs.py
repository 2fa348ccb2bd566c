"""Work that outlives a request: rows people can look at, and the queue that hands them to workers.

A row of `jobs` is what the API shows; it belongs to an organisation and is hidden from all others.
pgqueuer's tables, in the same schema, carry two ids and no more. Row and queue entry are written in
the caller's transaction: what is rolled back was never queued.

A worker holds a *lease* on the row while it runs (see `running_jobs`), so that a queue entry
delivered twice does nothing twice, and any number of entries for one job are harmless.
"""

from collections.abc import Mapping
from typing import Any, Final, cast
from uuid import UUID

import asyncpg
import orjson
import sqlalchemy as sa
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.settings import DBSettings
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement
from uuid_utils.compat import uuid7

from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict, NotFound
from guanxi_shared.queue_bell import CHANNEL, TABLE

STATUSES: Final = ("queued", "running", "done", "failed", "cancelled")
QUEUE_TABLES: Final = frozenset(
    {"pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics"}
)

# Named one by one: pgqueuer also reads bare environment variables such as TRIGGER or CHANNEL.
QUEUE_NAMES: Final = DBSettings(
    prefix="",
    db_schema=None,
    channel=CHANNEL,
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table=TABLE,
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
)
QUEUE_STATEMENTS: Final = (
    QueryBuilderEnvironment(QUEUE_NAMES),
    QueryQueueBuilder(QUEUE_NAMES),
    QuerySchedulerBuilder(QUEUE_NAMES),
)

READ = """
SELECT organisation_id, id, kind, status, done, total, errors, params::text, result::text,
       created_by, created_at, started_at, finished_at, heartbeat_at, message
FROM jobs WHERE organisation_id = $1 AND id = $2
"""


def jobs_table(metadata: sa.MetaData) -> sa.Table:
    """The table of visible jobs. `done`, `errors` and `checkpoint` change in the transaction of the
    work they speak of; `lease` names the one run that may do so."""
    instant = sa.DateTime(timezone=True)
    return sa.Table(
        "jobs",
        metadata,
        sa.Column("organisation_id", sa.Uuid, nullable=False),
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False, server_default="queued"),
        sa.Column("done", sa.Integer, nullable=False, server_default="0"),
        sa.Column("total", sa.Integer),
        sa.Column("errors", sa.Integer, nullable=False, server_default="0"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("lease", sa.Uuid),
        sa.Column("params", JSONB, nullable=False, server_default="{}"),
        sa.Column("checkpoint", JSONB),
        sa.Column("result", JSONB),
        sa.Column("created_by", sa.Uuid),
        sa.Column("created_at", instant, nullable=False, server_default=sa.func.clock_timestamp()),
        sa.Column("started_at", instant),
        sa.Column("finished_at", instant),
        sa.Column("heartbeat_at", instant),
        sa.Column("message", sa.Text),
        sa.PrimaryKeyConstraint("organisation_id", "id"),
        sa.CheckConstraint(sa.column("status").in_(STATUSES), name="status"),
        sa.Index("ix_jobs_organisation_id_created_at", "organisation_id", "created_at"),
    )


def install_jobs_sql(metadata: sa.MetaData) -> str:
    """DDL of `jobs` with its forced row-level policy, for a migration run as the schema's owner."""
    table = metadata.tables["jobs"]
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    parts: list[DDLElement] = [CreateTable(table), *(CreateIndex(i) for i in table.indexes)]
    literal = {"literal_binds": True}
    statements = [str(p.compile(dialect=dialect, compile_kwargs=literal)).strip() for p in parts]
    statements += [
        "ALTER TABLE jobs ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE jobs FORCE ROW LEVEL SECURITY",
        "CREATE POLICY organisation ON jobs USING (organisation_id = (SELECT nullif("
        "current_setting('app.organisation_id', true), '')::uuid))",
    ]
    return "".join(f"{statement};\n" for statement in statements)


def install_queue_sql() -> str:
    """DDL of pgqueuer's tables in the first schema of the search path, as several statements.

    Its trigger is off: NOTIFY inside a transaction makes commits wait for one another (380 a
    second instead of 5,300); workers are told after the commit (`queue_bell`), and poll. Grants go to the role named like the schema.
    """
    grants = f"""
DO $grants$ DECLARE app text := quote_ident(current_schema()); BEGIN
    EXECUTE 'GRANT SELECT, INSERT, UPDATE, DELETE ON {", ".join(sorted(QUEUE_TABLES))} TO ' || app;
    EXECUTE 'GRANT USAGE ON ALL SEQUENCES IN SCHEMA ' || app || ' TO ' || app;
END $grants$;
"""
    trigger = f"ALTER TABLE {QUEUE_NAMES.queue_table} DISABLE TRIGGER {QUEUE_NAMES.trigger};"
    return f"{QUEUE_STATEMENTS[0].build_install_query(create_schema=False)}\n{trigger}\n{grants}"


def uninstall_queue_sql() -> str:
    """The way back of `install_queue_sql`."""
    return QUEUE_STATEMENTS[0].build_uninstall_query()


async def create_job(
    connection: Connection,
    organisation_id: UUID,
    *,
    kind: str,
    params: Mapping[str, Any],
    created_by: UUID | None = None,
    job_id: UUID | None = None,
    total: int | None = None,
) -> UUID:
    """Add a job and its queue entry to the caller's transaction; the id for `Location`."""
    made = job_id or uuid7()
    await connection.execute(
        "INSERT INTO jobs (organisation_id, id, kind, params, created_by, total)"
        " VALUES ($1, $2, $3, $4::text::jsonb, $5, $6)",
        organisation_id,
        made,
        kind,
        to_json(params),
        created_by,
        total,
    )
    await enqueue(connection, organisation_id, made, kind)
    return made


async def enqueue(connection: Connection, organisation_id: UUID, job_id: UUID, kind: str) -> None:
    """Put a job into the queue in the caller's transaction; once too often does no harm."""
    driver = AsyncpgDriver(cast(asyncpg.Connection, connection))  # a proxy has the same methods
    await Queries(driver, *QUEUE_STATEMENTS).enqueue(kind, organisation_id.bytes + job_id.bytes)


async def read_job(connection: Connection, organisation_id: UUID, job_id: UUID) -> dict[str, Any]:
    """A job as the API shows it; `NotFound` when there is none in this organisation."""
    row = await connection.fetchrow(READ, organisation_id, job_id)
    if row is None:
        raise NotFound("There is no such job.")
    return shown(row)


async def cancel_job(connection: Connection, organisation_id: UUID, job_id: UUID) -> dict[str, Any]:
    """End a job: once this is committed, no further step of it can be. `Conflict` if it has ended."""
    ended = await connection.fetchval(
        "UPDATE jobs SET status = 'cancelled', finished_at = clock_timestamp(), lease = NULL"
        " WHERE organisation_id = $1 AND id = $2 AND status IN ('queued', 'running') RETURNING id",
        organisation_id,
        job_id,
    )
    job = await read_job(connection, organisation_id, job_id)
    if ended is None and job["status"] != "cancelled":
        raise Conflict(f"The job has ended already: {job['status']}.")
    return job


async def requeue_job(
    connection: Connection, organisation_id: UUID, job_id: UUID
) -> dict[str, Any]:
    """Let a failed job go on from its checkpoint; `Conflict` if it has not failed."""
    kind = await connection.fetchval(
        "UPDATE jobs SET status = 'queued', attempts = 0, finished_at = NULL, message = NULL"
        " WHERE organisation_id = $1 AND id = $2 AND status = 'failed' RETURNING kind",
        organisation_id,
        job_id,
    )
    job = await read_job(connection, organisation_id, job_id)
    if kind is None:
        raise Conflict(f"Only a failed job can be queued again; this one is {job['status']}.")
    await enqueue(connection, organisation_id, job_id, kind)
    return job


async def queue_counts(connection: Connection) -> dict[tuple[str, str], int]:
    """Queue entries of all organisations by (kind, state), for `metrics.set_jobs`."""
    rows = await connection.fetch(
        "SELECT entrypoint, status::text AS state, count(*) FROM pgqueuer GROUP BY 1, 2"
    )
    return {(row["entrypoint"], row["state"]): row["count"] for row in rows}


def shown(row: asyncpg.Record) -> dict[str, Any]:
    """A row of `READ` with its documents decoded."""
    job = dict(row)
    job["params"] = orjson.loads(row["params"])
    job["result"] = None if row["result"] is None else orjson.loads(row["result"])
    return job


def to_json(value: Any) -> str:
    """A document for a jsonb parameter that is bound as text (no codec is set on connections)."""
    return orjson.dumps(value, default=str).decode()
