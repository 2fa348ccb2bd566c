"""Get, list, filtered search and look-up by phone, through the gateway, as a salesperson who owns one in a hundred."""

from collections.abc import Iterator
from urllib.parse import quote

import httpx

from tests.bench import goals
from tests.bench.bench import Bench
from tests.bench.cases import Case
from tests.bench.loading import OWNERS
from tests.bench.organisation import Member
from tests.bench.people import DEPARTMENTS, SOURCES, person
from tests.bench.traffic import Traffic, request, shuffled

PATH = "/v1/contacts"
PAGES = 20
MOST_LOOKED_UP = 2_000


def get_by_id(bench: Bench, *, url: str | None = None) -> Traffic:
    """A random one of all visible records; `url` goes past the gateway."""
    url = url or bench.suite.url
    token = bench.organisation.seller.token
    asked = [request(url, "GET", f"{PATH}/{record_id}", token=token) for record_id in bench.ids]
    return Traffic(url, shuffled(asked))


def list_of_50(bench: Bench, member: Member) -> Traffic:
    """The first pages of the default order, by their cursors."""
    url = bench.suite.url
    paths = [f"{PATH}?limit=50", *(f"{PATH}?limit=50&cursor={c}" for c in cursors(url, member))]
    return Traffic(url, shuffled([request(url, "GET", p, token=member.token) for p in paths]))


def cursors(url: str, member: Member) -> Iterator[str]:
    headers = {"authorization": f"Bearer {member.token}"}
    with httpx.Client(base_url=url, headers=headers, timeout=30) as client:
        params = {"limit": "50"}
        for _ in range(PAGES):
            answer = client.get(PATH, params=params)
            answer.raise_for_status()
            following = answer.json()["page"]["next_cursor"]
            if following is None:
                return
            yield following
            params["cursor"] = following


def filtered_search(bench: Bench) -> Traffic:
    """`POST …/search`: two filters and a sort, a page of 50."""
    url, token = bench.suite.url, bench.organisation.seller.token
    documents = [
        {
            "filter_groups": [
                {
                    "filters": [
                        {"field": "department", "operator": "eq", "value": department},
                        {"field": "source", "operator": "in", "value": [source, SOURCES[0]]},
                    ]
                }
            ],
            "sorts": ["-updated_at"],
            "limit": 50,
        }
        for department in DEPARTMENTS
        for source in SOURCES[1:]
    ]
    asked = [request(url, "POST", f"{PATH}/search", token=token, body=d) for d in documents]
    return Traffic(url, shuffled(asked))


def respelled(number: str, turn: int) -> str:
    """A mobile number as people write it, never as it is stored; the same turn, the same way."""
    start, middle, end = number[:3], number[3:7], number[7:]
    ways = (
        f"+86 {start} {middle} {end}", f"{start}-{middle}-{end}", f"0086{number}",
        f"(+86) {start}{middle}{end}", f"{start} {middle} {end}",
    )  # fmt: skip
    return ways[turn % len(ways)]


def phone_look_up(bench: Bench) -> Traffic:
    """The salesperson's own people by their numbers, in any spelling."""
    url, token = bench.suite.url, bench.organisation.seller.token
    owned = list(range(0, bench.size.contacts, OWNERS))[:MOST_LOOKED_UP]
    numbers = [
        respelled(person(number)["phones"][0]["number"], turn) for turn, number in enumerate(owned)
    ]
    paths = [f"{PATH}?phone={quote(number, safe='')}" for number in numbers]
    return Traffic(url, shuffled([request(url, "GET", path, token=token) for path in paths]))


BESIDE_GET = ("get by id", get_by_id)
CASES = (
    Case("get by id", get_by_id, goals.GET),
    Case("list of 50", lambda b: list_of_50(b, b.organisation.seller), goals.LIST),
    Case("list of 50, manager of five", lambda b: list_of_50(b, b.organisation.manager)),
    Case("filtered search", filtered_search, goals.SEARCH),
    Case("phone look-up", phone_look_up, is_brief=True),
    Case(
        "phone look-up against get by id",
        phone_look_up,
        goals.PHONE_LOOK_UP,
        beside=BESIDE_GET,
        is_brief=True,
    ),
)
