"""Complaints as tests make them: single ones, and a story of random deeds beside what tickets' own tables say of it."""

import random
from typing import Any

import httpx

from tests.tickets.company import PATH, made

CAUSES = "/v1/root-causes"
STEPS = ("listen", "act", "resources", "measure", "coordinate", "sum_up")
# Of complaints by the cause they are counted with, what they are about, and whose they are.
SOURCE = """
WITH RECURSIVE ways AS (
  SELECT c.id, c.id AS at, c.merged_into_id AS into FROM tickets.root_causes c WHERE c.organisation_id = $1
  UNION SELECT w.id, c.id, c.merged_into_id FROM ways w
  JOIN tickets.root_causes c ON c.organisation_id = $1 AND c.id = w.into)
SELECT w.at::text AS root_cause, p.name AS product, t.owner_id::text AS owner, t.queue_id::text AS queue,
  count(DISTINCT t.id) AS complaints, count(*) AS complaint_rounds,
  100.0 * count(r.root_cause_id) / count(*) AS cause_found,
  100.0 * count(*) FILTER (WHERE r.number > 1) / count(*) AS complaints_again,
  (extract(epoch FROM avg(r.ended_at - r.started_at)) / 86400)::float8 AS complaint_days,
  100.0 * count(*) FILTER (WHERE EXISTS (SELECT 1 FROM tickets.corrective_actions a WHERE a.organisation_id = $1
    AND a.round_id = r.id AND a.status = 'done' AND a.deleted_at IS NULL)) / count(*) AS action_done,
  100.0 * sum(cardinality(r.done_steps)) / (6 * count(*)) AS steps_done,
  100.0 * sum(cardinality(r.skipped_steps)) / (6 * count(*)) AS steps_skipped
FROM tickets.complaint_rounds r
JOIN tickets.tickets t ON t.organisation_id = r.organisation_id AND t.id = r.ticket_id
LEFT JOIN pipeline.products p ON p.organisation_id = $1 AND p.id = t.product_id
LEFT JOIN ways w ON w.id = r.root_cause_id AND w.into IS NULL
WHERE r.organisation_id = $1 AND t.deleted_at IS NULL AND t.kind = 'complaint' GROUP BY 1, 2, 3, 4
"""
ACTED = """
SELECT t.owner_id::text AS owner, count(*) AS corrective_actions,
  100.0 * count(*) FILTER (WHERE a.status = 'done') / count(*) AS actions_done,
  100.0 * count(*) FILTER (WHERE a.effect = 'effective') / nullif(count(a.effect), 0) AS actions_effective
FROM tickets.corrective_actions a
JOIN tickets.tickets t ON t.organisation_id = a.organisation_id AND t.id = a.ticket_id
WHERE a.organisation_id = $1 AND a.deleted_at IS NULL AND t.deleted_at IS NULL AND t.kind = 'complaint' GROUP BY 1
"""
BY = ("root_cause", "product", "owner", "queue")
MEASURES = (
    "complaints", "complaint_rounds", "cause_found", "complaints_again", "complaint_days", "action_done", "steps_done",
    "steps_skipped",
)  # fmt: skip
OF_ACTIONS = ("corrective_actions", "actions_done", "actions_effective")


async def done(client: httpx.AsyncClient, method: str, path: str, **sent: Any) -> dict[str, Any]:
    answer = await client.request(method, path, json=sent)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def stepped(client: httpx.AsyncClient, ticket_id: str, step: str, verb: str) -> None:
    said = {"text": "so"} if verb == "complete" else {"reason": "not needed"}
    await done(client, "POST", f"{PATH}/{ticket_id}/loop/steps/{step}/{verb}", **said)


class Complaints:
    """What a desk does to complaints, at random; some of it is refused, which is a deed, too."""

    def __init__(
        self, rng: random.Random, desk: httpx.AsyncClient, products: list[str], people: list[str]
    ) -> None:
        self.rng, self.desk, self.products, self.people = rng, desk, products, people
        self.tickets: list[str] = []
        self.causes: list[str] = []
        self.actions: list[str] = []

    async def begin(self) -> None:
        for name in ("Template", "Training", "Tools", "Transport"):
            self.causes.append((await done(self.desk, "POST", CAUSES, name=name))["id"])
        for ticket in [await self.complain() for _ in range(8)]:
            await self.plan(ticket)

    async def step(self) -> None:
        deeds = [
            self.complain, self.change, self.write, self.write, self.write, self.find, self.find, self.plan, self.act,
            self.act, self.move, self.move, self.delete, self.merge, self.join_causes,
        ]  # fmt: skip
        await self.rng.choice(deeds)()

    async def tried(self, method: str, path: str, **sent: Any) -> dict[str, Any]:
        answer = await self.desk.request(method, path, json=sent)
        assert answer.status_code < 500, answer.text
        return answer.json() if answer.is_success and answer.content else {}

    def ticket(self) -> str:
        return self.rng.choice(self.tickets)

    async def complain(self) -> str:
        sent: dict[str, Any] = {"kind": "complaint", "assignee_id": self.rng.choice(self.people)}
        if self.rng.random() < 0.7:
            sent["product_id"] = self.rng.choice(self.products)
        self.tickets.append((await made(self.desk, "It broke", **sent))["id"])
        return self.tickets[-1]

    async def change(self) -> None:
        changes = [
            {"kind": "question"}, *[{"kind": "complaint"}] * 4, {"product_id": self.rng.choice(self.products)},
            {"product_id": None}, {"assignee_id": self.rng.choice(self.people)},
        ]  # fmt: skip
        await self.tried("PATCH", f"{PATH}/{self.ticket()}", **self.rng.choice(changes))

    async def write(self) -> None:
        verb = self.rng.choice(["complete", "complete", "skip", "reopen"])
        said = {"complete": {"text": "so"}, "skip": {"reason": "no need"}}.get(verb, {})
        path = f"{PATH}/{self.ticket()}/loop/steps/{self.rng.choice(STEPS)}/{verb}"
        await self.tried("POST", path, **said)

    async def find(self) -> None:
        cause = self.rng.choice([*self.causes, None])
        await self.tried("PATCH", f"{PATH}/{self.ticket()}/loop", root_cause_id=cause)

    async def join_causes(self) -> None:
        if self.rng.random() < 0.4:
            one, other = self.rng.sample(self.causes, 2)
            await self.tried("POST", f"{CAUSES}/{one}/merge", into_id=other)

    async def plan(self, ticket: str | None = None) -> None:
        path = f"{PATH}/{ticket or self.ticket()}/loop/actions"
        found = await self.tried("POST", path, body="Check all of them")
        if found:
            self.actions.append(f"{path}/{found['id']}")

    async def act(self) -> None:
        if not self.actions:
            return
        one, deed = self.rng.choice(self.actions), self.rng.randrange(10)
        if deed == 0:
            await self.tried("DELETE", one)
        elif deed < 6:
            await self.tried("POST", f"{one}/finish")
        else:
            effect = self.rng.choice(["effective", "ineffective"])
            await self.tried("POST", f"{one}/check", effect=effect)

    async def move(self) -> None:
        status = self.rng.choice(["solved", "open", "closed"])
        await self.tried("POST", f"{PATH}/{self.ticket()}/move", status=status)

    async def delete(self) -> None:
        ticket = self.ticket()
        await self.tried("DELETE", f"{PATH}/{ticket}")
        if self.rng.random() < 0.8:
            await self.tried("POST", f"{PATH}/{ticket}/restore")

    async def merge(self) -> None:
        if self.rng.random() < 0.4 and len(self.tickets) > 2:
            one, other = self.rng.sample(self.tickets, 2)
            merged = await self.tried("POST", f"{PATH}/merges", survivor_id=one, source_ids=[other])
            if merged and self.rng.random() < 0.5:
                await self.tried("POST", f"{PATH}/merges/{merged['id']}/undo")
