"""What only accounts have: those nearby, the check for duplicates, claims out of a pool, timelines."""

import asyncio
from random import Random

import httpx

from tests.bench import goals
from tests.bench.bench import Bench
from tests.bench.cases import Case
from tests.bench.companies import CHINA, EUROPE, around, company
from tests.bench.dealings import load_dealings
from tests.bench.loading import ownerless
from tests.bench.organisation import Member
from tests.bench.reads import BESIDE_GET, respelled
from tests.bench.traffic import COUNTER, Traffic, request, shuffled

PATH = "/v1/accounts"
POINTS, CHECKED, TOLD = 500, 500, 8
# More than the pool gives away in one turn: who asks for a record twice is refused.
MOST_CLAIMS = 3_000
NUMBER = COUNTER.decode()


def nearby(bench: Bench, member: Member) -> Traffic:
    """Points in the cities where the accounts are, five kilometres around."""
    url, dice = bench.suite.url, Random(7)
    points = [around(dice.choice(CHINA + EUROPE), dice) for _ in range(POINTS)]
    paths = [f"{PATH}/nearby?lat={lat}&lon={lon}&radius_m=5000&limit=50" for lat, lon in points]
    return Traffic(url, tuple(request(url, "GET", path, token=member.token) for path in paths))


def duplicate_check(bench: Bench) -> Traffic:
    """Companies that are there, typed anew by somebody who mostly may not see them."""
    url, token = bench.suite.url, bench.organisation.seller.token
    step = max(bench.size.contacts // CHECKED, 1) | 1  # odd: every owner comes up
    bodies = [typed_anew(number * step % bench.size.contacts) for number in range(CHECKED)]
    path = f"{PATH}/check-duplicate"
    return Traffic(url, tuple(request(url, "POST", path, token=token, body=b) for b in bodies))


def typed_anew(number: int) -> dict[str, object]:
    """Name, phone, e-mail and domain of a company, none of them letter by letter as stored."""
    known = company(number)
    phone, email = known["phones"][0]["number"], known["emails"][0]["address"]
    spelt = f"{phone[:3]} {phone[3:]}" if phone.startswith("+") else respelled(phone, number)
    return {
        "name": known["name"].upper(),
        "phones": [{"number": spelt}],
        "emails": [{"address": email.upper()}],
        "domain": f"www.{known['domain']}",
    }


def claim(bench: Bench) -> Traffic:
    """Five salespeople; each request takes another record that lies in the pool now."""
    url, organisation = bench.suite.url, bench.organisation
    free = asyncio.run(ownerless(bench.suite.admin_url, most=MOST_CLAIMS))
    claimers = (organisation.seller, *organisation.mates)
    path = f"/v1/pools/{pool_of(bench)}/claim"
    asked = [
        request(
            url, "POST", path, token=claimers[turn % len(claimers)].token,
            body={"record_id": str(record_id)}, idempotency_key=f"claim-{NUMBER}",
        )
        for turn, record_id in enumerate(free)
    ]  # fmt: skip
    return Traffic(url, shuffled(asked))


def pool_of(bench: Bench) -> str:
    """The one pool, open to everybody, for whatever has no owner; made when it is first asked for."""
    headers = {"authorization": f"Bearer {bench.organisation.admin.token}"}
    with httpx.Client(base_url=bench.suite.url, headers=headers, timeout=30) as client:
        known = client.get("/v1/pools").raise_for_status().json()["data"]
        if known:
            return str(known[0]["id"])
        made = client.post("/v1/pools", json={"name": "Open to all"}).raise_for_status()
        return str(made.json()["id"])


def timeline_of_50(bench: Bench) -> Traffic:
    """The first page of accounts with which a lot was done."""
    url, told = bench.suite.url, bench.account_ids[:TOLD]
    asyncio.run(load_dealings(bench.suite.admin_url, bench.organisation, told))
    token = bench.organisation.seller.token
    paths = [f"{PATH}/{account_id}/timeline?limit=50" for account_id in told]
    return Traffic(url, tuple(request(url, "GET", path, token=token) for path in paths))


CASES = (
    Case("nearby", lambda b: nearby(b, b.organisation.seller), is_brief=True),
    Case("nearby, admin", lambda b: nearby(b, b.organisation.admin), is_brief=True),
    Case(
        "duplicate check", duplicate_check, goals.DUPLICATE_CHECK, beside=BESIDE_GET, is_brief=True
    ),
    Case("timeline of 50", timeline_of_50, is_brief=True),
    Case("claim", claim, is_brief=True),
)
