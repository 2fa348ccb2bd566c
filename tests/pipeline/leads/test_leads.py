"""Leads: what they take, how they are found, the states they go through."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guanxi_shared.db import Database
from tests.factories import Clients, Organisation
from tests.pipeline.leads.conftest import Made, lead

Settings = Callable[..., Awaitable[None]]


async def test_a_lead_is_kept_as_it_is_sent_and_read_as_it_was_answered(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    answer = await rep.post(
        "/v1/leads",
        json=lead(
            emails=[{"address": "zhang@WeiLai.example"}], phones=[{"number": "138 0013 8000"}],
            website="https://www.weilai.example/contact", source="fair", tags=["hot"],
        ),
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made.pop("duplicates") == {"leads": [], "accounts": None, "contacts": None}
    assert (made["status"], made["domain"]) == ("new", "weilai.example")
    assert made["phones"][0]["e164"] == "+8613800138000"
    assert made["owner_id"] == str(organisation.rep.id)
    read = await rep.get(f"/v1/leads/{made['id']}")
    assert read.json() == made
    assert read.headers["etag"] == answer.headers["etag"] == '"1"'


@pytest.mark.parametrize(
    "query", ["q=张三", "q=zhangsan", "q=wlkj", "q=未来", "q=zhang@weilai", "q=13800138000", "q=138001",
              "email=Zhang@weilai.example", "phone=%2B8613800138000", "phone=138-0013-8000",
              "company[contains]=未来", "industry=software&tags=hot"],
)  # fmt: skip
async def test_it_is_found_by_what_people_remember_of_it(
    client: Clients, organisation: Organisation, made: Made, query: str
) -> None:
    found = await made(
        emails=[{"address": "zhang@weilai.example"}], phones=[{"number": "13800138000"}],
        industry="software", tags=["hot"],
    )  # fmt: skip
    await made(name="Other", company="Elsewhere")
    page = (await client(organisation.rep).get(f"/v1/leads?{query}")).json()
    assert [row["id"] for row in page["data"]] == [found["id"]], page


@pytest.mark.parametrize(
    ("fields", "name"),
    [({"company": "Acme"}, "Acme"), ({"emails": [{"address": "a@b.example"}]}, "a@b.example"),
     ({"phones": [{"number": "010 1234"}]}, "010 1234")],
)  # fmt: skip
async def test_without_a_name_it_is_called_by_what_is_known(
    client: Clients, organisation: Organisation, fields: dict[str, Any], name: str
) -> None:
    answer = await client(organisation.rep).post("/v1/leads", json=fields)
    assert answer.json()["name"] == name
    refused = await client(organisation.rep).post("/v1/leads", json={"source": "fair"})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["name"])


async def test_others_see_nothing_of_it(
    client: Clients, organisation: Organisation, made: Made
) -> None:
    hidden = await made()
    for who, status in ((organisation.manager, 200), (organisation.other_rep, 404)):
        assert (await client(who).get(f"/v1/leads/{hidden['id']}")).status_code == status
        listed = (await client(who).get("/v1/leads")).json()["data"]
        assert bool(listed) == (status == 200)
    for verb in ("disqualify", "recycle", "assign", "respond", "claim", "release", "convert"):
        body = {"reason": "spam"} if verb == "disqualify" else {}
        body = {"by_rules": True} if verb == "assign" else body
        answer = await client(organisation.other_rep).post(
            f"/v1/leads/{hidden['id']}/{verb}", json=body
        )
        assert answer.status_code == 404, (verb, answer.text)
    for path in ("score", "history", "conversion"):
        answer = await client(organisation.other_rep).get(f"/v1/leads/{hidden['id']}/{path}")
        assert answer.status_code == 404, path


async def test_a_patch_changes_what_is_sent_and_a_stale_one_nothing(
    client: Clients, organisation: Organisation, made: Made
) -> None:
    rep, first = client(organisation.rep), await made()
    path = f"/v1/leads/{first['id']}"
    changed = await rep.patch(path, json={"company": "Acme"}, headers={"if-match": '"1"'})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    assert (await rep.get("/v1/leads?q=acme")).json()["data"][0]["id"] == first["id"]
    assert (await rep.get("/v1/leads?q=未来")).json()["data"] == []
    stale = await rep.patch(path, json={"title": "x"}, headers={"if-match": '"1"'})
    assert (stale.status_code, stale.json()["differs"]) == (412, ["company"])
    past = await rep.get(f"{path}?as_of={datetime.now(UTC).isoformat().replace('+00:00', 'Z')}")
    assert past.json()["company"] == "Acme"


@pytest.mark.parametrize(
    ("body", "field"),
    [({"status": "converted"}, "status"), ({"emails": [{"address": "no"}]}, "emails.0"),
     ({"answers": {"budget": "approved"}}, "answers.budget"), ({"score": 5}, "score"),
     ({"custom": {"nope": 1}}, "custom.nope"), ({"name": ""}, "name"), ({"name": None}, "name"),
     ({"team_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"}, "team_id")],
)  # fmt: skip
async def test_a_bad_field_is_named(
    client: Clients, organisation: Organisation, made: Made, body: dict[str, Any], field: str
) -> None:
    lead_id = (await made())["id"]
    refused = await client(organisation.rep).patch(f"/v1/leads/{lead_id}", json=body)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, [field]), refused.text


async def test_disqualified_for_a_reason_of_the_list_and_recycled_into_its_pool(
    client: Clients, organisation: Organisation, made: Made, settings: Settings
) -> None:
    await settings(disqualify_reasons=["no budget"], is_reason_free=False)
    rep = client(organisation.rep)
    path = f"/v1/leads/{(await made(team_id=str(organisation.teams['a'])))['id']}"
    refused = await rep.post(f"{path}/disqualify", json={"reason": "boring"})
    assert (refused.status_code, refused.json()["code"]) == (422, "reason_unknown")
    assert list(refused.json()["errors"]) == ["reason"]
    ended = (await rep.post(f"{path}/disqualify", json={"reason": "no budget"})).json()
    assert (ended["status"], ended["reason"]) == ("disqualified", "no budget")
    assert ended["disqualified_at"] is not None
    for verb, body in (("disqualify", {"reason": "no budget"}), ("convert", {}), ("respond", None)):
        again = await rep.post(f"{path}/{verb}", json=body)
        assert (again.status_code, again.json()["code"]) == (409, "lead_closed"), verb
    assert (await rep.patch(path, json={"status": "working"})).status_code == 409
    back = (await rep.post(f"{path}/recycle", json={})).json()
    assert (back["status"], back["owner_id"], back["recycled_count"]) == ("new", None, 1)
    assert (back["reason"], back["disqualified_at"]) == (None, None)
    kinds = [entry["type"] for entry in (await rep.get(f"{path}/history")).json()["data"]]
    assert kinds == [f"pipeline.lead.{verb}" for verb in ("recycled", "disqualified", "created")]


async def test_a_recycled_lead_may_keep_its_owner(
    client: Clients, organisation: Organisation, made: Made
) -> None:
    path = f"/v1/leads/{(await made())['id']}"
    rep = client(organisation.rep)
    await rep.post(f"{path}/disqualify", json={"reason": "whatever"})
    back = (await rep.post(f"{path}/recycle", json={"keeps_owner": True})).json()
    assert back["owner_id"] == str(organisation.rep.id)


async def test_the_clock_of_the_first_response_runs_until_the_owner_begins(
    client: Clients, organisation: Organisation, made: Made, settings: Settings,
    service_database: Database,
) -> None:  # fmt: skip
    await settings(first_response_minutes=30)
    rep, first = client(organisation.rep), await made()
    due, created = (
        datetime.fromisoformat(first[name]) for name in ("first_response_due_at", "created_at")
    )
    assert due - created == timedelta(minutes=30)
    assert (await rep.get("/v1/leads?overdue=true")).json()["data"] == []
    late = "UPDATE leads SET first_response_due_at = now() - interval '1 minute' WHERE id = $1::text::uuid"
    async with service_database.transaction(organisation.id) as connection:
        await connection.execute(late, first["id"])
    assert [row["id"] for row in (await rep.get("/v1/leads?overdue=true")).json()["data"]] == [
        first["id"]
    ]
    # Somebody else's beginning is no answer of the owner's.
    path = f"/v1/leads/{first['id']}"
    begun = await client(organisation.manager).patch(path, json={"status": "working"})
    assert begun.json()["first_responded_at"] is None
    await client(organisation.manager).patch(path, json={"status": "new"})
    begun = (await rep.patch(path, json={"status": "working"})).json()
    assert begun["first_responded_at"] is not None
    assert begun["first_responded_by"] == str(organisation.rep.id)
    assert (await rep.get("/v1/leads?overdue=true")).json()["data"] == []
    assert len((await rep.get("/v1/leads?overdue=false")).json()["data"]) == 1


@pytest.mark.parametrize("sent", [{"status": "qualified"}, {"status": "working", "owner_id": "me"}])
async def test_whoever_owns_it_when_it_is_begun_has_answered(
    client: Clients, organisation: Organisation, made: Made, sent: dict[str, str]
) -> None:
    owner = organisation.manager if "owner_id" in sent else organisation.rep
    path = f"/v1/leads/{(await made())['id']}"
    named = sent | ({"owner_id": str(owner.id)} if "owner_id" in sent else {})
    begun = (await client(owner).patch(path, json=named)).json()
    assert begun["first_responded_by"] == str(owner.id)
    back = (await client(owner).patch(path, json={"status": "new"})).json()
    assert back["first_responded_at"] == begun["first_responded_at"]


async def test_to_begin_anew_is_no_answer(
    client: Clients, organisation: Organisation, made: Made
) -> None:
    first = await made(organisation.manager, owner_id=str(organisation.rep.id), status="working")
    rep, path = client(organisation.rep), f"/v1/leads/{first['id']}"
    assert (await rep.patch(path, json={"status": "new"})).json()["first_responded_at"] is None


async def test_a_response_is_noted_once(
    client: Clients, organisation: Organisation, made: Made
) -> None:
    path = f"/v1/leads/{(await made())['id']}/respond"
    once = (await client(organisation.manager).post(path)).json()
    assert (once["status"], once["first_responded_by"]) == ("working", str(organisation.manager.id))
    twice = (await client(organisation.rep).post(path)).json()
    assert twice == once


async def test_handed_on_it_is_told_as_assigned(
    client: Clients, organisation: Organisation, made: Made
) -> None:
    path = f"/v1/leads/{(await made())['id']}"
    manager = client(organisation.manager)
    handed = (await manager.patch(path, json={"owner_id": str(organisation.rep2.id)})).json()
    assert handed["assigned_at"] is not None
    by_hand = await manager.post(f"{path}/assign", json={"owner_id": str(organisation.rep.id)})
    assert by_hand.json()["owner_id"] == str(organisation.rep.id)
    kinds = [
        e["type"].rpartition(".")[2] for e in (await manager.get(f"{path}/history")).json()["data"]
    ]
    assert kinds == ["assigned", "assigned", "created"]
    both = await manager.post(f"{path}/assign", json={"by_rules": True, "owner_id": None})
    assert (both.status_code, list(both.json()["errors"])) == (422, ["by_rules"])


async def test_deleted_it_is_gone_until_it_is_restored(
    client: Clients, organisation: Organisation, made: Made
) -> None:
    path = f"/v1/leads/{(await made())['id']}"
    rep = client(organisation.rep)
    assert (await rep.delete(path)).status_code == 200
    assert (await rep.get(path)).status_code == 404
    assert (await rep.post(f"{path}/restore")).status_code == 200
    assert (await rep.get(path)).json()["version"] == 3


async def test_a_batch_matches_by_how_somebody_is_reached(
    client: Clients, organisation: Organisation, made: Made
) -> None:
    first = await made(emails=[{"address": "a@acme.example"}])
    operations = [
        {"op": "upsert", "match": {"field": "email", "value": "A@acme.example"}, "data": {"title": "CEO"}},
        {"op": "upsert", "match": {"field": "email", "value": "b@acme.example"},
         "data": {"name": "B", "emails": [{"address": "b@acme.example"}]}},
        {"op": "delete", "match": {"field": "company", "value": "Acme"}},
    ]  # fmt: skip
    answer = await client(organisation.rep).post(
        "/v1/leads/batch", json={"mode": "independent", "operations": operations}
    )
    results = answer.json()["results"]
    assert [r["status"] for r in results] == [200, 201, 422], answer.text
    assert results[0]["data"]["id"] == first["id"]
    assert list(results[2]["problem"]["errors"]) == ["match"]


async def test_the_same_create_again_is_the_same_lead(
    client: Clients, organisation: Organisation, made: Made
) -> None:
    first = await made()
    again = await client(organisation.rep).post("/v1/leads", json=lead(id=first["id"]))
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    other = await client(organisation.rep).post(
        "/v1/leads", json=lead(id=first["id"], company="Acme")
    )
    assert (other.status_code, other.json()["code"]) == (409, "id_taken")


async def test_settings_are_for_those_who_may_assign(
    client: Clients, organisation: Organisation
) -> None:
    rep, manager = client(organisation.rep), client(organisation.manager)
    assert (await rep.get("/v1/leads/settings")).json()["version"] == 0
    for path, body in (
        ("/v1/leads/settings", {"max_claimed": 3}), ("/v1/leads/scorecard", {"questions": []}),
    ):  # fmt: skip
        assert (await rep.patch(path, json=body)).status_code == 403
        assert (await manager.patch(path, json=body)).status_code == 200
        stale = await manager.patch(path, json=body, headers={"if-match": '"9"'})
        assert stale.status_code == 412
    bad = await manager.patch("/v1/leads/settings", json={"max_claimed": 0})
    assert (bad.status_code, list(bad.json()["errors"])) == (422, ["max_claimed"])
