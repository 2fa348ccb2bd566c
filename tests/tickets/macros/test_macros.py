"""Macros: kept when they mean something, seen as views are, applied whole or not at all."""

import asyncio
from typing import Any

import httpx

from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, in_role, made, moved, told_of
from tests.tickets.conftest import Known
from tests.tickets.merging import comments, read

MACROS = "/v1/macros"
REPLY = "Dear {{requester.name|customer}}, {{ticket.number}} ({{ticket.status}}): {{agent.name}}"


async def kept(user: httpx.AsyncClient, actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = await user.post(MACROS, json={"name": "Macro", "actions": actions, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def run(
    user: httpx.AsyncClient, ticket: dict[str, Any], macro: dict[str, Any], verb: str = "apply",
    **headers: str,
) -> httpx.Response:  # fmt: skip
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    path = f"{PATH}/{ticket['id']}/macros/{macro['id']}/{verb}"
    return await user.post(path, headers=named)


async def test_a_macro_is_kept_changed_given_up_and_brought_back(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    actions = {"reply": REPLY, "status": "solved", "assignee_id": "me", "add_tags": ["b", "a"]}
    macro = await kept(rep, actions, description="For invoices")
    assert macro["actions"] == actions | {"add_tags": ["a", "b"]}
    path = f"{MACROS}/{macro['id']}"
    assert (await rep.get(path)).json() == macro
    stale = await rep.patch(path, json={"name": "x"}, headers={"if-match": '"9"'})
    assert stale.status_code == 412
    changed = await rep.patch(path, json={"name": "Solved", "actions": {"priority": None}})
    assert (changed.json()["name"], changed.json()["actions"]) == ("Solved", {"priority": None})
    found = await rep.post(f"{MACROS}/search", json={
        "filter_groups": [{"filters": [{"field": "name", "operator": "eq", "value": "Solved"}]}]})  # fmt: skip
    assert [row["id"] for row in found.json()["data"]] == [macro["id"]]
    assert (await rep.delete(path)).status_code == 200
    assert (await rep.get(path)).status_code == 404
    assert (await rep.post(f"{path}/restore")).status_code == 200
    history = (await rep.get(f"{path}/history")).json()["data"]
    types = [entry["type"].rpartition(".")[2] for entry in history]
    assert types == ["restored", "deleted", "updated", "created"]
    batch = await rep.post(f"{MACROS}/batch", json={"mode": "independent", "operations": [
        {"op": "update", "match": {"field": "name", "value": "Solved"}, "data": {"name": "Done"}},
        {"op": "create", "data": {"name": "New", "actions": {"status": "open"}}},
        {"op": "create", "data": {"name": "Bad", "actions": {"status": "nowhere"}}}]})  # fmt: skip
    assert [result["status"] for result in batch.json()["results"]] == [200, 201, 422], batch.text


async def test_what_a_macro_cannot_mean_is_named(client: Clients, company: Organisation) -> None:
    rep = client(company.rep)
    for actions, field in (
        ({"reply": "{{requester.nam}}"}, "actions.reply"), ({"note": "{{ticket.custom.x}}"}, "actions.note"),
        ({"status": "nowhere"}, "actions.status"), ({"team_id": str(new_id())}, "actions.team_id"),
        ({"assignee_id": str(new_id())}, "actions.assignee_id"), ({"more": 1}, "actions.more"),
        ({"priority": "max"}, "actions.priority"), ({"status": None}, "actions.status"), ({}, "actions"),
        ({"reply": "a" * 50_001}, "actions.reply"),
    ):  # fmt: skip
        answer = await rep.post(MACROS, json={"name": "x", "actions": actions})
        assert answer.status_code == 422, actions
        assert next(iter(answer.json()["errors"])).startswith(field), (actions, answer.text)
    macro = await kept(rep, {"status": "open"})
    for actions in (None, {}):
        answer = await rep.patch(f"{MACROS}/{macro['id']}", json={"actions": actions})
        assert (answer.status_code, "actions" in answer.json()["errors"]) == (422, True), (
            answer.text
        )


async def test_macros_are_ones_own_ones_teams_or_everybodys(
    client: Clients, company: Organisation
) -> None:
    rep, rep2, other = (client(company.users[name]) for name in ("rep", "rep2", "other_rep"))
    narrow = client(company.rep2.but(visibility={"*": "own"}))
    own = await kept(rep, {"status": "open"})
    team = await kept(rep, {"status": "open"}, shared_with="team")
    everybody = await kept(rep, {"status": "open"}, shared_with="all")

    async def seen(user: httpx.AsyncClient) -> set[str]:
        return {row["id"] for row in (await user.get(MACROS)).json()["data"]}

    assert await seen(rep) == {own["id"], team["id"], everybody["id"]}
    assert await seen(narrow) == {team["id"], everybody["id"]}
    assert await seen(other) == {everybody["id"]}
    assert (await other.get(f"{MACROS}/{own['id']}")).status_code == 404
    assert (await other.patch(f"{MACROS}/{everybody['id']}", json={"name": "x"})).status_code == 403
    ticket, theirs = await made(rep), await made(other)
    assert (await run(other, theirs, everybody)).status_code == 200
    assert (await run(other, theirs, own)).status_code == 404
    assert (await run(other, ticket, everybody)).status_code == 404
    assert (await run(rep2, ticket, everybody, "preview")).status_code == 200


async def test_a_preview_shows_what_applying_then_does_and_does_nothing(
    client: Clients, company: Organisation, person: Known
) -> None:
    rep = client(company.rep)
    ticket = await made(rep, requester_id=await person("Ann"), tags=["a", "c"])
    macro = await kept(rep, {
        "reply": REPLY, "note": "{{ticket.subject}} / {{ticket.priority}}", "status": "solved",
        "priority": "urgent", "kind": "incident", "assignee_id": str(company.rep2.id),
        "add_tags": ["b"], "remove_tags": ["c"],
    })  # fmt: skip
    events = len((await rep.get("/v1/events?limit=1000")).json())
    preview = (await run(rep, ticket, macro, "preview")).json()
    assert preview["missing"] == []
    assert await read(rep, ticket) == ticket
    assert await comments(rep, ticket) == []
    assert len((await rep.get("/v1/events?limit=1000")).json()) == events
    headers = {"if_match": f'"{preview["ticket_version"]}"', "idempotency_key": "macro"}
    answer, again = [await run(rep, ticket, macro, **headers) for _ in range(2)]
    assert answer.status_code == 200, answer.text
    assert again.json() == answer.json()
    assert (await run(rep, ticket, macro, if_match='"1"')).status_code == 412
    now = await read(rep, ticket)
    assert answer.json()["ticket"] == now
    for name, change in preview["changes"].items():
        assert change["before"] == ticket[name], name
        if not name.endswith("_at"):
            assert change["after"] == now[name], name
    assert (now["status"], now["priority"], now["kind"]) == ("solved", "urgent", "incident")
    assert (now["tags"], now["assignee_id"]) == (["a", "b"], str(company.rep2.id))
    written = await comments(rep, ticket)
    assert [{n: one[n] for n in ("visibility", "body")} for one in written] == preview["comments"]
    assert [one["body"] for one in written] == [
        f"Dear Ann, {ticket['number']} (New): {company.rep.name}", "Help / normal"]  # fmt: skip
    told = [type.rpartition(".")[2] for type in await told_of(rep, ticket["id"])]
    assert told == ["created", "responded", "assigned", "solved"]


async def test_what_has_no_value_is_shown_and_refused(
    client: Clients, company: Organisation
) -> None:
    rep, ticket = client(company.rep), await made(client(company.rep))
    gap = await kept(rep, {"reply": "{{requester.name}}{{account.name}}", "status": "solved"})
    preview = (await run(rep, ticket, gap, "preview")).json()
    assert preview["missing"] == ["requester.name", "account.name"]
    refused = await run(rep, ticket, gap)
    assert (refused.status_code, refused.json()["code"]) == (422, "value_missing")
    assert list(refused.json()["errors"]) == ["actions.reply"]
    assert await read(rep, ticket) == ticket


async def test_own_fields_are_put_in_and_named_when_they_are_gone(
    client: Clients, company: Organisation
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    field = await admin.post("/v1/fields", json={
        "resource": "tickets", "key": "floor", "label": {"en": "Floor"}, "kind": "text"})  # fmt: skip
    assert field.status_code == 201, field.text
    ticket = await made(rep, custom={"floor": "三楼"})
    macro = await kept(rep, {"note": "On {{ticket.custom.floor}}"})
    assert (await run(rep, ticket, macro)).json()["comments"][0]["body"] == "On 三楼"
    assert (await admin.delete(f"/v1/fields/{field.json()['id']}")).status_code == 200
    for verb in ("apply", "preview"):
        answer = await run(rep, ticket, macro, verb)
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_placeholder")


async def test_a_macro_may_what_its_user_may_and_is_whole_or_not_at_all(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    noted = await kept(
        rep, {"note": "Secret", "reply": "Hello", "status": "pending"}, shared_with="all"
    )
    solved = await moved(rep, await made(rep), "solved")
    for verb in ("preview", "apply"):
        answer = await run(rep, solved, noted, verb)  # from solved to pending is no move
        assert (answer.status_code, answer.json()["code"]) == (409, "move_not_allowed")
    ticket = await made(rep)
    noteless = client(company.rep.but(permissions=["tickets:*", "macros:read"]))
    reading = client(company.rep.but(permissions=["tickets:read", "macros:*"]))
    for user in (noteless, reading, client(in_role(company.rep, "partner"))):
        for verb in ("preview", "apply"):
            assert (await run(user, ticket, noted, verb)).status_code == 403
    for each in (solved, ticket):
        assert await read(rep, each) == each
        assert await comments(rep, each) == []


async def test_applied_at_once_from_one_version_it_is_applied_once(
    client: Clients, company: Organisation
) -> None:
    rep = client(company.rep)
    ticket, macro = await made(rep), await kept(rep, {"reply": "Hello", "status": "pending"})
    answers = await asyncio.gather(*(run(rep, ticket, macro, if_match='"1"') for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 4
    assert len(await comments(rep, ticket)) == 1
