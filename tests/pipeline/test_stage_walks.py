"""Random walks of deals through their stages, over HTTP, against a small model of what must hold."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from random import Random
from typing import Any

import httpx
import pytest

from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Stages
from tests.pipeline.deals import PATH, events_of, got, made, moved, pipeline_with

ALL: list[dict[str, Any]] = [
    {"name": "First", "probability": 10},
    {"name": "Second", "probability": 40, "forecast_category": "best_case",
     "exit_criteria": [{"key": "agreed", "text": "It is agreed"}]},
    {"name": "Third", "probability": 70, "required_fields": ["next_step"]},
    {"name": "Won", "kind": "won"}, {"name": "Lost", "kind": "lost"}, {"name": "Void", "kind": "lost"},
]  # fmt: skip
KIND = {"Won": "won", "Lost": "lost", "Void": "lost"}
SURE = {"won": 100, "lost": 0}
STEPS = 25


@dataclass
class Walk:
    """One deal and what is expected of it."""

    user: httpx.AsyncClient
    pipelines: list[Stages]
    random: Random
    deal: dict[str, Any]
    states: list[dict[str, Any]] = field(default_factory=list)
    is_deleted: bool = False

    @property
    def path(self) -> str:
        return f"{PATH}/{self.deal['id']}"

    @property
    def stage(self) -> str:
        names = {id: name for each in self.pipelines for name, id in each.ids.items()}
        return names[self.deal["stage_id"]]

    async def step(self) -> None:
        act = self.random.choice([self.move, self.move, self.move, self.patch, self.vanish])
        answer = await act()
        before = self.deal
        if answer.status_code == 200:
            self.deal = answer.json()
            grown = self.deal["version"] - before["version"]
            assert grown in ((0, 1, 2) if act == self.patch else (0, 1)), answer.text
            assert (grown == 0) == (self.deal == before), (before, self.deal)
        else:
            assert answer.status_code in (404, 409, 412, 422), answer.text
            assert answer.json()["errors"] or answer.status_code in (404, 412), answer.text
        self.holds()
        if not self.is_deleted:
            assert await got(self.user, self.deal["id"]) == self.deal

    async def move(self) -> httpx.Response:
        stages = self.random.choice([self.pipelines[0], *self.pipelines])
        version = self.random.choice([None, None, self.deal["version"], self.deal["version"] + 1])
        more: dict[str, Any] = self.random.choice(
            [{}, {"confirmed": ["agreed"]}, {"reason": "price"}, {"position": "bottom"}]
        )
        target = self.random.choice(list(stages.ids))
        return await moved(self.user, self.deal["id"], stages[target], version=version, **more)

    async def patch(self) -> httpx.Response:
        sent: dict[str, Any] = {}
        for name, values in {
            "probability": [None, 5, 55.5, 100], "forecast_category": [None, "commit"],
            "next_step": [None, "Call"], "reason": ["price", None],
            "stage_id": list(self.random.choice(self.pipelines).ids.values()),
        }.items():  # fmt: skip
            if self.random.random() < 0.4:
                sent[name] = self.random.choice(values)
        return await self.user.patch(self.path, json=sent)

    async def vanish(self) -> httpx.Response:
        answer = await (
            self.user.post(self.path + "/restore")
            if self.is_deleted
            else self.user.delete(self.path)
        )
        assert answer.status_code == 200, answer.text
        self.is_deleted = not self.is_deleted
        return answer

    def holds(self) -> None:
        """Status, probability and closing time are those of the stage."""
        deal, kind = self.deal, KIND.get(self.stage, "open")
        assert deal["status"] == kind
        assert (deal["closed_at"] is not None) == (kind != "open")
        own = {stage["name"]: stage.get("probability") for stage in ALL}[self.stage]
        if kind != "open":
            assert (deal["probability"], deal["probability_source"]) == (SURE[kind], "stage")
        elif deal["probability_source"] == "stage":
            assert deal["probability"] == own
        self.states.append(deal)

    async def is_told(self) -> None:
        """The history replays to the record, version by version, and to where it stood when."""
        events = await events_of(self.user, self.deal["id"])
        assert [event["version"] for event in events] == list(range(1, self.deal["version"] + 1))
        known = {state["version"]: state for state in self.states}
        stage = None
        for event in events:
            verb = event["type"].rpartition(".")[2]
            if event["version"] in known:
                assert known[event["version"]]["stage_id"] == event["after"]["stage_id"]
            is_move = stage is not None and event["after"]["stage_id"] != stage
            assert is_move == (verb in ("moved", "won", "lost", "reopened")), event
            stage = event["after"]["stage_id"]
        assert events[-1]["after"] == self.deal
        stays = (await self.user.get(self.path + "/stages")).json()
        entered = [
            event for n, event in enumerate(events) if n == 0 or "stage_id" in event["changed"]
        ]
        assert [stay["stage_id"] for stay in stays["data"]] == [
            event["after"]["stage_id"] for event in entered
        ]
        self.stays_are_whole(stays)

    def stays_are_whole(self, stays: dict[str, Any]) -> None:
        data = stays["data"]
        assert data[0]["entered_at"] == self.deal["created_at"]
        assert data[-1]["left_at"] is None
        assert all(a["left_at"] == b["entered_at"] for a, b in pairwise(data))
        for stay in data[:-1]:
            took = _moment(stay["left_at"]) - _moment(stay["entered_at"])
            assert stay["seconds"] == int(took.total_seconds())
        sums: dict[str, int] = {}
        for stay in data:
            sums[stay["stage_id"]] = sums.get(stay["stage_id"], 0) + stay["seconds"]
        assert stays["seconds_by_stage"] == sums
        assert data[-1]["stage_id"] == self.deal["stage_id"]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("seed", range(6))
async def test_wherever_deals_go_they_are_what_their_stage_says(
    client: Clients, organisation: Organisation, seed: int
) -> None:
    admin, rep, random = client(organisation.admin), client(organisation.rep), Random(seed)
    pipelines = [
        await pipeline_with(admin, "One", stages=ALL, loss_reasons=["price"]),
        await pipeline_with(admin, "Two", stages=ALL, reopened_by=random.choice(["anybody", "nobody"])),
    ]  # fmt: skip
    for _ in range(3):
        deal = await made(rep, pipeline_id=pipelines[0].pipeline_id)
        walk = Walk(rep, pipelines, random, deal)
        walk.holds()
        for _ in range(STEPS):
            await walk.step()
        if walk.is_deleted:
            walk.deal = (await walk.vanish()).json()
        await walk.is_told()
    await no_deal_is_lost(rep, pipelines)


async def no_deal_is_lost(user: httpx.AsyncClient, pipelines: list[Stages]) -> None:
    boards = [
        (await user.get(f"/v1/pipelines/{each.pipeline_id}/board")).json() for each in pipelines
    ]
    cards = [card["id"] for board in boards for stage in board["stages"] for card in stage["cards"]]
    listed = (await user.get(PATH)).json()["data"]
    assert sorted(cards) == sorted(each["id"] for each in listed)
    assert len(listed) == 3
