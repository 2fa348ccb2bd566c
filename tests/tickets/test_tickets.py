"""Tickets: made, changed, found, told of."""

from datetime import UTC, datetime
from typing import Any

from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, made, moved, told_of
from tests.tickets.conftest import Known


async def test_a_ticket_begins_as_new_with_a_number_and_the_priority_of_the_table(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep, "打印机坏了", impact="high", urgency="high", kind="incident")
    assert (ticket["number"], ticket["status"], ticket["status_kind"]) == (
        "TK-000001",
        "new",
        "new",
    )
    assert (ticket["priority"], ticket["priority_rank"]) == ("urgent", 1)
    assert ticket["assignee_id"] == str(company.rep.id)
    read = await rep.get(f"{PATH}/{ticket['id']}")
    assert read.json() == ticket
    assert read.headers["etag"] == '"1"'
    [listed] = (await rep.get(f"{PATH}?priority=urgent&sort=priority_rank")).json()["data"]
    assert listed == ticket


async def test_a_priority_by_hand_stays_until_it_is_given_back_to_the_table(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep, priority="low", impact="high", urgency="high")
    path = f"{PATH}/{ticket['id']}"
    assert ticket["priority_source"] == "given"
    changed = (await rep.patch(path, json={"urgency": "medium"})).json()
    assert (changed["priority"], changed["priority_source"]) == ("low", "given")
    back = (await rep.patch(path, json={"priority": None})).json()
    assert (back["priority"], back["priority_source"], back["priority_rank"]) == (
        "high",
        "table",
        2,
    )


async def test_what_names_nothing_is_refused_with_its_field(
    client: Clients, company: Organisation, account: Known
) -> None:
    rep = client(company.rep)
    nobody = str(new_id())
    sent: list[tuple[dict[str, Any], str]] = [
        ({"status": "lost"}, "status"),
        ({"assignee_id": nobody}, "assignee_id"),
        ({"team_id": nobody}, "team_id"),
        ({"follower_ids": [nobody]}, "follower_ids"),
        ({"parent_id": nobody}, "parent_id"),
        ({"duplicate_of_id": nobody}, "duplicate_of_id"),
        ({"related_ids": [nobody]}, "related_ids"),
        ({"impact": "huge"}, "impact"),
        ({"custom": {"nothing": 1}}, "custom.nothing"),
        ({"subject": ""}, "subject"),
        ({"number": "TK-000009"}, "number"),
    ]
    for more, field in sent:
        answer = await rep.post(PATH, json={"subject": "Help", **more})
        assert answer.status_code == 422, (more, answer.text)
        assert field in answer.json()["errors"], (more, answer.text)
    assert (await rep.get(f"{PATH}?total=exact")).json()["page"]["total"] == 0
    assert (await made(rep))["number"] == "TK-000001"  # none was lost to what was refused


async def test_account_and_requester_are_those_that_the_caller_sees(
    client: Clients, company: Organisation, account: Known, person: Known
) -> None:
    rep = client(company.rep)
    acme, ann = await account("未来科技", grade="A"), await person("王芳", title="CFO")
    ticket = await made(rep, account_id=acme, requester_id=ann)
    assert ticket["is_account_verified"]
    shown = (await rep.get(f"{PATH}?include=account,requester&account_grade=A")).json()["data"]
    assert [row["account"]["name"] for row in shown] == ["未来科技"]
    assert [row["requester"]["name"] for row in shown] == ["王芳"]
    trusted = await made(rep, account_id=str(new_id()))
    assert not trusted["is_account_verified"]


async def test_tickets_are_found_by_words_pinyin_number_and_the_names_of_their_customers(
    client: Clients, company: Organisation, account: Known, person: Known
) -> None:
    rep = client(company.rep)
    acme, ann = await account("未来科技"), await person("王芳")
    wanted = await made(
        rep, "发票抬头有误", description="The pump is leaking", account_id=acme, requester_id=ann
    )
    for _ in range(3):
        await made(rep, "Something else")
    for words in (
        "发票", "票", "fapiao", "fp", "TK-000001", "tk-000001", "000001", "leaking", "未来", "weilai",
        "王芳", "wangfang", "wf", "fapaio",
    ):  # fmt: skip
        found = (await rep.get(PATH, params={"q": words})).json()["data"]
        assert wanted["id"] in [row["id"] for row in found], words
    document = {"query": "fapiao", "filter_groups": [
        {"filters": [{"field": "status_kind", "operator": "nin", "value": ["solved", "closed"]}]}]}  # fmt: skip
    found = (await rep.post(f"{PATH}/search", json=document)).json()["data"]
    assert [row["id"] for row in found] == [wanted["id"]]


async def test_a_patch_under_if_match_an_old_one_is_refused_and_the_past_is_kept(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep)
    path = f"{PATH}/{ticket['id']}"
    then = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    changed = await rep.patch(path, json={"tags": ["b", "a"]}, headers={"if-match": '"1"'})
    assert changed.json()["tags"] == ["a", "b"]
    stale = await rep.patch(path, json={"subject": "x"}, headers={"if-match": '"1"'})
    assert stale.status_code == 412
    assert stale.json()["differs"] == ["tags"]
    assert (await rep.get(f"{path}?as_of={then}")).json() == ticket
    history = (await rep.get(f"{path}/history")).json()["data"]
    assert [entry["type"] for entry in history] == [
        "tickets.ticket.updated",
        "tickets.ticket.created",
    ]


async def test_handing_over_is_told_as_an_assignment(
    client: Clients, company: Organisation
) -> None:
    manager, rep2 = client(company.users["manager"]), client(company.rep2)
    ticket = await made(manager)
    path = f"{PATH}/{ticket['id']}"
    answer = await manager.patch(
        path, json={"assignee_id": str(company.rep2.id), "status": "open", "tags": ["vip"]}
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json()["assignee_id"], answer.json()["status"]) == (str(company.rep2.id), "open")
    assert (await rep2.get(path)).json() == answer.json()
    told = await told_of(manager, ticket["id"])
    assert told == [f"tickets.ticket.{verb}" for verb in ("created", "assigned", "moved")]


async def test_what_waits_for_a_team_is_seen_by_the_team(
    client: Clients, company: Organisation
) -> None:
    rep, rep2, other = (client(company.users[name]) for name in ("rep", "rep2", "other_rep"))
    ticket = await made(rep, team_id=str(company.teams["a"]))
    assert ticket["assignee_id"] is None
    assert (await rep2.get(f"{PATH}/{ticket['id']}")).status_code == 200
    assert (await other.get(f"{PATH}/{ticket['id']}")).status_code == 404
    [found] = (await rep2.get(f"{PATH}?assignee_id[is_null]=true")).json()["data"]
    assert found["id"] == ticket["id"]


async def test_a_ticket_with_the_clients_own_id_is_made_once_and_takes_one_number(
    client: Clients, company: Organisation
) -> None:
    rep, id = client(company.rep), str(new_id())
    first = await rep.post(PATH, json={"id": id, "subject": "Help"})
    again = await rep.post(PATH, json={"id": id, "subject": "Help"})
    other = await rep.post(PATH, json={"id": id, "subject": "Another"})
    assert [first.status_code, again.status_code, other.status_code] == [201, 200, 409]
    assert again.json() == first.json()
    assert (await made(rep))["number"] == "TK-000002"


async def test_a_deleted_ticket_comes_back(client: Clients, company: Organisation) -> None:
    rep = client(company.rep)
    ticket = await moved(rep, await made(rep), "solved")
    path = f"{PATH}/{ticket['id']}"
    assert (await rep.delete(path)).status_code == 200
    assert (await rep.get(path)).status_code == 404
    assert (await rep.get(f"{PATH}?q=TK-000001")).json()["data"] == []
    back = await rep.post(f"{path}/restore")
    assert (back.status_code, back.json()["status"]) == (200, "solved")


async def test_a_batch_finds_by_number_and_external_id_and_gives_numbers_in_order(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    creates = [
        {"op": "create", "data": {"subject": f"S{n}", "external_id": f"INC{n}"}} for n in range(3)
    ]
    bad = {"op": "create", "data": {"subject": "Bad", "status": "nowhere"}}
    sent = {"mode": "independent", "operations": [creates[0], bad, *creates[1:]]}
    made_ones = (await rep.post(f"{PATH}/batch", json=sent)).json()["results"]
    assert [result["status"] for result in made_ones] == [201, 422, 201, 201]
    numbers = [result["data"]["number"] for result in made_ones if result["status"] == 201]
    assert numbers == ["TK-000001", "TK-000002", "TK-000003"]
    operations = [
        {"op": "update", "match": {"field": "number", "value": "TK-000002"}, "data": {"status": "open"}},
        {"op": "upsert", "match": {"field": "external_id", "value": "INC2"}, "data": {"subject": "T"}},
    ]  # fmt: skip
    done = (await rep.post(f"{PATH}/batch", json={"operations": operations})).json()
    assert [r["data"]["subject"] for r in done["results"]] == ["S1", "T"]


async def test_custom_fields_and_views_are_those_of_tickets(
    client: Clients, company: Organisation
) -> None:
    rep, admin = client(company.rep), client(company.admin)
    field = {"resource": "tickets", "key": "device", "kind": "choice", "options": ["pump", "valve"]}
    assert (await admin.post("/v1/fields", json=field)).status_code == 201
    pump = await made(rep, custom={"device": "pump"})
    await made(rep, custom={"device": "valve"})
    document = {"filter_groups": [
        {"filters": [{"field": "custom.device", "operator": "eq", "value": "pump"}]}]}  # fmt: skip
    view = await rep.post(
        "/v1/views", json={"name": "Pumps", "resource": "tickets", "document": document}
    )
    assert view.status_code == 201, view.text
    run = await rep.get(f"/v1/views/{view.json()['id']}/records")
    assert [row["id"] for row in run.json()["data"]] == [pump["id"]]
