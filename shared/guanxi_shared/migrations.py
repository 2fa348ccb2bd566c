"""Alembic for every service: one way to run it, the kernel's tables, row-level security.

python -m guanxi_shared.migrations guanxi_contacts upgrade
python -m guanxi_shared.migrations guanxi_contacts check      (drift between models and schema)
python -m guanxi_shared.migrations guanxi_contacts revision "accounts: add a field"
"""

import asyncio
import importlib.resources
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command, context, op
from alembic.config import Config
from sqlalchemy import Connection, MetaData, NullPool
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import create_async_engine

from guanxi_shared.jobs import QUEUE_TABLES

OWN_ORGANISATION = (
    "organisation_id = (SELECT nullif(current_setting('app.organisation_id', true), '')::uuid)"
)


def service_of(package: str) -> str:
    return package.removeprefix("guanxi_")


def config(package: str) -> Config:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"There is no package {package!r} to migrate.")
    found = Config()
    found.set_main_option("script_location", str(Path(spec.origin).parent / "migrations"))
    found.set_main_option("path_separator", "os")
    return found


def run(package: str, metadata: MetaData) -> None:
    """What each service's `migrations/env.py` calls."""
    url = os.environ.get(f"{service_of(package).upper()}_OWNER_DATABASE_URL", "")
    if not url:
        name = f"{service_of(package).upper()}_OWNER_DATABASE_URL"
        raise SystemExit(f"Set {name}: migrations run as the schema's owner.")
    asyncio.run(_run(url.replace("postgresql://", "postgresql+asyncpg://", 1), metadata))


async def _run(url: str, metadata: MetaData) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_migrate, metadata)
    finally:
        await engine.dispose()


def _migrate(connection: Connection, metadata: MetaData) -> None:
    # Two starts at once migrate one after the other.
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('guanxi migrations'))")
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=_is_ours,
        compare_type=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


def _is_ours(item: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
    if kind == "table" and name is not None:
        return name not in QUEUE_TABLES and not name.startswith("events_")
    return True


def execute_script(sql: str) -> None:
    """Several statements at once, which a prepared statement does not take."""
    raw: Any = op.get_bind().connection.dbapi_connection
    raw.run_async(lambda connection: connection.execute(sql))


def install_kernel(service: str, *, part: str = "0001") -> None:
    """The kernel's tables, policies, functions and queue, for a service's first migration; or a part
    that only some services have."""
    source = importlib.resources.files("guanxi_shared") / "kernel" / f"{part}.sql"
    execute_script(source.read_text().replace("{service}", service))


def secure(*tables: str) -> None:
    """Forced row-level security: rows of the bound organisation, or none."""
    for table in tables:
        execute_script(
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
            f"CREATE POLICY organisation ON {table} USING ({OWN_ORGANISATION});"
        )


def create_search_table(table: str) -> None:
    """`<table>_search` as `schema.add_search_table` declares it, with its policy."""
    name = f"{table}_search"
    texts = postgresql.ARRAY(sa.Text())
    op.create_table(
        name,
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("tags", texts, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        sa.Column("search_grams", texts, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("search_digits", sa.Text(), server_default="", nullable=False),
        sa.Column("match_keys", texts, server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f(f"pk_{name}")),
    )
    op.create_index(
        f"ix_{name}_words",
        name,
        [
            "organisation_id",
            "owner_id",
            "team_id",
            "search_grams",
            "tags",
            sa.literal_column("search_text gin_trgm_ops"),
            sa.literal_column("search_digits gin_trgm_ops"),
        ],
        postgresql_using="gin",
    )
    op.create_index(
        f"ix_{name}_match_keys",
        name,
        ["organisation_id", "match_keys"],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    secure(name)


def main(arguments: list[str]) -> None:
    if len(arguments) < 2:
        raise SystemExit(__doc__)
    package, verb, *rest = arguments
    alembic = config(package)
    if verb == "upgrade":
        command.upgrade(alembic, rest[0] if rest else "head")
        asyncio.run(_prepare(package))
    elif verb == "downgrade":
        command.downgrade(alembic, rest[0])
    elif verb == "check":
        command.check(alembic)
    elif verb == "revision":
        command.revision(alembic, message=rest[0], autogenerate=True)
    else:
        raise SystemExit(f"There is no {verb!r}; use upgrade, downgrade, check or revision.")


async def _prepare(package: str) -> None:
    """Done at each migrate step: the coming months of the log."""
    engine = create_async_engine(
        os.environ[f"{service_of(package).upper()}_OWNER_DATABASE_URL"].replace(
            "postgresql://", "postgresql+asyncpg://", 1
        ),
        poolclass=NullPool,
    )
    async with engine.begin() as connection:
        await connection.exec_driver_sql("SELECT create_event_partitions()")
    await engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1:])
