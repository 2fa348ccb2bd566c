"""Shared by all tests: a prepared Postgres, running services, organisations with people.

    async def test_a_rep_reads_their_account(client, organisation):
        answer = await client(organisation.rep).post("/v1/accounts", json={"name": "Acme"})

Each worker has one database and one app per service; a test is kept from the others by an
organisation of its own. A test that changes what all share (the feed's epoch) asks for `clone`.
"""

import gc
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from guanxi_analytics.app import create as create_analytics
from guanxi_contacts.app import create as create_contacts
from guanxi_pipeline.app import create as create_pipeline
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_tickets.app import create as create_tickets
from tests import prepared as preparing
from tests.factories import (
    Clients,
    Organisation,
    apply_to_directory,
    directory_events,
    new_organisation,
)
from tests.library.app import create as create_library
from tests.prepared import Clone, Prepared
from tests.stand_in import SECRET, GatewayStandIn, standing_in
from tests.statements import remember_for_long

FoundOrganisation = Callable[[], Awaitable[Organisation]]
FILE = pytest.StashKey[Path]()
STACK = pytest.StashKey[ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    """With xdist the parent prepares while its workers start; else the first test that asks does."""
    gc.disable()  # what is collected stays: looking for garbage in it took half of the time
    is_worker = hasattr(config, "workerinput")
    if is_worker or config.option.collectonly:
        return
    config.stash[STACK] = ExitStack()
    if getattr(config.option, "dist", "no") != "no":
        config.stash[FILE] = config.stash[STACK].enter_context(preparing.preparing())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["prepared"] = str(node.config.stash[FILE])


def pytest_unconfigure(config: pytest.Config) -> None:
    if (stack := config.stash.get(STACK, None)) is not None:
        stack.close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that start the whole suite come first: they take minutes, and a worker that began with one last would end
    long after the others. Whichever has a file has all of it, so that its suite is started once (`make test`)."""
    items.sort(key=lambda item: item.get_closest_marker("system") is None)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def prepared(pytestconfig: pytest.Config) -> Prepared:
    given: Mapping[str, str] = getattr(pytestconfig, "workerinput", {})
    if "prepared" in given:
        return preparing.read(Path(given["prepared"]))
    if FILE not in pytestconfig.stash:
        file = pytestconfig.stash[STACK].enter_context(preparing.preparing())
        pytestconfig.stash[FILE] = file
    return preparing.read(pytestconfig.stash[FILE])


@pytest.fixture(scope="session")
async def database(prepared: Prepared) -> AsyncIterator[Clone]:
    """This worker's database; `urls["contacts"].request`, `.feed`, `.owner` lead into it."""
    async with prepared.clone(os.environ.get("PYTEST_XDIST_WORKER", "main")) as clone:
        yield clone


@pytest.fixture
async def own_database(prepared: Prepared) -> AsyncIterator[Clone]:
    """A database for one test alone."""
    async with prepared.clone(f"own_{os.getpid()}") as clone:
        yield clone


@pytest.fixture(scope="session")
async def gateway_stand_in() -> AsyncIterator[GatewayStandIn]:
    async with standing_in() as stand_in:
        yield stand_in


@asynccontextmanager
async def running(app: Edge) -> AsyncIterator[Edge]:
    """The app with its pools, feed and consumers."""
    async with app.app.router.lifespan_context(app.app):
        yield app


def settle_environment(
    patch: pytest.MonkeyPatch, clone: Clone, service: str, gateway: GatewayStandIn, files: Path,
    **more: str,
) -> None:  # fmt: skip
    """What the launcher gives a service, and nothing of what the shell has."""
    for name in os.environ:
        if name.startswith(("GUANXI_", f"{service.upper()}_")):
            patch.delenv(name)
    given = clone.environment(service) | {
        "GUANXI_GATEWAY_URL": gateway.url,
        "GUANXI_SERVICE_SECRET": SECRET,
        "GUANXI_LOG_LEVEL": "warning",
        "GUANXI_DATA_DIR": str(files),
        f"{service.upper()}_FILES_DIR": str(files / "files"),
        **more,
    }
    for name, value in given.items():
        patch.setenv(name, value)


@asynccontextmanager
async def serving(
    name: str, create: Callable[[], Edge], clone: Clone, gateway: GatewayStandIn, files: Path
) -> AsyncIterator[Edge]:
    """A service running in this process on this worker's database, made as `create` makes it."""
    with pytest.MonkeyPatch.context() as patch:
        settle_environment(patch, clone, name, gateway, files)
        app = create()
    async with running(app):
        yield app


@pytest.fixture(scope="session")
async def contacts(
    database: Clone, gateway_stand_in: GatewayStandIn, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Edge]:
    """The contacts service, running in this process on this worker's database."""
    files = tmp_path_factory.mktemp("contacts")
    async with serving("contacts", create_contacts, database, gateway_stand_in, files) as app:
        yield app


@pytest.fixture(scope="session")
async def pipeline(
    database: Clone, gateway_stand_in: GatewayStandIn, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Edge]:
    """The pipeline service; it knows no address of contacts, so its tests tell it of accounts."""
    files = tmp_path_factory.mktemp("pipeline")
    async with serving("pipeline", create_pipeline, database, gateway_stand_in, files) as app:
        yield app


@pytest.fixture(scope="session")
async def tickets(
    database: Clone, gateway_stand_in: GatewayStandIn, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Edge]:
    """The tickets service; it knows no address of contacts, so its tests tell it of accounts."""
    files = tmp_path_factory.mktemp("tickets")
    async with serving("tickets", create_tickets, database, gateway_stand_in, files) as app:
        yield app


@pytest.fixture(scope="session")
async def analytics(
    database: Clone, gateway_stand_in: GatewayStandIn, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Edge]:
    """The analytics service; it knows no address of the others, whose feeds its tests read to it."""
    files = tmp_path_factory.mktemp("analytics")
    async with serving("analytics", create_analytics, database, gateway_stand_in, files) as app:
        yield app


@pytest.fixture(scope="session")
async def library(
    database: Clone, gateway_stand_in: GatewayStandIn, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Edge]:
    """A service for tests of what all services share (tests/library)."""
    files = tmp_path_factory.mktemp("library")
    async with serving("library", create_library, database, gateway_stand_in, files) as app:
        yield app


@pytest.fixture(scope="session")
def service(contacts: Edge) -> Edge:
    """Whom `client` and `organisation` belong to; a folder of tests may name another."""
    return contacts


@pytest.fixture
def client(service: Edge, gateway_stand_in: GatewayStandIn) -> Clients:
    """`client(user)`: an httpx client of the service in that user's name; `client()`: nobody's."""
    return Clients(service, gateway_stand_in)


@pytest.fixture
def service_database(service: Edge) -> Database:
    """The pool that the service itself uses."""
    found: Database = service.state.house.db
    return found


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What requests remember for a second is remembered until the test ends, however slow it is."""
    remember_for_long(monkeypatch)


@pytest.fixture
def found_organisation(service_database: Database) -> FoundOrganisation:
    """Makes as many organisations as a test wants."""

    async def found() -> Organisation:
        organisation = new_organisation(also=("books",))
        await apply_to_directory(service_database, directory_events(organisation))
        return organisation

    return found


@pytest.fixture
async def organisation(found_organisation: FoundOrganisation) -> Organisation:
    """See `tests.factories`: admin, manager, rep, rep2, junior, other_rep, read_only."""
    return await found_organisation()


@pytest.fixture
async def other_organisation(found_organisation: FoundOrganisation) -> Organisation:
    """Nobody of `organisation` may ever see anything of it."""
    return await found_organisation()
