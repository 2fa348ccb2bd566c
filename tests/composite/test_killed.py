"""kill -9 of gateways and services at every step of a composite: everything or nothing, and once."""

import asyncio
import base64
import json
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.composite.conftest import one
from tests.composite.dying import die_performing
from tests.deadlines import until
from tests.suite import Suite, database_of, is_ready
from tests.sync.conftest import Person

pytestmark = pytest.mark.system

NOWHERE = {"place": "nowhere", "number": 0, "victim": 0}
SECONDS = 60


class Story:
    """Records of its own; `is_refused`: its last request is one that a service refuses."""

    def __init__(self, rep: Person, changed: str, deleted: str, *, is_refused: bool) -> None:
        self.rep, self.changed, self.deleted, self.is_refused = rep, changed, deleted, is_refused
        self.name, self.key = f"kill {uuid4().hex}", uuid4().hex
        self.requests = [
            one("POST", "/v1/accounts", {"name": self.name}, ref="a"),
            one(
                "PATCH", f"/v1/accounts/{changed}", {"industry": "mining", "parent_id": "{{a.id}}"}
            ),
            one("DELETE", f"/v1/accounts/{deleted}"),
            one("POST", "/v1/leads", {"name": self.name, "company": "{{a.name}}"}),
        ]
        if is_refused:
            self.requests.append(one("POST", "/v1/tickets", {"subject": "s", "kind": "nonsense"}))
        self.raw = json.dumps({"all_or_nothing": True, "requests": self.requests})

    def told(self, token: str, **where: Any) -> dict[str, Any]:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        whose = {name: claims[name] for name in ("org", "sub", "sid")}
        return {
            **whose,
            "raw": self.raw,
            "key": self.key,
            "authorization": f"Bearer {token}",
            **where,
        }

    def traces(self) -> tuple[bool, ...]:
        """Which of its four requests can be seen."""
        changed = self.rep.found(f"/v1/accounts/{self.changed}")
        gone = self.rep.call("GET", f"/v1/accounts/{self.deleted}").status_code == 404
        counts = [
            len(self.rep.found(f"/v1/{word}?name={self.name}")["data"])
            for word in ("accounts", "leads")
        ]
        assert max(counts) <= 1, "something was done twice"
        if changed["industry"] == "mining":
            assert changed["version"] == 2, "a change was made twice"
        return (counts[0] == 1, changed["industry"] == "mining", gone, counts[1] == 1)

    def repeated(self) -> tuple[int, bool]:
        sent = {"idempotency-key": self.key, "content-type": "application/json"}
        answer = self.rep.call("POST", "/v1/composite", content=self.raw, headers=sent)
        return answer.status_code, "idempotent-replayed" in answer.headers


def new_stories(rep: Person, count: int, *, is_refused: bool) -> list[Story]:
    made = rep.made(
        "/v1/accounts/batch",
        operations=[
            {"op": "create", "data": {"name": f"of a kill {uuid4().hex}"}} for _ in range(2 * count)
        ],
    )
    ids = [each["id"] for each in made["results"]]
    return [Story(rep, ids[2 * n], ids[2 * n + 1], is_refused=is_refused) for n in range(count)]


async def until_all_ended(suite: Suite, keys: list[str]) -> None:
    connection = await asyncpg.connect(database_of(suite))
    sql = "SELECT NOT EXISTS (SELECT FROM gateway.composites WHERE key = ANY($1) AND state <> 'ended')"
    try:
        await until(lambda: connection.fetchval(sql, keys), seconds=SECONDS)
    finally:
        await connection.close()


async def places_of(suite: Suite, story: Story) -> list[tuple[str, int]]:
    """Every place that a gateway passes on its way through such a story."""
    [(_, counted)] = await die_performing(suite, [story.told(story.rep.token, **NOWHERE)])
    return [(place, number + 1) for place, count in counted.items() for number in range(count)]


@pytest.mark.parametrize("is_refused", [False, True])
async def test_a_gateway_that_dies_anywhere_leaves_all_or_nothing(
    suite: Suite, rep: Person, is_refused: bool
) -> None:
    [first] = new_stories(rep, 1, is_refused=is_refused)
    places = await places_of(suite, first)
    assert len(places) > (40 if is_refused else 20)
    stories = new_stories(rep, len(places), is_refused=is_refused)
    token = rep.token
    told = [
        story.told(token, place=place, number=number, victim=0)
        for story, (place, number) in zip(stories, places, strict=True)
    ]
    ends = await die_performing(suite, told)
    assert all(end for end, _ in ends), "not all of them died"
    await until_all_ended(suite, [story.key for story in stories])
    wanted = (not is_refused,) * 4
    for story, place in zip(stories, places, strict=True):
        is_unclaimed = place[0] == "before claim"
        assert story.traces() == ((False,) * 4 if is_unclaimed else wanted), place
        assert story.repeated() == (422 if is_refused else 200, not is_unclaimed), place
        assert story.traces() == wanted, place


KILLED = [
    ("contacts", "before ask", 3, False), ("contacts", "after ask", 5, True),
    ("pipeline", "before ask", 6, False), ("contacts", "before ask", 8, True),
]  # fmt: skip


async def test_a_service_that_dies_anywhere_leaves_all_or_nothing(
    suite: Suite, rep: Person
) -> None:
    """Before it is asked, and after; also while it is to take back what it did."""
    done, refused = (new_stories(rep, len(KILLED), is_refused=each) for each in (False, True))
    stories = [refused[n] if KILLED[n][3] else done[n] for n in range(len(KILLED))]
    for story, (victim, place, number, _) in zip(stories, KILLED, strict=True):
        await ready(suite)
        pid = suite.pid_of(victim)
        assert pid is not None
        where = {"place": place, "number": number, "victim": pid}
        [(end, _)] = await die_performing(suite, [story.told(rep.token, **where)])
        assert end == 0
    await ready(suite)
    await until_all_ended(suite, [story.key for story in stories])
    for story in stories:
        assert story.traces() == (not story.is_refused,) * 4
        assert story.repeated() == (422 if story.is_refused else 200, True)


async def ready(suite: Suite) -> None:
    await until(lambda: asyncio.to_thread(is_ready, suite), seconds=SECONDS)
