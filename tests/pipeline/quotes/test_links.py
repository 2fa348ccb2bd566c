"""The customer's link: read, accepted and rejected without signing in, once."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_pipeline.quotes.link_rules import expiry_of, key_from
from guanxi_shared.db import Database
from guanxi_shared.signed_links import Link, link_from, token_of
from tests.deadlines import until
from tests.factories import (
    Clients,
    Organisation,
    apply_to_directory,
    directory_event,
    share_state,
)
from tests.pipeline.conftest import Known
from tests.pipeline.products.selling import cny
from tests.pipeline.quotes.offering import act, line, quote, sent_quote, told
from tests.stand_in import SECRET

KEY = key_from(SECRET)


async def answer(
    client: Clients, found: dict[str, Any], verb: str, name: str = "李雷", **headers: str
) -> httpx.Response:
    more = {"reason": "Too dear"} if verb == "reject" else {"comment": "Go"}
    path = f"{found['link']['path']}/{verb}"
    return await client(**headers).post(path, json={"name": name} | more)


async def test_whoever_has_the_link_sees_the_offer_and_nothing_else(
    client: Clients, organisation: Organisation, account: Known
) -> None:
    rep = client(organisation.rep)
    found = await sent_quote(
        rep, line("80", cost=cny("30"), tax_rate=13), account_id=await account("未来科技"),
        description="Margin is fine", tags=["secret"],
    )  # fmt: skip
    read = await client().get(found["link"]["path"])
    assert read.status_code == 200, read.text
    offer = read.json()
    assert (offer["number"], offer["seller"], offer["customer"]) == (
        found["number"], "北京未来科技有限公司", "未来科技",
    )  # fmt: skip
    assert offer["totals"]["total"] == cny("90.40")
    for hidden in ("Margin", "secret", "cost", "owner", "30.00", str(organisation.id), "approval"):
        assert hidden not in read.text, hidden
    assert read.headers["cache-control"] == "no-store"
    assert (await rep.get(f"/v1/quotes/{found['id']}/link")).json() == found["link"]
    history = (await rep.get(f"/v1/quotes/{found['id']}/history")).text
    assert found["link"]["token"] not in history


async def test_an_acceptance_keeps_who_when_and_from_where(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    found = await sent_quote(rep)
    headers = {"x-forwarded-for": "10.0.0.1, 203.0.113.9", "user-agent": "Phone/1"}
    done = await client(**headers).post(
        f"{found['link']['path']}/accept", json={"name": "李雷", "comment": "Go"}
    )
    assert (done.status_code, done.json()["status"], done.json()["decided_by"]) == (
        200,
        "accepted",
        "李雷",
    )
    assert "203.0.113.9" not in done.text
    kept = (await rep.get(f"/v1/quotes/{found['id']}")).json()
    assert kept["decision"] == {
        "name": "李雷", "comment": "Go", "via": "link", "by_id": None, "address": "203.0.113.9",
        "user_agent": "Phone/1",
    }  # fmt: skip
    assert kept["decided_at"] is not None
    again = await answer(client, found, "accept", " 李雷 ")
    assert (again.status_code, again.json()) == (200, done.json())
    for verb, name in (("accept", "韩梅梅"), ("reject", "李雷")):
        other = await answer(client, found, verb, name)
        assert (other.status_code, other.json()["code"]) == (409, "already_decided")
    assert await told(rep, found) == ["created", "sent", "accepted"]


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [("2001:db8::1", "2001:db8::1"), ("203.0.113.9, junk", "127.0.0.1"), ("", "127.0.0.1")],
)
async def test_an_address_is_one_or_the_peers(
    client: Clients, organisation: Organisation, forwarded: str, address: str
) -> None:
    rep = client(organisation.rep)
    found = await sent_quote(rep)
    await answer(client, found, "reject", **{"x-forwarded-for": forwarded})
    kept = (await rep.get(f"/v1/quotes/{found['id']}")).json()
    assert (kept["decision"]["address"], kept["decision"]["comment"]) == (address, "Too dear")


async def test_a_visitors_own_line_of_addresses_is_not_taken_for_the_gateways(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    found = await sent_quote(rep)
    lines = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "203.0.113.9")]
    done = await client().post(
        f"{found['link']['path']}/accept", json={"name": "李雷"}, headers=lines
    )
    assert done.status_code == 200
    kept = (await rep.get(f"/v1/quotes/{found['id']}")).json()
    assert kept["decision"]["address"] == "203.0.113.9"


async def test_yes_and_no_at_once_are_one_answer(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    for _ in range(4):
        found = await sent_quote(rep)
        verbs = [
            ("accept", "A"),
            ("reject", "B"),
            ("accept", "C"),
            ("reject", "D"),
            ("accept", "A"),
        ]
        answers = await asyncio.gather(*(answer(client, found, *each) for each in verbs))
        kept = (await rep.get(f"/v1/quotes/{found['id']}")).json()
        winner = kept["decision"]["name"]
        for (_, name), each in zip(verbs, answers, strict=True):
            assert each.status_code == (200 if name == winner else 409), each.text
        assert (await told(rep, found))[2:] == [kept["status"]]


async def test_only_the_newest_version_that_was_sent_can_be_answered(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    first = await sent_quote(rep)
    second = await act(rep, first, "revise", 201)
    for verb in ("accept", "reject"):
        late = await answer(client, first, verb)
        assert (late.status_code, late.json()["code"]) == (410, "offer_closed")
    assert (await client().get(first["link"]["path"])).json()["status"] == "superseded"
    assert (await rep.get(f"/v1/quotes/{second['id']}/link")).status_code == 409
    newest = await act(rep, second, "send")
    assert (await answer(client, newest, "accept")).status_code == 200
    gone = await sent_quote(rep)
    await act(rep, gone, "withdraw")
    assert (await client().get(gone["link"]["path"])).status_code == 410
    assert (await answer(client, gone, "accept")).status_code == 410


async def test_an_offer_that_has_run_out_is_not_accepted_even_before_anybody_noticed(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    rep = client(organisation.rep)
    found = await sent_quote(rep)
    yesterday = datetime.now(ZoneInfo("Asia/Shanghai")).date() - timedelta(days=1)
    async with service_database.transaction(organisation.id) as connection:
        sql = "UPDATE quotes SET valid_until = $2 WHERE id = $1"
        await connection.execute(sql, UUID(found["id"]), yesterday)
    late = await answer(client, found, "accept")
    assert (late.status_code, late.json()["code"]) == (410, "offer_closed")
    assert (await act(rep, found, "accept", 410, name="X"))["code"] == "offer_closed"


async def test_a_link_that_was_made_up_touched_or_has_run_out_opens_nothing(
    client: Clients, organisation: Organisation, other_organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    found = await sent_quote(rep)
    draft = await quote(rep)
    later = datetime.now(UTC) + timedelta(days=5)
    quote_id = UUID(found["id"])
    forged = [
        token_of(Link(organisation.id, quote_id, later), key_from(SECRET + "x")),
        token_of(Link(organisation.id, quote_id, later), SECRET.encode()),
        token_of(Link(other_organisation.id, quote_id, later), KEY),
        token_of(Link(organisation.id, UUID(draft["id"]), later), KEY),
        "x", "%00", "é" * 96, found["link"]["token"][:-1], found["link"]["token"] + "A",
    ]  # fmt: skip
    for token in forged:
        for method, tail in (("GET", ""), ("GET", "/pdf"), ("POST", "/accept")):
            path = f"/v1/public/quotes/{token}{tail}"
            refused = await client().request(method, path, json={"name": "X"})
            assert refused.status_code in (404, 410), (token, tail, refused.text)
    old = token_of(Link(organisation.id, quote_id, datetime.now(UTC)), KEY)
    refused = await client().get(f"/v1/public/quotes/{old}")
    assert (refused.status_code, refused.json()["code"]) == (410, "link_expired")
    assert (await rep.get(f"/v1/quotes/{draft['id']}")).json()["status"] == "draft"


@pytest.mark.parametrize(
    ("sent", "status", "field"),
    [
        ({}, 422, "name"), ({"name": " "}, 422, "name"), ({"name": "X", "status": "sent"}, 422, "status"),
        ({"name": "x" * 201}, 422, "name"), ([], 422, "body"),
    ],
)  # fmt: skip
async def test_a_wrong_answer_is_named(
    client: Clients, organisation: Organisation, sent: Any, status: int, field: str
) -> None:
    found = await sent_quote(client(organisation.rep))
    path = f"{found['link']['path']}/accept"
    refused = await client().post(path, json=sent)
    assert (refused.status_code, field in refused.json()["errors"]) == (status, True), refused.text
    large = await client().post(path, content=b'{"name":"' + b"x" * 70_000 + b'"}')
    assert large.status_code == 413
    form = await client().post(path, data={"name": "X"})
    assert form.status_code == 415


@given(
    st.uuids(), st.uuids(), st.integers(0, 7_258_118_400),
    st.integers(0, 95), st.sampled_from("ABCDabcd0123-_"),
)  # fmt: skip
def test_a_token_says_what_it_was_made_of_and_no_letter_of_it_can_change(
    organisation_id: UUID, quote_id: UUID, moment: int, place: int, letter: str
) -> None:
    link = Link(organisation_id, quote_id, datetime.fromtimestamp(moment, UTC))
    token = token_of(link, KEY)
    assert link_from(token, KEY) == link
    touched = token[:place] + letter + token[place + 1 :]
    assert (link_from(touched, KEY) == link) == (touched == token)


def test_a_link_is_readable_for_ninety_days_after_its_offer() -> None:
    found = expiry_of(date(2027, 1, 31), ZoneInfo("Asia/Shanghai"))
    assert found == datetime(2027, 5, 1, 16, tzinfo=UTC)


async def test_who_may_only_read_a_quote_does_not_get_the_link_that_answers_it(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    found = await sent_quote(client(organisation.rep))
    path, other = f"/v1/quotes/{found['id']}", client(organisation.other_rep)
    for access, status in (("read", 403), ("write", 200)):
        share = share_state(
            found["id"], resource="quotes", user=organisation.other_rep, access=access
        )
        event = directory_event(organisation.id, "share", share)
        await apply_to_directory(service_database, [event])

        async def is_answered(wanted: int = status) -> bool:
            return (await other.get(f"{path}/link")).status_code == wanted

        await until(is_answered)  # a scope is remembered for a second
        assert (await other.get(path)).status_code == 200
        assert (await other.post(f"{path}/withdraw", json={})).status_code == status
