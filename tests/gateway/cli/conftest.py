"""The command line against a gateway that runs as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from guanxi_gateway.cli.app import command_line
from guanxi_shared.launch.ports import free_port
from tests.launch.until import until
from tests.prepared import Clone
from tests.stand_in import SECRET

Guanxi = Callable[..., Result]


@pytest.fixture(scope="module")
def gateway(database: Clone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address; it works on this worker's database."""
    folder, port = tmp_path_factory.mktemp("gateway"), free_port()
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GUANXI_", "GATEWAY_"))
    }
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "guanxi_shared.serve", "guanxi_gateway"],
        env=inherited
        | database.environment("gateway")
        | {
            "PYTHONPATH": os.pathsep.join(sys.path),
            "GATEWAY_PORT": str(port),
            "GUANXI_GATEWAY_URL": url,
            "GUANXI_SERVICE_SECRET": SECRET,
            "GUANXI_DATA_DIR": str(folder),
            "GUANXI_LOG_LEVEL": "error",
        },
    )
    try:
        until(lambda: _is_ready(url), "the gateway is ready", seconds=30)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture
def settled(gateway: str, database: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an operator's shell says about the installation."""
    monkeypatch.setenv("GUANXI_GATEWAY_URL", gateway)
    monkeypatch.setenv("GUANXI_SERVICE_SECRET", SECRET)
    monkeypatch.setenv("GUANXI_DATABASE_URL", database.admin_url)
    monkeypatch.setenv("GUANXI_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "250")


@pytest.fixture
def guanxi(settled: None) -> Guanxi:
    """`guanxi("user", "list")`; a refusal is in `result.exception`, as `main` would print it."""
    runner = CliRunner()

    def call(*words: str, typed: str | None = None) -> Result:
        return runner.invoke(command_line(words), list(words), input=typed)

    return call
