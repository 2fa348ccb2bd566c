"""What is sent where, signed by which secrets; checked by libraries that others publish."""

from standardwebhooks.webhooks import WebhookVerificationError
from svix.webhooks import Webhook as SvixVerifier
import pytest

from tests.gateway.identity.people import Company
from tests.gateway.loopback import until
from tests.gateway.webhooks.conftest import Dispatching
from tests.gateway.webhooks.receiver import Receiver
from tests.gateway.webhooks.subscribing import (
    PATH,
    deliveries,
    eventually,
    renamed,
    shown,
    subscribed,
)


async def test_changes_arrive_signed_in_order_and_once(
    company: Company, receiver: Receiver, dispatching: Dispatching
) -> None:
    webhook = await subscribed(company.admin, receiver.url)
    team = await company.team("North")
    for n in range(5):
        await renamed(company, team, f"North {n}")
    async with dispatching():
        await until(lambda: len(receiver.got) == 6, seconds=20)
        await renamed(company, team, "Last")
        await until(lambda: len(receiver.got) == 7, seconds=20)

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
