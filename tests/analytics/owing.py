"""Invoices as pipeline tells of them, accounts with their limits, and a ledger of random deeds beside plain arithmetic."""

import random
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from guanxi_analytics.facts.writing import write_facts
from guanxi_shared.calls import Actor
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.events import publish
from tests.factories import Organisation

SPACE = UUID(int=9)
ZONE = ZoneInfo("Asia/Shanghai")
TODAY = datetime.now(ZONE).date()
LONG_AGO = "2026-01-01T00:00:00+00:00"
States = dict[str, dict[str, Any]]


def days(n: int) -> str:
    """So many days from today."""
    return str(TODAY + timedelta(days=n))


def account(organisation: Organisation, name: str) -> str:
    return str(uuid5(SPACE, f"{organisation.id}{name}"))


def money(amount: Decimal | str, currency: str) -> dict[str, str]:
    return {"amount": f"{Decimal(amount):.2f}", "currency": currency}


def invoice(
    organisation: Organisation, name: str, amount: str, due: int, *, currency: str = "CNY", paid: str = "0",
    paid_on: int | None = None, issued: int | None = None, owner: str = "rep", n: int = 0, void: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Of an account, due so many days from today (before: negative), settled on the day `paid_on`."""
    whole = Decimal(amount)
    if paid_on is not None:
        paid = amount
    status = "void" if void else "open" if paid_on is None else "paid"
    left = Decimal(0) if void else whole - Decimal(paid)
    return {
        "id": str(uuid5(SPACE, f"{organisation.id}{name}{amount}{due}{currency}{n}")), "number": f"RE-{n}",
        "account_id": account(organisation, name), "contact_id": None, "order_id": None, "status": status,
        "issued_on": days(due - 30 if issued is None else issued), "due_on": days(due), "amount": money(whole, currency),
        "paid": money(paid, currency), "outstanding": money(left, currency),
        "paid_on": None if paid_on is None else days(paid_on), "owner_id": str(organisation.users[owner].id),
        "team_id": None, "version": 1, "deleted_at": None,
    }  # fmt: skip


def told_of(
    organisation: Organisation, state: Mapping[str, Any], *, noun: str = "pipeline.invoice", verb: str = "created",
    version: int = 1, at: str = LONG_AGO,
) -> dict[str, Any]:  # fmt: skip
    return {
        "organisation_id": str(organisation.id), "type": f"{noun}.{verb}", "subject_type": noun.partition(".")[2],
        "subject_id": state["id"], "version": version, "before": None, "after": dict(state), "occurred_at": at,
    }  # fmt: skip


async def heard(
    database: Database,
    organisation: Organisation,
    events: Sequence[Mapping[str, Any]],
    *,
    at_once: int = 7,
) -> None:
    source = str(events[0]["type"]).partition(".")[0]
    for begin in range(0, len(events), at_once):
        async with database.transaction(organisation.id) as connection:
            await write_facts(connection, organisation.id, source, events[begin : begin + at_once])


async def owed(
    database: Database, organisation: Organisation, *invoices: Mapping[str, Any]
) -> None:
    await heard(database, organisation, [told_of(organisation, each) for each in invoices])


async def accounts(
    database: Database,
    organisation: Organisation,
    limits: Mapping[str, Mapping[str, str] | None],
    *,
    owner: str = "rep",
    version: int = 1,
    at: str = LONG_AGO,
    **more: Any,
) -> None:
    """Contacts told of them by name, each with its limit."""
    states = [
        {
            "id": account(organisation, name), "name": name, "credit_limit": limit, "team_id": None,
            "owner_id": str(organisation.users[owner].id), **more,
        }
        for name, limit in limits.items()
    ]  # fmt: skip
    noun = "contacts.account"
    events = [told_of(organisation, s, noun=noun, version=version, at=at) for s in states]
    await heard(database, organisation, events)


async def published(pipeline: Edge, organisation: Organisation, *events: Mapping[str, Any]) -> None:
    """In pipeline's own feed."""
    async with pipeline.state.house.db.transaction(organisation.id) as connection:
        for event in events:
            await publish(
                connection, organisation_id=organisation.id, type=event["type"], subject_type=event["subject_type"],
                subject_id=UUID(event["subject_id"]), version=event["version"], actor=Actor(organisation.admin.id, "user", "api"),
                after=event["after"],
            )  # fmt: skip


class Ledger:
    """Random deeds; `past` are the states after each, with the moment."""

    def __init__(self, organisation: Organisation, names: Sequence[str], seed: int) -> None:
        self.organisation, self.names, self.rng = organisation, names, random.Random(seed)
        self.states: States = {}
        self.gone: set[str] = set()
        self.versions: dict[str, int] = {}
        self.events: list[dict[str, Any]] = []
        self.past: list[tuple[datetime, States]] = []
        self.at = datetime.now(UTC) - timedelta(days=40)

    def play(self, deeds: int) -> None:
        for _ in range(deeds):
            self.at += timedelta(hours=self.rng.randint(1, 14))
            rng = self.rng
            deed = rng.choice([self.issue, self.issue, self.issue, self.pay, self.pay, self.settle, self.settle, self.change, self.vanish, self.void])  # fmt: skip
            deed()
            self.past.append((self.at, self.standing))

    @property
    def standing(self) -> States:
        return {id: deepcopy(s) for id, s in self.states.items() if id not in self.gone}

    def tell(self, id: str, verb: str) -> None:
        self.versions[id] = version = self.versions.get(id, 0) + 1
        at = self.at.isoformat()
        state = deepcopy(self.states[id])
        event = told_of(self.organisation, state, verb=verb, version=version, at=at)
        self.events.append(event)

    def any_of(self, status: str | None = None) -> dict[str, Any] | None:
        found = [s for s in self.standing.values() if status in (None, s["status"])]
        return self.states[self.rng.choice(found)["id"]] if found else None

    def issue(self) -> None:
        rng = self.rng
        amount = f"{rng.randint(1, 9_999)}.{rng.randint(0, 99):02d}"
        state = invoice(
            self.organisation, rng.choice(self.names), amount, rng.randint(-140, 40), n=len(self.states),
            currency=rng.choice(["CNY", "CNY", "EUR"]), owner=rng.choice(["rep", "rep2"]),
        )  # fmt: skip
        self.states[state["id"]] = state
        self.tell(state["id"], "created")

    def pay(self) -> None:
        if (state := self.any_of("open")) is None:
            return
        left, currency = Decimal(state["outstanding"]["amount"]), state["amount"]["currency"]
        part = (left * self.rng.randint(1, 9) / 10).quantize(Decimal("0.01"))
        if part < left:
            state["paid"] = money(Decimal(state["paid"]["amount"]) + part, currency)
            state["outstanding"] = money(left - part, currency)
            self.tell(state["id"], "updated")

    def settle(self) -> None:
        if (state := self.any_of("open")) is None:
            return
        issued = date.fromisoformat(state["issued_on"])
        on = issued + timedelta(days=self.rng.randint(0, 90))
        state |= {"status": "paid", "paid": state["amount"], "paid_on": str(min(on, TODAY))}
        state["outstanding"] = money("0", state["amount"]["currency"])
        self.tell(state["id"], "updated")

    def void(self) -> None:
        if (state := self.any_of("open")) is not None:
            state |= {"status": "void", "outstanding": money("0", state["amount"]["currency"])}
            self.tell(state["id"], "updated")

    def change(self) -> None:
        """Another due day, another person's, or another account's after a merge."""
        if (state := self.any_of()) is None:
            return
        change = self.rng.choice(
            [
                {"due_on": days(self.rng.randint(-120, 30))},
                {"owner_id": str(self.organisation.users[self.rng.choice(["rep", "rep2"])].id)},
                {"account_id": account(self.organisation, self.rng.choice(self.names))},
            ]
        )
        state |= change
        self.tell(state["id"], "updated")

    def vanish(self) -> None:
        if self.gone and self.rng.random() < 0.5:
            id = self.rng.choice(sorted(self.gone))
            self.gone.discard(id)
            self.tell(id, "restored")
        elif (state := self.any_of()) is not None:
            self.gone.add(state["id"])
            self.tell(state["id"], self.rng.choice(["deleted", "deleted", "erased"]))


def late(state: Mapping[str, Any], today: date) -> int:
    return (today - date.fromisoformat(state["due_on"])).days


def left(state: Mapping[str, Any]) -> Decimal:
    return Decimal(state["outstanding"]["amount"])


def bucket(state: Mapping[str, Any], today: date) -> str | None:
    """By hand."""
    if not left(state):
        return None
    n = late(state, today)
    if n <= 0:
        return "not_due"
    return "1-30" if n < 31 else "31-60" if n < 61 else "61-90" if n < 91 else "over_90"


def figures(states: Iterable[Mapping[str, Any]], today: date) -> dict[str, Any]:
    """The measures, by plain arithmetic over invoices of one currency."""
    own = list(states)
    overdue = [s for s in own if left(s) and late(s, today) > 0]
    paid = [s for s in own if s["status"] == "paid"]
    day = date.fromisoformat
    took = [(day(s["paid_on"]) - day(s["issued_on"])).days for s in paid]
    owed_sum, overdue_sum = sum(map(left, own)), sum(map(left, overdue))
    return {
        "invoices": len(own), "invoiced": sum(Decimal(s["amount"]["amount"]) for s in own), "outstanding": owed_sum,
        "overdue": overdue_sum, "overdue_share": 100 * float(overdue_sum) / float(owed_sum) if owed_sum else None,
        "invoices_overdue": len(overdue), "days_to_pay": sum(took) / len(took) if took else None,
        "paid_late": 100 * sum(s["paid_on"] > s["due_on"] for s in paid) / len(paid) if paid else None,
    }  # fmt: skip
