"""What analytics reads of invoices, held against what pipeline really tells."""

from typing import Any
from uuid import UUID

from guanxi_analytics.facts.kinds import INVOICES
from guanxi_analytics.facts.telling import change_of
from guanxi_analytics.heard.peers import types_of
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from tests.contracts.test_selling import did, events_of, made, seller, selling
from tests.factories import Clients, Organisation

__all__ = ["seller", "selling"]
VERBS = {"created", "updated", "paid", "voided", "deleted", "restored"}


async def test_what_pipeline_tells_of_invoices_is_what_analytics_reads(
    client: Clients, pipeline: Edge, organisation: Organisation, selling: Database, seller: Clients
) -> None:
    account = await made(client(organisation.admin), "/v1/accounts", name="Weilai")
    admin, due = seller(organisation.admin), {"amount": "100.00", "currency": "CNY"}

    async def issued() -> str:
        return await made(admin, "/v1/invoices", account_id=account, amount=due)

    paid, void, gone, part = [await issued() for _ in range(4)]
    for invoice, amount in ((paid, "40.00"), (paid, "60.00"), (part, "0.01")):
        money = {**due, "amount": amount}
        await made(admin, "/v1/payments", invoice_id=invoice, amount=money)
    await did(admin, "POST", f"/v1/invoices/{void}/void", {"reason": "Twice"})
    for invoice in (gone, part):
        await did(admin, "PATCH", f"/v1/invoices/{invoice}", {"due_on": "2099-12-31"})
    await did(admin, "DELETE", f"/v1/invoices/{gone}")
    again = await issued()
    await did(admin, "DELETE", f"/v1/invoices/{again}")
    await did(admin, "POST", f"/v1/invoices/{again}/restore")
    events = await events_of(pipeline, organisation, types_of("pipeline"), "analytics")
    told = [event for event in events if event["subject_type"] == INVOICES.noun]
    assert {event["type"].rpartition(".")[2] for event in told} == VERBS
    said: dict[UUID, dict[str, Any]] = {}
    for event in told:
        change = change_of(INVOICES, event)
        said[change.subject_id] = change.pieces.get(change.subject_id, {})
    assert said.pop(UUID(gone)) == {}
    for id, piece in said.items():
        shown = await did(admin, "GET", f"/v1/invoices/{id}")
        for name in ("amount", "paid", "outstanding"):
            assert str(piece[name]) == shown[name]["amount"]
        for name in ("issued_on", "due_on", "paid_on"):
            assert shown[name] == (piece[name] and piece[name].isoformat())
        assert (str(piece["account_id"]), piece["status"]) == (account, shown["status"])
        assert piece["invoice_number"] == shown["number"]
    assert {piece["status"] for piece in said.values()} == {"open", "paid", "void"}
