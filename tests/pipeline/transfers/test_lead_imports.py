"""Imports of leads: scored, given out and held to a time as those that are sent one by one."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guanxi_pipeline.imports.lead_rules import consents_after
from guanxi_shared.db import Database
from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation
from tests.pipeline.leads.conftest import SOFTWARE
from tests.pipeline.transfers.test_product_imports import counts, refused

TABLE = """姓名,公司名称,职位,手机,邮箱,行业,来源,状态,标签,负责人
张三,北京未来科技有限公司,采购经理,138 0013 8000,zhang@weilai.example,software,展会,跟进中,a;b,
,Acme,,,"info@acme.example; sales@acme.example",hats,web,,,
"""
BY_EMAIL = {"key": "email", "duplicates": "update"}
TURNS = "SELECT count(*) FROM lead_assignment_turns WHERE organisation_id = $2"


@pytest.fixture
def leads(send: Sender) -> Sender:
    return send.of("leads")


async def ruled(send: Sender, action: dict[str, Any], *groups: Any) -> dict[str, Any]:
    sent = {"name": "Rule", "position": 10, "action": action, "filter_groups": list(groups)}
    answer = await send.client.post("/v1/leads/assignment-rules", json=sent)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_rows_become_leads_as_the_api_would_make_them(
    leads: Sender, organisation: Organisation
) -> None:
    points = {"key": "sw", "label": "Software", "points": 10, "filter_groups": [SOFTWARE]}
    await leads.client.patch("/v1/leads/scorecard", json={"criteria": [points]})
    await leads.client.patch("/v1/leads/settings", json={"first_response_minutes": 30})
    assert counts(await leads(TABLE, **BY_EMAIL, dry_run=True)) == {"created": 2}
    assert await leads.records() == []
    assert counts(await leads(TABLE, **BY_EMAIL)) == {"created": 2}
    first, second = await leads.records()
    assert [first[n] for n in ("name", "company", "title", "industry", "source", "status", "tags")] == [
        "张三", "北京未来科技有限公司", "采购经理", "software", "展会", "working", ["a", "b"],
    ]  # fmt: skip
    assert first["phones"][0] | {"is_primary": True} == {
        "number": "138 0013 8000", "e164": "+8613800138000", "kind": "mobile", "is_primary": True,
    }  # fmt: skip
    assert (second["name"], [each["address"] for each in second["emails"]]) == (
        "Acme", ["info@acme.example", "sales@acme.example"],
    )  # fmt: skip
    assert (first["score"], second["score"]) == (10, 0)
    for each in (first, second):
        due = datetime.fromisoformat(each["first_response_due_at"])
        assert abs(due - datetime.now(UTC) - timedelta(minutes=30)) < timedelta(minutes=2)
        assert each["owner_id"] == str(organisation.admin.id)
    found = await leads.client.get("/v1/leads", params={"q": "zhangsan"})
    assert [each["id"] for each in found.json()["data"]] == [first["id"]]
    assert counts(await leads(TABLE, **BY_EMAIL)) == {"unchanged": 2}


async def test_the_rule_that_fits_gives_a_row_to_its_owner_and_is_kept(
    leads: Sender, organisation: Organisation
) -> None:
    rule = await ruled(
        leads, {"kind": "person", "user_id": str(organisation.rep2.id)}, SOFTWARE
    )  # fmt: skip
    table = f"name,industry,owner\nA,software,\nB,hats,\nC,software,{organisation.rep.id}\n"
    assert counts(await leads(table)) == {"created": 3}
    found = {each["name"]: each for each in await leads.records()}
    assert found["A"]["owner_id"] == str(organisation.rep2.id)
    assert (found["A"]["assigned_by_rule_id"], found["A"]["assigned_by_rule_name"]) == (
        rule["id"], "Rule",
    )  # fmt: skip
    assert found["A"]["assigned_at"] is not None
    assert (found["A"]["version"], found["B"]["assigned_by_rule_id"]) == (1, None)
    assert found["B"]["owner_id"] == str(organisation.admin.id)
    assert (found["C"]["owner_id"], found["C"]["assigned_by_rule_id"]) == (
        str(organisation.rep.id), None,
    )  # fmt: skip


async def test_null_for_an_owner_leaves_rows_in_the_pool(
    leads: Sender, organisation: Organisation
) -> None:
    await ruled(leads, {"kind": "person", "user_id": str(organisation.rep2.id)})
    team = str(organisation.teams["a"])
    done = await leads("name,phone\nA,13800138000\n", defaults={"owner_id": None, "team_id": team})
    assert counts(done) == {"created": 1}
    (lead,) = await leads.records()
    assert (lead["owner_id"], lead["team_id"], lead["assigned_at"]) == (None, team, None)
    pool = await leads.client.get("/v1/leads/pool")
    assert [each["id"] for each in pool.json()["data"]] == [lead["id"]]


@pytest.mark.parametrize("kind", ["round_robin", "least_loaded"])
async def test_turns_and_loads_are_right_within_a_chunk_and_beside_requests(
    leads: Sender, organisation: Organisation, service_database: Database, kind: str
) -> None:
    people = [organisation.rep, organisation.rep2, organisation.other_rep]
    await ruled(leads, {"kind": kind, "user_ids": [str(each.id) for each in people]})
    table = "name\n" + "".join(f"L{number}\n" for number in range(24))
    assert counts(await leads(table, dry_run=True)) == {"created": 24}
    turns = await service_database.fetchrow(organisation.id, TURNS, organisation.id)
    assert turns is not None
    assert turns["count"] == 0
    requests = (leads.client.post("/v1/leads", json={"name": f"R{n}"}) for n in range(6))
    done, *answers = await asyncio.gather(leads(table), *requests)
    assert counts(done) == {"created": 24}
    assert {answer.status_code for answer in answers} == {201}
    given = Counter(each["owner_id"] for each in await leads.records())
    assert given == {str(each.id): 10 for each in people}


async def test_an_update_is_a_patch_and_hands_over_or_begins_the_lead(
    leads: Sender, organisation: Organisation, client: Clients
) -> None:
    points = {"key": "sw", "label": "Software", "points": 10, "filter_groups": [SOFTWARE]}
    await leads.client.patch("/v1/leads/scorecard", json={"criteria": [points]})
    await leads("external_id,name,company\n1,One,Acme\n2,Two,\n")
    by_id = {"key": "external_id", "duplicates": "update"}
    table = (
        f"external_id,industry,status,owner\n1,software,working,\n2,,,{organisation.rep.id}\n3,,,\n"
    )
    done = await leads(table, **by_id)
    assert counts(done) == {"updated": 2, "refused": 1}
    assert await refused(leads, done) == ["4: A new lead needs a name."]
    one, two = await leads.records()
    assert (one["name"], one["company"], one["score"], one["status"]) == (
        "One",
        "Acme",
        10,
        "working",
    )
    assert one["first_responded_by"] == str(organisation.admin.id)
    assert (two["owner_id"], two["first_responded_at"]) == (str(organisation.rep.id), None)
    told = (await leads.client.get(f"/v1/leads/{two['id']}/history")).json()["data"]
    assert {each["type"] for each in told} == {"pipeline.lead.created", "pipeline.lead.assigned"}
    assert {each["channel"] for each in told} == {"import"}
    assert counts(await leads(table, **by_id)) == {"unchanged": 2, "refused": 1}

    gone = await leads.client.post(
        f"/v1/leads/{one['id']}/disqualify", json={"reason": "no budget"}
    )
    assert gone.status_code == 200, gone.text
    closed = await leads("external_id,status\n1,new\n", **by_id)
    assert await refused(leads, closed) == [
        "2: status: The lead is disqualified. Recycle it first."
    ]


async def test_what_is_wrong_is_told_row_by_row(
    leads: Sender, organisation: Organisation, client: Clients
) -> None:
    theirs = await client(organisation.other_rep).post(
        "/v1/leads", json={"name": "Theirs", "emails": [{"address": "t@x.example"}]}
    )
    assert theirs.status_code == 201
    mine = leads.by(client(organisation.rep))
    bad = f"""name,email,status,owner,campaign_id,title
Good,a@x.example,,,,
Twice,a@x.example,,,,Boss
Taken,t@x.example,,,,
Done,b@x.example,converted,,,
Whose,c@x.example,,{organisation.other_rep.id},,
,,,,,Nobody
Odd,not an address,,,,
Drive,d@x.example,,,7,
"""
    done = await mine(bad, **BY_EMAIL)
    assert counts(done) == {"created": 1, "updated": 1, "refused": 6}
    said = await refused(mine, done)
    assert said[0] == "4: This email belongs to a lead that you may not change."
    assert said[1].startswith("5: status: input should be 'new', 'working' or 'qualified'")
    assert "is nobody whose records you see" in said[2]
    assert said[3] == "7: A new lead needs a name."
    assert said[4].startswith("8: email: ")
    assert said[5].startswith("9: campaign_id: ")
    assert "Theirs" not in "".join(said)


async def test_an_agreement_comes_beside_those_that_were_given_before(leads: Sender) -> None:
    given = {"channel": "phone", "purpose": "service", "text": "Ring me.",
             "given_at": "2026-01-02T03:04:05Z", "address": "203.0.113.7"}  # fmt: skip
    made = await leads.client.post(
        "/v1/leads",
        json={"name": "A", "emails": [{"address": "a@x.example"}], "consents": [given]},
    )
    assert made.status_code == 201, made.text
    table = """email,consent_channel,consent_purpose,consent_text,consent_given_at
a@x.example,邮件,marketing,You may write to me.,2026-02-03 12:00
"""
    options: dict[str, Any] = {**BY_EMAIL, "time_zone": "Asia/Shanghai"}
    assert counts(await leads(table, **options)) == {"updated": 1}
    assert counts(await leads(table, **options)) == {"unchanged": 1}
    (lead,) = await leads.records()
    assert [each["channel"] for each in lead["consents"]] == ["phone", "email"]
    assert lead["consents"][0]["address"] == "203.0.113.7"
    assert datetime.fromisoformat(lead["consents"][1]["given_at"]) == datetime(
        2026, 2, 3, 4, tzinfo=UTC
    )
    half = "email,consent_channel\nb@x.example,email\n"
    done = await leads(half, **BY_EMAIL)
    assert counts(done) == {"refused": 1}


async def test_rows_that_are_likely_a_lead_are_told_instead_of_taken(leads: Sender) -> None:
    await leads("name,phone\nZhang,13800138000\n")
    table = "name,mobile,email\nOther,+86 138 0013 8000,\nNew,,n@x.example\nAgain,,N@x.example\n"
    options = {"likely_duplicates": "refuse"}
    for is_dry in (True, False):
        done = await leads(table, **options, dry_run=is_dry)
        assert counts(done) == {"created": 1, "refused": 2}
        assert await refused(leads, done) == [
            "2: This is likely 'Zhang' already. The same: phones.",
            "4: This is likely 'New' already. The same: emails.",
        ]


def test_an_agreement_that_is_kept_already_is_no_second_one() -> None:
    sent = {"channel": "email", "purpose": "marketing", "text": "Yes.",
            "given_at": datetime(2026, 1, 1, tzinfo=UTC)}  # fmt: skip
    kept = {**sent, "given_at": "2026-01-01T08:00:00+08:00", "form_id": "x"}
    assert consents_after([kept], [sent]) == [kept]
    assert consents_after([kept], [sent | {"text": "No."}]) == [kept, sent | {"text": "No."}]
