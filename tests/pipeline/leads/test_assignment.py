"""Assignment: who gets a lead, by which rule, and evenly when many come at once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_pipeline.assignment_rules.rules import least_loaded, next_in_turn
from guanxi_shared.db import Database
from tests.factories import (
    Clients,
    Organisation,
    User,
    apply_to_directory,
    directory_event,
    user_state,
)
from tests.pipeline.leads.conftest import SOFTWARE, Made, lead

Ruled = Callable[..., Awaitable[dict[str, Any]]]
PEOPLE = st.lists(st.uuids(), min_size=1, max_size=8, unique=True)


@pytest.fixture
def ruled(client: Clients, organisation: Organisation) -> Ruled:
    """`await ruled(10, person(user), SOFTWARE)`: a rule at a place."""

    async def make(
        position: int, action: dict[str, Any], *groups: Any, **more: Any
    ) -> dict[str, Any]:
        sent = {"name": f"rule {position}", "position": position, "action": action} | more
        answer = await client(organisation.manager).post(
            "/v1/leads/assignment-rules", json=sent | {"filter_groups": list(groups)}
        )
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    return make


def person(user: User) -> dict[str, Any]:
    return {"kind": "person", "user_id": str(user.id)}


def round_robin(*users: User) -> dict[str, Any]:
    return {"kind": "round_robin", "user_ids": [str(user.id) for user in users]}


async def leave(database: Database, organisation: Organisation, user: User) -> None:
    state = user_state(user, organisation, is_active=False)
    await apply_to_directory(
        database, [directory_event(organisation.id, "user", state, version=2, verb="updated")]
    )


async def test_the_first_rule_that_fits_fires_and_is_kept(
    organisation: Organisation, ruled: Ruled, made: Made
) -> None:
    await ruled(20, person(organisation.other_rep))
    rule = await ruled(10, person(organisation.rep2), SOFTWARE)
    found = await made(industry="software")
    assert found["owner_id"] == str(organisation.rep2.id)
    assert (found["assigned_by_rule_id"], found["assigned_by_rule_name"]) == (rule["id"], "rule 10")
    assert found["assigned_at"] is not None
    assert found["version"] == 1
    assert (await made(industry="hats"))["owner_id"] == str(organisation.other_rep.id)


async def test_an_owner_who_is_sent_is_asked_no_rule_and_null_leaves_it_to_the_pool(
    client: Clients, organisation: Organisation, ruled: Ruled
) -> None:
    await ruled(10, person(organisation.rep2))
    rep = client(organisation.rep)
    own = await rep.post("/v1/leads", json=lead(owner_id=str(organisation.rep.id)))
    assert own.json()["owner_id"] == str(organisation.rep.id)
    assert own.json()["assigned_by_rule_id"] is None
    free = await rep.post(
        "/v1/leads", json=lead(owner_id=None, team_id=str(organisation.teams["a"]))
    )
    assert (free.json()["owner_id"], free.json()["assigned_at"]) == (None, None)


async def test_a_rule_may_ask_for_tags_and_addresses_before_the_lead_is_written(
    client: Clients, organisation: Organisation, ruled: Ruled, made: Made
) -> None:
    tagged = {"filters": [{"field": "tags", "operator": "has", "value": "hot"},
                          {"field": "email", "operator": "eq", "value": "A@acme.example"}]}  # fmt: skip
    await ruled(10, person(organisation.rep2), tagged)
    emails = [{"address": "a@acme.example"}]
    assert (await made(tags=["hot"], emails=emails))["owner_id"] == str(organisation.rep2.id)
    other = await made(tags=["hot"])
    assert other["owner_id"] == str(organisation.rep.id)
    # And later just so.
    path, rep = f"/v1/leads/{other['id']}", client(organisation.rep)
    assert (await rep.post(f"{path}/assign", json={"by_rules": True})).status_code == 409
    await rep.patch(path, json={"emails": emails})
    assigned = await rep.post(f"{path}/assign", json={"by_rules": True})
    assert assigned.json()["owner_id"] == str(organisation.rep2.id)


async def test_who_is_not_there_is_passed_over(
    organisation: Organisation, ruled: Ruled, made: Made, service_database: Database
) -> None:
    await ruled(10, person(organisation.rep2))
    await ruled(20, round_robin(organisation.rep2, organisation.other_rep))
    await leave(service_database, organisation, organisation.rep2)
    owners = [(await made())["owner_id"] for _ in range(2)]
    assert owners == [str(organisation.other_rep.id)] * 2


async def test_a_team_gets_it_into_its_pool(
    organisation: Organisation, ruled: Ruled, made: Made
) -> None:
    await ruled(10, {"kind": "team", "team_id": str(organisation.teams["b"])})
    found = await made()
    assert (found["owner_id"], found["team_id"]) == (None, str(organisation.teams["b"]))


async def test_turns_are_even_when_many_come_at_once(
    client: Clients, organisation: Organisation, ruled: Ruled
) -> None:
    people = (organisation.rep, organisation.rep2, organisation.other_rep)
    await ruled(10, round_robin(*people))
    rep = client(organisation.rep)
    answers = await asyncio.gather(*(rep.post("/v1/leads", json=lead()) for _ in range(12)))
    assert [a.status_code for a in answers] == [201] * 12
    owners = Counter(answer.json()["owner_id"] for answer in answers)
    assert owners == {str(each.id): 4 for each in people}


async def test_the_least_loaded_are_filled_up_evenly_when_many_come_at_once(
    client: Clients, organisation: Organisation, ruled: Ruled, made: Made
) -> None:
    for _ in range(4):
        await made()  # the rep's
    await ruled(10, {"kind": "least_loaded", "team_id": str(organisation.teams["a"])})
    rep = client(organisation.rep)
    answers = await asyncio.gather(*(rep.post("/v1/leads", json=lead()) for _ in range(8)))
    owners = Counter(answer.json()["owner_id"] for answer in answers)
    # Four each: the manager, the rep who had them already, and rep2.
    assert owners == {str(organisation.manager.id): 4, str(organisation.rep2.id): 4}
    assert {answer.json()["team_id"] for answer in answers} == {str(organisation.teams["a"])}


async def test_by_rules_on_demand_and_a_clear_word_when_none_fits(
    client: Clients, organisation: Organisation, ruled: Ruled, made: Made
) -> None:
    first = await made()
    path = f"/v1/leads/{first['id']}/assign"
    manager = client(organisation.manager)
    refused = await manager.post(path, json={"by_rules": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_rule_fits")
    await ruled(10, person(organisation.rep2))
    assigned = (await manager.post(path, json={"by_rules": True})).json()
    assert assigned["owner_id"] == str(organisation.rep2.id)
    assert assigned["assigned_by_rule_name"] == "rule 10"


@pytest.mark.parametrize(
    ("change", "field"),
    [({"filter_groups": [{"filters": [{"field": "nope", "operator": "eq", "value": 1}]}]}, "filter_groups"),
     ({"filter_groups": [{"filters": [{"field": "score", "operator": "eq", "value": 10**30}]}]}, "filter_groups"),
     ({"action": None}, "action"), ({"action": {"kind": "person"}}, "action.user_id"),
     ({"action": {"kind": "person", "user_id": str(UUID(int=7))}}, "action.user_id"),
     ({"action": {"kind": "team", "team_id": str(UUID(int=7))}}, "action.team_id"),
     ({"action": {"kind": "round_robin", "user_id": str(UUID(int=7))}}, "action.team_id"),
     ({"position": -1}, "position"), ({"name": ""}, "name")],
)  # fmt: skip
async def test_a_rule_that_means_nothing_is_refused_by_its_field(
    client: Clients, organisation: Organisation, ruled: Ruled, change: dict[str, Any], field: str
) -> None:
    rule = await ruled(10, person(organisation.rep))
    path = f"/v1/leads/assignment-rules/{rule['id']}"
    refused = await client(organisation.manager).patch(path, json=change)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, [field]), refused.text
    unchanged = await client(organisation.manager).get(path)
    assert unchanged.json() == rule


async def test_rules_are_the_managers_and_a_rule_put_away_fires_no_more(
    client: Clients, organisation: Organisation, ruled: Ruled, made: Made
) -> None:
    rule = await ruled(10, person(organisation.rep2))
    path = f"/v1/leads/assignment-rules/{rule['id']}"
    rep, manager = client(organisation.rep), client(organisation.manager)
    assert (await rep.get(path)).status_code == 200
    for answer in (
        await rep.patch(path, json={"position": 1}), await rep.delete(path),
        await rep.post("/v1/leads/assignment-rules", json={}),
    ):  # fmt: skip
        assert answer.status_code == 403
    assert (await manager.delete(path)).status_code == 200
    assert (await made())["owner_id"] == str(organisation.rep.id)
    assert (await manager.post(f"{path}/restore")).status_code == 200
    assert (await made())["owner_id"] == str(organisation.rep2.id)
    listed = (await rep.get("/v1/leads/assignment-rules?sort=position")).json()["data"]
    assert [row["id"] for row in listed] == [rule["id"]]
    kinds = [e["type"] for e in (await manager.get(f"{path}/history")).json()["data"]]
    assert kinds[-1] == "pipeline.lead_assignment_rule.created"


@given(order=PEOPLE, away=st.data())
def test_a_whole_round_meets_everybody_who_is_there_once(
    order: list[UUID], away: st.DataObject
) -> None:
    present = set(away.draw(st.lists(st.sampled_from(order), unique=True)))
    last, met = away.draw(st.none() | st.sampled_from(order)), []
    for _ in present:
        last = next_in_turn(order, present, last)
        met.append(last)
    assert sorted(map(str, met)) == sorted(map(str, present))
    if not present:
        assert next_in_turn(order, present, last) is None


@given(order=PEOPLE, data=st.data())
def test_nobody_who_is_there_has_less_than_the_least_loaded(
    order: list[UUID], data: st.DataObject
) -> None:
    loads = data.draw(st.dictionaries(st.sampled_from(order), st.integers(0, 5)))
    present = set(data.draw(st.lists(st.sampled_from(order), unique=True)))
    found = least_loaded(order, present, loads)
    if found is None:
        assert not present
    else:
        assert found in present
        assert all(loads.get(found, 0) <= loads.get(each, 0) for each in present)
