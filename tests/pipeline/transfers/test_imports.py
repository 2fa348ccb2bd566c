"""Imports of opportunities from the upload to the records."""

import csv
from typing import Any

import pytest

from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Known, Stages

TABLE = """商机名称,客户,销售阶段,金额,预计成交日期,产品,数量,单价,来源,编号
年度许可,北京未来科技,Proposal,128000,2027-01-31,软件许可;安装,10,,转介绍,OP-1
Upgrade,Acme GmbH,,"EUR 1,200.50",,Seats,3,400.10,fair,OP-2
"""


def counts(found: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in found["job"]["counts"].items() if count}


async def reasons(send: Sender, found: dict[str, Any]) -> list[str]:
    rows = list(csv.reader((await send.errors(found["id"])).splitlines()))
    return [row[-1] for row in rows[1:]]


async def test_rows_become_deals_as_the_api_would_make_them(
    send: Sender, stages: Stages, account: Known
) -> None:
    first_account = await account("北京未来科技")
    await account("ACME  gmbh")
    found = await send(TABLE, key="external_id")
    assert found["job"]["status"] == "done", found["job"]
    assert counts(found) == {"created": 2}, found
    first, second = sorted(await send.records(), key=lambda each: each["external_id"])
    assert (first["account_id"], first["is_account_verified"]) == (first_account, True)
    assert (first["stage_id"], first["status"], first["probability"]) == (
        stages["Proposal"],
        "open",
        50,
    )
    assert first["amount"] == {"amount": "128000.00", "currency": "CNY"}
    assert [line["name"] for line in first["lines"]] == ["软件许可", "安装"]
    assert (first["close_on"], first["source"]) == ("2027-01-31", "转介绍")
    assert second["stage_id"] == stages["Qualification"]
    assert second["amount"] == {"amount": "1200.50", "currency": "EUR"}
    assert second["lines"][0]["unit_price"] == {"amount": "400.10", "currency": "EUR"}
    assert second["lines"][0]["amount"] == {"amount": "1200.30", "currency": "EUR"}
    found_by_account = await send.client.get("/v1/opportunities?q=wlkj")
    assert [each["id"] for each in found_by_account.json()["data"]] == [first["id"]]


async def test_each_deal_has_its_event_with_its_state(
    send: Sender, stages: Stages, account: Known
) -> None:
    await account("北京未来科技")
    await account("Acme GmbH")
    await send(TABLE)
    records = await send.records()
    events = (
        await send.client.get("/v1/events", params={"types": "pipeline.opportunity.*"})
    ).json()
    assert [event["data"]["state"] for event in events] == records
    assert {event["data"]["channel"] for event in events} == {"import"}


BAD = """name,account,owner,stage,amount,close_on,status,reason
Good,Acme,,,5,2027-01-01,,
No account,Nobody Ltd,,,5,,,
Two accounts,Twin,,,5,,,
No owner,Acme,nobody@x.example,,5,,,
No stage,Acme,,Dreaming,5,,,
No amount,Acme,,,five,,,
No day,Acme,,,5,31.31.2027,,
No reason,Acme,,Lost,5,,,
Odd reason,Acme,,Lost,5,,,because
Odd status,Acme,,,5,,maybe,
Two things,Acme,,Won,5,,lost,
,,,,5,,,
Also good,acme,,Lost,5,,lost,price
"""


async def test_what_is_wrong_is_told_row_by_row_and_nothing_else_is_lost(
    send: Sender, stages: Stages, account: Known
) -> None:
    for name in ("Acme", "Twin", "twin"):
        await account(name)
    found = await send(BAD)
    assert counts(found) == {"created": 2, "refused": 11}
    assert await reasons(send, found) == [
        "account: 'Nobody Ltd': there is no such account.",
        "account: 'Twin': 2 accounts are called so.",
        "owner: 'nobody@x.example' is no user known here.",
        "stage: 'Dreaming' is no stage of the pipeline Sales.",
        "amount: 'five' is not a number; write it like 1234.50.",
        "close_on: '31.31.2027' is a day that no calendar has; correct it.",
        "reason: Lost needs reason. Needed to enter Lost.",
        "reason: Say why it was lost, in the pipeline's words. Choose one of: price, competitor, "
        "no budget, no decision, timing, no answer.",
        "status: 'maybe' is none of open, won, lost.",
        "status: 'lost' is not the status of the stage Won.",
        "A new opportunity needs a name.",
    ]
    assert {each["name"] for each in await send.records()} == {"Good", "Also good"}
    lines = (await send.errors(found["id"])).splitlines()
    assert lines[1].startswith("No account,Nobody Ltd,,,5,,,,3,")


async def test_a_dry_run_counts_the_same_and_writes_nothing(
    send: Sender, stages: Stages, account: Known
) -> None:
    for name in ("Acme", "Twin", "twin"):
        await account(name)
    dry = await send(BAD, dry_run=True, key="name", duplicates="update")
    assert await send.records() == []
    dry_errors = await send.errors(dry["id"])
    again = await send.start(dry["id"], key="name", duplicates="update")
    assert again.status_code == 202, again.text
    real = await send.ended(dry["id"])
    assert real["job"]["counts"] == dry["job"]["counts"]
    assert await send.errors(dry["id"]) == dry_errors


@pytest.mark.parametrize(
    ("duplicates", "expected"),
    [
        ("skip", {"skipped": 1, "created": 1}),
        ("update", {"updated": 1, "created": 1}),
        ("create", {"created": 2}),
        ("refuse", {"refused": 1, "created": 1}),
    ],
)
async def test_rows_that_are_recognised_do_as_was_asked(
    send: Sender, stages: Stages, duplicates: str, expected: dict[str, int]
) -> None:
    await send("external_id,name,amount\n7,Old,5\n", key="external_id")
    found = await send(
        "external_id,name,amount\n7,New,6\n8,Other,1\n", key="external_id", duplicates=duplicates
    )
    assert counts(found) == expected
    of_key = [each for each in await send.records() if each["external_id"] == "7"]
    assert len(of_key) == (2 if duplicates == "create" else 1)
    assert of_key[0]["name"] == ("New" if duplicates == "update" else "Old")


async def test_a_second_time_the_same_file_changes_nothing(
    send: Sender, stages: Stages, account: Known
) -> None:
    await account("Acme")
    table = (
        "external_id,account,product,stage,status,amount,closed_on,created_at,reason\n"
        "1,Acme,Seats,Won,won,9.50,2026-03-01,2026-01-05,\n2,,Seats,Lost,,0,2026-02-01,2026-01-05,price\n"
    )
    options = {"key": "external_id", "duplicates": "update"}
    assert counts(await send(table, **options)) == {"created": 2}
    before = await send.records()
    assert counts(await send(table, **options)) == {"unchanged": 2}
    assert await send.records() == before
    won = next(each for each in before if each["external_id"] == "1")
    assert won["name"] == "Seats · Acme"
    assert won["status"] == "won"
    assert won["closed_at"].startswith("2026-0")
    assert won["created_at"] < won["closed_at"] == won["stage_entered_at"]


async def test_another_stage_is_a_move_with_its_rules_and_its_event(
    send: Sender, stages: Stages
) -> None:
    await send("external_id,name,amount\n1,One,5\n2,Two,5\n3,Three,5\n", key="external_id")
    found = await send(
        "external_id,stage,closed_on,reason,name\n1,Won,2026-03-01,,One!\n2,Lost,,,Two!\n3,Negotiation,,,\n",
        key="external_id", duplicates="update",
    )  # fmt: skip
    assert counts(found) == {"updated": 1, "refused": 2}
    assert await reasons(send, found) == [
        "reason: Lost needs reason. Needed to enter Lost.",
        "Negotiation needs close_on. Needed to enter Negotiation.",
    ]
    one, two, three = await send.records()
    assert (one["status"], one["name"], one["probability"]) == ("won", "One!", 100)
    assert (two["status"], two["name"], two["version"]) == ("open", "Two", 1)  # nothing by halves
    assert three["stage_id"] == stages["Qualification"]
    history = (await send.client.get(f"/v1/opportunities/{one['id']}/history")).json()["data"]
    assert [entry["type"].rpartition(".")[2] for entry in history] == ["won", "updated", "created"]
    reopened = await send("external_id,status\n1,open\n", key="external_id", duplicates="update")
    assert counts(reopened) == {"updated": 1}
    again = (await send.client.get(f"/v1/opportunities/{one['id']}")).json()
    assert (again["status"], again["closed_at"]) == ("open", None)


async def test_a_day_of_closing_is_that_of_a_closed_deal(send: Sender, stages: Stages) -> None:
    options = {"key": "external_id", "duplicates": "update"}
    await send("external_id,name\n1,Open\n2,Two\n", **options)
    found = await send(
        "external_id,name,status,closed_on\n1,,,2026-03-01\n2,,won,2026-03-01\n3,New,,2026-03-01\n"
        "4,Late,won,2099-03-01\n2,,,2099-03-01\n",
        **options,
    )
    assert counts(found) == {"updated": 1, "refused": 4}
    assert await reasons(send, found) == [
        "closed_on: What is open was not closed. Its stage is open.",
        "closed_on: What is open was not closed. Qualification is open.",
        "closed_on: This day is still to come. Send a day that has passed.",
        "closed_on: This day is still to come. Send a day that has passed.",
    ]
    corrected = await send(
        "external_id,closed_on\n2,2026-02-28\n", **options, time_zone="America/New_York"
    )
    assert counts(corrected) == {"updated": 1}
    _, won = await send.records()
    assert won["closed_at"] == "2026-02-28T05:00:00Z"


async def test_selling_began_before_it_ended(send: Sender, stages: Stages) -> None:
    options = {"key": "external_id", "duplicates": "update"}
    found = await send(
        "external_id,status,opened_on,closed_on,created_at\n1,won,2026-01-05,2026-03-01,\n"
        "2,won,2026-03-02,2026-03-01,\n3,won,,2026-03-01,2026-02-01T00:00:00Z\n4,open,2099-01-01,,\n",
        **options,
    )
    assert counts(found) == {"created": 2, "refused": 2}
    assert all(text.startswith("opened_on: ") for text in await reasons(send, found))
    first, third = await send.records()
    assert (first["opened_on"], first["created_at"]) == ("2026-01-05", "2026-01-04T16:00:00Z")
    assert third["opened_on"] == "2026-02-01"
    again = await send("external_id,opened_on\n1,2026-04-01\n3,2026-01-31\n", **options)
    assert counts(again) == {"refused": 1, "updated": 1}


async def test_a_stage_is_one_of_the_pipeline_that_the_deal_is_in(
    send: Sender, stages: Stages
) -> None:
    made = await send.client.post(
        "/v1/pipelines",
        json={"name": "Renewals", "stages": [{"name": "Due", "probability": 20}, {"name": "Proposal", "probability": 50},
              {"name": "Kept", "kind": "won"}, {"name": "Gone", "kind": "lost"}]},
    )  # fmt: skip
    assert made.status_code == 201, made.text
    own = {stage["name"]: stage["id"] for stage in made.json()["stages"]}
    await send("external_id,name,pipeline,amount\n1,A,renewals,5\n2,B,,5\n", key="external_id")
    options = {"key": "external_id", "duplicates": "update"}
    found = await send("external_id,stage\n1,proposal\n2,Kept\n", **options)
    assert counts(found) == {"updated": 1, "refused": 1}
    first, second = await send.records()
    assert (first["stage_id"], first["pipeline_id"]) == (own["Proposal"], made.json()["id"])
    assert second["stage_id"] == stages["Qualification"]
    moved = await send("external_id,pipeline,stage\n2,Renewals,Kept\n", **options)
    assert counts(moved) == {"updated": 1}
    new = await send("external_id,name,stage\n3,C,Due\n", **options)
    assert counts(new) == {"created": 1}
    assert {each["pipeline_id"] for each in await send.records()} == {made.json()["id"]}


async def test_accounts_are_those_that_the_importer_sees(
    client: Clients, organisation: Organisation, send: Sender, stages: Stages, account: Known
) -> None:
    seen = await account("Seen", owner=organisation.rep, external_id="S-1")
    hidden = await account("Hidden", owner=organisation.other_rep, external_id="H-1")
    table = (
        "name,account,account_external_id,account_id\n"
        f"1,Seen,,\n2,Hidden,,\n3,,S-1,\n4,,H-1,\n5,,,{seen}\n6,,,{hidden}\n7,,,junk\n"
    )
    mine = send.by(client(organisation.rep))
    found = await mine(table)
    assert counts(found) == {"created": 3, "refused": 4}
    assert {(each["name"], each["account_id"]) for each in await mine.records()} == {
        ("1", seen), ("3", seen), ("5", seen),
    }  # fmt: skip
    assert counts(await send(table)) == {"created": 6, "refused": 1}


async def test_nobody_changes_by_a_file_what_they_may_not_change(
    client: Clients, organisation: Organisation, send: Sender, stages: Stages
) -> None:
    await send("external_id,name\n1,Theirs\n", key="external_id")
    mine = send.by(client(organisation.rep))
    found = await mine("external_id,name\n1,Mine\n2,New\n", key="external_id", duplicates="update")
    assert counts(found) == {"created": 1, "refused": 1}
    assert await reasons(mine, found) == [
        "This external_id belongs to an opportunity that you may not change."
    ]
    foreign = await client(organisation.rep2).get(f"/v1/imports/{found['id']}")
    assert foreign.status_code == 404
    reading = send.by(client(organisation.read_only))
    assert (await reading.upload("name\nx\n")).status_code == 403


async def test_own_fields_are_columns_too(send: Sender, stages: Stages) -> None:
    made = await send.client.post(
        "/v1/fields",
        json={"resource": "opportunities", "key": "tender", "kind": "choice", "options": ["open", "none"]},
    )  # fmt: skip
    assert made.status_code == 201, made.text
    found = await send("name,custom.tender\nA,open\nB,closed\n")
    assert counts(found) == {"created": 1, "refused": 1}
    page = (await send.client.get("/v1/opportunities?custom.tender=open")).json()["data"]
    assert [each["custom"] for each in page] == [{"tender": "open"}]


@pytest.mark.parametrize(
    ("fields", "status", "named"),
    [
        ({"resource": "accounts"}, 422, "resource"),
        ({"options": '{"key": "email"}', "start": "true"}, 422, "key"),
        ({"options": '{"create_missing": true}', "start": "true"}, 422, "create_missing"),
        ({"options": '{"mapping": {"nothing": "name"}}', "start": "true"}, 422, "mapping.nothing"),
        ({"options": '{"mapping": {"name": "nothing"}}', "start": "true"}, 422, "mapping.name"),
        ({"start": "maybe"}, 422, "start"),
        ({"other": "x"}, 400, "other"),
    ],
)
async def test_what_an_import_cannot_be_is_named(
    send: Sender, stages: Stages, fields: dict[str, str], status: int, named: str
) -> None:
    refused = await send.upload("name\nx\n", **fields)
    assert refused.status_code == status, refused.text
    assert named in refused.json()["errors"]
    assert (await send.client.get("/v1/imports")).json()["data"] == []


UNHEARD_OF = "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50"


@pytest.mark.parametrize(
    ("defaults", "named"),
    [
        ({"lines": [{"product_id": UNHEARD_OF, "name": "Seats", "quantity": 1}]}, "lines"),
        ({"lines": [1]}, "lines"),
        ({"lines": "Seats"}, "lines"),
        ({"created_at": "last week"}, "created_at"),
        ({"created_at": 5}, "created_at"),
        ({"created_at": "0001-01-01T00:00:00Z"}, "created_at"),
        ({"closed_at": "0001-01-01T00:00:00Z", "status": "won"}, "closed_at"),
        ({"closed_at": "9999-12-31T23:00:00Z", "status": "won"}, "closed_at"),
        ({"closed_at": 1e300, "status": "won"}, "closed_at"),
        ({"stage_entered_at": [1]}, "stage_entered_at"),
    ],
)
async def test_a_default_is_held_to_the_rules_of_a_request(
    defaults: dict[str, Any], named: str, send: Sender, stages: Stages
) -> None:
    found = await send("name\nDeal\n", defaults=defaults)
    assert found["job"]["status"] == "done", found["job"]
    assert counts(found) == {"refused": 1}
    (reason,) = await reasons(send, found)
    assert named in reason
    assert not await send.records()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("contacts", [{"contact_id": UNHEARD_OF}]),
        ("splits", [{"user_id": UNHEARD_OF, "share": 100}]),
        ("nonsense", 1),
    ],
)
async def test_what_no_column_fills_no_default_fills(name: str, value: Any, send: Sender) -> None:
    found = (await send.upload("name\nDeal\n")).json()
    refused = await send.start(found["id"], defaults={name: value, "source": "fair"})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, [f"defaults.{name}"])


@pytest.mark.parametrize("column", ["created_at", "closed_at", "stage_entered_at"])
@pytest.mark.parametrize("cell", ["0001-01-01 00:00", "9999-12-31 23:59"])
async def test_a_moment_of_another_age_is_refused(
    column: str, cell: str, send: Sender, stages: Stages
) -> None:
    found = await send(f"name,stage,{column}\nDeal,Won,{cell}\nGood,Won,2024-03-05 10:00\n")
    assert found["job"]["status"] == "done", found["job"]
    assert counts(found) == {"created": 1, "refused": 1}, await reasons(send, found)
    assert column in (await reasons(send, found))[0]
