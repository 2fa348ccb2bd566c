"""Random walks of an invoice and its payments, over HTTP, against a small model of what must hold."""

from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

import httpx
import pytest

from tests.pipeline.conftest import Known
from tests.pipeline.invoices.invoicing import INVOICES, PAYMENTS, cny, got, invoiced

AMOUNT = Decimal("100.00")
STEPS = 40
PARTS = ("10.00", "33.33", "0.01", "66.67", "100.00")
DAYS = ("2026-11-01", "2026-11-09", "2026-11-20")


@dataclass
class Walk:
    """One invoice, and what is expected of it; payments by id are (amount, day)."""

    user: httpx.AsyncClient
    random: Random
    id: str
    live: dict[str, tuple[Decimal, str]] = field(default_factory=dict)
    deleted: dict[str, tuple[Decimal, str]] = field(default_factory=dict)
    is_void: bool = False
    done: set[str] = field(default_factory=set)

    @property
    def left(self) -> Decimal:
        return AMOUNT - sum((amount for amount, _ in self.live.values()), Decimal(0))

    def takes(self, amount: Decimal) -> bool:
        return not self.is_void and amount <= self.left

    async def step(self) -> None:
        act = self.random.choices(
            (self.pay, self.take_back, self.bring_back, self.redate, self.void), (6, 4, 3, 2, 1)
        )[0]
        await act()
        await self.holds()

    async def pay(self) -> None:
        amount, day = self.random.choice(PARTS), self.random.choice(DAYS)
        sent = {"invoice_id": self.id, "amount": cny(amount), "received_on": day}
        answer = await self.user.post(PAYMENTS, json=sent)
        if self._expects(answer, "pay", self.takes(Decimal(amount)), 201):
            self.live[answer.json()["id"]] = (Decimal(amount), day)

    async def take_back(self) -> None:
        if self.live:
            id = self.random.choice(list(self.live))
            answer = await self.user.delete(f"{PAYMENTS}/{id}")
            if self._expects(answer, "take back", True):
                self.deleted[id] = self.live.pop(id)

    async def bring_back(self) -> None:
        if self.deleted:
            id = self.random.choice(list(self.deleted))
            answer = await self.user.post(f"{PAYMENTS}/{id}/restore")
            if self._expects(answer, "bring back", self.takes(self.deleted[id][0])):
                self.live[id] = self.deleted.pop(id)

    async def redate(self) -> None:
        if self.live:
            id, day = self.random.choice(list(self.live)), self.random.choice(DAYS)
            answer = await self.user.patch(f"{PAYMENTS}/{id}", json={"received_on": day})
            if self._expects(answer, "redate", True):
                self.live[id] = (self.live[id][0], day)

    async def void(self) -> None:
        answer = await self.user.post(f"{INVOICES}/{self.id}/void", json={"reason": "x"})
        if self._expects(answer, "void", not self.live and not self.is_void):
            self.is_void = True

    def _expects(
        self, answer: httpx.Response, what: str, is_taken: bool, status: int = 200
    ) -> bool:
        assert (answer.status_code == status) == is_taken, (what, answer.text)
        assert is_taken or answer.status_code in (409, 422), answer.text
        self.done.add(f"{what} {is_taken}")
        return is_taken

    async def holds(self) -> None:
        shown = await got(self.user, INVOICES, self.id)
        owed = Decimal(0) if self.is_void else self.left
        assert Decimal(shown["paid"]["amount"]) == AMOUNT - self.left
        assert Decimal(shown["outstanding"]["amount"]) == owed >= 0
        is_paid = not self.is_void and not self.left
        assert shown["status"] == ("void" if self.is_void else "paid" if is_paid else "open")
        assert shown["paid_on"] == (max(d for _, d in self.live.values()) if is_paid else None)


async def walked(user: httpx.AsyncClient, account_id: str, seed: int) -> set[str]:
    found: dict[str, Any] = await invoiced(user, account_id, str(AMOUNT))
    walk = Walk(user, Random(seed), found["id"])
    for _ in range(STEPS):
        await walk.step()
    return walk.done


@pytest.mark.parametrize("first", [0, 100])
async def test_after_any_sequence_an_invoice_is_paid_by_the_payments_that_are_there(
    manager: httpx.AsyncClient, account: Known, first: int
) -> None:
    account_id = await account()
    seen = [await walked(manager, account_id, seed) for seed in range(first, first + 5)]
    every = {
        "pay True", "pay False", "take back True", "bring back True", "bring back False", "redate True",
        "void True", "void False",
    }  # fmt: skip
    assert set().union(*seen) >= every
