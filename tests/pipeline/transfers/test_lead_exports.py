"""Exports of leads: what the lists show, and no more of what waits in a pool."""

from io import BytesIO
from typing import Any

import orjson
import pytest
from python_calamine import CalamineWorkbook

from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation
from tests.pipeline.transfers.test_exports import exported, table
from tests.pipeline.transfers.test_product_imports import counts

WHOLE: dict[str, Any] = {
    "name": "张三", "company": "Acme", "title": "CEO", "industry": "software", "tags": ["a", "b"],
    "phones": [{"number": "138 0013 8000", "kind": "mobile", "is_primary": True},
               {"number": "010-6554 4321", "kind": "work"}],
    "emails": [{"address": "z@acme.example", "kind": "work"}], "website": "https://acme.example",
    "next_step_on": "2026-12-01", "external_id": "7",
    "consents": [{"channel": "email", "purpose": "marketing", "text": "Yes, write.",
                  "given_at": "2026-01-02T03:04:05Z", "address": "203.0.113.7"}],
}  # fmt: skip


async def made(send: Sender, **fields: Any) -> dict[str, Any]:
    answer = await send.client.post("/v1/leads", json=fields)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_table_of_leads_comes_back_whole(send: Sender) -> None:
    leads = send.of("leads")
    await made(send, **WHOLE)
    await made(send, name="=Plain")
    before = await leads.records()
    content = await exported(send, resource="leads", format="csv")
    rows = {row["external_id"]: row for row in table(content)}
    assert [rows["7"][n] for n in ("name", "phone", "phone_kind", "phone_2", "email", "tags")] == [
        "张三", "138 0013 8000", "mobile", "010-6554 4321", "z@acme.example", "a; b",
    ]  # fmt: skip
    assert (rows["7"]["consent_channel"], rows["7"]["consent_text"]) == ("email", "Yes, write.")
    again = await leads(content, key="id", duplicates="update")
    assert counts(again) == {"unchanged": 2}
    assert await leads.records() == before


async def test_a_filter_goes_into_each_format(send: Sender) -> None:
    await made(send, **WHOLE)
    await made(send, name="Other", industry="hats")
    filters = [{"field": "phone", "operator": "eq", "value": "+8613800138000"}]
    asked: dict[str, Any] = {
        "document": {"filter_groups": [{"filters": filters}]}, "fields": ["name", "phones", "owner_id"],
    }  # fmt: skip
    (line,) = (await exported(send, resource="leads", format="ndjson", **asked)).splitlines()
    assert orjson.loads(line)["phones"][0]["e164"] == "+8613800138000"
    book = CalamineWorkbook.from_filelike(
        BytesIO(await exported(send, resource="leads", format="xlsx", **asked))
    )
    header, values = book.get_sheet_by_index(0).to_python()
    assert dict(zip(header, values, strict=True))["phone_2"] == "010-6554 4321"
    direct = await send.client.get("/v1/leads/export?industry=hats")
    assert [row["name"] for row in table(direct.content)] == ["Other"]


@pytest.mark.parametrize("format", ["csv", "ndjson"])
async def test_a_rep_gets_what_the_list_shows_and_nothing_of_pools_beyond(
    send: Sender, client: Clients, organisation: Organisation, format: str
) -> None:
    """A pool that is seen through `/v1/leads/pool` alone gives an export no name, number or address."""
    await send.client.patch("/v1/leads/settings", json={"is_common_pool_open": True})
    secret: dict[str, Any] = {
        "phones": [{"number": "13800138777"}], "emails": [{"address": "canary@pool.example"}],
        "description": "PoolCanary", "owner_id": None,
    }  # fmt: skip
    common = await made(send, name="PoolCanary", **secret)
    await made(send, name="PoolCanary B", team_id=str(organisation.teams["b"]), **secret)
    for user, name in ((organisation.rep, "Mine"), (organisation.other_rep, "Theirs")):
        answer = await client(user).post("/v1/leads", json={"name": name})
        assert answer.status_code == 201
    mine = send.by(client(organisation.rep))
    waiting = (await mine.client.get("/v1/leads/pool")).json()["data"]
    assert [each["id"] for each in waiting] == [common["id"]]  # theirs to claim, unseen
    assert [each["name"] for each in await mine.of("leads").records()] == ["Mine"]
    whole = await exported(mine, resource="leads", format=format)
    direct = await mine.client.get(f"/v1/leads/export?format={format}")
    for content in (whole, direct.content):
        assert b"Mine" in content
        for word in (b"Theirs", b"PoolCanary", b"13800138777", b"canary@pool.example"):
            assert word not in content
    admin = await exported(send, resource="leads", format=format)
    for word in (b"Theirs", b"PoolCanary", b"13800138777", b"canary@pool.example"):
        assert word in admin
    refused = await client(organisation.rep.but(permissions=("exports:create",))).post(
        "/v1/exports", json={"resource": "leads", "format": format}
    )
    assert refused.status_code == 403
