"""The demo's contracts of before, taken in by the import that loads them, and once more."""

from typing import Any

import orjson

from guanxi_gateway.cli.demo.past_contracts import make_past_contracts
from tests.contacts.transfers.sending import Sender
from tests.factories import Organisation
from tests.gateway.demo.made import CUSTOMERS, SEED, TODAY
from tests.pipeline.telling import account_told
from tests.pipeline.transfers.test_product_imports import counts, refused
from tests.tickets.conftest import Heard

OPTIONS = orjson.dumps({"key": "id", "duplicates": "skip"}).decode()


async def test_every_row_is_taken_and_a_second_load_adds_none(
    send: Sender, heard: Heard, company: Organisation
) -> None:
    rows = make_past_contracts(SEED, CUSTOMERS, TODAY)
    people = {"owner_id": str(company.rep.id), "team_id": str(company.teams["a"])}
    for n, id in enumerate(dict.fromkeys(row["account_id"] for row in rows)):
        await heard(account_told(company.id, id, f"Customer {n}", owner_id=company.rep.id))
    file = b"".join(orjson.dumps(row | people) + b"\n" for row in rows)
    sender = send.of("entitlements")

    async def taken() -> dict[str, Any]:
        answer = await sender.upload(file, name="demo.ndjson", start="true", options=OPTIONS)
        assert answer.status_code == 202, answer.text
        return await sender.ended(answer.json()["id"])

    done = await taken()
    assert counts(done) == {"created": len(rows)}, await refused(sender, done)
    assert "created" not in counts(await taken())
    assert len(await sender.records()) == len(rows)
