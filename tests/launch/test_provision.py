"""Roles that can do their work and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.leakproof import BUILT_IN, OF_PG_TRGM, unmarked_functions
from guanxi_shared.launch.postgres import EmbeddedPostgres
from guanxi_shared.launch.provision import Provisioned, provision
from guanxi_shared.launch.roles import roles_of
from tests.launch.conftest import use_system_binaries

SERVICES = ("alpha", "beta")
PASSWORDS = {role: f"{role}-/ß:@'" for name in SERVICES for role in roles_of(name)}


@pytest.fixture(scope="module", params=["wheel", "system"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedPostgres]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GUANXI_PG_BIN", raising=False)
        if request.param == "system":
            use_system_binaries(patch)
        postgres = EmbeddedPostgres(tmp_path_factory.mktemp("pg"), fast=True)
        postgres.start()
        yield postgres
        postgres.destroy()


@pytest.fixture
async def provisioned(server: EmbeddedPostgres) -> Provisioned:
    return await provision(server.admin_url, SERVICES, PASSWORDS)


async def run(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_provisioning_again_changes_nothing(
    server: EmbeddedPostgres, provisioned: Provisioned
) -> None:
    again = await provision(server.admin_url, SERVICES, PASSWORDS)
    assert again == provisioned
    assert again.warnings == ()


async def test_what_the_owner_makes_the_service_may_use_but_not_empty(
    provisioned: Provisioned,
) -> None:
    urls = provisioned.urls["alpha"]
    await run(urls.owner, "DROP TABLE IF EXISTS things")
    await run(urls.owner, "CREATE TABLE things(n int GENERATED ALWAYS AS IDENTITY)")
    await run(urls.request, "INSERT INTO things DEFAULT VALUES")
    assert await run(urls.request, "SELECT count(*) FROM things") == 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await run(urls.request, "TRUNCATE things")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await run(urls.feed, "SELECT count(*) FROM things")


@pytest.mark.parametrize("statement", ["CREATE TABLE t()", "CREATE TABLE public.t()"])
async def test_a_request_makes_no_tables(provisioned: Provisioned, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await run(provisioned.urls["alpha"].request, statement)


async def test_a_service_does_not_reach_its_neighbour(provisioned: Provisioned) -> None:
    await run(provisioned.urls["beta"].owner, "CREATE TABLE IF NOT EXISTS secret_things()")
    for url in (provisioned.urls["alpha"].request, provisioned.urls["alpha"].owner):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await run(url, "SELECT * FROM beta.secret_things")


async def test_roles_see_their_schema_first_and_utc(provisioned: Provisioned) -> None:
    for role, url in vars(provisioned.urls["alpha"]).items():
        assert await run(url, "SHOW search_path") == "alpha, public", role
        assert await run(url, "SHOW timezone") == "UTC", role


async def test_all_search_operators_exist_and_are_leakproof(provisioned: Provisioned) -> None:
    connection = await asyncpg.connect(provisioned.admin_url)
    try:
        assert await unmarked_functions(connection) == []
        names = list(BUILT_IN + OF_PG_TRGM)
        unknown = "SELECT w FROM unnest($1::text[]) w WHERE to_regprocedure(w) IS NULL"
        assert await connection.fetch(unknown, names) == []
    finally:
        await connection.close()


async def test_an_administrator_without_superuser_gets_a_warning(server: EmbeddedPostgres) -> None:
    await run(server.admin_url, "CREATE ROLE keeper LOGIN CREATEROLE PASSWORD 'k'")
    await run(server.admin_url, "CREATE DATABASE kept OWNER keeper")
    passwords = dict.fromkeys(roles_of("gamma"), "g")
    url = server.url("keeper", "k", database="kept")
    for _ in range(2):
        told = await provision(url, ["gamma"], passwords, database=None)
    assert len(told.warnings) == 1
    assert "Search will be slow" in told.warnings[0]
    await run(told.urls["gamma"].owner, "CREATE TABLE things()")
    assert await run(told.urls["gamma"].request, "SELECT count(*) FROM things") == 0


async def test_an_administrator_who_may_do_too_little_is_told(server: EmbeddedPostgres) -> None:
    await run(server.admin_url, "CREATE ROLE weak LOGIN PASSWORD 'w'")
    with pytest.raises(LaunchError, match=r"may not create role delta .*CREATEROLE"):
        await provision(
            server.url("weak", "w", database="postgres"),
            ["delta"],
            dict.fromkeys(roles_of("delta"), "d"),
            database=None,
        )


async def test_a_role_that_sees_everything_is_refused(server: EmbeddedPostgres) -> None:
    await run(server.admin_url, "CREATE ROLE mighty LOGIN BYPASSRLS")
    with pytest.raises(LaunchError, match=r"ALTER ROLE mighty NOSUPERUSER NOBYPASSRLS"):
        await provision(server.admin_url, ["mighty"], dict.fromkeys(roles_of("mighty"), "m"))


async def test_a_database_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match=r"Cannot connect to the database 127.0.0.1:1/x"):
        await provision("postgresql://a:b@127.0.0.1:1/x", [], {}, database=None)
