"""What is sent where, signed by which secrets; checked by libraries that others publish."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from standardwebhooks.webhooks import WebhookVerificationError
from svix.webhooks import Webhook as SvixVerifier

from guanxi_gateway.webhooks.heard import apply_erasure
from tests.deadlines import until_true
from tests.gateway.identity.people import Company
from tests.gateway.webhooks.conftest import Dispatching
from tests.gateway.webhooks.receiver import Receiver
from tests.gateway.webhooks.subscribing import (
    PATH,
    deliveries,
    eventually,
    hurry,
    owning,
    renamed,
    shown,
    subscribed,
)
from tests.prepared import Clone

FoundCompany = Callable[[], Awaitable[Company]]
CANARY = "canary-of-webhooks"


async def test_changes_arrive_signed_in_order_and_once(
    company: Company, receiver: Receiver, dispatching: Dispatching
) -> None:
    webhook = await subscribed(company.admin, receiver.url)
    team = await company.team("North")
    for n in range(5):
        await renamed(company, team, f"North {n}")
    async with dispatching():
        await until_true(lambda: len(receiver.got) == 6, seconds=20)
        await renamed(company, team, "Last")
        await until_true(lambda: len(receiver.got) == 7, seconds=20)

        async def noted() -> bool:
            found = await deliveries(company.admin, webhook)
            return [each["status"] for each in found] == ["delivered"] * 7

        await eventually(noted)
    for got in receiver.got:
        assert got.verified(webhook["secret"]) == got.json
        SvixVerifier(webhook["secret"]).verify(got.body, got.headers)
        assert got.headers["content-type"] == "application/json"
    events = (await company.admin.get("/v1/events?types=gateway.team.*&limit=1000")).json()
    assert receiver.ids == [event["id"] for event in events]
    assert [got.json["data"]["version"] for got in receiver.got] == [1, 2, 3, 4, 5, 6, 7]
    last = receiver.got[-1].json
    assert last["data"]["state"]["name"] == "Last"
    assert last["timestamp"] == events[-1]["time"]


async def test_formats_payloads_patterns_and_filters(
    company: Company, receiver: Receiver, dispatching: Dispatching
) -> None:
    named = {"filter_groups": [{"filters": [
        {"field": "name", "operator": "starts_with", "value": "south"}]}]}  # fmt: skip
    url, hears = receiver.url, company.admin
    await subscribed(hears, f"{url}/thin", payload="thin")
    await subscribed(hears, f"{url}/cloud", format="cloudevents")
    await subscribed(hears, f"{url}/cloud-thin", format="cloudevents", payload="thin")
    await subscribed(hears, f"{url}/filtered", filter=named)
    await subscribed(hears, f"{url}/deleted", "*.deleted")
    await subscribed(hears, f"{url}/users", "gateway.user.*", "gateway.user.created")
    team = await company.team("North")
    await renamed(company, team, "South")
    assert (await hears.delete(f"/v1/teams/{team}")).status_code == 200
    wanted = {"thin": 3, "cloud": 3, "cloud-thin": 3, "filtered": 2, "deleted": 1}
    async with dispatching():
        await until_true(lambda: len(receiver.got) >= sum(wanted.values()), seconds=20)
    of: dict[str, list[Any]] = {}
    for got in receiver.got:
        of.setdefault(got.path.rpartition("/")[2], []).append(got)
    assert {path: len(found) for path, found in of.items()} == wanted
    thin = of["thin"][1].json
    assert thin["type"] == "gateway.team.updated"
    assert thin["data"]["changed"] == ["name"]
    assert {"state", "before"}.isdisjoint(thin["data"])
    events = (await hears.get("/v1/events?types=gateway.team.*")).json()
    assert [got.json for got in of["cloud"]] == events
    assert of["cloud"][0].headers["content-type"] == "application/cloudevents+json"
    assert "state" not in of["cloud-thin"][0].json["data"]
    assert [got.json["data"]["state"]["name"] for got in of["filtered"]] == ["South", "South"]
    assert of["deleted"][0].type == "gateway.team.deleted"


async def test_a_rotated_secret_signs_beside_the_old_one_for_a_while(
    company: Company, receiver: Receiver, dispatching: Dispatching
) -> None:
    webhook = await subscribed(company.admin, receiver.url)
    path = f"{PATH}/{webhook['id']}"
    rotated = await company.admin.post(f"{path}/rotate-secret", {"overlap_hours": 1})
    assert rotated.status_code == 200, rotated.text
    new = rotated.json()["secret"]
    assert new.startswith("whsec_")
    assert new != webhook["secret"]
    async with dispatching():
        await company.team("Both")
        await until_true(lambda: len(receiver.got) == 1, seconds=20)
        for secret in (webhook["secret"], new):
            receiver.got[0].verified(secret)
        last = await company.admin.post(f"{path}/rotate-secret", {"overlap_hours": 0})
        await company.team("One")
        await until_true(lambda: len(receiver.got) == 2, seconds=20)
    receiver.got[1].verified(last.json()["secret"])
    for secret in (webhook["secret"], new):
        with pytest.raises(WebhookVerificationError):
            receiver.got[1].verified(secret)
    assert "secret" not in await shown(company.admin, webhook)


async def test_a_test_event_resending_and_recovering(
    company: Company, receiver: Receiver, dispatching: Dispatching, database: Clone
) -> None:
    webhook = await subscribed(company.admin, receiver.url)
    path = f"{PATH}/{webhook['id']}"
    async with dispatching():
        tested = await company.admin.post(f"{path}/test", headers={"idempotency-key": "t-1"})
        again = await company.admin.post(f"{path}/test", headers={"idempotency-key": "t-1"})
        assert (tested.status_code, again.json()) == (202, tested.json())
        await until_true(lambda: len(receiver.got) == 1, seconds=20)
        assert receiver.got[0].verified(webhook["secret"])["type"] == "gateway.webhook.tested"
        assert receiver.ids == [tested.json()["event_id"]]
        receiver.otherwise = (400, {}, b"no")
        for n in range(3):
            await company.team(f"Team {n}")

        async def all_told() -> bool:
            found = await deliveries(company.admin, webhook)
            return Counter(each["last_status"] for each in found) == {204: 1, 400: 3}

        await eventually(all_told)
        receiver.otherwise = (200, {}, b"")
        answer = await company.admin.post(f"{path}/recover", {"since": webhook["created_at"]})
        assert (answer.status_code, answer.json()) == (202, {"count": 3})

        async def all_delivered() -> bool:
            found = await deliveries(company.admin, webhook, status="delivered")
            return len(found) == 4

        await eventually(all_delivered)
        count, one = len(receiver.got), (await deliveries(company.admin, webhook))[0]
        sent = await company.admin.post(f"{path}/deliveries/{one['id']}/resend")
        assert sent.status_code == 202, sent.text
        await until_true(lambda: len(receiver.got) == count + 1, seconds=20)
        assert receiver.ids[-1] == one["event_id"]
        await eventually(all_delivered)
    whole = (await company.admin.get(f"{path}/deliveries/{one['id']}")).json()
    assert [each["status_code"] for each in whole["attempt_log"]][-1] == 200
    everything = {"since": webhook["created_at"], "all": True}
    assert (await company.admin.post(f"{path}/recover", everything)).json() == {"count": 4}
    await hurry(database, webhook)


async def test_what_is_kept_is_no_payload_and_an_erasure_empties_what_receivers_said(
    company: Company, receiver: Receiver, dispatching: Dispatching, database: Clone
) -> None:
    receiver.choose = lambda got: (500, {"content-type": "application/json"}, got.body)
    webhook = await subscribed(company.admin, receiver.url)
    await company.team(CANARY)

    async def echoed() -> bool:
        [one] = await deliveries(company.admin, webhook)
        found = (await company.admin.get(f"{PATH}/{webhook['id']}/deliveries/{one['id']}")).json()
        return bool(found["attempt_log"] and CANARY in found["attempt_log"][0]["excerpt"])

    async with dispatching() as post:
        await until_true(lambda: len(receiver.got) >= 1, seconds=20)
        await eventually(echoed)
        async with post.database.transaction(UUID(company.id)) as connection:
            await apply_erasure(connection, {"organisation_id": company.id, "subject_id": uuid4()})
    async with owning(database.admin_url) as owner:
        for table in ("webhooks", "webhook_turns", "webhook_deliveries", "webhook_attempts"):
            found = await owner.fetchval(
                f"SELECT count(*) FROM {table} t WHERE t::text LIKE $1", f"%{CANARY}%"
            )
            assert found == 0, table


async def test_it_is_sent_what_its_owner_may_see_and_nobody_elses(
    company: Company, found_company: FoundCompany, receiver: Receiver, dispatching: Dispatching
) -> None:
    """Webhooks themselves are owned: their events are a user's own."""
    role = {
        "name": "integrator",
        "permissions": ["webhooks:*", "events:read"],
        "visibility": {"*": "own"},
    }
    assert (await company.admin.post("/v1/roles", role)).status_code == 201
    theirs, other = await company.hire("integrator"), await found_company()
    for person, path in ((company.admin, "admin"), (theirs, "theirs"), (other.admin, "other")):
        await subscribed(person, f"{receiver.url}/{path}", "*.webhook.*")
    own = await subscribed(theirs, f"{receiver.url}/quiet", "*.never")
    async with dispatching():
        await until_true(lambda: len(receiver.got) >= 2, seconds=20)
        assert (await company.admin.get(f"{PATH}/{own['id']}")).status_code == 200
        assert (await other.admin.get(f"{PATH}/{own['id']}")).status_code == 404
        made = await subscribed(company.admin, f"{receiver.url}/quiet", "*.never")
        assert (await theirs.get(f"{PATH}/{made['id']}")).status_code == 404

        def admin_heard() -> set[str]:
            return {got.json["data"]["id"] for got in receiver.got if got.path.endswith("/admin")}

        await until_true(lambda: made["id"] in admin_heard(), seconds=20)
        await until_true(
            lambda: any(got.path.endswith("/theirs") for got in receiver.got), seconds=20
        )
    heard: dict[str, set[str]] = {}
    for got in receiver.got:
        heard.setdefault(got.path.rpartition("/")[2], set()).add(got.json["data"]["id"])
    assert own["id"] in heard["admin"]
    assert own["id"] in heard["theirs"]
    assert made["id"] not in heard["theirs"]
    assert not {own["id"], made["id"]} & heard.get("other", set())


async def test_events_that_its_owner_may_not_see_any_more_are_not_sent(
    company: Company, receiver: Receiver, dispatching: Dispatching, database: Clone
) -> None:
    receiver.otherwise = (500, {}, b"")
    role = {
        "name": "hearer",
        "permissions": ["webhooks:*", "events:read", "teams:read"],
        "visibility": {},
    }
    assert (await company.admin.post("/v1/roles", role)).status_code == 201
    person = await company.hire("hearer")
    webhook = await subscribed(person, receiver.url)
    await company.team("Seen for a while")
    async with dispatching() as post:
        await until_true(lambda: len(receiver.got) == 1, seconds=20)
        narrower = {"permissions": ["webhooks:*", "events:read"]}
        assert (await company.admin.patch("/v1/roles/hearer", narrower)).status_code == 200
        post.tokens.clear()
        await hurry(database, webhook)

        async def dropped() -> bool:
            found = await deliveries(company.admin, webhook)
            return [each["status"] for each in found] == ["dropped"]

        await eventually(dropped)
    assert len(receiver.got) == 1


async def test_a_feed_that_was_restored_is_heard_from_its_beginning_and_nothing_sent_twice(
    company: Company, receiver: Receiver, dispatching: Dispatching, database: Clone
) -> None:
    webhook = await subscribed(company.admin, receiver.url)
    team = await company.team("Before")
    async with dispatching():
        await until_true(lambda: len(receiver.got) == 1, seconds=20)
    await renamed(company, team, "Meanwhile")
    async with owning(database.admin_url) as owner:
        await owner.execute("UPDATE feed_head SET epoch = gen_random_uuid() WHERE feed = 'events'")
    async with dispatching():
        await until_true(lambda: len(receiver.got) >= 2, seconds=20)
        await renamed(company, team, "After")
        await until_true(lambda: len(receiver.got) >= 3, seconds=20)

        async def noted() -> bool:
            found = await deliveries(company.admin, webhook, status="delivered")
            return len(found) == 3

        await eventually(noted)
    assert [got.json["data"]["state"]["name"] for got in receiver.got] == [
        "Before", "Meanwhile", "After",
    ]  # fmt: skip
