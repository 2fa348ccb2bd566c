"""Saved views: a search by a name, run with the eyes of whoever looks."""

from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from guanxi_shared.db import Database
from tests.contacts.saved.conftest import Make, filtered
from tests.factories import Clients, Organisation

Names = Callable[..., Awaitable[list[str]]]
SHANGHAI = ZoneInfo("Asia/Shanghai")


async def test_a_view_shows_its_columns_in_its_order_to_everybody_as_far_as_they_see(
    client: Clients, organisation: Organisation, post: Make, accounts: dict[str, str]
) -> None:
    document = filtered("industry", "eq", "retail") | {"sorts": ["-staff_count"]}
    view = await post(
        organisation.rep, "/v1/views", name="Retail", resource="accounts",
        document=document, columns=["name", "staff_count"], shared_with="all",
    )  # fmt: skip
    path = f"/v1/views/{view['id']}/records"
    mine = (await client(organisation.rep).get(path)).json()["data"]
    assert mine == [
        {"id": accounts["b"], "name": "b", "staff_count": 20},
        {"id": accounts["a"], "name": "a", "staff_count": 1},
    ]
    theirs = (await client(organisation.rep2).get(path)).json()["data"]
    assert [row["name"] for row in theirs] == ["z"]
    all_of_them = await client(organisation.manager).get(path, params={"total": "exact"})
    assert all_of_them.json()["page"]["total"] == 3


async def test_a_view_is_paged_by_its_own_cursor(
    client: Clients, organisation: Organisation, post: Make, accounts: dict[str, str]
) -> None:
    view = await post(
        organisation.rep, "/v1/views", name="v", resource="accounts", document={"sorts": ["name"]}
    )
    rep, path, found = client(organisation.rep), f"/v1/views/{view['id']}/records", []
    params: dict[str, Any] = {"limit": 1}
    while True:
        page = (await rep.get(path, params=params)).json()
        found += [row["name"] for row in page["data"]]
        if page["page"]["next_cursor"] is None:
            break
        params["cursor"] = page["page"]["next_cursor"]
    assert found == ["a", "b", "c", "d"]
    assert (await rep.get(path, params={"cursor": "x"})).status_code == 400
    assert (await rep.get(path, params={"industry": "steel"})).status_code == 400
    assert (await rep.get(path, params={"limit": "0"})).status_code == 400


async def test_who_sees_a_view_and_who_changes_it(
    client: Clients, organisation: Organisation, other_organisation: Organisation, post: Make
) -> None:
    own, team, all_ = [
        await post(
            organisation.rep, "/v1/views", name=sharing, resource="accounts", shared_with=sharing
        )
        for sharing in ("nobody", "team", "all")
    ]
    assert team["shared_team_id"] == str(organisation.teams["a"])
    assert "team_id" not in all_
    seen = {
        "rep": 3, "rep2": 2, "junior": 1, "other_rep": 1, "manager": 3, "admin": 3, "read_only": 1,
    }  # fmt: skip
    for name, count in seen.items():
        listed = (await client(organisation.users[name]).get("/v1/views")).json()["data"]
        assert len(listed) == count, name
    foreign = client(other_organisation.admin)
    assert (await foreign.get("/v1/views")).json()["data"] == []
    for view, user, status in (
        (own, organisation.rep2, 404), (team, organisation.rep2, 403), (all_, organisation.junior, 403),
        (all_, organisation.manager, 200), (all_, organisation.rep, 200), (all_, other_organisation.admin, 404),
    ):  # fmt: skip
        answer = await client(user).patch(f"/v1/views/{view['id']}", json={"name": "renamed"})
        assert answer.status_code == status, (view["name"], user.name, answer.text)
    assert (
        await client(organisation.rep2).get(f"/v1/views/{own['id']}/records")
    ).status_code == 404
    gone = await client(organisation.rep).patch(
        f"/v1/views/{all_['id']}", json={"shared_with": "nobody"}
    )
    assert gone.json()["shared_with"] == "nobody"
    assert (await client(organisation.junior).get(f"/v1/views/{all_['id']}")).status_code == 404
    abroad = await client(organisation.rep).patch(
        f"/v1/views/{own['id']}",
        json={"shared_with": "team", "shared_team_id": str(organisation.teams["b"])},
    )
    assert abroad.status_code == 422
    assert "shared_team_id" in abroad.json()["errors"]


async def test_custom_fields_filter_and_sort_a_view_until_one_is_deleted_which_is_named(
    client: Clients, organisation: Organisation, post: Make
) -> None:
    admin = client(organisation.admin)
    field = await post(
        organisation.admin, "/v1/fields", resource="accounts", key="score", kind="number"
    )
    for score in (9, 10, 1.5):
        await post(organisation.rep, "/v1/accounts", name=str(score), custom={"score": score})
    document = filtered("custom.score", "gte", 2) | {"sorts": ["-custom.score"]}
    view = await post(
        organisation.rep, "/v1/views", name="v", resource="accounts", document=document
    )
    rep, path = client(organisation.rep), f"/v1/views/{view['id']}/records"
    assert [r["name"] for r in (await rep.get(path)).json()["data"]] == ["10", "9"]
    assert (await admin.delete(f"/v1/fields/{field['id']}")).status_code == 200
    broken = await rep.get(path)
    assert broken.status_code == 422
    assert broken.json()["code"] == "broken_filter"
    assert "custom.score" in broken.json()["detail"]
    assert (await rep.get(f"/v1/views/{view['id']}")).status_code == 200


async def test_a_view_that_means_nothing_is_refused_when_it_is_kept(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    for sent in (
        {"document": filtered("nothing", "eq", 1)},
        {"document": filtered("name", "like", "x")},
        {"document": filtered("updated_at", "gt", "soon")},
        {"document": {"sorts": ["phones"]}},
        {"columns": ["nothing"]},
        {"document": filtered("segment_id", "eq", "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50")},
    ):
        answer = await rep.post("/v1/views", json={"name": "v", "resource": "accounts", **sent})
        assert answer.status_code == 422, (sent, answer.text)
        assert "document" in answer.json()["errors"]
    kept = (await rep.post("/v1/views", json={"name": "v", "resource": "contacts"})).json()
    answer = await rep.patch(
        f"/v1/views/{kept['id']}", json={"document": filtered("industry", "eq", "x")}
    )
    assert answer.status_code == 422


async def test_relative_days_of_a_view_are_counted_when_it_is_run_in_the_organisations_zone(
    client: Clients, organisation: Organisation, post: Make, service_database: Database
) -> None:
    made = await post(organisation.rep, "/v1/accounts", name="today")
    view = await post(
        organisation.rep, "/v1/views", name="v", resource="accounts",
        document=filtered("created_at", "gte", "today"),
    )  # fmt: skip
    assert view["document"]["filter_groups"][0]["filters"][0]["value"] == "today"
    rep, path = client(organisation.rep), f"/v1/views/{view['id']}/records"
    midnight = datetime.combine(datetime.now(SHANGHAI).date(), time(), SHANGHAI)
    for at, found in ((midnight, 1), (midnight - timedelta(seconds=1), 0)):
        async with service_database.transaction(organisation.id) as connection:
            await connection.execute(
                "UPDATE accounts SET created_at = $2 WHERE id = $1::text::uuid", made["id"], at
            )
        assert len((await rep.get(path)).json()["data"]) == found, at
