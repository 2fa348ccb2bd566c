"""Tables out of the records that the caller sees."""

import csv
import io
from pathlib import Path
from typing import Any

import orjson
import pytest

from guanxi_shared.db import Database
from guanxi_shared.tables import read_rows, sniff
from tests.contacts.transfers.sending import Sender
from tests.deadlines import until
from tests.factories import Clients, Organisation

ACCOUNTS: list[dict[str, Any]] = [
    {
        "name": "北京未来科技有限公司", "external_id": "A1", "industry": "software", "staff_count": 240,
        "revenue": {"amount": "86000000.00", "currency": "CNY"}, "tags": ["重点", "old"],
        "credit_limit": {"amount": "500000.00", "currency": "EUR"},
        "phones": [{"number": "010-6554 4321"}, {"number": "13800138000", "kind": "mobile", "is_primary": True}],
        "emails": [{"address": "info@weilai.example"}],
        "addresses": [{"street": "中关村大街1号", "city": "北京", "latitude": 39.98, "longitude": 116.3}],
        "key_account": {"plan": "visit"}, "grade": "A",
    },
    {"name": "=cmd|' /C calc'!A0", "external_id": "A2", "industry": "retail", "description": "a\nb, \"c\""},
]  # fmt: skip
SERVER_SIDE = {"id", "version", "created_at", "updated_at"}


async def filled(send: Sender) -> list[dict[str, Any]]:
    for body in ACCOUNTS:
        answer = await send.client.post("/v1/accounts", json=body)
        assert answer.status_code == 201, answer.text
    return await send.records()


async def exported(send: Sender, **request: Any) -> bytes:
    answer = await send.client.post("/v1/exports", json={"resource": send.resource, **request})
    assert answer.status_code == 202, answer.text
    location = answer.headers["location"]

    async def result() -> str | None:
        job = (await send.client.get(location)).json()
        assert job["status"] in ("queued", "running", "done"), job
        return job["result_url"] if job["status"] == "done" else None

    file = await send.client.get(await until(result))
    assert file.status_code == 200
    return file.content


@pytest.mark.parametrize("format", ["csv", "xlsx", "ndjson"])
@pytest.mark.parametrize("way", ["job", "stream"])
async def test_a_table_that_was_exported_comes_back_whole(
    send: Sender,
    client: Clients,
    other_organisation: Organisation,
    tmp_path: Path,
    format: str,
    way: str,
) -> None:
    stored = await filled(send)
    if way == "job":
        content = await exported(send, format=format)
    else:
        answer = await send.client.get("/v1/accounts/export", params={"format": format})
        assert answer.status_code == 200
        content = answer.content
    if format == "ndjson":
        assert [orjson.loads(line) for line in content.splitlines()] == stored
        return
    there = send.by(client(other_organisation.admin))
    columns = _columns(content, tmp_path / f"table.{format}")
    found = await there(content, mapping={name: name for name in columns if name not in LEFT_OUT})

    assert found["job"]["counts"]["created"] == 2, await there.errors(found["id"])
    back = await there.records()
    assert [comparable(each, format) for each in back] == [
        comparable(each, format) for each in stored
    ]


LEFT_OUT = {
    "owner", "owner_id", "team", "team_id", "parent", "version", "updated_at", "more_addresses",
    "latitude", "longitude",
}  # fmt: skip


def comparable(record: dict[str, Any], format: str) -> dict[str, Any]:
    """Without what belongs to the place; a workbook's times have whole seconds."""
    kept = {n: v for n, v in record.items() if n not in {"version", "updated_at", "owner_id"}}
    kept["phones"] = sorted(kept["phones"], key=lambda phone: str(phone["number"]))
    kept["created_at"] = kept["created_at"][: 18 if format == "xlsx" else None]
    return kept


def _columns(content: bytes, path: Path) -> list[str]:
    path.write_bytes(content)
    return list(sniff(path).columns)


async def test_cells_that_a_spreadsheet_would_run_are_neutralised(
    send: Sender, tmp_path: Path
) -> None:
    await filled(send)
    content = await exported(send, format="csv", fields=["name", "phones"])

    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[1]["name"] == "'=cmd|' /C calc'!A0"
    assert rows[0]["phone"] == "13800138000"
    assert rows[0]["phone_kind"] == "mobile"


async def test_an_export_holds_what_its_filter_finds(send: Sender) -> None:
    await filled(send)
    where = {
        "filter_groups": [{"filters": [{"field": "industry", "operator": "eq", "value": "retail"}]}]
    }
    by_job = await exported(send, format="ndjson", document=where, fields=["name"])
    by_stream = await send.client.get(
        "/v1/accounts/export?format=ndjson&fields=name&industry=retail&sort=-name"
    )

    assert by_job == by_stream.content
    assert [orjson.loads(line)["name"] for line in by_job.splitlines()] == ["=cmd|' /C calc'!A0"]


async def test_an_export_searches_as_a_list_does(send: Sender) -> None:
    await filled(send)
    answer = await send.client.get("/v1/accounts/export?format=ndjson&q=wlkj")

    assert [orjson.loads(line)["external_id"] for line in answer.content.splitlines()] == ["A1"]


async def test_everybody_exports_what_they_see(
    send: Sender, client: Clients, organisation: Organisation, other_organisation: Organisation
) -> None:
    names = {"rep": "of rep", "junior": "of junior", "other_rep": "of other"}
    for name, record in names.items():
        await client(organisation.users[name]).post("/v1/accounts", json={"name": record})
    expected = {
        "rep": {"of rep"}, "manager": {"of rep", "of junior"}, "other_rep": {"of other"},
        "admin": set(names.values()),
    }  # fmt: skip
    for name, seen in expected.items():
        own = send.by(client(organisation.users[name]))
        for content in (
            await exported(own, format="ndjson"),
            (await own.client.get("/v1/accounts/export?format=ndjson")).content,
        ):
            assert {orjson.loads(line)["name"] for line in content.splitlines()} == seen, name
    stranger = send.by(client(other_organisation.admin))
    assert await exported(stranger, format="ndjson") == b""


async def test_somebody_elses_export_is_not_there(
    send: Sender, client: Clients, organisation: Organisation
) -> None:
    answer = await send.client.post("/v1/exports", json={"resource": "accounts"})
    path = f"/v1/exports/{answer.json()['id']}"

    assert (await client(organisation.rep).get(path)).status_code == 404
    assert (await client(organisation.rep).get(f"{path}/file")).status_code == 404
    assert (await send.client.get(path)).status_code == 200


async def test_people_leave_as_cards_with_their_accounts(send: Sender, tmp_path: Path) -> None:
    account = (await send.client.post("/v1/accounts", json={"name": "未来科技"})).json()
    person = {
        "family_name": "张", "given_name": "三", "title": "经理", "birthday": "--03-15",
        "phones": [{"number": "13800138000", "kind": "mobile"}],
        "accounts": [{"account_id": account["id"], "role": "buyer"}],
    }  # fmt: skip
    await send.client.post("/v1/contacts", json=person)
    people = send.of("contacts")
    cards = await exported(people, format="vcard")
    table = await exported(people, format="csv")

    path = tmp_path / "cards.vcf"
    path.write_bytes(cards)
    (row,) = read_rows(path, sniff(path))
    assert row.values["full_name"] == "张三"
    assert (row.values["org"], row.values["tel_1"], row.values["bday"]) == (
        "未来科技",
        "13800138000",
        "--03-15",
    )
    (flat,) = csv.DictReader(io.StringIO(table.decode("utf-8-sig")))
    assert (flat["account_name"], flat["role"]) == ("未来科技", "buyer")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("format=pdf", "format"),
        ("limit=5", "limit"),
        ("nonsense=1", "nonsense"),
        ("fields=x", "fields"),
    ],
)
async def test_a_stream_that_makes_no_sense_is_refused(
    send: Sender, query: str, field: str
) -> None:
    answer = await send.client.get(f"/v1/accounts/export?{query}")

    assert answer.status_code == 400
    assert field in answer.json()["errors"]


async def test_an_export_that_makes_no_sense_is_refused(send: Sender) -> None:
    unknown = {"filter_groups": [{"filters": [{"field": "x", "operator": "eq", "value": 1}]}]}
    answer = await send.client.post(
        "/v1/exports", json={"resource": "accounts", "document": unknown}
    )

    assert answer.status_code == 400
    assert answer.json()["code"] == "unknown_field"


async def test_an_export_needs_its_permissions(client: Clients, organisation: Organisation) -> None:
    reader = organisation.rep.but(permissions=("accounts:read",))
    answer = await client(reader).get("/v1/accounts/export")

    assert answer.status_code == 403


@pytest.mark.parametrize("format", ["csv", "vcard"])
async def test_who_may_read_people_alone_gets_no_names_of_accounts(
    send: Sender, client: Clients, organisation: Organisation, format: str
) -> None:
    account = (await send.client.post("/v1/accounts", json={"name": "未来科技"})).json()
    person = {"name": "张三", "accounts": [{"account_id": account["id"]}]}
    assert (await send.client.post("/v1/contacts", json=person)).status_code == 201
    reader = organisation.admin.but(permissions=("contacts:read", "exports:create"))
    answer = await client(reader).get(f"/v1/contacts/export?format={format}")
    assert (answer.status_code, "张三" in answer.text) == (200, True)
    assert "未来科技" not in answer.text


async def test_whatever_leaves_is_told_to_the_audit_log(
    send: Sender, organisation: Organisation, service_database: Database
) -> None:
    await exported(send, format="csv")
    assert (await send.client.get("/v1/accounts/export?format=ndjson")).status_code == 200
    assert (await send.client.get("/v1/accounts/export?format=nonsense")).status_code == 400
    rows = await service_database.fetch(
        organisation.id,
        "SELECT actor_id, after->>'resource' AS resource, after->>'format' AS format FROM events "
        "WHERE organisation_id = $2 AND type = 'contacts.export.exported' ORDER BY id",
        organisation.id,
    )
    assert [(row["resource"], row["format"]) for row in rows] == [
        ("accounts", "csv"),
        ("accounts", "ndjson"),
    ]
    assert all(row["actor_id"] is not None for row in rows)
