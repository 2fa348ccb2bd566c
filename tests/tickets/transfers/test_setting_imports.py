"""Agents, queues and entitlements out of files; what is exported comes back as it was, elsewhere too."""

from typing import Any

import pytest

from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation
from tests.pipeline.telling import account_told, knowing
from tests.pipeline.transfers.test_product_imports import counts, refused
from tests.tickets.company import with_agents
from tests.tickets.conftest import Heard, Known
from tests.tickets.entitlements.test_entitlements import ENTITLEMENTS, granted
from tests.tickets.promising import policy
from tests.tickets.queueing import AGENTS, QUEUES, agent, queue
from tests.tickets.transfers.elsewhere import as_there, exported_for, people_of

SHIFTS = {
    "time_zone": "Asia/Shanghai",
    "hours": {"monday": [{"from": "09:00", "to": "12:00"}, {"from": "13:00", "to": "18:00"}]},
    "days_off": [{"on": "2026-10-01", "name": "国庆节"}],
}
SKILLS = [{"skill": "billing", "level": 4}, {"skill": "电池; 充电", "level": 1}]
GROUPS = [{"filters": [{"field": "tags", "operator": "has", "value": "invoice"}]}]
BY_USER = {"key": "user", "duplicates": "update"}
BY_NAME = {"key": "name", "duplicates": "update"}
BY_NUMBER = {"key": "external_id", "duplicates": "update"}


@pytest.fixture
def elsewhere(other_organisation: Organisation) -> Organisation:
    return with_agents(other_organisation)


@pytest.fixture
def there(send: Sender, client: Clients, elsewhere: Organisation) -> Sender:
    """Imports in another organisation."""
    return send.by(client(elsewhere.admin))


async def test_agents_come_back_elsewhere_as_they_were(
    there: Sender, client: Clients, company: Organisation, elsewhere: Organisation
) -> None:
    admin, sender = client(company.admin), there.of("agents")
    await agent(admin, company.rep, skills=SKILLS, languages=["de", "zh-CN"], load_limit=7,
                shifts=SHIFTS)  # fmt: skip
    await agent(admin, company.junior, is_available=False)
    table = await exported_for(admin, AGENTS, of=company, to=elsewhere)
    assert counts(await sender(table, **BY_USER, dry_run=True)) == {"created": 2}
    assert await sender.records() == []
    assert counts(await sender(table, **BY_USER)) == {"created": 2}
    own = (await admin.get(f"{AGENTS}?sort=id")).json()["data"]
    renamed = people_of(company, elsewhere)
    assert as_there(await sender.records(), {}) == as_there(own, renamed)
    assert counts(await sender(table, **BY_USER)) == {"unchanged": 2}
    changed = table.replace(b",7,", b",9,")
    assert counts(await sender(changed, **BY_USER)) == {"updated": 1, "unchanged": 1}


async def test_agents_that_cannot_be_are_refused_by_line_and_field(
    send: Sender, client: Clients, company: Organisation
) -> None:
    await agent(client(company.admin), company.rep2)
    bad = """user,skills,load_limit,languages,shifts,is_available
rep,billing: 4,5,en,,yes
nobody,,,,,
rep2,,,,,
rep,,,,,
,billing: 1,,,,
junior,billing,,,,
junior,billing: 9,,,,
junior,,0,,,
junior,,,no language at all,,
junior,,,,{oops,
junior,,,,"{""time_zone"": ""Mars""}",
junior,,,,"{""time_zone"": ""UTC"", ""hours"": {""monday"": [{""from"": ""18:00"", ""to"": ""09:00""}]}}",
junior,,,,,perhaps
"""
    sender = send.of("agents")
    done = await sender(bad)
    said = await refused(sender, done)
    assert counts(done) == {"created": 1, "refused": 12}, said
    expected = [
        "3: user: 'nobody' is no user", "4: user: This user is an agent already.",
        "5: user: This user is an agent already.", "6: A new agent needs a user.",
        "7: skills: write each skill with its level", "8: skills: ", "9: load_limit: ",
        "10: languages: ", "11: shifts: is no JSON", "12: shifts: ", "13: shifts: ",
        "14: is_available: ",
    ]  # fmt: skip
    assert [s for s, b in zip(said, expected, strict=True) if not s.startswith(b)] == []


async def test_agents_are_imported_by_those_who_may_make_them(
    send: Sender, client: Clients, company: Organisation
) -> None:
    rep = company.rep.but(permissions=("imports:create", "imports:read", "agents:read"))
    refusal = await send.of("agents").by(client(rep)).upload("user\njunior\n", start="true")
    assert refusal.status_code == 403
    leading = send.of("agents").by(client(company.manager))
    ended = await leading("user\njunior\nother_rep\n", **BY_USER)
    assert counts(ended) == {"created": 1, "refused": 1}
    assert "is nobody whose records you see" in (await refused(leading, ended))[0]


async def test_queues_come_back_elsewhere_as_they_were(
    there: Sender, client: Clients, company: Organisation, elsewhere: Organisation
) -> None:
    admin, sender = client(company.admin), there.of("queues")
    await queue(admin, company, name="Billing 开票", filter_groups=GROUPS, strategy="by_skill",
                skills=SKILLS, languages=["zh"], load_limit=4, on_shift_end="return", position=3,
                description="Invoices")  # fmt: skip
    await queue(admin, company, name="Rest", filter_groups=[], is_active=False)
    await queue(admin, company, name="By hand")
    table = await exported_for(admin, QUEUES, of=company, to=elsewhere)
    assert counts(await sender(table, **BY_NAME, dry_run=True)) == {"created": 3}
    assert counts(await sender(table, **BY_NAME)) == {"created": 3}
    own = (await admin.get(f"{QUEUES}?sort=id")).json()["data"]
    assert as_there(await sender.records(), {}) == as_there(own, people_of(company, elsewhere))
    assert counts(await sender(table, **BY_NAME)) == {"unchanged": 3}
    moved = table.replace(b"Invoices", b"All invoices")
    assert counts(await sender(moved, key="id", duplicates="update")) == {
        "updated": 1, "unchanged": 2,
    }  # fmt: skip


async def test_queues_that_cannot_be_are_refused_by_line_and_field(
    send: Sender, client: Clients, company: Organisation
) -> None:
    await queue(client(company.admin), company, name="Taken")
    unknown = '"[{""filters"": [{""field"": ""nothing"", ""operator"": ""eq"", ""value"": 1}]}]"'
    bad = f"""name,team,strategy,filter_groups,on_shift_end,position
Good,a,round robin,,hand over,1
Taken,a,,,,
good,b,,,,
No team,,,,,
Wrong team,z,,,,
Odd,a,lottery,,,
Odd,a,,nonsense,,
Odd,a,,{unknown},,
Odd,a,,,whenever,
Odd,a,,,,-1
"""
    sender = send.of("queues")
    done = await sender(bad)
    said = await refused(sender, done)
    assert counts(done) == {"created": 1, "refused": 9}, said
    expected = [
        "3: name: Another queue has this name.", "4: name: Another queue has this name.",
        "5: A new queue needs a name and a team.", "6: team: 'z' is no team",
        "7: strategy: ", "8: filter_groups: is no JSON", "9: filter_groups: ",
        "10: on_shift_end: ", "11: position: ",
    ]  # fmt: skip
    assert [s for s, b in zip(said, expected, strict=True) if not s.startswith(b)] == []
    moved = await sender("name,team\nTaken,b\n", **BY_NAME)
    assert "A queue is its team's for good." in (await refused(sender, moved))[0]


@pytest.fixture
async def accounts(account: Known, heard: Heard, elsewhere: Organisation) -> dict[str, str]:
    """Acme here and there."""
    known = knowing(heard, elsewhere, account_told, "Acme")
    return {"here": await account("Acme"), "there": await known("Acme")}


async def test_entitlements_come_back_elsewhere_as_they_were(
    there: Sender, client: Clients, company: Organisation, elsewhere: Organisation,
    accounts: dict[str, str],
) -> None:  # fmt: skip
    admin, sender = client(company.admin), there.of("entitlements")
    calendar = {"name": "Always", "time_zone": "UTC", "always": True}
    here = (await admin.post("/v1/business-calendars", json=calendar)).json()["id"]
    over_there = (await sender.client.post("/v1/business-calendars", json=calendar)).json()["id"]
    gold = await policy(admin, here, name="Gold policy")
    twin = await policy(sender.client, over_there, name="Gold policy")
    one = await granted(
        admin, accounts["here"], external_id="C-1", calendar_id=here, sla_policy_id=gold["id"],
        kinds=["incident"], covers_children=True, note="n", remind_days=10,
        owner_id=str(company.rep.id), team_id=str(company.teams["a"]),
    )  # fmt: skip
    await granted(admin, accounts["here"], name="Endless", unit="hours", granted=None)
    used = await admin.post(f"{ENTITLEMENTS}/{one['id']}/usage", json={"amount": "1.5"})
    assert used.status_code < 300, used.text
    table = await exported_for(admin, ENTITLEMENTS, of=company, to=elsewhere)
    options = {"mapping": {c: c for c in _columns(table) if c not in LEFT_OUT}}
    dry = await sender(table, **BY_NUMBER, **options, dry_run=True)
    assert counts(dry) == {"created": 2}, await refused(sender, dry)
    assert counts(await sender(table, **BY_NUMBER, **options)) == {"created": 2}
    own = (await admin.get(f"{ENTITLEMENTS}?sort=id")).json()["data"]
    renamed = people_of(company, elsewhere) | {
        accounts["here"]: accounts["there"], here: over_there, gold["id"]: twin["id"],
    }  # fmt: skip
    assert as_there(await sender.records(), {}) == as_there(own, renamed)
    (line,) = (await sender.client.get(f"{ENTITLEMENTS}/{one['id']}/usage")).json()["data"]
    assert (line["amount"], line["why"]) == (1.5, "booked")
    again = await sender(table, **(BY_NUMBER | {"key": "id"}), **options)
    assert counts(again) == {"unchanged": 2}
    more = table.replace(b"5.0", b"6.0")
    assert counts(await sender(more, **(BY_NUMBER | {"key": "id"}), **options))["updated"] == 1
    changed = (await sender.client.get(f"{ENTITLEMENTS}/{one['id']}")).json()
    assert (changed["granted"], changed["used"], changed["remaining"]) == (6.0, 1.5, 4.5)


LEFT_OUT = (
    "account_id", "is_account_verified", "remaining", "starts_at", "ends_at", "renewed_from_id",
    "version", "updated_at",
)  # fmt: skip


def _columns(table: bytes) -> list[str]:
    return table.decode("utf-8-sig").splitlines()[0].split(",")


async def test_entitlements_that_cannot_be_are_refused_by_line_and_field(
    send: Sender, client: Clients, company: Organisation, account: Known
) -> None:
    await account("Acme")
    await account("Theirs", owner=company.other_rep)
    bad = """name,account,unit,granted,used,valid_from,valid_until,kinds,calendar,time_zone
Good,Acme,次数,5,2,2026-01-01,2026-12-31,故障,,Asia/Shanghai
No account,,hours,5,,2026-01-01,2026-12-31,,,
No such,Nobody,hours,5,,2026-01-01,2026-12-31,,,
Backwards,Acme,hours,5,,2026-12-31,2026-01-01,,,
Too much,Acme,hours,5,6,2026-01-01,2026-12-31,,,
Odd,Acme,days,5,,2026-01-01,2026-12-31,,,
Odd,Acme,hours,-5,,2026-01-01,2026-12-31,,,
Odd,Acme,hours,5,x,2026-01-01,2026-12-31,,,
Odd,Acme,hours,5,,2026-02-30,2026-12-31,,,
Odd,Acme,hours,5,,2026-01-01,2026-12-31,party,,
Odd,Acme,hours,5,,2026-01-01,2026-12-31,,Never,
Odd,Acme,hours,5,,2026-01-01,2026-12-31,,,Mars
"""
    sender = send.of("entitlements")
    done = await sender(bad)
    said = await refused(sender, done)
    assert counts(done) == {"created": 1, "refused": 11}, said
    expected = [
        "3: A new entitlement needs", "4: account: 'Nobody': there is no such account",
        "5: valid_until: ", "6: used: More was used than is granted.", "7: unit: ", "8: granted: ",
        "9: used: ", "10: valid_from: ", "11: kinds: ",
        "12: calendar: 'Never': there is no such calendar", "13: time_zone: ",
    ]  # fmt: skip
    assert [s for s, b in zip(said, expected, strict=True) if not s.startswith(b)] == []
    (made,) = await sender.records()
    assert (made["unit"], made["kinds"], made["used"]) == ("incidents", ["incident"], 2.0)
    theirs = send.of("entitlements").by(client(company.manager))
    row = "name,account,unit,valid_from,valid_until\nX,Theirs,hours,2026-01-01,2026-02-01\n"
    assert "there is no such account" in (await refused(theirs, await theirs(row)))[0]


async def test_two_files_of_the_same_make_each_once(send: Sender, company: Organisation) -> None:
    import asyncio

    rows = "name,team\n" + "".join(f"Queue {n},a\n" for n in range(20))
    done: list[dict[str, Any]] = await asyncio.gather(
        *(send.of("queues")(rows, **BY_NAME) for _ in range(2))
    )
    assert sum(each["job"]["counts"]["created"] for each in done) == 20
    assert len(await send.of("queues").records()) == 20
