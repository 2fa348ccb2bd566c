import uuid
from collections.abc import Awaitable, Callable

import httpx
import orjson
import pytest

from guanxi_gateway.callers import directory_versions
from guanxi_shared.calls import House
from tests.gateway.identity.people import PASSWORD, Company, Person, unique

Found = Callable[[], Awaitable[Company]]


async def reach(house: House, company: Company, user: Person) -> dict[str, set[str]]:
    """What the gateway's own copy, and with it every service's, says that a user sees."""
    row = await house.db.fetchrow(
        company.id,
        "SELECT sees_team, sees_subtree, teams, subtree_teams FROM directory_users "
        "WHERE organisation_id = $2 AND id = $3",
        company.id,
        user.id,
    )
    assert row is not None
    return {name: {str(one) for one in ids} for name, ids in row.items()}


async def events_of(
    house: House, company: Company
) -> list[tuple[str, str, int, dict[str, object]]]:
    rows = await house.db.fetch(
        company.id,
        "SELECT type, subject_id, version, after::text AS after FROM events "
        "WHERE organisation_id = $2 ORDER BY seq",
        company.id,
    )
    return [
        (row["type"], str(row["subject_id"]), row["version"], orjson.loads(row["after"]))
        for row in rows
    ]


async def test_a_manager_sees_the_whole_subtree_and_a_rep_only_themselves(
    company: Company, house: House
) -> None:
    root = await company.team("Sales")
    east = await company.team("East", root)
    west = await company.team("West", root)
    manager = await company.hire("manager", teams=(root,))
    rep = await company.hire("sales", teams=(east,))
    agent = await company.hire("agent", teams=(west,))
    colleague = await company.hire("sales", teams=(west,))
    seen = await reach(house, company, manager)
    assert seen["sees_subtree"] == {manager.id, rep.id, agent.id, colleague.id}
    assert seen["sees_team"] == {manager.id}
    assert seen["subtree_teams"] == {root, east, west}
    own = await reach(house, company, rep)
    assert own["sees_team"] == own["sees_subtree"] == {rep.id}
    assert own["teams"] == {east}
    assert (await reach(house, company, agent))["sees_team"] == {agent.id, colleague.id}


async def test_moving_a_team_moves_what_managers_see(company: Company, house: House) -> None:
    north, south = await company.team("North"), await company.team("South")
    local = await company.team("Local", north)
    first = await company.hire("manager", teams=(north,))
    second = await company.hire("manager", teams=(south,))
    rep = await company.hire("sales", teams=(local,))
    assert rep.id in (await reach(house, company, first))["sees_subtree"]
    moved = await company.admin.patch(f"/v1/teams/{local}", {"parent_id": south})
    assert moved.status_code == 200
    assert rep.id not in (await reach(house, company, first))["sees_subtree"]
    assert rep.id in (await reach(house, company, second))["sees_subtree"]


async def test_a_role_change_changes_what_is_seen(company: Company, house: House) -> None:
    team = await company.team("Sales")
    rep = await company.hire("sales", teams=(team,))
    other = await company.hire("sales", teams=(team,))
    assert (await reach(house, company, rep))["sees_subtree"] == {rep.id}
    await company.admin.patch(f"/v1/users/{rep.id}", {"role": "manager"})
    assert (await reach(house, company, rep))["sees_subtree"] == {rep.id, other.id}


HEADS = "SELECT id::text FROM directory_users WHERE organisation_id = $2 AND heads"


async def test_who_heads_others_is_told_from_colleagues_who_see_each_other(
    company: Company, house: House
) -> None:
    team = await company.team("Support")
    manager = await company.hire("manager", teams=(team,))
    agent = await company.hire("agent", teams=(team,))
    seen = [await reach(house, company, user) for user in (manager, agent)]
    assert seen[0] == seen[1]

    async def heads() -> set[str]:
        return {row["id"] for row in await house.db.fetch(company.id, HEADS, company.id)}

    assert manager.id in await heads()
    assert agent.id not in await heads()
    for user, role in ((agent, "manager"), (manager, "agent")):
        answer = await company.admin.patch(f"/v1/users/{user.id}", {"role": role})
        assert answer.status_code == 200
    assert agent.id in await heads()
    assert manager.id not in await heads()


async def test_events_carry_the_closure_and_only_the_last_its_version(
    company: Company, house: House
) -> None:
    team = await company.team("Sales")
    manager = await company.hire("manager", teams=(team,))
    before = len(await events_of(house, company))
    rep = await company.hire("sales", teams=(team,))
    events = (await events_of(house, company))[before:]
    types = {(kind, subject) for kind, subject, _, _ in events}
    assert types == {
        ("gateway.user.created", rep.id),
        ("gateway.user.updated", manager.id),
    }
    carrying = [state.get("directory_version") for *_, state in events]
    assert carrying[:-1] == [None]
    assert carrying[-1] is not None
    state = next(state for _, subject, _, state in events if subject == manager.id)
    assert set(state["sees_subtree"]) == {manager.id, rep.id}  # type: ignore[call-overload]
    assert {"id", "name", "email", "is_active", "sees_team", "teams", "subtree_teams"} <= set(state)
    assert "password_hash" not in state


async def test_versions_of_a_user_rise_by_one_with_every_event(
    company: Company, house: House
) -> None:
    team = await company.team("Sales")
    manager = await company.hire("manager", teams=(team,))
    for _ in range(3):
        await company.hire("sales", teams=(team,))
    versions = [v for _, subject, v, _ in await events_of(house, company) if subject == manager.id]
    assert versions == [1, 2, 3, 4]


async def test_services_are_asked_to_catch_up_after_a_change(company: Company) -> None:
    organisation = uuid.UUID(company.id)
    before = directory_versions[organisation]
    await company.team("Sales")
    assert directory_versions[organisation] == before + 1
    await company.admin.sign_in()
    assert (await company.admin.get("/v1/me")).json()["directory_version"] == before + 1


@pytest.mark.parametrize("under", ["itself", "below"])
async def test_a_team_cannot_be_put_below_itself(company: Company, under: str) -> None:
    top = await company.team("Top")
    low = await company.team("Low", top)
    target = top if under == "itself" else low
    answer = await company.admin.patch(f"/v1/teams/{top}", {"parent_id": target})
    assert (answer.status_code, answer.json()["code"]) == (422, "team_cycle")
    assert "parent_id" in answer.json()["errors"]


async def test_a_team_with_teams_below_it_stays(company: Company) -> None:
    top = await company.team("Top")
    low = await company.team("Low", top)
    assert (await company.admin.delete(f"/v1/teams/{top}")).json()["code"] == "team_in_use"
    assert (await company.admin.delete(f"/v1/teams/{low}")).status_code == 200
    assert (await company.admin.delete(f"/v1/teams/{top}")).status_code == 200
    assert (await company.admin.get(f"/v1/teams/{top}")).status_code == 404
    restored = await company.admin.post(f"/v1/teams/{low}/restore")
    assert (restored.status_code, restored.json()["parent_id"]) == (200, None)


async def test_members_come_and_go(company: Company) -> None:
    team = await company.team("Sales")
    rep = await company.hire("sales")
    joined = await company.admin.put(f"/v1/teams/{team}/members/{rep.id}")
    assert joined.json()["member_ids"] == [rep.id]
    assert (await company.admin.get(f"/v1/users/{rep.id}")).json()["team_ids"] == [team]
    left = await company.admin.delete(f"/v1/teams/{team}/members/{rep.id}")
    assert left.json()["member_ids"] == []
    gone = await company.admin.delete(f"/v1/teams/{team}/members/{rep.id}")
    assert gone.status_code == 404


async def test_users_are_listed_filtered_and_read_with_an_etag(company: Company) -> None:
    rep = await company.hire("sales", name="赵敏")
    listed = await company.admin.get("/v1/users", params={"role": "sales", "limit": 10})
    assert [user["name"] for user in listed.json()["data"]] == ["赵敏"]
    one = await company.admin.get(f"/v1/users/{rep.id}")
    assert one.headers["etag"] == f'"{one.json()["version"]}"'
    same = await company.admin.get(
        f"/v1/users/{rep.id}", headers={"if-none-match": one.headers["etag"]}
    )
    assert same.status_code == 304
    unknown = await company.admin.get("/v1/users", params={"colour": "red"})
    assert unknown.status_code == 400


async def test_a_stale_change_is_refused_with_the_present_record(company: Company) -> None:
    rep = await company.hire("sales")
    first = await company.admin.patch(f"/v1/users/{rep.id}", {"name": "One"})
    stale = await company.admin.patch(
        f"/v1/users/{rep.id}", {"name": "Two"}, headers={"if-match": '"1"'}
    )
    assert stale.status_code == 412
    assert stale.json()["current"]["name"] == "One"
    fresh = await company.admin.patch(
        f"/v1/users/{rep.id}", {"name": "Two"}, headers={"if-match": first.headers["etag"]}
    )
    assert fresh.status_code == 200


async def test_a_repeated_create_with_one_key_makes_one_user(company: Company) -> None:
    body = {"email": f"{unique()}@people.example", "name": "Once", "role": "sales"}
    key = {"idempotency-key": unique()}
    first = await company.admin.post("/v1/users", body, headers=key)
    again = await company.admin.post("/v1/users", body, headers=key)
    assert first.status_code == again.status_code == 201
    assert first.json()["id"] == again.json()["id"]
    assert again.headers["idempotent-replayed"] == "true"


async def test_one_address_is_one_user_in_an_organisation_whatever_its_case(
    company: Company,
) -> None:
    rep = await company.hire("sales")
    body = {"email": rep.email.upper(), "name": "Twin", "role": "sales"}
    answer = await company.admin.post("/v1/users", body)
    assert answer.status_code == 409
    assert "email" in answer.json()["errors"]


async def test_a_client_may_bring_the_id(company: Company) -> None:
    body = {
        "id": str(uuid.uuid4()),
        "email": f"{unique()}@people.example",
        "name": "Own id",
        "role": "sales",
    }
    assert (await company.admin.post("/v1/users", body)).status_code == 201
    assert (await company.admin.post("/v1/users", body)).status_code == 200
    other = await company.admin.post("/v1/users", {**body, "name": "Another"})
    assert other.status_code == 409


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "not an address"}, "email"),
        ({"role": "king"}, "role"),
        ({"name": ""}, "name"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"password": "short"}, "password"),
        ({"colour": "red"}, "colour"),
        ({"team_ids": ["0192d3a0-0000-7000-8000-000000000001"]}, "team_ids"),
    ],
)
async def test_a_refused_user_names_the_field(
    company: Company, changes: dict[str, object], field: str
) -> None:
    body = {"email": f"{unique()}@people.example", "name": "Somebody", "role": "sales"}
    answer = await company.admin.post("/v1/users", {**body, **changes})
    assert answer.status_code == 422, answer.text
    assert field in answer.json()["errors"]


async def test_a_deactivated_user_is_out_at_once_and_cannot_come_back(company: Company) -> None:
    rep = await company.hire("sales")
    refresh = rep.tokens["refresh_token"]
    assert (await rep.get("/v1/me")).status_code == 200
    await company.admin.patch(f"/v1/users/{rep.id}", {"is_active": False})
    assert (await rep.get("/v1/me")).status_code == 401
    assert (await rep.sign_in()).status_code == 401
    answer = await company.client.post("/v1/auth/refresh", json={"refresh_token": refresh})
    assert answer.status_code == 401
    await company.admin.patch(f"/v1/users/{rep.id}", {"is_active": True})
    assert (await rep.sign_in()).status_code == 200


async def test_a_deleted_user_can_be_restored_with_address_and_teams(company: Company) -> None:
    team = await company.team("Sales")
    rep = await company.hire("sales", teams=(team,))
    assert (await company.admin.delete(f"/v1/users/{rep.id}")).status_code == 200
    assert (await rep.sign_in()).status_code == 401
    assert (await company.admin.get(f"/v1/users/{rep.id}")).status_code == 404
    restored = await company.admin.post(f"/v1/users/{rep.id}/restore")
    assert restored.json()["team_ids"] == [team]
    assert (await rep.sign_in()).status_code == 200


async def test_the_last_admin_cannot_be_lost(company: Company) -> None:
    path = f"/v1/users/{company.admin.id}"
    for change in ({"role": "sales"}, {"is_active": False}):
        assert (await company.admin.patch(path, change)).json()["code"] == "last_admin"
    assert (await company.admin.delete(path)).json()["code"] == "last_admin"
    await company.hire("admin")
    assert (await company.admin.patch(path, {"role": "sales"})).status_code == 200


async def test_losing_rights_ends_sessions_gaining_them_does_not(company: Company) -> None:
    rep = await company.hire("sales")
    await company.admin.patch(f"/v1/users/{rep.id}", {"role": "admin"})
    assert (await rep.get("/v1/me")).status_code == 200
    await company.admin.patch(f"/v1/users/{rep.id}", {"role": "sales"})
    assert (await rep.get("/v1/me")).status_code == 401


async def test_a_changed_address_is_the_one_to_sign_in_with(company: Company) -> None:
    rep = await company.hire("sales")
    old, new = rep.email, f"{unique()}@people.example"
    await company.admin.patch(f"/v1/users/{rep.id}", {"email": new})
    assert (await rep.sign_in()).status_code == 401
    rep.email = new
    assert (await rep.sign_in()).status_code == 200
    assert old != new


@pytest.mark.parametrize("role", ["manager", "sales", "agent", "marketer", "analyst", "read-only"])
async def test_only_admins_change_the_directory(company: Company, role: str) -> None:
    person = await company.hire(role)
    body = {"email": f"{unique()}@people.example", "name": "X", "role": "sales"}
    assert (await person.post("/v1/users", body)).status_code == 403
    assert (await person.post("/v1/teams", {"name": "X"})).status_code == 403
    assert (await person.patch(f"/v1/users/{person.id}", {"role": "admin"})).status_code == 403
    assert (await person.get("/v1/users")).status_code == 200
    assert (await person.get("/v1/teams")).status_code == 200


async def test_another_organisation_sees_and_changes_nothing(
    company: Company, found_company: Found
) -> None:
    other: Company = await found_company()
    team = await company.team("Sales")
    paths = [f"/v1/users/{company.admin.id}", f"/v1/teams/{team}"]
    for path in paths:
        assert (await other.admin.get(path)).status_code == 404
        assert (await other.admin.patch(path, {"name": "Mine"})).status_code == 404
        assert (await other.admin.delete(path)).status_code == 404
        assert (await other.admin.get(path + "/history")).status_code == 404
    listed = (await other.admin.get("/v1/users")).json()["data"]
    assert [user["id"] for user in listed] == [other.admin.id]
    assert (await other.admin.get("/v1/teams")).json()["data"] == []
    hired = await other.admin.post(
        "/v1/users",
        {"email": f"{unique()}@x.example", "name": "X", "role": "sales", "team_ids": [team]},
    )
    assert hired.status_code == 422


async def test_one_person_may_work_for_two_organisations(
    company: Company,
    found_company: Found,
    anybody: httpx.AsyncClient,
) -> None:
    other: Company = await found_company()
    email = f"{unique()}@people.example"
    for place, password in ((company, PASSWORD), (other, "another long password")):
        body = {"email": email, "name": "Both", "role": "sales", "password": password}
        assert (await place.admin.post("/v1/users", body)).status_code == 201
    person = Person(anybody, id="", email=email)
    for place, password in ((company, PASSWORD), (other, "another long password")):
        assert (await person.sign_in(password)).status_code == 200
        assert (await person.get("/v1/me")).json()["organisation"]["id"] == place.id
    wrong = await person.sign_in(PASSWORD, organisation_id=other.id)
    assert wrong.status_code == 401


async def test_history_says_who_changed_what(company: Company) -> None:
    rep = await company.hire("sales")
    await company.admin.patch(f"/v1/users/{rep.id}", {"name": "New Name"})
    history = (await company.admin.get(f"/v1/users/{rep.id}/history")).json()["data"]
    assert history[0]["type"] == "gateway.user.updated"
    assert history[0]["changed"] == ["name"]
    assert history[0]["before"] == {"name": "李娜"}
    assert history[0]["actor_id"] == company.admin.id
