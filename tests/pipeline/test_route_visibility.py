"""Every route of the service, present and future: other people's deals do not exist."""

from datetime import UTC, datetime
from typing import Any

import pytest

from guanxi_shared.edge import Edge
from tests.every_route import Ids, operations
from tests.factories import Clients, Organisation, User
from tests.pipeline.conftest import Known, Stages
from tests.pipeline.deals import PATH, made

SECRET = "绝密客户Canary"
OPERATIONS = [{"op": "upsert", "match": {"field": "external_id", "value": "canary"}, "data": {}}]


def bodies(stages: Stages) -> dict[str, Any]:
    """What a route takes to answer anything at all."""
    return {
        "/v1/opportunities/search": {"query": "Canary"},
        "/v1/opportunities/batch": {"mode": "independent", "operations": OPERATIONS},
        "/v1/opportunities/{opportunity_id}/move": {"stage_id": stages["Needs analysis"]},
    }


@pytest.fixture
async def canary(
    client: Clients, organisation: Organisation, stages: Stages, account: Known
) -> dict[str, str]:
    """A deal of `rep`, with everything that may tell of it."""
    deal = await made(
        client(organisation.rep), SECRET, external_id="canary", account_id=await account(SECRET),
        amount={"amount": "7777777.00", "currency": "CNY"}, next_step=SECRET, tags=[SECRET],
    )  # fmt: skip
    return {"opportunity_id": deal["id"], "pipeline_id": stages.pipeline_id}


def shows(text: str) -> bool:
    plain = text.replace("'Canary'", "").replace("'canary'", "")
    return "Canary" in plain or "7777777" in plain


async def test_no_route_shows_or_changes_what_the_caller_may_not_see(
    client: Clients, pipeline: Edge, organisation: Organisation, other_organisation: Organisation,
    stages: Stages, canary: dict[str, str],
) -> None:  # fmt: skip
    wrong = []
    strangers = [
        organisation.rep2,
        organisation.other_rep,
        organisation.read_only,
        other_organisation.admin,
    ]
    for user in strangers:
        for method, path in operations(pipeline):
            filled = path.format_map(Ids(canary))
            body = bodies(stages).get(path, {} if method in ("post", "patch", "put") else None)
            answer = await client(user).request(
                method, filled, json=body, headers={"accept": "*/*"}
            )
            if shows(answer.text):
                wrong.append((user.name, method, path, "shows it"))
            if "{opportunity_id}" in path and answer.status_code not in (403, 404):
                wrong.append((user.name, method, path, answer.status_code))
            if answer.status_code >= 500:
                wrong.append((user.name, method, path, answer.status_code))
    assert wrong == []
    kept = await client(organisation.rep).get(f"{PATH}/{canary['opportunity_id']}")
    assert kept.json()["version"] == 1


async def test_those_who_may_see_it_are_shown_it_by_the_same_routes(
    client: Clients, pipeline: Edge, organisation: Organisation, canary: dict[str, str]
) -> None:
    """So that the refusals above are refusals and not broken requests."""
    for user in (organisation.rep, organisation.manager, organisation.admin):
        for method, path in operations(pipeline):
            if method == "get" and any(f"{{{name}}}" in path for name in canary):
                answer = await client(user).get(path.format_map(Ids(canary)))
                assert answer.status_code == 200, (user.name, path, answer.text)
        for path in ("/v1/events", f"/v1/pipelines/{canary['pipeline_id']}/board", PATH):
            assert SECRET in (await client(user).get(path)).text, (user.name, path)
        assert SECRET in (await client(user).post("/v1/pipeline/snapshot")).text


async def test_every_route_refuses_a_caller_without_a_token_or_permissions(
    client: Clients, pipeline: Edge, organisation: Organisation, stages: Stages
) -> None:
    wrong = []
    nobody = organisation.rep.but(permissions=())
    for method, path in operations(pipeline, public=False):
        filled = path.format_map(Ids({}))
        answer = await client().request(method, filled, json={})
        if answer.status_code != 401:
            wrong.append((method, path, answer.status_code))
        answer = await client(nobody).request(method, filled, json=bodies(stages).get(path, {}))
        if answer.status_code < 400 and answer.json() != {"data": []}:
            wrong.append((method, path, answer.status_code, answer.text[:80]))
    assert wrong == []


async def test_the_past_of_a_deal_is_shown_to_whom_it_belongs_now(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep, rep2, manager = (
        client(user) for user in (organisation.rep, organisation.rep2, organisation.manager)
    )
    deal = await made(rep, SECRET)
    path = f"{PATH}/{deal['id']}"
    then = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    given = await manager.patch(path, json={"owner_id": str(organisation.rep2.id), "name": "Plain"})
    assert given.status_code == 200, given.text
    for user, status in ((rep, 404), (rep2, 200), (manager, 200)):
        for query in ("", f"?as_of={then}", "/history", "/stages"):
            answer = await user.get(path + query)
            assert answer.status_code == status, (query, answer.text)
    assert (await manager.get(f"{path}?as_of={then}")).json() == deal


async def test_a_batch_takes_each_item_as_the_caller_may(
    client: Clients, organisation: Organisation, stages: Stages, canary: dict[str, str]
) -> None:
    id = canary["opportunity_id"]
    items = [
        {"op": "update", "id": id, "data": {"name": "x"}},
        {"op": "update", "id": id, "data": {"stage_id": stages["Needs analysis"]}},
        {"op": "delete", "id": id},
        {
            "op": "update",
            "match": {"field": "external_id", "value": "canary"},
            "data": {"name": "x"},
        },
        {"op": "create", "data": {"name": "Mine", "stage_id": stages["Needs analysis"]}},
        {"op": "create", "data": {"name": "Not whole", "stage_id": stages["Negotiation"]}},
    ]
    sent = {"mode": "independent", "operations": items}
    answer = await client(organisation.rep2).post(f"{PATH}/batch", json=sent)
    assert answer.status_code == 200, answer.text
    statuses = [each["status"] for each in answer.json()["results"]]
    assert statuses == [404, 404, 404, 422, 201, 422]  # nothing matches what one does not see
    assert not shows(answer.text)
    sent = {"mode": "all_or_nothing", "operations": [items[4], items[5]]}
    refused = await client(organisation.rep2).post(f"{PATH}/batch", json=sent)
    assert refused.status_code == 422, refused.text
    assert len((await client(organisation.rep2).get(PATH)).json()["data"]) == 1


async def test_the_feed_tells_of_a_move_to_those_who_see_the_deal(
    client: Clients, organisation: Organisation, stages: Stages, canary: dict[str, str]
) -> None:
    rep = client(organisation.rep)
    await rep.post(f"{PATH}/{canary['opportunity_id']}/move", json={"stage_id": stages["Won"]})
    expected = ["pipeline.opportunity.created", "pipeline.opportunity.won"]

    async def told(user: User) -> list[str]:
        events = (await client(user).get("/v1/events")).json()
        return [event["type"] for event in events if "opportunity" in event["type"]]

    for user in (organisation.rep, organisation.manager, organisation.admin):
        assert await told(user) == expected
    for user in (organisation.rep2, organisation.other_rep):
        assert await told(user) == []
