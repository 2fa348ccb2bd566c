"""Random walks of conversions through everything that dies, against a small model of what must hold.

Contacts dies before or after a step, the pipeline itself is killed there or inside its last transaction,
contacts refuses; people ask again, change the lead, and the worker comes round, in any order.
"""

from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
import pytest

from guanxi_pipeline.conversions import making
from guanxi_pipeline.leads.writing import write_lead
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Stages
from tests.pipeline.leads.conftest import Made, Worked
from tests.pipeline.leads.converting import WHOLE
from tests.pipeline.leads.fake_contacts import FakeContacts, Killed

MOMENTS = [
    f"{when} {method} {part}"
    for method in ("POST", "DELETE") for part in ("accounts", "contacts") for when in ("before", "after")
]  # fmt: skip
REFUSED: dict[str, Any] = {"code": "refused_here", "detail": "Because.", "errors": {}}
UNDER_WAY = ("pending", "undoing")
STEPS = 12


@dataclass
class Walk:
    """One lead, whoever works at it, and what is expected of it."""

    user: httpx.AsyncClient
    others: httpx.AsyncClient
    fake: FakeContacts
    worked: Worked
    random: Random
    path: str
    seen: set[str] = field(default_factory=set)

    async def step(self) -> None:
        self.arrange()
        before = await self.status()
        act = self.random.choice([self.convert, self.convert, self.work, self.work, self.patch])
        try:
            await act(before)
        except Killed:
            self.seen.add("killed")
        await self.holds()

    def arrange(self) -> None:
        """What goes wrong next, if anything, on top of what did or instead of it."""
        if self.random.random() < 0.4:
            self.clear()
        for kind in self.random.sample(["dies", "kills", "refuses", "nothing", "nothing"], 2):
            moment = self.random.choice([*MOMENTS, "inside"])
            if kind == "dies":
                self.fake.dies[moment] = self.random.choice([1, 2])
            elif kind == "kills":
                self.fake.kills.add(moment)
            elif kind == "refuses":
                step = self.random.choice(["POST accounts", "POST contacts"])
                self.fake.refuses[step] = (self.random.choice([403, 422]), REFUSED)

    def clear(self) -> None:
        self.fake.dies.clear()
        self.fake.kills.clear()
        self.fake.refuses.clear()

    async def convert(self, before: str) -> None:
        who = self.random.choice([self.user, self.others])
        answer = await who.post(f"{self.path}/convert", json=self.random.choice([WHOLE, WHOLE, {}]))
        assert answer.status_code in (200, 202, 409, 422), answer.text
        if answer.status_code == 409:
            assert before in (*UNDER_WAY, "done"), answer.text

    async def work(self, before: str) -> None:
        await self.worked()

    async def patch(self, before: str) -> None:
        answer = await self.user.patch(self.path, json={"title": str(self.random.random())})
        assert answer.status_code == (409 if before in UNDER_WAY else 200), answer.text

    async def conversion(self) -> dict[str, Any] | None:
        answer = await self.user.get(f"{self.path}/conversion")
        found: dict[str, Any] | None = answer.json() if answer.status_code == 200 else None
        return found

    async def status(self) -> str:
        found = await self.conversion()
        return "none" if found is None else str(found["status"])

    async def holds(self) -> str:
        """All of it is there or nothing; on the way there is no deal, and nothing that nobody chose."""
        found, lead = await self.conversion(), (await self.user.get(self.path)).json()
        status = "none" if found is None else found["status"]
        deals = (await self.user.get(f"/v1/opportunities?lead_id={lead['id']}")).json()["data"]
        made = {part: set(self.fake.records[part]) for part in ("accounts", "contacts")}
        if found is not None and status == "done":
            chosen = {"accounts": {found["account_id"]}, "contacts": {found["contact_id"]}}
            assert made == chosen
            assert [deal["id"] for deal in deals] == [i for i in [found["opportunity_id"]] if i]
            names = ("account_id", "contact_id", "opportunity_id")
            assert [lead[name] for name in names] == [found[name] for name in names]
        else:
            assert deals == []
            assert lead["account_id"] is lead["contact_id"] is lead["opportunity_id"] is None
        if found is not None and status in UNDER_WAY:
            assert made["accounts"] <= {found["account_id"]}
            assert made["contacts"] <= {found["contact_id"]}
        elif status != "done":
            assert made == {"accounts": set(), "contacts": set()}
        assert (lead["status"] == "converted") == (status == "done")
        self.seen.add(status)
        return str(status)

    async def ends(self) -> None:
        """With nothing in the way the worker brings it to an end, and a refused one can be asked again."""
        self.clear()
        await self.worked()
        assert await self.holds() in ("done", "refused", "none")
        if await self.status() != "done":
            assert (await self.user.post(f"{self.path}/convert", json=WHOLE)).status_code == 200
        assert await self.holds() == "done"
        events = (await self.user.get(f"{self.path}/history")).json()["data"][::-1]
        assert [event["version"] for event in events] == list(range(1, len(events) + 1))
        assert [e["type"] for e in events].count("pipeline.lead.converted") == 1


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_dies_when_a_conversion_ends_whole_or_not_at_all(
    client: Clients, organisation: Organisation, contacts_fake: FakeContacts, stages: Stages,
    made: Made, worked: Worked, monkeypatch: pytest.MonkeyPatch, seed: int,
) -> None:  # fmt: skip
    seen: set[str] = set()

    async def written(*args: Any, **more: Any) -> Any:
        """The last transaction, killed when the deal is made and nothing is committed."""
        if "inside" in contacts_fake.kills:
            contacts_fake.kills.remove("inside")
            raise Killed("inside")
        return await write_lead(*args, **more)

    monkeypatch.setattr(making, "write_lead", written)
    random = Random(seed)
    for _ in range(6):
        path = f"/v1/leads/{(await made())['id']}"
        users = client(organisation.rep), client(organisation.manager)
        walk = Walk(*users, contacts_fake, worked, random, path)
        for _ in range(STEPS):
            await walk.step()
        await walk.ends()
        seen |= walk.seen
        for records in contacts_fake.records.values():
            records.clear()
    assert seen == {"none", "pending", "undoing", "refused", "done", "killed"}
