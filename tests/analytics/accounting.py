"""Accounts as tests make them: a story of random deeds beside what contacts' own tables say of it."""

import random
from typing import Any

import httpx

PATH = "/v1/accounts"
BY = ("grade", "needs_tier", "city", "owner")
MEASURES = (
    "accounts", "accounts_share", "customer_accounts", "customers_share", "accounts_at_risk", "accounts_lost", "referred_share",
)  # fmt: skip
SOURCE = """
SELECT a.grade, a.needs_tier, coalesce((SELECT e->>'city' FROM jsonb_array_elements(a.addresses) WITH ORDINALITY AS x (e, n)
    ORDER BY e->>'kind' IS DISTINCT FROM 'office', n LIMIT 1), NULL) AS city, a.owner_id::text AS owner,
  count(*) AS accounts, 100.0 * count(*) / sum(count(*)) OVER () AS accounts_share,
  count(*) FILTER (WHERE a.lifecycle_stage NOT IN ('prospect', 'lost')) AS customer_accounts,
  100.0 * count(*) FILTER (WHERE a.lifecycle_stage NOT IN ('prospect', 'lost')) / count(*) AS customers_share,
  count(*) FILTER (WHERE a.lifecycle_stage = 'at_risk') AS accounts_at_risk,
  count(*) FILTER (WHERE a.lifecycle_stage = 'lost') AS accounts_lost,
  100.0 * count(a.referred_by_id) / count(*) AS referred_share
FROM contacts.accounts a WHERE a.organisation_id = $1 AND a.deleted_at IS NULL GROUP BY 1, 2, 3, 4
"""
REFERRED = """
SELECT id::text, nullif(referred_by_id, id)::text AS by FROM contacts.accounts WHERE organisation_id = $1 AND deleted_at IS NULL
"""
TIERS = ("survival", "security", "social")
STAGES = ("prospect", "new", "active", "loyal", "at_risk", "lost", "won_back")
CITIES = ("北京", "Lyon", None)


class Accounts:
    """What people do to accounts, at random; some of it is refused, which is a deed, too."""

    def __init__(self, rng: random.Random, people: httpx.AsyncClient, owners: list[str]) -> None:
        self.rng, self.people, self.owners = rng, people, owners
        self.ids: list[str] = []

    async def step(self) -> None:
        deeds = [self.create, self.create, self.change, self.change, self.change, self.delete, self.merge]  # fmt: skip
        await self.rng.choice(deeds)()

    async def tried(self, method: str, path: str, **sent: Any) -> dict[str, Any]:
        answer = await self.people.request(method, path, json=sent)
        assert answer.status_code < 500, answer.text
        return answer.json() if answer.is_success and answer.content else {}

    def addresses(self) -> list[dict[str, Any]]:
        kinds = self.rng.sample(["billing", "office", "home"], self.rng.randrange(3))
        return [{"kind": kind, "city": self.rng.choice(CITIES), "street": "1"} for kind in kinds]

    async def create(self) -> None:
        sent = {
            "name": f"Customer {self.rng.random()}", "grade": self.rng.choice(["A", "B", None]),
            "needs_tier": self.rng.choice([*TIERS, None]), "lifecycle_stage": self.rng.choice(STAGES),
            "owner_id": self.rng.choice(self.owners), "addresses": self.addresses(),
            "referred_by_id": self.rng.choice([*self.ids, None]),
        }  # fmt: skip
        if made := await self.tried("POST", PATH, **sent):
            self.ids.append(made["id"])

    async def change(self) -> None:
        if not self.ids:
            return
        change = self.rng.choice(
            [
                {"grade": self.rng.choice(["A", "B", None])},
                {"needs_tier": self.rng.choice([*TIERS, None])},
                {"lifecycle_stage": self.rng.choice(STAGES)},
                {"owner_id": self.rng.choice(self.owners)},
                {"addresses": self.addresses()},
            ]
        )
        await self.tried("PATCH", f"{PATH}/{self.rng.choice(self.ids)}", **change)

    async def delete(self) -> None:
        if not self.ids:
            return
        one = self.rng.choice(self.ids)
        await self.tried("DELETE", f"{PATH}/{one}")
        if self.rng.random() < 0.6:
            await self.tried("POST", f"{PATH}/{one}/restore")

    async def merge(self) -> None:
        if len(self.ids) < 2:
            return
        one, other = self.rng.sample(self.ids, 2)
        merge = {"resource": "accounts", "survivor_id": one, "source_ids": [other]}
        merged = await self.tried("POST", "/v1/merges", **merge)
        if merged and self.rng.random() < 0.5:
            await self.tried("POST", f"/v1/merges/{merged['id']}/undo")
