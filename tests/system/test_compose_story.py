"""The Compose file run without an engine, and a story through the gateway.

Each image is built as its Dockerfile says: its pins in a clean virtual environment, and a working
directory with what it copies. Each container then runs by its own command, environment and health
check, in the order of the file. So a service that needs a neighbour's package, a setting that the
file forgets or a command that is none fails here.
"""

import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import httpx
import pytest

from guanxi_shared.launch.compose_secrets import add_secrets
from guanxi_shared.launch.postgres import EmbeddedPostgres
from tests.launch.until import until
from tests.system.compose_file import FILE, containers, in_order, load
from tests.system.containers import Engine
from tests.system.dockerfiles import DOCKERFILES, read
from tests.system.images import Image, build

# From Python 3.12 on: children are armed to end with this process, while other threads run.
pytestmark = [
    pytest.mark.system,
    pytest.mark.filterwarnings("ignore:This process:DeprecationWarning"),
]

PASSWORD = "correct horse battery staple 42"
ADMIN = "wang.fang@acme.example"
ORGANISATION = {
    "name": "关系有限公司",
    "time_zone": "Asia/Shanghai",
    "admin": {"email": ADMIN, "name": "王芳", "password": PASSWORD},
}
OWN_PACKAGES = """
import pkgutil
print(*sorted(each.name for each in pkgutil.iter_modules() if each.name.startswith("guanxi")))
"""


@pytest.fixture
def secrets(tmp_path: Path) -> dict[str, str]:
    """What `make secrets` writes."""
    add_secrets(FILE, tmp_path / ".env")
    lines = (tmp_path / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


@pytest.fixture
def images(tmp_path: Path, pytestconfig: pytest.Config) -> dict[Path, Image]:
    assert pytestconfig.cache is not None
    layers = pytestconfig.cache.mkdir("images")
    with ThreadPoolExecutor() as pool:  # most of it is pip, at work in processes of its own
        made = pool.map(lambda path: build(read(path), tmp_path, layers=layers), DOCKERFILES)
        return dict(zip(DOCKERFILES, made, strict=True))


@pytest.fixture
async def postgres(
    tmp_path: Path, secrets: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[EmbeddedPostgres]:
    """As its image makes it: a superuser with the file's password, an empty database."""
    monkeypatch.delenv("GUANXI_PG_BIN", raising=False)
    server = EmbeddedPostgres(tmp_path / "postgres", fast=True)
    server.start()
    connection = await asyncpg.connect(server.admin_url)
    await connection.execute(f"ALTER ROLE postgres PASSWORD '{secrets['POSTGRES_PASSWORD']}'")
    await connection.execute("CREATE DATABASE guanxi")
    await connection.close()
    yield server
    server.destroy()


@pytest.fixture
def engine(
    tmp_path: Path,
    secrets: dict[str, str],
    images: dict[Path, Image],
    postgres: EmbeddedPostgres,
) -> Iterator[Engine]:
    engine = Engine(tmp_path, secrets, images, postgres.port)
    yield engine
    engine.kill_all()


def up(engine: Engine) -> None:
    for container in in_order(engine.containers):
        if container.dockerfile is not None and "profiles" not in container.spec:
            engine.up(container)


def own_packages(image: Image) -> list[str]:
    command = ["python", "-c", OWN_PACKAGES]
    told = subprocess.run(
        command, env=image.environment_of_base, cwd=image.app, capture_output=True
    )
    return told.stdout.decode().split()


def test_the_compose_file_makes_a_suite_that_works(
    engine: Engine, images: dict[Path, Image], secrets: dict[str, str]
) -> None:
    before = {path: image.files() for path, image in images.items()}
    for image in images.values():
        assert own_packages(image) == sorted(["guanxi_shared", image.dockerfile.package])
    up(engine)
    until(lambda: workers_are_ready(engine), "the workers are ready", seconds=60.0)
    with client_of(engine) as client:
        found_organisation(client, setup_token=secrets["SETUP_TOKEN"])
        sign_in(client)
        account = create_account(client)
        find_account(client, account)
    dump = back_up(engine)
    stop_all(engine)
    restore(engine, dump)
    up(engine)
    with client_of(engine) as client:
        sign_in(client)
        find_account(client, account)
    stop_all(engine)
    assert {path: image.files() for path, image in images.items()} == before
    assert not (engine.folder / "unmounted").exists()


def client_of(engine: Engine) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{engine.ports['gateway']}", timeout=30)


def stop_all(engine: Engine) -> None:
    for name in reversed(list(engine.running)):
        # uvicorn ends by the signal that it was sent, once all is put away.
        assert engine.stop(name) in (0, -signal.SIGTERM), engine.log(name)


def workers_are_ready(engine: Engine) -> bool:
    """They listen nowhere, so their logs have to tell."""
    names = [name for name in engine.running if name.endswith("-worker")]
    return all("worker ready" in engine.log(name) for name in names)


def found_organisation(client: httpx.Client, *, setup_token: str) -> None:
    headers = {"X-Setup-Token": setup_token}
    made = client.post("/v1/organisations", json=ORGANISATION, headers=headers)
    assert made.status_code == 201, made.text


def sign_in(client: httpx.Client) -> None:
    answer = client.post("/v1/auth/sign-in", json={"email": ADMIN, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def create_account(client: httpx.Client) -> str:
    made = client.post("/v1/accounts", json={"name": "张三商贸", "industry": "retail"})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def find_account(client: httpx.Client, account: str) -> None:
    assert client.get(f"/v1/accounts/{account}").json()["name"] == "张三商贸"
    listed = client.get("/v1/accounts", params={"q": "zhangsan"})
    assert [each["id"] for each in listed.json()["data"]] == [account], listed.text
    assert account in client.get("/v1/search", params={"q": "张三"}).text
    until(lambda: account in client.get("/v1/events").text, "its event is in the merged feed")


def back_up(engine: Engine) -> Path:
    engine.up(engine.containers["backup"])
    (dump,) = (engine.folder / "volumes" / "backups").iterdir()
    assert dump.read_bytes().startswith(b"PGDMP")
    return dump


def restore(engine: Engine, dump: Path) -> None:
    again = containers(load({**engine.variables, "FILE": dump.name}))
    engine.up(again["restore"])
