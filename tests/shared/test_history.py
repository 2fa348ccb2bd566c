"""History and as-of: what a record was, told to those who may see what it is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from guanxi_shared.db import Database
from tests.factories import Clients, Organisation, apply_to_directory, directory_event, share_state
from tests.library.books import book


async def _with_versions(client: AsyncClient, count: int) -> list[dict[str, Any]]:
    states = [await book(client, pages=1)]
    for pages in range(2, count + 1):
        answer = await client.patch(f"/v1/books/{states[0]['id']}", json={"pages": pages})
        states.append(answer.json())
    return states


async def test_each_state_is_found_at_the_time_it_says_of_itself(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    states = await _with_versions(rep, 4)
    for state in states:
        answer = await rep.get(f"/v1/books/{state['id']}", params={"as_of": state["updated_at"]})
        assert (answer.status_code, answer.json()) == (200, state)
        assert answer.headers["etag"] == f'"{state["version"]}"'


async def test_a_record_was_not_there_before_it_was_made_nor_while_deleted(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    made = await book(rep)
    path = f"/v1/books/{made['id']}"
    deleted = (await rep.delete(path)).json()
    restored = (await rep.post(path + "/restore")).json()
    born = datetime.fromisoformat(made["created_at"]) - timedelta(seconds=1)
    at = {
        born.isoformat(): 404,
        made["updated_at"]: 200,
        deleted["updated_at"]: 404,
        restored["updated_at"]: 200,
        "now": 200,
        "-1d": 404,
    }
    for moment, status in at.items():
        answer = await rep.get(path, params={"as_of": moment})
        assert answer.status_code == status, (moment, answer.text)


async def test_history_is_paged_newest_first(client: Clients, organisation: Organisation) -> None:
    rep = client(organisation.rep)
    states = await _with_versions(rep, 5)
    path = f"/v1/books/{states[0]['id']}/history"
    seen: list[int] = []
    params: dict[str, Any] = {"limit": 2}
    while True:
        answer = (await rep.get(path, params=params)).json()
        seen += [entry["version"] for entry in answer["data"]]
        if not answer["page"]["has_more"]:
            break
        params["cursor"] = answer["page"]["next_cursor"]
    assert seen == [5, 4, 3, 2, 1]


async def test_a_deleted_record_keeps_its_history(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    made = await book(rep)
    await rep.delete(f"/v1/books/{made['id']}")
    answer = await rep.get(f"/v1/books/{made['id']}/history")
    assert [e["type"] for e in answer.json()["data"]] == [
        "library.book.deleted",
        "library.book.created",
    ]


@pytest.mark.parametrize("path", ["", "/history", "?as_of=now"])
async def test_only_those_who_see_a_record_see_its_past(
    client: Clients, organisation: Organisation, other_organisation: Organisation,
    service_database: Database, path: str,
) -> None:  # fmt: skip
    made = await book(client(organisation.rep))
    share = share_state(made["id"], resource="books", user=organisation.read_only)
    await apply_to_directory(service_database, [directory_event(organisation.id, "share", share)])
    may = (organisation.rep, organisation.manager, organisation.admin, organisation.read_only)
    may_not = (
        organisation.rep2,
        organisation.junior,
        organisation.other_rep,
        other_organisation.admin,
    )
    for user, status in [*((u, 200) for u in may), *((u, 404) for u in may_not)]:
        answer = await client(user).get(f"/v1/books/{made['id']}{path}")
        assert answer.status_code == status, user.name


async def test_a_record_that_changed_hands_shows_its_whole_past_to_the_new_owner_only(
    client: Clients, organisation: Organisation
) -> None:
    rep, other = client(organisation.rep), client(organisation.other_rep)
    made = await book(rep, pages=1)
    path = f"/v1/books/{made['id']}"
    await client(organisation.admin).patch(path, json={"owner_id": str(organisation.other_rep.id)})
    assert (await rep.get(path + "/history")).status_code == 404
    assert len((await other.get(path + "/history")).json()["data"]) == 2


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("as_of=yesterdays", "as_of"),
        ("as_of=", "as_of"),
        ("fields=title", "fields"),
    ],
)
async def test_what_a_get_does_not_take_is_400_and_named(
    client: Clients, organisation: Organisation, query: str, field: str
) -> None:
    rep = client(organisation.rep)
    made = await book(rep)
    answer = await rep.get(f"/v1/books/{made['id']}?{query}")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "cursor=-1", "cursor=x", f"cursor={2**63}", "sort=id"]
)
async def test_what_a_history_does_not_take_is_400(
    client: Clients, organisation: Organisation, query: str
) -> None:
    rep = client(organisation.rep)
    made = await book(rep)
    assert (await rep.get(f"/v1/books/{made['id']}/history?{query}")).status_code == 400


async def test_the_time_of_a_change_lies_within_its_request(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    before = datetime.now(UTC)
    made = await book(rep)
    after = datetime.now(UTC)
    entry = (await rep.get(f"/v1/books/{made['id']}/history")).json()["data"][0]
    assert before <= datetime.fromisoformat(entry["occurred_at"]) <= after
