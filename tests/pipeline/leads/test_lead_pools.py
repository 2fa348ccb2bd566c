"""Pools: who sees what waits, and two who claim one lead at the same instant."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.factories import Clients, Organisation
from tests.pipeline.leads.conftest import SOFTWARE, Made

Settings = Callable[..., Awaitable[None]]


async def pooled(made: Made, organisation: Organisation, team: str = "a", **more: Any) -> str:
    team_id = str(organisation.teams[team]) if team else None
    found = await made(organisation.admin, owner_id=None, team_id=team_id, **more)
    return str(found["id"])


async def test_of_two_who_claim_at_once_one_gets_it(
    client: Clients, organisation: Organisation, made: Made
) -> None:
    for _ in range(5):
        path = f"/v1/leads/{await pooled(made, organisation)}"
        answers = await asyncio.gather(
            *(client(who).post(f"{path}/claim") for who in (organisation.rep, organisation.rep2))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        winner, loser = sorted(answers, key=lambda answer: answer.status_code)
        assert loser.json()["code"] == "already_claimed"
        owner = (await client(organisation.admin).get(path)).json()["owner_id"]
        assert owner == winner.json()["owner_id"]


async def test_many_who_take_the_next_at_once_get_one_each(
    client: Clients, organisation: Organisation, made: Made
) -> None:
    waiting = {await pooled(made, organisation) for _ in range(4)}
    people = [organisation.rep, organisation.rep2, organisation.manager] * 2
    answers = await asyncio.gather(
        *(client(who).post("/v1/leads/claim-next", json={}) for who in people)
    )
    taken = [answer.json()["id"] for answer in answers if answer.status_code == 200]
    assert len(taken) == len(set(taken)) == 4
    assert set(taken) == waiting
    assert {a.json()["code"] for a in answers if a.status_code != 200} == {"pool_empty"}


async def test_the_best_comes_first_of_those_that_are_wanted(
    client: Clients, organisation: Organisation, made: Made
) -> None:
    points = {"key": "software", "label": "Software", "points": 10, "filter_groups": [SOFTWARE]}
    await client(organisation.admin).patch("/v1/leads/scorecard", json={"criteria": [points]})
    first = await pooled(made, organisation)
    best = await pooled(made, organisation, industry="software")
    rep = client(organisation.rep)
    hats = {"filters": [{"field": "industry", "operator": "eq", "value": "hats"}]}
    none = await rep.post("/v1/leads/claim-next", json={"filter_groups": [hats]})
    assert (none.status_code, none.json()["code"]) == (404, "pool_empty")
    phone = {"filters": [{"field": "phone", "operator": "eq", "value": "1"}]}
    refused = await rep.post("/v1/leads/claim-next", json={"filter_groups": [phone]})
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["phone"])
    got = [(await rep.post("/v1/leads/claim-next", json={})).json()["id"] for _ in range(2)]
    assert got == [best, first]


async def test_members_see_what_waits_without_the_ways_to_reach_anybody(
    client: Clients, organisation: Organisation, made: Made, settings: Settings
) -> None:
    own = await pooled(made, organisation, phones=[{"number": "13800138000"}])
    other, common = await pooled(made, organisation, "b"), await pooled(made, organisation, "")
    rep = client(organisation.rep)

    async def seen(query: str = "") -> set[str]:
        return {row["id"] for row in (await rep.get(f"/v1/leads/pool{query}")).json()["data"]}

    assert await seen() == {own}
    row = (await rep.get("/v1/leads/pool")).json()["data"][0]
    assert not {"name", "phones", "emails", "description"} & set(row)
    assert (await rep.get("/v1/leads/pool?phone=13800138000")).status_code == 400
    for hidden in (other, common):
        assert (await rep.post(f"/v1/leads/{hidden}/claim")).status_code == 404
    await settings(is_common_pool_open=True)
    assert await seen() == {own, common}
    assert await seen("?industry=hats") == set()
    assert (await rep.post(f"/v1/leads/{common}/claim")).status_code == 200
    assert await seen() == {own}
    gone = await client(organisation.other_rep).post(f"/v1/leads/{common}/claim")
    assert gone.json()["code"] == "already_claimed"
    assert (await client(organisation.read_only).get("/v1/leads/pool")).status_code == 403


async def test_nobody_holds_more_than_the_limit_however_quick(
    client: Clients, organisation: Organisation, made: Made, settings: Settings
) -> None:
    await settings(max_claimed=2)
    leads = [await pooled(made, organisation) for _ in range(4)]
    rep = client(organisation.rep)
    answers = await asyncio.gather(*(rep.post(f"/v1/leads/{each}/claim") for each in leads))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 409, 409]
    assert (await rep.post("/v1/leads/claim-next", json={})).json()["code"] == "claim_limit"
    held = next(a.json()["id"] for a in answers if a.status_code == 200)
    again = await rep.post(f"/v1/leads/{held}/claim")
    assert (again.status_code, again.json()["version"]) == (200, 2)
    released = (await rep.post(f"/v1/leads/{held}/release")).json()
    assert (released["owner_id"], released["team_id"]) == (None, str(organisation.teams["a"]))
    assert (await rep.post("/v1/leads/claim-next", json={})).status_code == 200


async def test_what_is_owned_by_nobody_cannot_be_released_nor_what_is_closed(
    client: Clients, organisation: Organisation, made: Made
) -> None:
    path = f"/v1/leads/{await pooled(made, organisation)}"
    rep = client(organisation.rep)
    assert (await rep.post(f"{path}/release")).json()["code"] == "not_owned"
    await rep.post(f"{path}/claim")
    await rep.post(f"{path}/disqualify", json={"reason": "spam"})
    assert (await rep.post(f"{path}/release")).json()["code"] == "lead_closed"
    kinds = [
        e["type"].rpartition(".")[2] for e in (await rep.get(f"{path}/history")).json()["data"]
    ]
    assert kinds == ["disqualified", "assigned", "created"]


@pytest.mark.parametrize(
    "ways",
    [[("assign", {"owner_id": "rep"})], [("recycle", {"keeps_owner": True})],
     [("disqualify", {"reason": "later"}), ("recycle", {"keeps_owner": True})]],
)  # fmt: skip
async def test_what_was_claimed_counts_until_it_is_given_away(
    client: Clients, organisation: Organisation, made: Made, settings: Settings,
    ways: list[tuple[str, dict[str, Any]]],
) -> None:  # fmt: skip
    await settings(max_claimed=1)
    first, second = [f"/v1/leads/{await pooled(made, organisation)}" for _ in range(2)]
    rep = client(organisation.rep)
    assert (await rep.post(f"{first}/claim")).status_code == 200
    for verb, sent in ways:
        named = {k: str(organisation.rep.id) if v == "rep" else v for k, v in sent.items()}
        assert (await rep.post(f"{first}/{verb}", json=named)).status_code == 200
    assert (await rep.get(first)).json()["owner_id"] == str(organisation.rep.id)
    assert (await rep.post(f"{second}/claim")).json()["code"] == "claim_limit"
    to_rep2 = {"owner_id": str(organisation.rep2.id)}
    given = await client(organisation.manager).post(f"{first}/assign", json=to_rep2)
    assert given.status_code == 200
    assert (await rep.post(f"{second}/claim")).status_code == 200


@pytest.mark.parametrize(
    ("ends", "again", "sent"),
    [("disqualify", "recycle", {"keeps_owner": True}), ("delete", "restore", None)],
)
async def test_what_is_opened_again_counts_as_before(
    client: Clients, organisation: Organisation, made: Made, settings: Settings, ends: str, again: str,
    sent: dict[str, Any] | None,
) -> None:  # fmt: skip
    await settings(max_claimed=2)
    rep = client(organisation.rep)
    paths = [f"/v1/leads/{await pooled(made, organisation)}" for _ in range(4)]
    for path in paths[:3]:
        assert (await rep.post(f"{path}/claim")).status_code == 200
        if path != paths[2]:
            ended = await (
                rep.delete(path) if ends == "delete"
                else rep.post(f"{path}/disqualify", json={"reason": "later"})
            )  # fmt: skip
            assert ended.status_code == 200, ended.text
    reopened = [rep.post(f"{path}/{again}", json=sent) for path in paths[:2]]
    answers = await asyncio.gather(*reopened, rep.post(f"{paths[3]}/claim"))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {
        "claim_limit"
    }
    if again == "recycle":  # back into the pool it may go, and others may have it
        path = next(path for path, a in zip(paths, answers[:2], strict=False) if a.is_error)
        assert (await rep.post(f"{path}/recycle", json={})).json()["owner_id"] is None
