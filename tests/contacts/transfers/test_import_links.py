"""Rows that name other records: parents, the accounts of people."""

from guanxi_shared.db import Database
from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation

# The chunks of these tests have seven rows: parents come before, beside and behind their children.
FILLERS = "".join(f"Filler {n},\n" for n in range(8))


async def test_a_parent_may_stand_anywhere_in_the_file(send: Sender) -> None:
    found = await send(
        f"account,subsidiary_of\nChild 1,Group\nGroup,\nChild 2,Group\n{FILLERS}Child 3,Group\nChild 4,Later\n{FILLERS}Later,\n"
    )

    names = {each["id"]: each["name"] for each in await send.records()}
    parents = {each["name"]: names.get(each["parent_id"]) for each in await send.records()}
    assert found["job"]["counts"]["created"] == 22
    assert found["job"]["errors"] == 0
    assert [parents[f"Child {n}"] for n in (1, 2, 3, 4)] == ["Group", "Group", "Group", "Later"]


async def test_a_parent_that_changes_below_its_child_costs_the_chunk_no_second_try(
    send: Sender, service_database: Database, organisation: Organisation
) -> None:
    rows = "First,,\nGroup,,\nChild,Group,\nGroup,,Energy\n"
    found = await send(f"name,parent,industry\n{rows}", key="name", duplicates="update")

    stored = {each["name"]: each for each in await send.records()}
    assert {n: c for n, c in found["job"]["counts"].items() if c} == {"created": 3, "updated": 1}
    assert stored["Child"]["parent_id"] == stored["Group"]["id"]
    assert [stored["Group"][name] for name in ("version", "industry")] == [2, "Energy"]
    written = await service_database.fetch(
        organisation.id, "SELECT DISTINCT xmin::text FROM accounts WHERE organisation_id = $2", organisation.id
    )  # fmt: skip
    assert len(written) == 1


async def test_a_parent_that_is_nowhere_leaves_the_row_incomplete(send: Sender) -> None:
    content = "name,parent\nChild,Nobody\n"
    dry = await send(content, dry_run=True)
    found = await send(content)

    assert {n: c for n, c in found["job"]["counts"].items() if c} == {"created": 1, "incomplete": 1}
    assert dry["job"]["counts"] == found["job"]["counts"]
    assert "parent: The account is there, but 'Nobody' above it is not" in await send.errors(
        found["id"]
    )


async def test_a_missing_parent_is_made_when_asked_for(send: Sender) -> None:
    found = await send("name,parent\nChild 1,Group\nChild 2,Group\n", create_missing=True)

    group = next(each for each in await send.records() if each["name"] == "Group")
    assert found["job"]["counts"]["created"] == 3
    assert [e["parent_id"] for e in await send.records() if e["name"] != "Group"] == [
        group["id"]
    ] * 2


async def test_no_account_comes_to_stand_above_itself(send: Sender) -> None:
    found = await send("name,parent\nHen,Egg\nEgg,Hen\n", key="name", duplicates="update")

    stored = {each["name"]: each["parent_id"] for each in await send.records()}
    assert found["job"]["counts"]["incomplete"] == 1
    assert sorted(parent is None for parent in stored.values()) == [False, True]
    assert "stands below the account" in await send.errors(found["id"])


async def test_people_are_put_into_the_accounts_that_they_name(send: Sender) -> None:
    await send("external_id,name\nA1,Acme GmbH\n")
    people = send.of("contacts")
    found = await people(
        "name,company,role\nAnn,ACME gmbh,buyer\nBea,Nobody Ltd,\nCai,,\n",
    )

    stored = {each["name"]: each["accounts"] for each in await people.records()}
    (account,) = await send.records()
    assert {n: c for n, c in found["job"]["counts"].items() if c} == {"created": 2, "refused": 1}
    assert stored == {
        "Ann": [{"account_id": account["id"], "role": "buyer", "stance": None, "is_primary": True}],
        "Cai": [],
    }
    assert "company: 'Nobody Ltd': there is no such account" in await people.errors(found["id"])
    listed = await people.records(account_id=account["id"])
    assert [each["name"] for each in listed] == ["Ann"]


async def test_missing_accounts_are_made_once(send: Sender) -> None:
    people = send.of("contacts")
    rows = "".join(f"Person {n},New Ltd\n" for n in range(20))
    options = {"create_missing": True}
    dry = await people(f"name,company\n{rows}", dry_run=True, **options)
    assert await send.records() == []
    found = await people(f"name,company\n{rows}", **options)

    (account,) = await send.records()
    assert account["name"] == "New Ltd"
    assert dry["job"]["counts"] == found["job"]["counts"]
    assert {each["accounts"][0]["account_id"] for each in await people.records()} == {account["id"]}


async def test_a_second_place_is_added_to_the_first(send: Sender) -> None:
    await send("name\nFirst\nSecond\n")
    people = send.of("contacts")
    options = {"key": "email", "duplicates": "update"}
    await people("name,email,company\nAnn,ann@x.example,First\n", **options)
    again = await people("name,email,company,stance\nAnn,ann@x.example,Second,支持\n", **options)
    same = await people("name,email,company\nAnn,ann@x.example,Second\n", **options)

    (ann,) = await people.records()
    assert again["job"]["counts"]["updated"] == 1
    assert same["job"]["counts"]["unchanged"] == 1
    assert [(each["stance"], each["is_primary"]) for each in ann["accounts"]] == [
        (None, True), ("supporter", False),
    ]  # fmt: skip


async def test_given_and_family_names_make_the_whole_name(send: Sender) -> None:
    people = send.of("contacts")
    await people("姓,名,手机\n张,三,13800138000\n")

    (stored,) = await people.records()
    assert stored["name"] == "张三"


async def test_whoever_does_not_see_the_superior_names_nobody(
    send: Sender, client: Clients, organisation: Organisation
) -> None:
    people = send.of("contacts")
    await people("name,email\nBoss,boss@x.example\n")
    (boss,) = await people.records()
    rows = f"name,email,reports_to_id,owner\nAnn,ann@x.example,{boss['id']},{organisation.rep.id}\n"
    await people(rows)
    own = people.by(client(organisation.rep))
    found = await own(f"name,email,reports_to_id\nBea,bea@x.example,{boss['id']}\n")
    again = await own(
        f"name,email,reports_to_id,title\nAnn,ann@x.example,{boss['id']},CTO\n", key="email",
        duplicates="update",
    )  # fmt: skip

    (ann,) = await own.records()
    assert found["job"]["counts"]["refused"] == 1
    assert "reports_to_id: there is no such contact" in await own.errors(found["id"])
    assert again["job"]["counts"]["updated"] == 1
    assert (ann["title"], ann["reports_to_id"]) == ("CTO", boss["id"])
