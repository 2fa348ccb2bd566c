"""People who move cards at the same moment: everybody lands where they dropped, nothing is lost."""

import asyncio
from collections.abc import Iterable
from random import Random
from typing import Any

import httpx
import pytest

from guanxi_shared.db import Database
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Stages
from tests.pipeline.deals import PATH, events_of, got, made, moved, pipeline_with

RANKS = """
SELECT id::text, rank, stage_id::text FROM opportunities
WHERE organisation_id = $2 AND pipeline_id = $3::text::uuid AND deleted_at IS NULL ORDER BY rank, id
"""


async def order_of(user: httpx.AsyncClient, pipeline_id: str, stage_id: str) -> list[str]:
    answer = await user.get(f"/v1/pipelines/{pipeline_id}/board", params={"cards": 100})
    assert answer.status_code == 200, answer.text
    found = next(stage for stage in answer.json()["stages"] if stage["id"] == stage_id)
    return [card["id"] for card in found["cards"]]


async def some(user: httpx.AsyncClient, count: int, **more: Any) -> list[str]:
    """Ids, the topmost card first."""
    return [(await made(user, f"Deal {n}", **more))["id"] for n in range(count)][::-1]


def codes(answers: Iterable[httpx.Response]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


async def test_two_who_drop_into_one_gap_both_land_in_it(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep, manager = client(organisation.rep), client(organisation.manager)
    there = stages["Qualification"]
    for _ in range(5):
        cards = await some(rep, 4)
        a, b, x, y = cards
        answers = await asyncio.gather(
            moved(rep, x, there, after_id=a), moved(manager, y, there, before_id=b)
        )
        assert codes(answers) == [200, 200]
        order = [id for id in await order_of(rep, stages.pipeline_id, there) if id in cards]
        assert order[0] == a
        assert order[3] == b
        assert set(order[1:3]) == {x, y}


async def test_a_card_that_two_move_at_once_is_in_one_place(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep, manager = client(organisation.rep), client(organisation.manager)
    targets = (stages["Needs analysis"], stages["Won"])
    for version, expected in ((1, [200, 412]), (None, [200, 200])):
        [card] = await some(rep, 1)
        answers = await asyncio.gather(
            moved(rep, card, targets[0], version=version),
            moved(manager, card, targets[1], version=version),
        )
        assert codes(answers) == expected
        last = max((a.json() for a in answers if a.is_success), key=lambda s: s["version"])
        assert await got(rep, card) == last
        boards = [await order_of(rep, stages.pipeline_id, id) for id in stages.ids.values()]
        assert sum(board.count(card) for board in boards) == 1
        events = await events_of(rep, card)
        assert [each["version"] for each in events] == list(range(1, last["version"] + 1))


async def test_a_move_and_a_delete_follow_each_other(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep = client(organisation.rep)
    for _ in range(6):
        [card] = await some(rep, 1)
        move, delete = await asyncio.gather(
            moved(rep, card, stages["Needs analysis"]), rep.delete(f"{PATH}/{card}")
        )
        assert delete.status_code == 200
        assert move.status_code in (200, 404)
        restored = (await rep.post(f"{PATH}/{card}/restore")).json()
        went = stages["Needs analysis" if move.is_success else "Qualification"]
        assert restored["stage_id"] == went
        versions = [each["version"] for each in await events_of(rep, card)]
        assert versions == list(range(1, restored["version"] + 1))


async def test_a_move_and_a_patch_both_stand(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep, manager = client(organisation.rep), client(organisation.manager)
    for _ in range(6):
        [card] = await some(rep, 1)
        path = f"{PATH}/{card}"
        answers = await asyncio.gather(
            moved(rep, card, stages["Needs analysis"]),
            manager.patch(path, json={"next_step": "Call"}),
            manager.patch(path, json={"probability": 77}),
            rep.patch(path, json={"tags": ["hot"], "stage_id": stages["Needs analysis"]}),
        )
        assert codes(answers) == [200] * 4, [answer.text for answer in answers]
        found = await got(rep, card)
        assert (found["stage_id"], found["next_step"]) == (stages["Needs analysis"], "Call")
        assert (found["tags"], found["probability"]) == (["hot"], 77)


async def test_nothing_is_put_into_a_stage_that_goes_at_the_same_moment(
    client: Clients, organisation: Organisation
) -> None:
    """Either the card is there first and the stage stays, or the stage goes and the card does not."""
    rep, admin = client(organisation.rep), client(organisation.admin)
    for round_ in range(12):
        ruled = await pipeline_with(admin, f"Round {round_}")
        path = f"/v1/pipelines/{ruled.pipeline_id}"
        listed = (await admin.get(path)).json()["stages"]
        kept = [stage for stage in listed if stage["name"] != "Second"]
        cards = await some(rep, 2, pipeline_id=ruled.pipeline_id)
        new = {"name": "x", "pipeline_id": ruled.pipeline_id, "stage_id": ruled["Second"]}
        change, *puts = await asyncio.gather(
            admin.patch(path, json={"stages": kept}),
            moved(rep, cards[0], ruled["Second"]),
            rep.patch(f"{PATH}/{cards[1]}", json={"stage_id": ruled["Second"]}),
            rep.post(PATH, json=new),
        )
        assert change.status_code in (200, 409), change.text
        for put in puts:
            assert put.status_code in (200, 201, 422), put.text
            assert put.is_success or "stage_id" in put.json()["errors"], put.text
        inside = await rep.get(PATH, params={"stage_id": ruled["Second"]})
        assert (len(inside.json()["data"]) == 0) == change.is_success
        assert len(inside.json()["data"]) == sum(put.is_success for put in puts)
        left = (await admin.get(path)).json()["stages"]
        assert [stage["name"] for stage in left].count("Second") == (not change.is_success)


async def test_nothing_open_is_put_into_a_pipeline_that_goes_at_the_same_moment(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep, admin = client(organisation.rep), client(organisation.admin)
    for round_ in range(8):
        ruled = await pipeline_with(admin, f"Round {round_}")
        [card] = await some(rep, 1)
        gone, move, new = await asyncio.gather(
            admin.delete(f"/v1/pipelines/{ruled.pipeline_id}"),
            moved(rep, card, ruled["First"]),
            rep.post(PATH, json={"name": "x", "pipeline_id": ruled.pipeline_id}),
        )
        assert gone.status_code in (200, 409), gone.text
        puts = [answer.is_success for answer in (move, new)]
        assert all(answer.status_code in (200, 201, 422) for answer in (move, new)), move.text
        assert any(puts) != gone.is_success


@pytest.mark.parametrize("seed", [1, 2])
async def test_thirty_random_moves_at_once_leave_each_card_where_its_last_one_put_it(
    client: Clients, organisation: Organisation, stages: Stages, service_database: Database, seed: int
) -> None:  # fmt: skip
    random, users = Random(seed), [client(organisation.rep), client(organisation.manager)]
    cards = await some(users[0], 8)
    there = [stages["Qualification"], stages["Needs analysis"]]

    def drop() -> Any:
        card, other = random.sample(cards, 2)
        place: dict[str, Any] = random.choice(
            [
                {},
                {"position": "top"},
                {"position": "bottom"},
                {"after_id": other},
                {"before_id": other},
            ]
        )
        return moved(random.choice(users), card, random.choice(there), **place)

    answers = await asyncio.gather(*(drop() for _ in range(30)))
    assert set(codes(answers)) <= {200, 409}, [answer.text for answer in answers]
    last: dict[str, dict[str, Any]] = {}
    for state in (answer.json() for answer in answers if answer.is_success):
        if state["version"] > last.get(state["id"], {"version": 0})["version"]:
            last[state["id"]] = state
    orders = {id: await order_of(users[0], stages.pipeline_id, id) for id in stages.ids.values()}
    assert sorted(id for order in orders.values() for id in order) == sorted(cards)
    for id, state in last.items():
        assert id in orders[state["stage_id"]]
        assert await got(users[0], id) == state
    rows = await service_database.fetch(
        organisation.id, RANKS, organisation.id, stages.pipeline_id
    )  # fmt: skip
    for stage_id in there:
        ranks = [row["rank"] for row in rows if row["stage_id"] == stage_id]
        assert len(set(ranks)) == len(ranks)
        assert [row["id"] for row in rows if row["stage_id"] == stage_id] == orders[stage_id]


async def test_a_gap_takes_as_many_cards_as_are_dropped_into_it(
    client: Clients, organisation: Organisation, stages: Stages, service_database: Database
) -> None:
    """The stage is numbered anew when the gap has grown too narrow, and nobody sees it."""
    rep, there = client(organisation.rep), stages["Qualification"]
    cards = await some(rep, 5)
    top = cards[0]
    before = {id: (await got(rep, id))["version"] for id in cards}
    order = list(cards)
    for n in range(400):
        card = order[-1] if n % 2 else order[2]
        if n % 40 < 2:
            answer = await moved(rep, card, there, after_id=top)
            assert answer.status_code == 200
            order.remove(card)
            order.insert(1, card)
            assert await order_of(rep, stages.pipeline_id, there) == order
            continue
        await moved(rep, card, there, after_id=top)
        order.remove(card)
        order.insert(1, card)
    rows = await service_database.fetch(organisation.id, RANKS, organisation.id, stages.pipeline_id)
    assert [row["id"] for row in rows] == order == await order_of(rep, stages.pipeline_id, there)
    assert max(len(row["rank"].as_tuple().digits) for row in rows) <= 70
    assert (await got(rep, top))["version"] == before[top]


async def test_cards_of_one_rank_are_told_apart_when_somebody_drops_between_them(
    client: Clients, organisation: Organisation, stages: Stages, service_database: Database
) -> None:
    """Two people dropped at one microsecond, or an import wrote them all at once."""
    rep, there = client(organisation.rep), stages["Qualification"]
    cards = await some(rep, 6)
    async with service_database.transaction(organisation.id) as connection:
        await connection.execute("UPDATE opportunities SET rank = -5 WHERE rank < 0")
    order = await order_of(rep, stages.pipeline_id, there)
    assert order == sorted(cards)
    for moving, beside in ((5, 1), (0, 3), (2, 2)):
        card = order.pop(moving)
        answer = await moved(rep, card, there, after_id=order[beside])
        assert answer.status_code == 200
        order.insert(beside + 1, card)
        assert await order_of(rep, stages.pipeline_id, there) == order


async def test_a_card_that_leaves_while_its_stage_is_numbered_keeps_its_new_place(
    client: Clients, organisation: Organisation, stages: Stages, service_database: Database
) -> None:
    rep, here, there = client(organisation.rep), stages["Qualification"], stages["Needs analysis"]
    x, *others = await some(rep, 4)
    leaving, first, second, moving = x, *others
    async with service_database.transaction(organisation.id) as connection:
        await connection.execute("UPDATE opportunities SET rank = -5")
    async with service_database.transaction(organisation.id) as held:
        await held.execute(
            "UPDATE opportunities SET stage_id = $1::text::uuid, rank = -77 WHERE id = $2::text::uuid",
            there, leaving,
        )  # fmt: skip
        waiting = asyncio.create_task(moved(rep, moving, here, after_id=min(first, second)))
        await until_waiting(service_database)
    assert (await waiting).status_code == 200
    rows = await service_database.fetch(organisation.id, RANKS, organisation.id, stages.pipeline_id)
    assert {row["id"]: int(row["rank"]) for row in rows}[leaving] == -77


WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"


async def until_waiting(database: Database) -> None:
    async with asyncio.timeout(5):
        while not await database.pool.fetchval(WAITING):
            await asyncio.sleep(0.01)
