"""Invoices and payments as tests write them through pipeline: random deeds, beside what pipeline's own tables say of them."""

import random
from datetime import date, timedelta
from typing import Any

import httpx

from tests.pipeline.invoices.invoicing import INVOICES, PAYMENTS

BY = ("month", "account")
# By the month they were issued in, their account and their currency.
SOURCE = """
SELECT to_char(issued_on, 'YYYY-MM') AS month, account_id::text AS account, currency, count(*) AS invoices,
  sum(amount) AS invoiced, sum(outstanding) AS outstanding,
  coalesce(sum(outstanding) FILTER (WHERE status = 'open' AND due_on < $2::date), 0) AS overdue,
  count(*) FILTER (WHERE status = 'open' AND due_on < $2::date) AS invoices_overdue,
  (avg(paid_on - issued_on) FILTER (WHERE status = 'paid'))::float8 AS days_to_pay,
  100.0 * count(*) FILTER (WHERE status = 'paid' AND paid_on > due_on) / nullif(count(*) FILTER (WHERE status = 'paid'), 0) AS paid_late
FROM pipeline.invoices WHERE organisation_id = $1 AND deleted_at IS NULL AND status <> 'void' GROUP BY 1, 2, 3
"""
# What an invoice says has to be the sum of what came in.
PAID = """
SELECT count(*) FROM pipeline.invoices i WHERE organisation_id = $1 AND status <> 'void' AND paid <> (
  SELECT coalesce(sum(amount), 0) FROM pipeline.payments p
  WHERE p.organisation_id = $1 AND p.invoice_id = i.id AND p.deleted_at IS NULL)
"""
MEASURES = (
    "invoices", "invoiced", "outstanding", "overdue", "invoices_overdue", "days_to_pay", "paid_late",
)  # fmt: skip


class Invoices:
    """Deeds of somebody who may do everything; what a rule refuses is a deed, too."""

    def __init__(self, rng: random.Random, client: httpx.AsyncClient, accounts: list[str]) -> None:
        self.rng, self.client, self.accounts = rng, client, accounts
        self.invoices: list[str] = []
        self.payments: list[str] = []

    async def step(self) -> None:
        deeds = [
            self.issue, self.issue, self.pay, self.pay, self.pay, self.settle, self.settle, self.put_off, self.void,
            self.take_back, self.restore_payment, self.delete, self.restore,
        ]  # fmt: skip
        await self.rng.choice(deeds)()

    async def issue(self) -> None:
        issued = date(2026, 6, 1) + timedelta(days=self.rng.randrange(150))
        amount = f"{self.rng.randrange(10, 9_999)}.{self.rng.randrange(100):02d}"
        sent = {
            "account_id": self.rng.choice(self.accounts), "issued_on": issued.isoformat(),
            "payment_terms_days": self.rng.choice([0, 14, 30, 400]),
            "amount": {"amount": amount, "currency": self.rng.choice(["CNY", "CNY", "USD"])},
        }  # fmt: skip
        made = await self.do("POST", INVOICES, sent)
        self.invoices.append(made["id"])

    async def pay(self) -> None:
        if (invoice := await self.any_invoice()) is not None:
            await self.paid(invoice, f"{self.rng.randrange(1, 500)}.00")

    async def settle(self) -> None:
        if (invoice := await self.any_invoice()) is not None:
            await self.paid(invoice, invoice["outstanding"]["amount"])

    async def paid(self, invoice: dict[str, Any], amount: str) -> None:
        day = date.fromisoformat(invoice["issued_on"]) + timedelta(days=self.rng.randrange(60))
        money = {"amount": amount, "currency": invoice["currency"]}
        sent = {"invoice_id": invoice["id"], "amount": money, "received_on": day.isoformat()}
        made = await self.do("POST", PAYMENTS, sent)
        if "id" in made:
            self.payments.append(made["id"])

    async def put_off(self) -> None:
        if (invoice := await self.any_invoice()) is not None:
            due = date.fromisoformat(invoice["due_on"]) + timedelta(days=30)
            await self.do("PATCH", f"{INVOICES}/{invoice['id']}", {"due_on": due.isoformat()})

    async def void(self) -> None:
        if (invoice := await self.any_invoice()) is not None:
            await self.do("POST", f"{INVOICES}/{invoice['id']}/void", {"reason": "Twice"})

    async def delete(self) -> None:
        if self.invoices:
            await self.do("DELETE", f"{INVOICES}/{self.rng.choice(self.invoices)}")

    async def restore(self) -> None:
        if self.invoices:
            await self.do("POST", f"{INVOICES}/{self.rng.choice(self.invoices)}/restore")

    async def take_back(self) -> None:
        if self.payments:
            await self.do("DELETE", f"{PAYMENTS}/{self.rng.choice(self.payments)}")

    async def restore_payment(self) -> None:
        if self.payments:
            await self.do("POST", f"{PAYMENTS}/{self.rng.choice(self.payments)}/restore")

    async def any_invoice(self) -> dict[str, Any] | None:
        if not self.invoices:
            return None
        found = await self.do("GET", f"{INVOICES}/{self.rng.choice(self.invoices)}")
        return found if "id" in found else None

    async def do(self, method: str, path: str, sent: Any = None) -> dict[str, Any]:
        answer = await self.client.request(method, path, json=sent)
        assert answer.status_code < 500, answer.text
        found: dict[str, Any] = answer.json()
        return found
