"""The approval chain, as people go through it."""

import asyncio
from typing import Any

from guanxi_shared.db import Database
from tests.factories import (
    Clients,
    Organisation,
    apply_to_directory,
    directory_event,
    user_state,
)
from tests.pipeline.conftest import Known
from tests.pipeline.products.selling import cny, entry, made, price_book, product
from tests.pipeline.quotes.offering import act, line, quote, told

RULES = "/v1/quotes/approval-rules"


async def rule(client: Clients, organisation: Organisation, **more: Any) -> dict[str, Any]:
    return await made(client(organisation.admin), RULES, **{"name": "Rule"} | more)


async def test_a_large_discount_waits_for_whoever_leads_the_owner(
    client: Clients, organisation: Organisation
) -> None:
    await rule(client, organisation, name="Deep", discount_from=15)
    rep, manager = client(organisation.rep), client(organisation.manager)
    small = await quote(rep, line(discount=14))
    assert (await act(rep, small, "send"))["status"] == "sent"
    found = await quote(rep, line(discount=10), discount={"percent": 10})
    assert found["discount_percent"] == 19
    refused = await act(rep, found, "send", 409)
    assert (refused["code"], refused["steps"][0]["name"]) == ("approval_required", "Deep")
    waiting = await act(rep, found, "submit")
    assert (waiting["status"], waiting["approvals"][0]["status"]) == ("pending_approval", "waiting")
    await act(rep, found, "send", 409)
    for who in (
        organisation.rep,
        organisation.rep2,
        organisation.other_rep,
        organisation.read_only,
    ):
        await act(client(who), found, "approve", 403 if who is organisation.rep else 404)
    done = await act(manager, found, "approve", comment="Good customer")
    step = done["approvals"][0]
    assert (done["status"], step["status"], step["comment"]) == (
        "approved",
        "approved",
        "Good customer",
    )
    assert step["by_id"] == str(organisation.manager.id)
    await act(rep, found, "send")
    assert await told(rep, found) == ["created", "submitted", "approved", "sent"]


async def test_a_change_after_approval_needs_a_new_one(
    client: Clients, organisation: Organisation
) -> None:
    await rule(client, organisation, discount_from=15)
    rep, manager = client(organisation.rep), client(organisation.manager)
    found = await quote(rep, line(discount=20))
    path = f"/v1/quotes/{found['id']}"
    await act(rep, found, "submit")
    await act(manager, found, "approve")
    aside = (await rep.patch(path, json={"tags": ["x"], "lines": found["lines"]})).json()
    assert aside["status"] == "approved"
    changed = (await rep.patch(path, json={"lines": [line(discount=21)]})).json()
    assert (changed["status"], changed["approvals"], changed["submitted_at"]) == ("draft", [], None)
    await act(rep, found, "send", 409)
    await act(rep, found, "submit")
    gone_back = (await rep.patch(path, json={"terms": "Cash"})).json()
    assert gone_back["status"] == "draft"
    await act(manager, found, "approve", 409)


async def test_several_steps_go_in_their_order_and_a_refusal_ends_them(
    client: Clients, organisation: Organisation
) -> None:
    named = organisation.other_rep
    await rule(
        client, organisation, name="Board", step=2, total_from=cny("1000"), approver="user",
        approver_id=str(named.id),
    )  # fmt: skip
    await rule(client, organisation, name="Deep", step=1, discount_from=15)
    rep, manager, board = client(organisation.rep), client(organisation.manager), client(named)
    found = await quote(rep, line("5000", discount=20))
    path = f"/v1/quotes/{found['id']}"
    assert (await board.get(path)).status_code == 404
    steps = (await act(rep, found, "submit"))["approvals"]
    assert [step["name"] for step in steps] == ["Deep", "Board"]
    assert (await board.get(path)).json()["id"] == found["id"]  # who is asked may read it
    assert (await act(board, found, "approve", 403))["code"] == "not_the_approver"
    half = await act(manager, found, "approve")
    assert half["status"] == "pending_approval"
    assert (await act(manager, found, "approve", 403))["code"] == "not_the_approver"
    back = await act(board, found, "refuse", comment="Too cheap")
    assert (back["status"], back["approvals"][1]["comment"]) == ("draft", "Too cheap")
    assert (await board.get(path)).status_code == 404
    await act(rep, found, "submit")
    await act(manager, found, "approve")
    assert (await act(board, found, "approve"))["status"] == "approved"
    assert await told(rep, found) == [
        "created", "submitted", "step_approved", "refused", "submitted", "step_approved", "approved",
    ]  # fmt: skip


async def test_whoever_is_waited_for_finds_what_waits(
    client: Clients, organisation: Organisation
) -> None:
    named = organisation.other_rep
    await rule(client, organisation, step=1, discount_from=15)
    await rule(
        client, organisation, step=2, discount_from=15, approver="user", approver_id=str(named.id)
    )
    rep, manager = client(organisation.rep), client(organisation.manager)
    found = await quote(rep, line(discount=20))
    own = await quote(manager, line(discount=20))
    for each, who in ((found, rep), (own, manager)):
        await act(who, each, "submit")

    async def waiting() -> list[list[str]]:
        people = (organisation.manager, named, organisation.rep, organisation.rep2)
        answers = [await client(who).get("/v1/quotes/awaiting") for who in people]
        return [[row["id"] for row in answer.json()["data"]] for answer in answers]

    assert await waiting() == [[found["id"]], [], [], []]
    await act(manager, found, "approve")
    assert await waiting() == [[], [found["id"]], [], []]
    await act(client(named), found, "approve")
    assert await waiting() == [[], [], [], []]
    admin = (await client(organisation.admin).get("/v1/quotes/awaiting")).json()["data"]
    assert [row["id"] for row in admin] == [own["id"]]


async def test_nobody_approves_their_own_but_admins(
    client: Clients, organisation: Organisation
) -> None:
    await rule(client, organisation, discount_from=15)
    for who, status in ((organisation.manager, 403), (organisation.admin, 200)):
        own = client(who)
        found = await quote(own, line(discount=20))
        await act(own, found, "submit")
        answer = await act(own, found, "approve", status)
        assert answer.get("code") == ("own_quote" if status == 403 else None)


async def test_two_who_decide_at_once_decide_once(
    client: Clients, organisation: Organisation
) -> None:
    await rule(client, organisation, discount_from=15)
    rep = client(organisation.rep)
    for _ in range(3):
        found = await quote(rep, line(discount=20))
        await act(rep, found, "submit")

        async def decide(verb: str, quote_id: str = found["id"]) -> int:
            path = f"/v1/quotes/{quote_id}/{verb}"
            return (await client(organisation.manager).post(path, json={})).status_code

        assert sorted(await asyncio.gather(decide("approve"), decide("refuse"))) == [200, 409]


async def test_the_limit_of_a_price_book_and_a_price_lowered_by_hand_ask_for_approval(
    client: Clients, organisation: Organisation
) -> None:
    manager, rep = client(organisation.manager), client(organisation.rep)
    sold = await product(manager, "P")
    await price_book(manager, "B", entry(sold["id"], "100", discount_limit=5))
    for more, status in (
        ({"discount": 5}, 200), ({"discount": 5.01}, 409), ({"unit_price": cny("94.99")}, 409),
        ({"unit_price": cny("120"), "discount": 5}, 200),
    ):  # fmt: skip
        found = await quote(rep, {"product_id": sold["id"]} | more)
        await act(rep, found, "send", status)


async def test_exactly_the_limit_may_be_given_away_whatever_is_rounded(
    client: Clients, organisation: Organisation
) -> None:
    manager, rep = client(organisation.manager), client(organisation.rep)
    await rule(client, organisation, discount_from=5.0001)
    sold = await product(manager, "P")
    await price_book(manager, "B", entry(sold["id"], "10.10", discount_limit=5))
    for percent, status in ((5, 200), (5.0001, 409), (4.96, 200)):
        # 5 % of 10.10 is 0.505: 0.51 are taken off, which is 5.0495 %.
        found = await quote(rep, {"product_id": sold["id"]}, discount={"percent": percent})
        assert found["totals"]["discount"] == cny("0.50" if percent < 5 else "0.51")
        assert found["discount_percent"] == percent
        await act(rep, found, "send", status)
    taken = await quote(rep, {"product_id": sold["id"]}, discount={"amount": cny("0.51")})
    assert taken["discount_percent"] == 5.0496
    await act(rep, taken, "send", 409)


async def test_a_price_of_one_account_is_a_discount_to_another(
    client: Clients, organisation: Organisation, account: Known
) -> None:
    manager, rep = client(organisation.manager), client(organisation.rep)
    await rule(client, organisation, discount_from=15)
    sold, dear, cheap = await product(manager, "P"), await account("Dear"), await account("Cheap")
    await price_book(manager, "Cheap", entry(sold["id"], "50"), account_ids=[cheap])
    found = await quote(rep, {"product_id": sold["id"]}, account_id=cheap)
    assert (found["total"], found["discount_percent"]) == (cny("50.00"), 0)
    path = f"/v1/quotes/{found['id']}"
    moved = (await rep.patch(path, json={"account_id": dear})).json()
    assert (moved["total"], moved["lines"][0]["base_price"]) == (cny("50.00"), cny("100.00"))
    assert moved["discount_percent"] == 50
    await act(rep, moved, "send", 409)
    back = (await rep.patch(path, json={"account_id": cheap})).json()
    assert back["discount_percent"] == 0
    await act(rep, back, "send")


async def test_a_total_in_another_currency_is_compared_by_its_rate_or_not_let_through(
    client: Clients, organisation: Organisation
) -> None:
    await rule(client, organisation, total_from={"amount": "100", "currency": "USD"})
    rep = client(organisation.rep)
    found = await quote(rep, line("10"))
    assert (await act(rep, found, "submit"))["status"] == "pending_approval"


async def test_what_nobody_must_approve_is_approved_when_submitted(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    found = await quote(rep)
    assert (await act(rep, found, "submit"))["status"] == "approved"
    assert (await act(rep, found, "send"))["status"] == "sent"


async def test_rules_are_whole_and_admins_alone_write_them(
    client: Clients, organisation: Organisation
) -> None:
    admin = client(organisation.admin)
    for sent, field in (
        ({}, "discount_from"),
        ({"discount_from": 5, "approver": "user"}, "approver_id"),
        ({"discount_from": 5, "approver_id": str(organisation.rep.id)}, "approver_id"),
        ({"discount_from": 5, "approver": "user", "approver_id": str(organisation.id)}, "approver_id"),
        ({"discount_from": 101}, "discount_from"),
        ({"total_from": {"amount": "1", "currency": "ZZZ"}}, "total_from"),
    ):  # fmt: skip
        refused = await admin.post(RULES, json={"name": "R"} | sent)
        assert (refused.status_code, field in refused.json()["errors"]) == (422, True), refused.text
    made_ = await rule(client, organisation, discount_from=5)
    manager = client(organisation.manager)
    assert (await manager.post(RULES, json={"name": "R", "discount_from": 1})).status_code == 403
    path = f"{RULES}/{made_['id']}"
    assert (await manager.patch(path, json={"discount_from": 50})).status_code == 403
    assert (await admin.patch(path, json={"discount_from": 50})).json()["discount_from"] == 50
    assert len((await client(organisation.rep).get(RULES)).json()["data"]) == 1
    await admin.delete(path)
    assert (await manager.get(RULES)).json()["data"] == []


async def test_a_rule_whose_approver_has_left_can_be_stopped_or_given_to_another(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    """What waits for them is the admins' to decide."""
    admin, left = client(organisation.admin), organisation.other_rep
    made_ = await rule(
        client, organisation, discount_from=10, approver="user", approver_id=str(left.id)
    )
    rep, path = client(organisation.rep), f"{RULES}/{made_['id']}"
    found = await quote(rep, line(discount=20))
    await act(rep, found, "submit")
    gone = user_state(left, organisation, is_active=False)
    event = directory_event(organisation.id, "user", gone, version=2, verb="updated")
    await apply_to_directory(service_database, [event])
    await act(client(organisation.manager), found, "approve", 403)
    assert (await act(admin, found, "approve"))["status"] == "approved"
    stopped = await admin.patch(path, json={"is_active": False, "approver_id": str(left.id)})
    assert (stopped.status_code, stopped.json()["is_active"]) == (200, False), stopped.text
    again = await admin.post(
        RULES,
        json={"name": "R", "discount_from": 1, "approver": "user", "approver_id": str(left.id)},
    )
    assert (again.status_code, again.json()["errors"].keys()) == (422, {"approver_id"})
    other = {"approver_id": str(organisation.manager.id)}
    assert (await admin.patch(path, json=other)).status_code == 200
    back = await admin.patch(path, json={"approver_id": str(left.id)})
    assert (back.status_code, back.json()["errors"].keys()) == (422, {"approver_id"})
