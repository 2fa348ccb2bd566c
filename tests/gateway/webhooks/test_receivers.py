"""Receivers that fail, hang, redirect, trickle, ask for patience or are gone; and their neighbours."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.deadlines import until_true
from tests.gateway.identity.people import Company
from tests.gateway.webhooks.conftest import Dispatching
from tests.gateway.webhooks.receiver import Receiver, receiving
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


async def attempts(company: Company, webhook: dict[str, Any]) -> list[dict[str, Any]]:
    [one] = await deliveries(company.admin, webhook)
    answer = await company.admin.get(f"{PATH}/{webhook['id']}/deliveries/{one['id']}")
    found: dict[str, Any] = answer.json()
    return [{**each, "delivery": found} for each in found["attempt_log"]]


async def test_a_failure_is_tried_again_under_its_id_and_noted(
    company: Company, receiver: Receiver, dispatching: Dispatching, database: Clone
) -> None:
    said = b'{"error": "' + b"x" * 2000 + b'"}'
    receiver.replies = [(500, {"content-type": "application/json"}, said), (502, {}, b"\x00\xff")]
    webhook = await subscribed(company.admin, receiver.url)
    await company.team("Tried")
    async with dispatching():
        await until_true(lambda: len(receiver.got) == 2, seconds=20)  # 5 s later by itself
        await hurry(database, webhook)
        await until_true(lambda: len(receiver.got) == 3, seconds=20)

        async def noted() -> bool:
            return len(await attempts(company, webhook)) == 3

        await eventually(noted)
    found = await attempts(company, webhook)
    assert len(set(receiver.ids)) == 1
    assert [each["status_code"] for each in found] == [500, 502, 204]
    assert [each["number"] for each in found] == [1, 2, 3]
    assert len(found[0]["excerpt"]) == 500
    assert (found[1]["excerpt"], found[2]["excerpt"]) == (None, None)
    apart = datetime.fromisoformat(found[1]["began_at"]) - datetime.fromisoformat(
        found[0]["began_at"]
    )
    assert apart >= timedelta(seconds=5)
    assert found[2]["delivery"]["status"] == "delivered"
    stamps = {got.headers["webhook-timestamp"] for got in receiver.got}
    assert len(stamps) >= 2  # each try is signed anew


async def test_the_next_tries_are_as_the_schedule_says_or_later_if_the_receiver_says(
    company: Company, dispatching: Dispatching
) -> None:
    later = (datetime.now(UTC) + timedelta(hours=2)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    told = {"schedule": None, "1": 5, "3600": 3600, later: 7100, "999999999": 86400}
    receivers = {}
    async with dispatching():
        for header in told:
            async with receiving() as receiver:
                more = {} if header == "schedule" else {"retry-after": header}
                receiver.otherwise = (500, more, b"")
                receivers[header] = await subscribed(company.admin, receiver.url, "*.team.created")
                await company.team(f"For {header[:5]}")
                await until_true(lambda r=receiver: bool(r.got), seconds=20)  # type: ignore[misc]
                answer = await company.admin.patch(
                    f"{PATH}/{receivers[header]['id']}", {"is_enabled": False}
                )
                assert answer.status_code == 200, answer.text

        async def noted() -> bool:
            found = [await deliveries(company.admin, each) for each in receivers.values()]
            return all(each and each[0]["attempts"] for each in found)

        await eventually(noted)
    for header, seconds in told.items():
        [one] = await deliveries(company.admin, receivers[header])
        until_then = datetime.fromisoformat(one["due_at"]) - datetime.fromisoformat(
            one["created_at"]
        )
        assert (
            timedelta(seconds=seconds or 5) <= until_then <= timedelta(seconds=(seconds or 5) + 300)
        )


async def test_what_hangs_redirects_or_hangs_up_has_failed_and_says_so(
    company: Company, dispatching: Dispatching
) -> None:
    async with (
        receiving(Receiver(hangs=True)) as hanging, receiving() as target,
        receiving(Receiver(trickles=True)) as trickling, receiving() as redirecting,
    ):  # fmt: skip
        redirecting.otherwise = (307, {"location": target.url}, b"")
        named = {
            name: await subscribed(company.admin, each.url)
            for name, each in (
                ("hangs", hanging),
                ("redirects", redirecting),
                ("trickles", trickling),
            )
        }
        named["refuses"] = await subscribed(company.admin, "http://127.0.0.1:1/")
        await company.team("Tried")
        async with dispatching():

            async def noted() -> bool:
                found = [await deliveries(company.admin, each) for each in named.values()]
                return all(
                    each and (each[0]["attempts"] or each[0]["status"] != "waiting")
                    for each in found
                )

            await eventually(noted)
        found = {name: (await deliveries(company.admin, each))[0] for name, each in named.items()}
    assert found["hangs"]["last_error"] == "No answer within 1 s."
    assert (found["redirects"]["last_status"], found["redirects"]["status"]) == (307, "waiting")
    assert found["trickles"]["status"] == "delivered"  # its status came
    assert found["refuses"]["last_error"] == "The receiver does not take the connection."
    assert target.got == []


async def test_one_slow_endpoint_delays_no_other_and_takes_no_more_at_once_than_it_may(
    company: Company, receiver: Receiver, dispatching: Dispatching
) -> None:
    async with receiving(Receiver(hangs=True)) as slow:
        await subscribed(company.admin, slow.url, concurrency=2)
        await subscribed(company.admin, receiver.url)
        for n in range(8):
            await company.team(f"Team {n}")
        async with dispatching():
            await until_true(lambda: slow.under_way == 2, seconds=20)
            await until_true(lambda: len(receiver.got) == 8, seconds=20)
            assert slow.most_under_way == 2
            slow.hangs = False
            slow.let_go.set()
            await until_true(lambda: len(set(slow.ids)) == 8, seconds=30)


async def test_what_failed_holds_what_its_ordering_says(
    company: Company, dispatching: Dispatching, database: Clone
) -> None:
    first, second = await company.team("A"), await company.team("B")
    async with dispatching():
        for ordering, free in (("record", [second]), ("endpoint", []), ("none", [first, second])):
            async with receiving() as receiver:
                receiver.replies = [(500, {}, b"")]
                webhook = await subscribed(
                    company.admin, receiver.url, "*.team.updated", ordering=ordering
                )
                await renamed(company, first, f"A {ordering} 1")
                await until_true(lambda r=receiver: len(r.got) == 1, seconds=20)  # type: ignore[misc]
                await renamed(company, first, f"A {ordering} 2")
                await renamed(company, second, f"B {ordering}")

                async def queued(webhook: dict[str, Any] = webhook, count: int = len(free)) -> bool:
                    found = await deliveries(company.admin, webhook)
                    done = [each for each in found if each["status"] == "delivered"]
                    return len(found) == 3 and len(done) == count

                await eventually(queued)
                passed = [got.json["data"]["id"] for got in receiver.got[1:]]
                assert passed == free, ordering
                await hurry(database, webhook)
                await until_true(lambda r=receiver: len(r.got) == 4, seconds=20)  # type: ignore[misc]
                if ordering != "none":
                    versions = [
                        g.json["data"]["version"]
                        for g in receiver.got[1:]
                        if g.json["data"]["id"] == first
                    ]
                    assert versions == sorted(versions)


async def test_a_receiver_that_is_gone_is_switched_off_at_once(
    company: Company, receiver: Receiver, dispatching: Dispatching, mail_folder: Path
) -> None:
    receiver.otherwise = (410, {}, b"")
    webhook = await subscribed(company.admin, receiver.url)
    async with receiving() as watching:
        await subscribed(company.admin, watching.url, "gateway.webhook.disabled")
        await company.team("Gone")
        async with dispatching():
            await until_true(lambda: len(watching.got) == 1, seconds=20)
            await until_true(lambda: _letter_about(mail_folder, webhook) != "", seconds=20)
    told = watching.got[0].json
    assert (told["data"]["id"], told["data"]["state"]["disabled_reason"]) == (webhook["id"], "gone")
    found = await shown(company.admin, webhook)
    assert (found["is_enabled"], found["disabled_reason"]) == (False, "gone")
    assert company.admin.email in _letter_about(mail_folder, webhook)
    [one] = await deliveries(company.admin, webhook)
    assert one["status"] == "failed"
    audit = (await company.admin.get("/v1/audit?action=webhook.disabled")).json()["data"]
    assert audit[0]["entry"]["subject"] == f"webhook/{webhook['id']}"
    refused = await company.admin.post(f"{PATH}/{webhook['id']}/test")
    assert (refused.status_code, refused.json()["code"]) == (409, "endpoint_disabled")


def _letter_about(folder: Path, webhook: dict[str, Any]) -> str:
    return "".join(path.read_text() for path in folder.glob(f"webhook-{webhook['id']}-*.eml"))


async def test_five_days_of_failures_switch_off_and_nothing_is_lost_meanwhile(
    company: Company, receiver: Receiver, dispatching: Dispatching, database: Clone
) -> None:
    receiver.otherwise = (500, {}, b"")
    webhook = await subscribed(company.admin, receiver.url)
    await company.team("One")
    async with dispatching():
        await until_true(lambda: len(receiver.got) == 1, seconds=20)

        async def tried() -> bool:
            return (await deliveries(company.admin, webhook))[0]["attempts"] == 1

        await eventually(tried)
        async with owning(database.admin_url) as owner:
            await owner.execute(
                "UPDATE webhook_turns SET failures = 30, failing_since = now() - interval '5 days 1 minute',"
                " last_failed_at = now() - interval '9 hours' WHERE webhook_id = $1",
                UUID(webhook["id"]),
            )
        await hurry(database, webhook)

        async def is_off() -> bool:
            return (await shown(company.admin, webhook))["disabled_reason"] == "failing"

        await eventually(is_off)
        count = len(receiver.got)
        await company.team("Two")
        receiver.otherwise = (200, {}, b"")
        path = f"{PATH}/{webhook['id']}"
        assert (await company.admin.patch(path, {"is_enabled": True})).status_code == 200
        await hurry(database, webhook)
        await until_true(lambda: len(receiver.got) == count + 2, seconds=20)
    names = [got.json["data"]["state"]["name"] for got in receiver.got[count:]]
    assert sorted(names) == ["One", "Two"]
    found = await shown(company.admin, webhook)
    assert (found["is_enabled"], found["disabled_reason"], found["disabled_at"]) == (
        True,
        None,
        None,
    )


async def test_a_receiver_that_comes_back_is_sent_everything_that_waited(
    company: Company, dispatching: Dispatching, database: Clone
) -> None:
    async with receiving() as receiver:
        port = receiver.port
        webhook = await subscribed(company.admin, receiver.url)
    async with dispatching():
        for n in range(12):
            await company.team(f"While away {n}")

        async def is_failing() -> bool:
            found = await deliveries(company.admin, webhook)
            return len(found) == 12 and sum(each["attempts"] for each in found) >= 5

        await eventually(is_failing)
        async with receiving(port=port) as receiver:
            await hurry(database, webhook, most=1)  # the next try, by itself minutes away
            await until_true(lambda: len(set(receiver.ids)) == 12, seconds=30)


async def test_the_endpoint_of_somebody_who_left_is_switched_off(
    company: Company, receiver: Receiver, dispatching: Dispatching
) -> None:
    person = await company.hire("admin")
    webhook = await subscribed(person, receiver.url)
    assert (
        await company.admin.patch(f"/v1/users/{person.id}", {"is_active": False})
    ).status_code == 200
    async with dispatching():

        async def is_off() -> bool:
            return (await shown(company.admin, webhook))["disabled_reason"] == "owner_inactive"

        await eventually(is_off)
        path = f"{PATH}/{webhook['id']}"
        taken = await company.admin.patch(path, {"url": receiver.url, "is_enabled": True})
        assert taken.json()["owner_id"] == company.admin.id
        await company.team("Heard by another")
        await until_true(lambda: len(receiver.got) >= 1, seconds=20)
