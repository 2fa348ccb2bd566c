"""What a third party has: a running suite, an organisation of its own, a key, and its own tools."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.suite import Admin, Suite, running_suite


@dataclass(frozen=True)
class Outsider:
    """An organisation's admin, signed in, with an API key."""

    admin: Admin
    client: httpx.Client
    key: str

    @property
    def url(self) -> str:
        return self.admin.suite.url


@pytest.fixture(scope="module")
def suite() -> Iterator[Suite]:
    with running_suite(GUANXI_LOG_LEVEL="warning") as suite:
        yield suite


@pytest.fixture
def outsider(suite: Suite) -> Iterator[Outsider]:
    admin = suite.new_organisation("Outside")
    headers = {"authorization": f"Bearer {admin.token()}"}
    with httpx.Client(base_url=suite.url, timeout=30, headers=headers) as client:
        sent = {"name": "outside", "scopes": ["*:*"]}
        made = client.post("/v1/api-keys", json=sent).raise_for_status().json()
        yield Outsider(admin, client, made["key"])
