"""Clients made by published generators from our OpenAPI document: no warning, strictly typed, and they work."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.outside.conftest import Outsider
from tests.outside.document import merged_document
from tests.outside.tools import CLIENTS, node_tools, python_tools

SECONDS = 240
pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("openapi") / "openapi.json"
    place.write_bytes(orjson.dumps(merged_document()))
    return place


def ran(command: list[Any], folder: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, capture_output=True, text=True,
        timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def copied(folder: Path, *names: str) -> Path:
    for name in names:
        shutil.copy(CLIENTS / name, folder)
    return folder


def check(told: dict[str, Any]) -> None:
    assert told.pop("contact_of") == [told.pop("account_id")]
    assert told == {
        "account": "上海晨光文具有限公司", "amount": "128000.00", "ticket": "complaint",
        "names": ["Firma 0", "Firma 1", "Firma 2", "Firma 3", "上海晨光文具有限公司"],
        "changed": ["B", "上海晨光文具有限公司", "retail"],
        "now": ["B", 2], "stale": [412, "stale"], "refused": [422, ["name"]],
    }  # fmt: skip


def test_a_generated_client_in_python_tells_the_story(
    document: Path, outsider: Outsider, tmp_path: Path
) -> None:
    tools, folder = python_tools(), copied(tmp_path, "story.py", "openapi-python-client.yaml")
    said = ran(
        [tools / "openapi-python-client", "generate", "--path", document, "--output-path", "made",
         "--config", "openapi-python-client.yaml"],
        folder,
    )  # fmt: skip
    assert said.split() == ["Generating", "made"], said
    shutil.move(folder / "made" / "guanxi_client", folder)
    ran([sys.executable, "-m", "mypy", "--strict", "--config-file=", "story.py"], folder)
    login = [outsider.admin.email, outsider.admin.password]
    check(json.loads(ran([sys.executable, "story.py", outsider.url, *login], folder)))


def test_a_generated_client_in_typescript_tells_the_story(
    document: Path, outsider: Outsider, tmp_path: Path
) -> None:
    modules, folder = node_tools(), copied(tmp_path, "story.ts", "tsconfig.json", "package.json")
    (folder / "node_modules").symlink_to(modules)
    said = ran(
        [modules / ".bin" / "openapi-typescript", document, "--default-non-nullable=false",
         "-o", "guanxi.d.ts"],
        folder,
    )  # fmt: skip
    assert "warn" not in said.lower(), said
    ran([modules / ".bin" / "tsc", "--project", "."], folder)
    login = [outsider.admin.email, outsider.admin.password]
    check(json.loads(ran(["node", "story.js", outsider.url, *login], folder)))
