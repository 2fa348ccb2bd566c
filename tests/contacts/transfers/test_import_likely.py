"""Rows that no key recognises and that are likely a record all the same."""

import pytest

from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation

FILE = "name,phone,email\n北京未來科技股份有限公司,,\n中兴通讯,13800138000,\n中興通訊有限公司,,\nAcme,,a@qq.com\nBeta,,b@qq.com\n"
FILLER = "".join(f"Filler {n},,\n" for n in range(9))


@pytest.mark.parametrize("dry_run", [True, False])
async def test_likely_duplicates_of_records_and_rows_are_refused_with_the_reason(
    send: Sender, dry_run: bool
) -> None:
    made = await send.client.post("/v1/accounts", json={"name": "北京未来科技有限公司"})
    assert made.status_code == 201
    found = await send(
        FILE + FILLER + "ZTE,0086 138 0013 8000,\n", likely_duplicates="refuse", dry_run=dry_run
    )
    counts = found["job"]["counts"]
    assert (counts["created"], counts["refused"]) == (12, 3)
    first, second, third = (await send.errors(found["id"])).splitlines()[1:]
    assert "'北京未来科技有限公司' owned by" in first
    assert "company name" in first
    if dry_run:
        assert "line 3" in second
        assert "line 3" in third
    assert "phone" in third
    assert len(await send.records()) == (1 if dry_run else 13)


async def test_without_the_option_they_are_taken(send: Sender) -> None:
    found = await send(FILE)
    assert found["job"]["counts"]["created"] == 5


async def test_a_row_that_the_key_recognises_is_treated_as_before(send: Sender) -> None:
    await send.client.post("/v1/accounts", json={"name": "Acme Inc", "external_id": "A1"})
    found = await send(
        "external_id,name,industry\nA1,Acme,food\nA2,ACME Ltd,food\n",
        key="external_id", duplicates="update", likely_duplicates="refuse",
    )  # fmt: skip
    counts = found["job"]["counts"]
    assert (counts["updated"], counts["refused"], counts["created"]) == (1, 1, 0)


async def test_of_records_that_the_sender_does_not_see_only_the_owner_is_named(
    send: Sender, client: Clients, organisation: Organisation
) -> None:
    body = {"name": "Hidden Harbour GmbH", "emails": [{"address": "x@harbour.example"}]}
    made = await client(organisation.other_rep).post("/v1/accounts", json=body)
    assert made.status_code == 201
    own = send.by(client(organisation.rep))
    found = await own("name\nHIDDEN HARBOUR\n", likely_duplicates="refuse")
    assert found["job"]["counts"]["refused"] == 1
    text = await own.errors(found["id"])
    assert "that you do not see owned by other_rep" in text
    assert "GmbH" not in text
    assert made.json()["id"] not in text


async def test_people_too(send: Sender) -> None:
    people = send.of("contacts")
    await send.client.post(
        "/v1/contacts", json={"name": "张三", "emails": [{"address": "zhang@w.example"}]}
    )
    found = await people(
        "name,email\nZhang San,ZHANG@w.example\n张三,other@w.example\n", likely_duplicates="refuse"
    )
    counts = found["job"]["counts"]
    assert (counts["created"], counts["refused"]) == (1, 1)
