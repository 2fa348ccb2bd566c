"""`make secrets` makes what docker-compose.yml demands, once."""

from pathlib import Path

import pytest

from guanxi_shared.launch.compose_secrets import add_secrets
from guanxi_shared.settings import Common
from tests.system.compose_file import FILE, containers, demanded, load


def variables(env: Path) -> dict[str, str]:
    pairs = (line.partition("=") for line in env.read_text().splitlines() if "=" in line)
    return {name: value for name, _, value in pairs}


def test_it_makes_all_that_is_demanded_for_its_owner_alone(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    assert add_secrets(FILE, env) == list(demanded())
    assert env.stat().st_mode & 0o777 == 0o600
    assert len(set(variables(env).values())) == len(demanded())


def test_what_is_there_stays(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("GUANXI_PORT=9000\nPOSTGRES_PASSWORD=mine\nSERVICE_SECRET=")
    added = add_secrets(FILE, env)
    assert "POSTGRES_PASSWORD" not in added
    assert "SERVICE_SECRET" in added
    assert variables(env)["POSTGRES_PASSWORD"] == "mine"
    assert variables(env)["GUANXI_PORT"] == "9000"
    before = env.read_text()
    assert add_secrets(FILE, env) == []
    assert env.read_text() == before


def test_services_accept_what_it_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = tmp_path / ".env"
    add_secrets(FILE, env)
    given = containers(load(variables(env)))["contacts"].environment
    monkeypatch.setenv("GUANXI_SERVICE_SECRET", given["GUANXI_SERVICE_SECRET"])
    assert Common().service_secret == given["GUANXI_SERVICE_SECRET"]
