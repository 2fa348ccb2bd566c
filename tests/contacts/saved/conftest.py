"""Accounts to search among, and short ways to keep a search."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.factories import Clients, Organisation, User

Record = dict[str, Any]
Make = Callable[..., Awaitable[Record]]


def filtered(field: str, operator: str, value: Any) -> Record:
    return {
        "filter_groups": [
            {"filters": [{"field": field, "operator": operator, "value": value}]}
        ]
    }  # fmt: skip


@pytest.fixture
def post(client: Clients) -> Make:
    """`await post(user, "/v1/segments", name="x")`: the record that was made."""

    async def made(user: User, path: str, **sent: Any) -> Record:
        answer = await client(user).post(path, json=sent)
        assert answer.status_code == 201, answer.text
        record: Record = answer.json()
        return record

    return made


@pytest.fixture
async def accounts(post: Make, organisation: Organisation) -> dict[str, str]:
    """Four of `rep` and one of `rep2`: ids by name."""
    kept = {}
    for name, industry, count in (("a", "retail", 1), ("b", "retail", 20), ("c", "steel", 3)):
        made = await post(
            organisation.rep, "/v1/accounts", name=name, industry=industry, staff_count=count
        )
        kept[name] = made["id"]
    kept["d"] = (await post(organisation.rep, "/v1/accounts", name="d"))["id"]
    kept["z"] = (await post(organisation.rep2, "/v1/accounts", name="z", industry="retail"))["id"]
    return kept


@pytest.fixture
def names(client: Clients) -> Callable[..., Awaitable[list[str]]]:
    """The names of a list, sorted, as a user sees them."""

    async def listed(user: User, path: str, **params: Any) -> list[str]:
        answer = await client(user).get(path, params=params)
        assert answer.status_code == 200, answer.text
        return sorted(row["name"] for row in answer.json()["data"])

    return listed
