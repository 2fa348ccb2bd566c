"""A running suite whose composites are taken over quickly, and a few people in one organisation."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.suite import Suite, running_suite
from tests.sync.conftest import CLIENTS, Person, World, new_world

LEASE_SECONDS = 5


@pytest.fixture(scope="module")
def suite() -> Iterator[Suite]:
    with CLIENTS, running_suite(GATEWAY_COMPOSITE_LEASE_SECONDS=str(LEASE_SECONDS)) as running:
        yield running


@pytest.fixture(scope="module")
def world(suite: Suite) -> World:
    return new_world(suite)


@pytest.fixture(scope="module")
def rep(world: World) -> Person:
    return world.rep


def one(
    method: str, url: str, body: Any = None, *, ref: str | None = None, if_match: str | None = None
) -> dict[str, Any]:
    told = {"method": method, "url": url, "reference_id": ref, "body": body, "if_match": if_match}
    return {name: value for name, value in told.items() if value is not None}


def perform(
    by: Person, *requests: dict[str, Any], whole: bool = False, key: str | None = None
) -> httpx.Response:
    headers = {} if key is None else {"idempotency-key": key}
    sent = {"all_or_nothing": whole, "requests": list(requests)}
    return by.call("POST", "/v1/composite", json=sent, headers=headers)


def statuses(answer: httpx.Response) -> list[int]:
    return [each["status"] for each in answer.json()["responses"]]
