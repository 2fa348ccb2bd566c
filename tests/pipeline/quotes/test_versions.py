"""Numbers without a gap, offers that are sealed when sent, and their versions."""

import asyncio
from typing import Any

import httpx

from guanxi_shared.db import Database
from tests.deadlines import until
from tests.factories import (
    Clients,
    Organisation,
    apply_to_directory,
    directory_event,
    share_state,
)
from tests.pipeline.conftest import Stages
from tests.pipeline.products.selling import cny, made
from tests.pipeline.quotes.offering import act, line, quote, sent_quote, told


async def act_on(client: httpx.AsyncClient, found: dict[str, Any], verb: str) -> int:
    return (await client.post(f"/v1/quotes/{found['id']}/{verb}", json={})).status_code


async def test_numbers_have_no_gap_and_no_double_whatever_goes_wrong_between(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)

    async def make(n: int) -> str | None:
        sent = {"name": f"N{n}", "lines": [line()] if n % 3 else [{"name": "no price"}]}
        answer = await client(organisation.rep).post("/v1/quotes", json=sent)
        return answer.json()["number"] if answer.status_code == 201 else None

    async def batch() -> list[str]:
        operations = [
            {"op": "create", "data": {"name": "B", "lines": [line()], "discount": {"amount": cny(amount)}}}
            for amount in ("1", "101", "2")
        ]  # fmt: skip
        answer = await client(organisation.rep).post(
            "/v1/quotes/batch", json={"mode": "independent", "operations": operations}
        )
        results = answer.json()["results"]
        assert [each["status"] for each in results] == [201, 422, 201], answer.text
        return [each["data"]["number"] for each in results if each["status"] == 201]

    numbers, batched = await asyncio.gather(asyncio.gather(*map(make, range(24))), batch())
    given = sorted([n for n in numbers if n is not None] + batched)
    assert given == [f"Q-{n:06d}" for n in range(1, 16 + 2 + 1)]
    again = await rep.post("/v1/quotes", json={"name": "K"}, headers={"idempotency-key": "once"})
    twice = await rep.post("/v1/quotes", json={"name": "K"}, headers={"idempotency-key": "once"})
    assert again.json()["number"] == twice.json()["number"] == "Q-000019"


async def test_what_was_sent_is_sealed_but_for_what_is_the_sellers_own(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    found = await sent_quote(rep)
    path = f"/v1/quotes/{found['id']}"
    assert (found["status"], found["link"]["path"].startswith("/v1/public/quotes/")) == (
        "sent",
        True,
    )
    assert found["valid_until"] is not None
    for sent in (
        {"lines": []},
        {"discount": {"percent": 1}},
        {"terms": "x"},
        {"valid_until": "2030-01-01"},
    ):
        refused = await rep.patch(path, json=sent)
        assert (refused.status_code, refused.json()["code"]) == (409, "quote_state")
        assert list(refused.json()["errors"]) == list(sent)
    own = (await rep.patch(path, json={"tags": ["hot"], "description": "call"})).json()
    assert (own["status"], own["tags"], own["totals"]) == ("sent", ["hot"], found["totals"])
    assert (await rep.delete(path)).status_code == 409
    empty = await made(rep, "/v1/quotes", name="Empty")
    assert "lines" in (await act(rep, empty, "send", 422))["errors"]
    old = await quote(rep, valid_until="2020-01-01")
    assert "valid_until" in (await act(rep, old, "send", 422))["errors"]


async def test_another_version_leaves_the_one_before_readable_and_closed(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    first = await sent_quote(rep, line("100", tax_rate=13))
    second = await act(rep, first, "revise", 201)
    assert (second["number"], second["revision"], second["status"]) == (first["number"], 2, "draft")
    assert (second["first_id"], second["lines"]) == (first["id"], first["lines"])
    old = (await rep.get(f"/v1/quotes/{first['id']}")).json()
    assert (old["status"], old["superseded_by_id"]) == ("superseded", second["id"])
    assert await told(rep, first) == ["created", "sent", "revised"]
    await act(rep, second, "revise", 409)
    await act(rep, first, "revise", 409)
    await act(rep, first, "accept", 410, name="Late")
    path = f"/v1/quotes/{second['id']}"
    await rep.patch(path, json={"discount": {"percent": 5}})
    assert (await act(rep, second, "send"))["total"] == cny("107.35")
    both = (await rep.get(f"/v1/quotes?number={first['number']}&sort=revision")).json()["data"]
    assert [row["status"] for row in both] == ["superseded", "sent"]


async def test_a_deleted_draft_of_a_version_gives_way_to_the_next(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    first = await sent_quote(rep)
    second = await act(rep, first, "revise", 201)
    await rep.delete(f"/v1/quotes/{second['id']}")
    third = await act(rep, first, "revise", 201)
    assert third["revision"] == 3
    assert (await rep.post(f"/v1/quotes/{second['id']}/restore")).status_code == 409


async def test_of_the_drafts_that_followed_a_version_only_the_last_one_comes_back(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    first = await sent_quote(rep)
    second = await act(rep, first, "revise", 201)
    await rep.delete(f"/v1/quotes/{second['id']}")
    third = await act(rep, first, "revise", 201)
    await rep.delete(f"/v1/quotes/{third['id']}")
    back = [(await act_on(rep, each, "restore")) for each in (second, third)]
    assert back == [409, 200]
    both = (await rep.get(f"/v1/quotes?number={first['number']}&sort=revision")).json()["data"]
    assert [row["revision"] for row in both] == [1, 3]


async def test_one_draft_is_left_when_one_comes_back_and_another_is_made_at_once(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    for _ in range(6):
        first = await sent_quote(rep)
        second = await act(rep, first, "revise", 201)
        await rep.delete(f"/v1/quotes/{second['id']}")
        done = await asyncio.gather(
            act_on(client(organisation.rep), second, "restore"),
            act_on(client(organisation.rep), first, "revise"),
        )
        assert sorted(done) in ([200, 409], [201, 409]), done
        drafts = await rep.get(f"/v1/quotes?number={first['number']}&status=draft")
        assert len(drafts.json()["data"]) == 1


async def test_two_who_revise_at_once_make_one_version(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    first = await sent_quote(rep)

    async def revise() -> int:
        path = f"/v1/quotes/{first['id']}/revise"
        return (await client(organisation.rep).post(path, json={})).status_code

    assert sorted(await asyncio.gather(*(revise() for _ in range(5)))) == [201, 409, 409, 409, 409]


async def test_a_change_and_a_sending_at_once_never_send_what_nobody_saw(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    for _ in range(6):
        found = await quote(rep)
        path = f"/v1/quotes/{found['id']}"
        changed, sent = await asyncio.gather(
            client(organisation.rep).patch(path, json={"lines": [line("1")]}),
            client(organisation.rep).post(f"{path}/send", json={}),
        )
        kept = (await rep.get(path)).json()
        assert (sent.status_code, kept["total"]) == (200, sent.json()["total"])
        assert changed.status_code == (200 if kept["total"] == cny("1.00") else 409)


async def test_what_was_not_sent_cannot_be_answered(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    found = await quote(rep)
    for verb, more in (("accept", {}), ("reject", {"reason": "No"})):
        assert (await act(rep, found, verb, 409, name="X", **more))["code"] == "quote_state"


async def test_an_accepted_offer_sets_the_amount_of_its_deal_if_that_is_wanted(
    client: Clients, organisation: Organisation, stages: Stages
) -> None:
    rep = client(organisation.rep)
    deal = await made(rep, "/v1/opportunities", name="Deal", amount=cny("5"))
    for flag, expected in ((False, "5.00"), (True, "100.00")):
        found = await sent_quote(
            rep, line("100", tax_rate=13), opportunity_id=deal["id"], update_opportunity=flag
        )
        done = await act(rep, found, "accept", name="李雷", comment="by phone")
        assert (done["status"], done["decision"]["via"]) == ("accepted", "user")
        read = (await rep.get(f"/v1/opportunities/{deal['id']}")).json()
        assert (read["amount"], read["stage_id"]) == (cny(expected), deal["stage_id"])
    assert done["decision"]["by_id"] == str(organisation.rep.id)
    assert await told(rep, found) == ["created", "sent", "accepted"]


async def test_an_amount_is_set_of_a_deal_alone_that_one_may_change(
    client: Clients, organisation: Organisation, stages: Stages, service_database: Database
) -> None:
    rep, other = client(organisation.rep), client(organisation.other_rep)
    deal = await made(other, "/v1/opportunities", name="Theirs", amount=cny("5"))
    share = share_state(deal["id"], resource="opportunities", user=organisation.rep)
    await apply_to_directory(service_database, [directory_event(organisation.id, "share", share)])

    async def is_seen() -> bool:
        return (await rep.get(f"/v1/opportunities/{deal['id']}")).status_code == 200

    await until(is_seen)  # a scope is remembered for a second
    sent = {"name": "Q", "lines": [line()], "opportunity_id": deal["id"]}
    refused = await rep.post("/v1/quotes", json=sent | {"update_opportunity": True})
    assert (refused.status_code, list(refused.json()["errors"])) == (403, ["update_opportunity"])
    found = await made(rep, "/v1/quotes", **sent)
    for patch in (
        {"update_opportunity": True},
        {"update_opportunity": True, "opportunity_id": deal["id"]},
    ):
        refused = await rep.patch(f"/v1/quotes/{found['id']}", json=patch)
        assert (refused.status_code, list(refused.json()["errors"])) == (
            403,
            ["update_opportunity"],
        )
