"""Imports from the upload to the records."""

from typing import Any

from tests.contacts.transfers.sending import Sender

TABLE = """公司名称,行业,联系电话,邮箱,城市,年收入,员工人数,标签
北京未来科技有限公司,software,010-65544321,info@weilai.example,北京,￥8600万,240,重点;老客户
Acme GmbH,retail,+49 30 901820,hello@acme.example,Berlin,"EUR 1,200.50",12,
"""


def counts(found: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in found["job"]["counts"].items() if count}


async def test_an_upload_says_what_it_looks_like(send: Sender) -> None:
    answer = await send.upload(TABLE.encode("gb18030"), name="客户.csv")

    shown = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/imports/{shown['id']}"
    assert (shown["encoding"], shown["delimiter"], shown["kind"]) == ("gb18030", ",", "csv")
    assert shown["file_name"] == "客户.csv"
    assert {column: each["field"] for column, each in shown["mapping"].items()} == {
        "公司名称": "name", "行业": "industry", "联系电话": "phone", "邮箱": "email",
        "城市": "address_city", "年收入": "revenue", "员工人数": "staff_count", "标签": "tags",
    }  # fmt: skip
    assert shown["preview"][0]["公司名称"] == "北京未来科技有限公司"
    assert shown["job"] is None


async def test_rows_become_records_as_the_api_would_make_them(send: Sender) -> None:
    found = await send(TABLE)
    records = await send.records()

    assert found["job"]["status"] == "done", found["job"]
    assert counts(found) == {"created": 2}
    assert (found["job"]["done"], found["job"]["total"], found["job"]["errors"]) == (2, 2, 0)
    first, second = records
    assert first["revenue"] == {"amount": "86000000.00", "currency": "CNY"}
    assert first["phones"][0] | {"kind": ""} == {
        "number": "010-65544321", "e164": "+861065544321", "kind": "", "is_primary": True,
    }  # fmt: skip
    assert first["tags"] == ["老客户", "重点"]
    assert first["addresses"][0]["city"] == "北京"
    assert second["revenue"] == {"amount": "1200.50", "currency": "EUR"}
    assert second["staff_count"] == 12


async def test_each_record_has_its_event_with_its_state(send: Sender) -> None:
    await send(TABLE)
    records = await send.records()

    answer = await send.client.get("/v1/events", params={"types": "contacts.account.*"})
    events = answer.json()
    assert [event["data"]["state"] for event in events] == records
    assert {event["data"]["channel"] for event in events} == {"import"}


async def test_a_dry_run_counts_the_same_and_writes_nothing(send: Sender) -> None:
    content = (
        TABLE
        + "Acme GmbH,retail,,not an address,,,many,\n,,,,,,,\n,x,,,,,,\nAcme GmbH,food,,,,,,\n"
    )
    options = {"key": "name", "duplicates": "update"}
    dry = await send(content, dry_run=True, **options)
    assert await send.records() == []
    dry_errors = await send.errors(dry["id"])

    again = await send.start(dry["id"], **options)
    assert again.status_code == 202, again.text
    real = await send.ended(dry["id"])

    assert counts(dry) == {"created": 2, "updated": 1, "refused": 2}
    assert real["job"]["counts"] == dry["job"]["counts"]
    assert await send.errors(dry["id"]) == dry_errors
    assert [each["industry"] for each in await send.records()] == ["software", "food"]
