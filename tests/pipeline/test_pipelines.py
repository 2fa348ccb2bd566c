"""Pipelines and their stages: made, changed, put away; and the one an organisation begins with."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from guanxi_pipeline.pipelines.starting import default_pipeline_consumer
from guanxi_shared.consumers import START
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.heard import Event
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Stages
from tests.pipeline.deals import PATH as DEALS
from tests.pipeline.deals import made, moved, pipeline_with, problem

PATH = "/v1/pipelines"
STAGES: list[dict[str, Any]] = [
    {"name": "First", "probability": 20}, {"name": "Won", "kind": "won"}, {"name": "Lost", "kind": "lost"},
]  # fmt: skip


def sent(name: str = "New", **more: Any) -> dict[str, Any]:
    return {"name": name, "stages": STAGES} | more


async def test_a_pipeline_is_shown_as_it_was_made(
    client: Clients, organisation: Organisation
) -> None:
    admin = client(organisation.admin)
    odd = [STAGES[0] | {"probability": 33.335, "max_days": 3, "guidance": "Ask"}, *STAGES[1:]]
    answer = await admin.post(PATH, json=sent(stages=odd, loss_reasons=["price"]))
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    found = answer.json()
    assert found["is_default"]  # the first one
    assert (await admin.get(answer.headers["location"])).json() == found
    assert (await admin.get(PATH)).json()["data"] == [found]
    history = (await admin.get(f"{PATH}/{found['id']}/history")).json()["data"]
    assert history[0]["after"] == found
    kinds = [
        (stage["kind"], stage["probability"], stage["forecast_category"])
        for stage in found["stages"]
    ]
    assert kinds[1:] == [("won", 100, "closed"), ("lost", 0, "omitted")]
    patched = await admin.patch(f"{PATH}/{found['id']}", json={"stages": found["stages"]})
    assert (patched.status_code, patched.json()) == (200, found)  # nothing changed by it


async def test_one_is_the_default_whoever_switches_at_once(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    admin = client(organisation.admin)
    ids = [(await pipeline_with(admin, f"P{n}")).pipeline_id for n in range(4)]
    for _ in range(3):
        answers = await asyncio.gather(
            *(admin.patch(f"{PATH}/{id}", json={"is_default": True}) for id in ids),
            admin.post(PATH, json=sent(f"New {uuid4()}", is_default=True)),
        )
        assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 201]
        listed = (await admin.get(PATH)).json()["data"]
        [default] = [each["id"] for each in listed if each["is_default"]]
        deal = await made(client(organisation.rep))
        assert deal["pipeline_id"] == default


@pytest.mark.parametrize("seed", range(4))
async def test_edits_of_one_pipeline_at_once_follow_each_other(
    client: Clients, organisation: Organisation, stages: Stages, seed: int
) -> None:
    admin, path = client(organisation.admin), f"{PATH}/{stages.pipeline_id}"
    present = (await admin.get(path)).json()["stages"]
    answers = await asyncio.gather(
        *(admin.patch(path, json={"stages": [{"name": f"S{n}", "probability": n}, *present]})
          for n in range(4)),
        admin.patch(path, json={"name": "Other"}),
    )  # fmt: skip
    assert {answer.status_code for answer in answers} == {200}
    found = (await admin.get(path)).json()
    last = max((answer.json() for answer in answers), key=lambda state: state["version"])
    assert found == last
    assert len(found["stages"]) == len(present) + 1


async def test_the_list_of_stages_is_replaced_as_a_whole(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    admin, path = client(organisation.admin), f"{PATH}/{stages.pipeline_id}"
    present = (await admin.get(path)).json()["stages"]
    turned = [
        present[1] | {"name": "Renamed"},
        present[0],
        {"name": "New", "probability": 60},
        *present[4:],
    ]
    found = (await admin.patch(path, json={"stages": turned})).json()["stages"]
    assert [stage["name"] for stage in found] == ["Renamed", "Qualification", "New", "Won", "Lost"]
    assert [stage["id"] for stage in found[:2]] == [present[1]["id"], present[0]["id"]]
    assert (await admin.get(path)).json()["stages"] == found
    back = await admin.patch(path, json={"stages": present})  # what is gone does not come back
    problem(back, 422, "stage_not_in_pipeline", "stages.2.id")
    deal = await made(client(organisation.rep))
    assert deal["stage_id"] == found[0]["id"]
    assert (await moved(client(organisation.rep), deal["id"], present[2]["id"])).status_code == 422


async def test_a_stage_with_deals_in_it_stays_and_they_are_counted(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    admin, rep, path = (
        client(organisation.admin),
        client(organisation.rep),
        f"{PATH}/{stages.pipeline_id}",
    )
    present = (await admin.get(path)).json()["stages"]
    for _ in range(2):
        await made(rep, stage_id=stages["Needs analysis"])
    await made(client(organisation.other_rep), stage_id=stages["Won"])
    kept = [s for s in present if s["name"] != "Needs analysis"] + [
        {"name": "Also won", "kind": "won"}
    ]
    refused = await admin.patch(path, json={"stages": kept, "name": "Half"})
    found = problem(refused, 409, "stage_in_use", "stages")
    assert "2 in Needs analysis" in found["detail"]
    assert (await admin.get(path)).json()["name"] == "Sales"
    problem(await admin.delete(path), 409, "pipeline_in_use")


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ([{"kind": "won"}], "stage_kind_fixed", "stages.0.kind"),
        ([{"probability": None}], "pipeline_incomplete", "stages.0.probability"),
        ([{}, {"name": "qualification"}], "pipeline_incomplete", "stages"),
        ([{"id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}], "stage_not_in_pipeline", "stages.0.id"),
        ([{"exit_criteria": [{"key": "a", "text": "A"}, {"key": "a", "text": "B"}]}],
         "pipeline_incomplete", "stages.0.exit_criteria"),
        ([{"exit_criteria": [{"key": "a", "text": "A", "filter_groups": [
            {"filters": [{"field": "colour", "operator": "eq", "value": 1}]}]}]}],
         "invalid", "stages.0.exit_criteria.0.filter_groups"),
        ([{"exit_criteria": [{"key": "a", "text": "A", "filter_groups": [
            {"filters": [{"field": "amount", "operator": "near", "value": 1}]}]}]}],
         "invalid", "stages.0.exit_criteria.0.filter_groups"),
        ([{"exit_criteria": [{"key": "a", "text": "A", "filter_groups": [
            {"filters": [{"field": "flag", "operator": "eq", "value": "red"}]}]}]}],
         "invalid", "stages.0.exit_criteria.0.filter_groups"),
        ([{}, {}, {}, {}, {"probability": 50}], "pipeline_incomplete", "stages.4.probability"),
    ],
)  # fmt: skip
async def test_stages_that_make_no_sense_are_refused_by_name(
    client: Clients, organisation: Organisation, stages: Stages, change: list[Any], code: str, field: str
) -> None:  # fmt: skip
    admin, path = client(organisation.admin), f"{PATH}/{stages.pipeline_id}"
    before = (await admin.get(path)).json()
    wanted = [s | (change[n] if n < len(change) else {}) for n, s in enumerate(before["stages"])]
    problem(await admin.patch(path, json={"stages": wanted}), 422, code, field)
    assert (await admin.get(path)).json() == before


async def test_a_pipeline_without_a_way_out_is_none(
    client: Clients, organisation: Organisation
) -> None:
    admin = client(organisation.admin)
    for missing in range(3):
        stages = [stage for n, stage in enumerate(STAGES) if n != missing]
        answer = await admin.post(PATH, json=sent(stages=stages))
        problem(answer, 422, "pipeline_incomplete", "stages")


async def test_a_name_is_taken_once_and_said_so(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    admin = client(organisation.admin)
    for name in ("Sales", "SALES"):
        problem(await admin.post(PATH, json=sent(name)), 409, "not_unique", "name")
    other = await pipeline_with(admin, "Other")
    path = f"{PATH}/{other.pipeline_id}"
    problem(await admin.patch(path, json={"name": "sales"}), 409, "not_unique", "name")
    assert (await admin.delete(path)).status_code == 200
    await pipeline_with(admin, "Other")
    problem(await admin.post(path + "/restore"), 409, "not_unique", "name")
    answers = await asyncio.gather(*(admin.post(PATH, json=sent("Twin")) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


async def test_one_that_is_put_away_comes_back_as_it_was(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    admin, rep = client(organisation.admin), client(organisation.rep)
    path = f"{PATH}/{stages.pipeline_id}"
    won = await made(rep, stage_id=stages["Won"])
    assert (await admin.delete(path)).status_code == 200
    assert (await admin.get(path)).status_code == 404
    assert (await admin.get(path + "/board")).status_code == 404
    assert (await rep.get(f"{DEALS}/{won['id']}")).status_code == 200
    assert (await rep.get(f"{DEALS}/{won['id']}/stages")).json()["data"][0]["stage_name"] == "Won"
    problem(await rep.post(DEALS, json={"name": "x"}), 409, "no_pipeline")
    other = await pipeline_with(admin, "Other")
    restored = (await admin.post(path + "/restore")).json()
    assert not restored["is_default"]  # another one is that now
    listed = {p["id"]: p["is_default"] for p in (await admin.get(PATH)).json()["data"]}
    assert listed == {stages.pipeline_id: False, other.pipeline_id: True}
    assert len((await admin.get(path)).json()["stages"]) == 6


async def test_an_idempotent_create_makes_one(client: Clients, organisation: Organisation) -> None:
    admin, id = client(organisation.admin), str(new_id())
    first = await admin.post(PATH, json=sent(id=id), headers={"Idempotency-Key": "once"})
    again = await admin.post(PATH, json=sent(id=id), headers={"Idempotency-Key": "once"})
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    same = await admin.post(PATH, json=sent(id=id))
    assert (same.status_code, same.json()) == (200, first.json())
    problem(await admin.post(PATH, json=sent("Other", id=id)), 409, "id_taken", "id")


async def test_who_sells_does_not_change_the_process(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep, path = client(organisation.rep), f"{PATH}/{stages.pipeline_id}"
    assert (await rep.get(path)).status_code == 200
    for method, to, body in (
        ("POST", PATH, sent()), ("PATCH", path, {"name": "x"}), ("DELETE", path, None),
    ):  # fmt: skip
        assert (await rep.request(method, to, json=body)).status_code == 403


async def test_a_change_is_seen_by_the_next_request(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    """What is remembered for a second is forgotten once the change stands, however many read meanwhile."""
    admin, rep, path = (
        client(organisation.admin),
        client(organisation.rep),
        f"{PATH}/{stages.pipeline_id}",
    )
    for n in range(6):
        present = (await admin.get(path)).json()["stages"]
        new = [{"name": f"New {n}", "probability": n}, *present]
        change, *_ = await asyncio.gather(
            admin.patch(path, json={"stages": new}), *(made(rep) for _ in range(8))
        )
        assert change.status_code == 200
        first = change.json()["stages"][0]["id"]
        assert (await made(rep))["stage_id"] == first


async def test_an_organisation_begins_with_one_pipeline_however_often_it_is_told(
    client: Clients, organisation: Organisation, pipeline: Edge, service_database: Database
) -> None:
    told: list[Event] = [
        {"organisation_id": str(organisation.id), "type": "gateway.organisation.created", "version": 1}
    ] * 2  # fmt: skip

    async def source(*, epoch: UUID | None, after: int, **_: Any) -> tuple[UUID, int, list[Event]]:
        return uuid4(), after + 2, told

    consumer = default_pipeline_consumer(pipeline.state.house, source)
    consumer.name = f"beginnings-{organisation.id}"
    async with service_database.transaction(None) as connection:
        await connection.execute(START, consumer.name)
    for _ in range(2):
        assert await consumer.step(service_database, wait=0) == 2
    admin = client(organisation.admin)
    [found] = (await admin.get(PATH)).json()["data"]
    assert (found["name"], found["is_default"], len(found["stages"])) == ("Sales", True, 6)
    assert (await made(admin))["pipeline_id"] == found["id"]
    await admin.patch(f"{PATH}/{found['id']}", json={"name": "Ours"})
    await consumer.step(service_database, wait=0)
    assert [p["name"] for p in (await admin.get(PATH)).json()["data"]] == ["Ours"]
