"""The merged OpenAPI document as the gateway serves it, without starting a process."""

import importlib
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from guanxi_gateway import routes
from guanxi_gateway.openapi import merge
from tests.stand_in import SECRET

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


def merged_document() -> dict[str, Any]:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for name in routes.RESOURCES:
            patch.setenv(f"{name.upper()}_DATABASE_URL", NOWHERE)
            patch.setenv(f"{name.upper()}_FEED_DATABASE_URL", NOWHERE)
        patch.setenv("GUANXI_SERVICE_SECRET", SECRET)
        patch.setenv("GUANXI_GATEWAY_URL", "http://127.0.0.1:1")
        patch.setenv("GUANXI_DATA_DIR", folder)
        documents = {name: _document(name) for name in routes.RESOURCES}
    return merge(documents, unavailable={})


def _document(name: str) -> dict[str, Any]:
    app = importlib.import_module(f"guanxi_{name}.app").create()
    found: dict[str, Any] = (app.own if name == routes.OWN else app).app.openapi()
    return found
