"""Schemathesis against the running suite, each service alone and the whole behind the gateway.

Nothing answers 5xx, nothing answers what its document does not say, and nobody reads another's
records. `GUANXI_FUZZ_EXAMPLES=200` looks longer than the few seconds an operation has here.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.suite import Admin, Suite, running_suite

CONFIG = Path(__file__).with_name("schemathesis.toml")
EXAMPLES = int(os.environ.get("GUANXI_FUZZ_EXAMPLES", "3"))
SECONDS_FOR_AN_EXAMPLE = 30.0
PLENTY = 100_000_000
LAST_LINES = 150
OWN_RUN = ("update_organisation",)

pytestmark = [pytest.mark.system, pytest.mark.serial]

Fuzz = Callable[..., None]


@pytest.fixture(scope="module")
def suite() -> Iterator[Suite]:
    with running_suite(GATEWAY_SIGN_IN_QUOTA=str(PLENTY)) as suite:
        yield suite


@pytest.fixture
def admin(suite: Suite) -> Admin:
    """The admin of a new organisation that may call as often as it likes."""
    admin = suite.new_organisation("Fuzz")
    headers = {"authorization": f"Bearer {admin.token()}"}
    changed = httpx.patch(
        f"{suite.url}/v1/organisation", json={"rate_quota": PLENTY}, headers=headers, timeout=20
    )
    changed.raise_for_status()
    return admin
