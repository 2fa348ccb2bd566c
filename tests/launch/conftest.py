import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from guanxi_shared.launch.binaries import SYSTEM
from guanxi_shared.launch.postgres import EmbeddedPostgres

SYSTEM_MAJOR = "15"
MakePostgres = Callable[..., EmbeddedPostgres]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Open to other users, unlike tmp_path: as root, Postgres runs as one of them."""
    folder = Path(tempfile.mkdtemp(prefix="guanxi-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """Like a home directory that nobody else may enter."""
    folder = Path(tempfile.mkdtemp(prefix="guanxi-test-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(params=["wheel", "system"])
def binaries(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The test runs on both: the newest Postgres and the oldest one that is supported."""
    monkeypatch.delenv("GUANXI_PG_BIN", raising=False)
    if request.param == "system":
        use_system_binaries(monkeypatch)
    return str(request.param)


def use_system_binaries(monkeypatch: pytest.MonkeyPatch) -> None:
    bin_folder = SYSTEM / SYSTEM_MAJOR / "bin"
    if not (bin_folder / "initdb").exists():
        pytest.skip(f"no PostgreSQL {SYSTEM_MAJOR} in {bin_folder}")
    monkeypatch.setenv("GUANXI_PG_BIN", str(bin_folder))


@pytest.fixture
def make_postgres(folder: Path) -> Iterator[MakePostgres]:
    made: list[EmbeddedPostgres] = []

    def make(
        data_dir: Path | None = None, *, port: int = 0, fast: bool = False
    ) -> EmbeddedPostgres:
        postgres = EmbeddedPostgres(data_dir or folder / "data", port=port, fast=fast)
        made.append(postgres)
        return postgres

    yield make
    for postgres in made:
        postgres.stop()


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, who may not run Postgres itself")
