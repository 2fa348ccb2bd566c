"""A record goes with what is its alone, and comes back with exactly that."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_contacts.belongings import service
from guanxi_contacts.belongings.rules import is_activity_of, is_file_of
from guanxi_shared.db import Database
from tests.contacts.timeline.test_timeline import made
from tests.factories import Clients, Organisation
from tests.statements import statements_of


async def noted(client: Any, subject: str, **links: Any) -> str:
    return str((await made(client, "/v1/activities", kind="note", subject=subject, **links))["id"])


async def filed(client: Any, name: str, **links: str) -> str:
    answer = await client.post("/v1/files", params={"name": name, **links}, content=name.encode())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture(params=["account", "contact"])
async def family(
    request: pytest.FixtureRequest, client: Clients, organisation: Organisation
) -> dict[str, Any]:
    """A record with children of its own, shared ones, and one that was deleted before."""
    noun, rep = request.param, client(organisation.rep)
    account = await made(rep, "/v1/accounts", name="Zanzibar Trading")
    links = [
        {
            "account_id": account["id"],
            "role": "decision_maker",
            "stance": "supporter",
            "is_primary": True,
        }
    ]
    person = await made(rep, "/v1/contacts", name="Zanzibar Wang", accounts=links)
    record, other = (account, person) if noun == "account" else (person, account)
    own, foreign = f"{noun}_ids", "contact_ids" if noun == "account" else "account_ids"
    mine = {own: [record["id"]]}
    note = await noted(rep, "Zanzibar alone", **mine)
    found = {
        "path": f"/v1/{noun}s/{record['id']}", "other": f"/v1/{noun_of(noun)}s/{other['id']}",
        "note": note,
        "shared": await noted(rep, "Zanzibar both", **mine, **{foreign: [other["id"]]}),
        "of_deal": await noted(rep, "Zanzibar deal", **mine, opportunity_id=str(uuid4())),
        "before": await noted(rep, "Zanzibar before", **mine),
        "file": await filed(rep, "zanzibar.txt", **{f"{noun}_id": record["id"]}),
        "shared_file": await filed(rep, "both.txt", account_id=account["id"], contact_id=person["id"]),
        "file_of_note": await filed(rep, "note.txt", activity_id=note),
    }  # fmt: skip
    assert (await rep.delete(f"/v1/activities/{found['before']}")).status_code == 200
    return found


def noun_of(noun: str) -> str:
    return "contact" if noun == "account" else "account"


async def picture(client: Any, family: Mapping[str, Any]) -> dict[str, Any]:
    """All states but versions and times of change, and what a search finds."""
    paths = [family["path"], family["other"]]
    paths += [f"/v1/activities/{family[name]}" for name in ("note", "shared", "of_deal", "before")]
    paths += [f"/v1/files/{family[name]}" for name in ("file", "shared_file", "file_of_note")]
    found: dict[str, Any] = {}
    for path in paths:
        answer = await client.get(path)
        state = answer.json() if answer.status_code == 200 else {"status": answer.status_code}
        found[path] = {n: v for n, v in state.items() if n not in ("version", "updated_at")}
    for name in ("accounts", "contacts", "activities"):
        hits = (await client.get(f"/v1/{name}", params={"q": "Zanzibar"})).json()["data"]
        found[name] = sorted(hit["id"] for hit in hits)
    return found


async def replayed(client: Any) -> dict[str, dict[str, Any]]:
    """The newest state of each record in the feed, those that are deleted left out."""
    found: dict[str, dict[str, Any]] = {}
    for event in (await client.get("/v1/events", params={"limit": 500})).json():
        found[event["subject"]] = event
    return {
        subject: event["data"] for subject, event in found.items()
        if not event["type"].endswith(".deleted")
    }  # fmt: skip


async def test_deleted_with_children_and_restored_is_as_before(
    client: Clients, organisation: Organisation, family: dict[str, Any]
) -> None:
    rep = client(organisation.rep)
    before, fed = await picture(rep, family), set(await replayed(rep))
    gone = await rep.delete(family["path"], params={"with_children": "true"})
    assert gone.status_code == 200, gone.text
    assert gone.json()["children"] == {
        "activities": {"deleted": [family["note"]], "kept": []},
        "files": {"deleted": sorted([family["file"], family["file_of_note"]]), "kept": []},
    }
    for path in (f"/v1/activities/{family['note']}", f"/v1/files/{family['file']}", family["path"]):
        assert (await rep.get(path)).status_code == 404, path
    for path in (
        f"/v1/activities/{family['shared']}",
        f"/v1/files/{family['shared_file']}",
        family["other"],
    ):
        assert (await rep.get(path)).status_code == 200, path
    assert len(set(await replayed(rep))) == len(fed) - 4
    back = await rep.post(f"{family['path']}/restore")
    assert back.status_code == 200, back.text
    assert await picture(rep, family) == before
    assert set(await replayed(rep)) == fed
    history = (await rep.get(f"/v1/activities/{family['note']}/history")).json()["data"]
    assert [each["type"].rpartition(".")[2] for each in history] == [
        "restored",
        "deleted",
        "created",
    ]


async def test_without_the_word_children_stay_and_links_stand(
    client: Clients, organisation: Organisation, family: dict[str, Any]
) -> None:
    rep = client(organisation.rep)
    before = await picture(rep, family)
    for params in ({}, {"with_children": "false"}):
        gone = await rep.delete(family["path"], params=params)
        assert "children" not in gone.json()
        assert (await rep.get(f"/v1/activities/{family['note']}")).status_code == 200
        await rep.post(f"{family['path']}/restore")
    assert await picture(rep, family) == before


async def test_a_child_brought_back_and_deleted_again_stays_deleted(
    client: Clients, organisation: Organisation, family: dict[str, Any]
) -> None:
    rep, note = client(organisation.rep), f"/v1/activities/{family['note']}"
    await rep.delete(family["path"], params={"with_children": "true"})
    assert (await rep.post(f"{note}/restore")).status_code == 200
    assert (await rep.delete(note)).status_code == 200
    await rep.post(f"{family['path']}/restore")
    assert (await rep.get(note)).status_code == 404
    assert (await rep.get(f"/v1/files/{family['file']}")).status_code == 200


async def test_others_children_stay_and_only_those_seen_are_named(
    client: Clients, organisation: Organisation
) -> None:
    rep, manager = client(organisation.rep), client(organisation.manager)
    account = await made(rep, "/v1/accounts", name="Acme")
    hidden = await noted(manager, "hidden", account_ids=[account["id"]])
    seen = await filed(manager, "seen.txt", account_id=account["id"])
    path = f"/v1/accounts/{account['id']}"
    gone = await rep.delete(path, params={"with_children": "true"})
    assert gone.json()["children"] == {
        "activities": {"deleted": [], "kept": []},
        "files": {"deleted": [], "kept": [seen]},
    }
    assert (await manager.get(f"/v1/activities/{hidden}")).status_code == 200


@pytest.mark.parametrize("params", [{"with_children": "yes"}, {"cascade": "true"}])
async def test_what_a_delete_does_not_take_is_named(
    client: Clients, organisation: Organisation, params: dict[str, str]
) -> None:
    rep = client(organisation.rep)
    account = await made(rep, "/v1/accounts", name="Acme")
    answer = await rep.delete(f"/v1/accounts/{account['id']}", params=params)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == list(params)
    assert (await rep.get(f"/v1/accounts/{account['id']}")).status_code == 200


async def test_too_many_children_are_refused_and_nothing_is_deleted(
    client: Clients, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST", 1)
    rep = client(organisation.rep)
    account = await made(rep, "/v1/accounts", name="Acme")
    for subject in ("one", "two"):
        await noted(rep, subject, account_ids=[account["id"]])
    path = f"/v1/accounts/{account['id']}"
    answer = await rep.delete(path, params={"with_children": "true"})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_children")
    assert (await rep.get(path)).status_code == 200


@pytest.mark.usefixtures("remembered")
async def test_many_children_cost_no_more_statements_than_a_few(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    rep, counts = client(organisation.rep), []
    for number in (1, 1, 8):  # the first looks up what the others remember
        account = await made(rep, "/v1/accounts", name="Acme")
        for each in range(number):
            await noted(rep, str(each), account_ids=[account["id"]])
        path = f"/v1/accounts/{account['id']}"
        await rep.get(path)
        await rep.get("/v1/activities")
        await rep.get("/v1/files")
        with statements_of(service_database) as seen:
            await rep.delete(path, params={"with_children": "true"})
            await rep.post(f"{path}/restore")
        counts.append(len(seen))
    assert counts[0] >= counts[1] == counts[2]


async def test_a_deleted_activity_is_as_it_was_and_keeps_its_history(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    made_note = await made(rep, "/v1/activities", kind="note", subject="First")
    path = f"/v1/activities/{made_note['id']}"
    changed = (await rep.patch(path, json={"subject": "Second"})).json()
    gone = (await rep.delete(path)).json()
    then = [made_note["updated_at"], changed["updated_at"]]
    past = [(await rep.get(path, params={"as_of": moment})).json()["subject"] for moment in then]
    assert past == ["First", "Second"]
    assert (await rep.get(path, params={"as_of": gone["updated_at"]})).status_code == 404
    assert len((await rep.get(f"{path}/history")).json()["data"]) == 3
    assert (await client(organisation.rep2).get(f"{path}/history")).status_code == 404


IDS = st.uuids()


@given(st.sets(IDS, max_size=3), st.sets(IDS, max_size=2), st.booleans(), IDS)
def test_an_activity_is_of_who_alone_is_named(
    own: Any, others: Any, is_named: bool, one: Any
) -> None:
    row = {
        "account_ids": [*(own - {one}), *([one] if is_named else [])], "contact_ids": list(others),
        "opportunity_id": None, "ticket_id": None, "participants": [],
    }  # fmt: skip
    alone = is_named and not own - {one} and not others
    assert is_activity_of(row, "account", one) == alone
    assert not is_activity_of(row | {"ticket_id": one}, "account", one)
    guest = {"contact_id": str(uuid4()), "user_id": None}
    assert not is_activity_of(row | {"participants": [guest]}, "account", one)


def test_a_file_is_of_those_it_is_linked_to() -> None:
    link = {"type": "account", "id": "1"}
    assert is_file_of([link], {("account", "1")})
    assert not is_file_of([link], {("contact", "1")})
    assert not is_file_of([link, {"type": "activity", "id": "2"}], {("account", "1")})
    assert not is_file_of([], {("account", "1")})
