"""A create that says what is to be done about duplicates."""

import asyncio
from typing import Any

import pytest

from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation

PATH = "/v1/accounts"
NAME = "北京未来科技有限公司"
REFUSE = {"on_duplicate": "refuse"}


async def test_by_default_a_duplicate_is_created(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    for params in ({}, {}, {"on_duplicate": "ignore"}):
        answer = await rep.post(PATH, params=params, json={"name": NAME})
        assert answer.status_code == 201
        assert "x-duplicate-count" not in answer.headers


async def test_refused_it_names_the_candidates_and_writes_nothing(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    made = (await rep.post(PATH, params=REFUSE, json={"name": NAME})).json()
    answer = await rep.post(PATH, params=REFUSE, json={"name": "北京未來科技"})
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "duplicate"
    assert "rep" in problem["detail"]
    assert "name" in problem["errors"]
    (candidate,) = problem["candidates"]
    assert candidate["record"] == made
    assert len((await rep.get(PATH)).json()["data"]) == 1


async def test_a_refusal_shows_nothing_of_an_invisible_record(
    client: Clients, organisation: Organisation
) -> None:
    made = (await client(organisation.rep).post(PATH, json={"name": NAME})).json()
    answer = await client(organisation.other_rep).post(
        PATH, params=REFUSE, json={"name": "北京未來科技"}
    )
    assert answer.status_code == 409
    assert made["id"] not in answer.text
    assert NAME not in answer.text
    assert answer.json()["candidates"][0]["owner"] == {"id": None, "name": "rep"}


async def test_reported_it_is_created_and_counted(
    client: Clients, organisation: Organisation
) -> None:
    rep, params = client(organisation.rep), {"on_duplicate": "report"}
    first = await rep.post(PATH, params=params, json={"name": NAME})
    assert (first.status_code, first.headers["x-duplicate-count"]) == (201, "0")
    second = await rep.post(PATH, params=params, json={"name": "北京未來科技"})
    assert (second.status_code, second.headers["x-duplicate-count"]) == (201, "1")
    path = f"{PATH}/{second.json()['id']}/duplicates"
    assert second.headers["link"] == f'<{path}>; rel="duplicates"'
    (found,) = (await rep.get(path)).json()["candidates"]
    assert found["id"] == first.json()["id"]


async def test_what_is_only_possible_is_not_refused(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    for _ in range(2):  # two people may have one name
        answer = await rep.post("/v1/contacts", params=REFUSE, json={"name": "张三"})
        assert answer.status_code == 201
    email: dict[str, Any] = {"emails": [{"address": "zhang@w.example"}]}
    statuses = [
        (await rep.post("/v1/contacts", params=REFUSE, json={"name": name, **email})).status_code
        for name in ("张三", "Zhang San")
    ]
    assert statuses == [201, 409]


async def test_of_several_creates_at_once_that_refuse_duplicates_one_goes_through(
    client: Clients, organisation: Organisation
) -> None:
    names = [NAME, "北京未來科技", "北京未来科技集团", "北京未来科技股份有限公司"] * 2
    rep = client(organisation.rep)
    answers = await asyncio.gather(
        *(rep.post(PATH, params=REFUSE, json={"name": name}) for name in names)
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


@pytest.mark.parametrize("policy", ["refuse", "report"])
async def test_a_repeated_create_is_not_its_own_duplicate(
    client: Clients, organisation: Organisation, policy: str
) -> None:
    rep, params = client(organisation.rep), {"on_duplicate": policy}
    body = {"id": str(new_id()), "name": NAME}
    assert (await rep.post(PATH, params=params, json=body)).status_code == 201
    assert (await rep.post(PATH, params=params, json=body)).status_code == 200
    keyed = client(organisation.rep, **{"idempotency-key": "once"})
    sent = {"name": "中兴通讯"}
    first = await keyed.post(PATH, params=params, json=sent)
    again = await keyed.post(PATH, params=params, json=sent)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first.json()


@pytest.mark.parametrize(
    "query",
    [
        "on_duplicate=maybe",
        "on_duplicate=",
        "nonsense=1",
        "on_duplicate=report&on_duplicate=refuse",
    ],
)
async def test_unknown_words_are_400(
    client: Clients, organisation: Organisation, query: str
) -> None:  # fmt: skip
    for resource in ("accounts", "contacts"):
        answer = await client(organisation.rep).post(f"/v1/{resource}?{query}", json={"name": "x"})
        assert answer.status_code == 400, answer.text
        assert answer.json()["errors"]
