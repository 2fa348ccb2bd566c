"""How deliveries fare, as Prometheus reads it of the gateway."""

import re
from datetime import datetime, timedelta
from typing import Any

from guanxi_gateway.webhooks import measuring
from tests.gateway.identity.people import Company
from tests.gateway.webhooks.conftest import Dispatching
from tests.gateway.webhooks.receiver import Receiver
from tests.gateway.webhooks.subscribing import deliveries, eventually, hurry, owning, subscribed
from tests.prepared import Clone


async def figures(company: Company) -> dict[str, float]:
    text = (await company.client.get("/metrics")).text
    found = re.findall(r'^(webhook_[a-z_]+(?:\{[a-z]+="[^"]+"\})?) (\S+)$', text, re.M)
    assert len(found) == len(dict(found))
    return {name: float(value) for name, value in found}


async def test_what_became_of_deliveries_is_counted_once_and_what_waits_has_an_age(
    company: Company, receiver: Receiver, dispatching: Dispatching, database: Clone
) -> None:
    before = await figures(company)
    webhook = await subscribed(company.admin, receiver.url)
    receiver.replies = [(500, {}, b"")]
    await company.team("Counted")

    async def is_tried() -> bool:
        found = await deliveries(company.admin, webhook)
        return bool(found) and found[0]["attempts"] == 1

    async with dispatching():
        await eventually(is_tried)
        await hurry(database, webhook)

        async def is_delivered() -> bool:
            return [d["status"] for d in await deliveries(company.admin, webhook)] == ["delivered"]

        await eventually(is_delivered)
    row = await turn(database, webhook)
    assert (row["delivered_count"], row["failed_count"], row["dropped_count"]) == (1, 0, 0)
    assert (sum(row["tried_buckets"]), row["waiting_since"]) == (2, None)
    after = await figures(company)  # of all organisations: others deliver meanwhile
    for name, least in (
        ('webhook_deliveries_total{outcome="delivered"}', 1),
        ("webhook_attempt_seconds_count", 2),
        ('webhook_attempt_seconds_bucket{le="+Inf"}', 2),
    ):
        assert after[name] >= before[name] + least


async def turn(database: Clone, webhook: dict[str, Any]) -> Any:
    async with owning(database.admin_url) as owner:

        async def ended() -> Any:
            row = await owner.fetchrow(
                "SELECT * FROM webhook_turns WHERE webhook_id = $1", webhook["id"]
            )
            return row if row["lease"] is None else None

        return await eventually(ended)


async def test_a_delivery_that_waits_grows_old_until_it_is_gone(
    company: Company, receiver: Receiver, dispatching: Dispatching, database: Clone
) -> None:
    webhook = await subscribed(company.admin, receiver.url)
    receiver.otherwise = (500, {}, b"")
    await company.team("Waits")
    async with dispatching():

        async def is_tried() -> bool:
            return any(d["attempts"] for d in await deliveries(company.admin, webhook))

        await eventually(is_tried)
        row = await turn(database, webhook)
        (waiting,) = await deliveries(company.admin, webhook)
        made_at = datetime.fromisoformat(waiting["created_at"])  # the clock was looked at twice
        assert abs(row["waiting_since"] - made_at) < timedelta(milliseconds=1)
        assert (await figures(company))["webhook_oldest_waiting_seconds"] > 0
        path = f"/v1/webhooks/{webhook['id']}"
        assert (await company.admin.patch(path, {"is_enabled": False})).status_code == 200
        assert (await turn(database, webhook))["next_at"] is None  # nobody waits for what is off


def test_each_try_is_in_one_bucket_and_the_exposition_adds_them_up() -> None:
    counts = measuring.bucket_counts([0, 50, 51, 1000, 1001, 99_999])
    assert counts == [2, 1, 0, 0, 1, 1, 0, 0, 1]
    row = {
        "delivered": 1,
        "failed": 0,
        "dropped": 0,
        "oldest": -0.1,
        "seconds": 9.0,
        "buckets": counts,
    }
    outcomes, oldest, tries = measuring.families(row)
    assert oldest.samples[0].value == 0
    assert [s.value for s in tries.samples if s.name.endswith("_bucket")] == [
        2,
        3,
        3,
        3,
        4,
        5,
        5,
        5,
        6,
    ]
    assert {s.labels["outcome"] for s in outcomes.samples} == set(measuring.OUTCOMES)
    assert measuring.families(row | {"buckets": None})[2].samples
