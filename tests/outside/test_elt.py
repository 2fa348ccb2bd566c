"""dlt's rest_api source, as published, over the plain API: everything, then what changed, and what is gone."""

import ast
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.outside.conftest import Outsider
from tests.outside.tools import CLIENTS, ROOT, python_tools

pytestmark = pytest.mark.system
SHOW = """
import duckdb, sys
with duckdb.connect(sys.argv[1], read_only=True) as found:
    print(dict(found.execute(sys.argv[2]).fetchall()))
"""


class Warehouse:
    def __init__(self, folder: Path, outsider: Outsider) -> None:
        self.python, self.folder, self.outsider = python_tools() / "python", folder, outsider
        self.database = folder / "warehouse.duckdb"
        shutil.copy(CLIENTS / "load.py", folder)

    def load(self) -> dict[str, int]:
        """How many rows each resource sent."""
        own = self.outsider
        return self._ran("load.py", str(self.database), own.url, own.key, "0")

    def named(self, table: str, word: str) -> dict[str, str]:
        return self._ran("-c", SHOW, str(self.database), f"SELECT {word}, id FROM crm.{table}")

    def _ran(self, *arguments: str) -> dict[str, Any]:
        env = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder),
            "RUNTIME__DLTHUB_TELEMETRY": "false",
        }
        done = subprocess.run(
            [str(self.python), *arguments], cwd=self.folder, env=env, capture_output=True, text=True,
            timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
        return ast.literal_eval(done.stdout.strip().splitlines()[-1])


def test_dlt_loads_everything_then_only_what_changed_and_what_is_gone(
    outsider: Outsider, tmp_path: Path
) -> None:
    client, warehouse = outsider.client, Warehouse(tmp_path, outsider)

    def made(path: str, **sent: str) -> str:
        return client.post(path, json=sent).raise_for_status().json()["id"]

    operations = [{"op": "create", "data": {"name": f"Kunde {n:03}"}} for n in range(230)]
    batch = {"mode": "all_or_nothing", "operations": operations}
    client.post("/v1/accounts/batch", json=batch).raise_for_status()
    kept, dropped = made("/v1/accounts", name="晨光"), made("/v1/accounts", name="weg")
    deal = made("/v1/opportunities", name="软件许可", account_id=kept)
    ticket = made("/v1/tickets", subject="发票", account_id=kept)
    first = warehouse.load()
    assert first == {"accounts": 232, "opportunities": 1, "tickets": 1, "gone": 0}
    assert warehouse.named("opportunities", "name") == {"软件许可": deal}
    assert warehouse.named("tickets", "subject") == {"发票": ticket}

    client.patch(f"/v1/accounts/{kept}", json={"name": "晨光文具"}).raise_for_status()
    client.delete(f"/v1/accounts/{dropped}").raise_for_status()
    late = made("/v1/tickets", subject="später")
    second = warehouse.load()
    assert second == {"accounts": 1, "opportunities": 0, "tickets": 1, "gone": 1}
    names = warehouse.named("accounts", "name")
    assert len(names) == 231
    assert names["晨光文具"] == kept
    assert not {"晨光", "weg"} & set(names)
    assert warehouse.named("tickets", "subject") == {"发票": ticket, "später": late}

    client.post(f"/v1/accounts/{dropped}/restore").raise_for_status()
    assert warehouse.load()["accounts"] == 1
    assert warehouse.named("accounts", "name")["weg"] == dropped


def test_the_recipe_in_the_documentation_is_the_one_that_is_run() -> None:
    page = (ROOT / "docs" / "integrations.md").read_text(encoding="utf-8")
    for name in ("load.py", "openapi-python-client.yaml"):
        assert (CLIENTS / name).read_text(encoding="utf-8") in page, name
