"""Updates that arrive at once: read and written together, and each as if it had come alone."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from guanxi_shared import deferred
from guanxi_shared.grouped.gathering import Own
from guanxi_shared.grouped.rows import Row, Shape
from guanxi_shared.grouped.updates import update_together
from tests.contacts.test_update_races import as_told
from tests.factories import Clients, Organisation
from tests.prepared import Clone

pytestmark = pytest.mark.usefixtures("remembered")


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> list[list[UUID | Own]]:
    """What became of the rows of each statement for several."""
    seen: list[list[UUID | Own]] = []

    async def noting(
        pool: asyncpg.Pool, organisation: Any, shape: Shape, rows: Sequence[Row]
    ) -> list[UUID | Own]:
        seen.append(await update_together(pool, organisation, shape, rows))
        return seen[-1]

    monkeypatch.setattr(deferred, "update_together", noting)
    return seen


async def people(user: httpx.AsyncClient, count: int) -> list[dict[str, Any]]:
    bodies = [{"name": f"Person {n}", "tags": ["old"], "title": "Clerk"} for n in range(count)]
    return [(await user.post("/v1/contacts", json=body)).json() for body in bodies]


async def patch(
    user: httpx.AsyncClient, record_id: str, version: int | None = None, **fields: Any
) -> httpx.Response:
    headers = {"If-Match": f'"{version}"'} if version is not None else {}
    return await user.patch(f"/v1/contacts/{record_id}", json=fields, headers=headers)


async def test_each_is_changed_found_and_told_for_itself(
    client: Clients, organisation: Organisation, database: Clone, groups: list[Any]
) -> None:
    rep = client(organisation.rep)
    there = await people(rep, 20)
    answers = await asyncio.gather(
        *(
            patch(rep, each["id"], 1, name=f"Renamed {n}", tags=[f"t{n}"])
            for n, each in enumerate(there)
        )
    )
    assert sum(len(group) for group in groups) >= 16
    assert Own.WAY not in [outcome for group in groups for outcome in group]
    for n, (each, answer) in enumerate(zip(there, answers, strict=True)):
        assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
        assert answer.json()["name"] == f"Renamed {n}"
        assert answer.json()["title"] == "Clerk"
        assert (await rep.get(f"/v1/contacts/{each['id']}")).content == answer.content
        for query in ({"q": f"Renamed {n}"}, {"tags": f"t{n}"}):
            found = (await rep.get("/v1/contacts", params=query)).json()["data"]
            assert each["id"] in [one["id"] for one in found], query
        told = (await rep.get(f"/v1/contacts/{each['id']}/history")).json()["data"]
        assert [sorted(event["changed"]) for event in told if event["version"] == 2] == [
            ["name", "tags"]
        ]
    await as_told(client(organisation.admin), database, organisation.id)


async def test_who_may_not_is_refused_and_who_may_is_not_kept(
    client: Clients, organisation: Organisation, other_organisation: Organisation, groups: list[Any]
) -> None:
    rep, stranger = client(organisation.rep), client(other_organisation.rep)
    mine, stale = await people(rep, 2)
    [theirs] = await people(client(organisation.other_rep), 1)
    await patch(rep, stale["id"], title="Head")
    answers = await asyncio.gather(
        patch(rep, mine["id"], 1, name="New"),
        patch(rep, stale["id"], 1, name="New"),
        patch(rep, theirs["id"], 1, name="New"),
        patch(rep, str(uuid4()), 1, name="New"),
        patch(stranger, mine["id"], 1, name="New"),
    )
    assert [answer.status_code for answer in answers] == [200, 412, 404, 404, 404]
    assert answers[1].json()["differs"] == ["title"]


async def test_of_many_changes_of_one_record_none_is_lost(
    client: Clients, organisation: Organisation, database: Clone, groups: list[Any]
) -> None:
    rep = client(organisation.rep)
    one, *others = await people(rep, 4)
    asked = [patch(rep, one["id"], title=f"Title {n}") for n in range(8)]
    asked += [patch(rep, each["id"], title="Other") for each in others]
    answers = await asyncio.gather(*asked)
    assert groups
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["version"] for answer in answers[:8]) == list(range(2, 10))
    now = (await rep.get(f"/v1/contacts/{one['id']}")).json()
    [last] = [answer.json() for answer in answers[:8] if answer.json()["version"] == 9]
    assert now == last
    await as_told(client(organisation.admin), database, organisation.id)


async def test_with_if_match_one_of_them_wins(
    client: Clients, organisation: Organisation, groups: list[Any]
) -> None:
    rep = client(organisation.rep)
    [one] = await people(rep, 1)
    answers = await asyncio.gather(*(patch(rep, one["id"], 1, title=f"T{n}") for n in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412, 412]
    [won] = [answer for answer in answers if answer.status_code == 200]
    assert (await rep.get(f"/v1/contacts/{one['id']}")).content == won.content


async def test_a_record_that_somebody_holds_keeps_only_its_own_request_waiting(
    client: Clients, organisation: Organisation, database: Clone, groups: list[Any]
) -> None:
    rep = client(organisation.rep)
    held, *others = await people(rep, 4)
    holder = await asyncpg.connect(database.admin_url)
    try:
        await holder.execute("BEGIN")
        await holder.execute(
            "SELECT FROM contacts.contacts WHERE id = $1 FOR UPDATE", UUID(held["id"])
        )
        waiting = asyncio.create_task(patch(rep, held["id"], title="Held"))
        free = [asyncio.create_task(patch(rep, each["id"], title="Free")) for each in others]
        answers = await asyncio.wait_for(asyncio.gather(*free), timeout=3)
        assert not waiting.done()
        await holder.execute("ROLLBACK")
        assert (await waiting).status_code == 200
    finally:
        await holder.close()
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert groups
