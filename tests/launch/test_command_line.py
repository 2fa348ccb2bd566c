"""guanxi backup, restore and doctor, as people call them: a service of one table stands in."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from guanxi_shared.launch.ports import free_port
from guanxi_shared.launch.postgres import EmbeddedPostgres
from guanxi_shared.launch.provision import Provisioned, provision
from guanxi_shared.launch.roles import roles_of
from guanxi_shared.launch.secret_file import SecretFile
from tests.launch.alone import keep_alone

ROOT = Path(__file__).parents[2]
TABLES = """
CREATE TABLE things(organisation_id uuid, name text, short text GENERATED ALWAYS AS (left(name, 1)) STORED);
CREATE INDEX ON things USING gin (name public.gin_trgm_ops);
ALTER TABLE things ENABLE ROW LEVEL SECURITY;
ALTER TABLE things FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON things
    USING (organisation_id::text = current_setting('app.organisation_id', true));
CREATE TABLE feed_head(feed text PRIMARY KEY, epoch uuid NOT NULL, position bigint NOT NULL);
CREATE TABLE events(organisation_id uuid, position bigint);
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON events
    USING (organisation_id::text = current_setting('app.organisation_id', true));
INSERT INTO feed_head VALUES ('events', gen_random_uuid(), 3);
"""
ROWS = """
INSERT INTO alpha.things SELECT gen_random_uuid(), '张三 ' || n FROM generate_series(1, 500) n;
INSERT INTO alpha.events SELECT gen_random_uuid(), n FROM generate_series(1, 3) n;
"""
CONTENT = "SELECT md5(string_agg(t::text, ',' ORDER BY name)) FROM alpha.things t"
EPOCH = "SELECT epoch FROM alpha.feed_head"


class Installation:
    """A data folder with a database, and the command line working on it."""

    def __init__(self, folder: Path, data_dir: Path) -> None:
        self.data_dir = data_dir
        fake = folder / "packages" / "guanxi_alpha"
        fake.mkdir(parents=True, exist_ok=True)
        keep_alone(fake.parent)
        for name in ("__init__.py", "app.py"):
            (fake / name).touch()
        path = [str(fake.parent), str(ROOT / "shared"), str(ROOT / "gateway")]
        ours = {k for k in os.environ if k.startswith("GUANXI_") and k != "GUANXI_PG_BIN"}
        self.env = {k: v for k, v in os.environ.items() if k not in ours}
        self.env |= {
            "PYTHONPATH": os.pathsep.join(path),
            "GUANXI_DATA_DIR": str(data_dir),
            "GUANXI_PORT": str(free_port()),
            "COLUMNS": "300",
        }

    def guanxi(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "guanxi_gateway.cli", *words],
            env=self.env,
            cwd=self.data_dir.parent,
            capture_output=True,
            text=True,
            check=False,
        )

    def ask(self, *statements: str) -> list[object]:
        """The value of each statement, asked by the superuser with the suite down."""
        postgres = EmbeddedPostgres(self.data_dir)
        postgres.start()
        try:
            return asyncio.run(self._ask(postgres, statements))
        finally:
            postgres.stop()

    async def _ask(self, postgres: EmbeddedPostgres, statements: tuple[str, ...]) -> list[object]:
        made = await self.provision(postgres)
        connection = await asyncpg.connect(made.admin_url)
        try:
            return [await connection.fetchval(statement) for statement in statements]
        finally:
            await connection.close()

    async def provision(self, postgres: EmbeddedPostgres) -> Provisioned:
        services = ["gateway", "alpha"]  # the command line brings its own service along
        roles = [role for service in services for role in roles_of(service)]
        passwords = SecretFile(self.data_dir).get_or_make(*roles)
        return await provision(postgres.admin_url, services, passwords)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("filled")
    installation = Installation(folder, folder / "data")
    postgres = EmbeddedPostgres(installation.data_dir)
    postgres.start()
    asyncio.run(fill(installation, postgres))
    postgres.stop()
    yield installation
    postgres.destroy()


async def fill(installation: Installation, postgres: EmbeddedPostgres) -> None:
    made = await installation.provision(postgres)
    for url, statements in ((made.urls["alpha"].owner, TABLES), (made.admin_url, ROWS)):
        connection = await asyncpg.connect(url)
        await connection.execute(statements)
        await connection.close()


@pytest.fixture
def dump(filled: Installation) -> Path:
    file = filled.data_dir.parent / "monday.dump"
    if not file.exists():
        told = filled.guanxi("backup", str(file))
        assert told.returncode == 0, told.stderr
        assert f"Backup written to {file}" in told.stdout
    return file


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path, tmp_path / "data")
    yield installation
    EmbeddedPostgres(installation.data_dir).destroy()


def test_a_restore_into_an_empty_cluster_brings_back_every_row_under_a_new_epoch(
    filled: Installation, dump: Path, empty: Installation
) -> None:
    content, epoch = filled.ask(CONTENT, EPOCH)
    told = empty.guanxi("restore", str(dump))
    assert told.returncode == 0, told.stderr
    restored, new_epoch = empty.ask(CONTENT, EPOCH)
    assert restored == content
    assert new_epoch != epoch
    assert empty.guanxi("doctor").returncode == 0


def test_a_restore_over_data_needs_to_be_told_so(filled: Installation, dump: Path) -> None:
    _, less = filled.ask("DELETE FROM alpha.things WHERE name = '张三 7'", CONTENT)
    refused = filled.guanxi("restore", str(dump))
    assert refused.returncode == 1
    assert "holds data already" in refused.stderr
    assert filled.ask(CONTENT) == [less]
    told = filled.guanxi("restore", "--replace", str(dump))
    assert told.returncode == 0, told.stderr
    assert filled.ask("SELECT count(*) FROM alpha.things") == [500]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "There is no file"), (b"name,phone\n", "is not a backup that can be read")],
)
def test_what_is_no_backup_is_refused_before_anything_happens(
    empty: Installation, content: bytes | None, sentence: str
) -> None:
    file = empty.data_dir.parent / "x.dump"
    if content is not None:
        file.write_bytes(content)
    told = empty.guanxi("restore", str(file))
    assert told.returncode == 1
    assert sentence in told.stderr
    assert not empty.data_dir.exists()


def test_the_doctor_finds_a_hole_in_the_feed_and_an_open_table(filled: Installation) -> None:
    first = filled.guanxi("doctor")
    assert first.returncode == 0, first.stdout
    filled.ask(
        "DELETE FROM alpha.events WHERE position = 2",
        "ALTER TABLE alpha.things NO FORCE ROW LEVEL SECURITY",
        "GRANT TRUNCATE ON alpha.things TO alpha",
    )
    told = filled.guanxi("doctor")
    assert told.returncode == 1
    assert "1 positions are missing" in told.stdout
    assert "not forced on things" in told.stdout
    assert "truncatable" in told.stdout
    filled.ask(
        "INSERT INTO alpha.events VALUES (gen_random_uuid(), 2)",
        "ALTER TABLE alpha.things FORCE ROW LEVEL SECURITY",
        "REVOKE TRUNCATE ON alpha.things FROM alpha",
    )
