"""Copies of accounts and people: by version, merges followed there and back, trusted and settled."""

from collections.abc import Sequence
from typing import Any

import httpx

from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from guanxi_tickets.references.settling import settle_organisation
from tests.factories import Clients, Organisation
from tests.pipeline.telling import account_told, contact_told, told
from tests.tickets.company import PATH, made, told_of
from tests.tickets.conftest import Heard, Known


async def found(user: httpx.AsyncClient, words: str) -> list[str]:
    answer = await user.get(PATH, params={"q": words})
    return [row["id"] for row in answer.json()["data"]]


def merged_told(
    company: Organisation, noun: str, merge_id: str, sources: Sequence[str], survivor: str, *,
    version: int, verb: str = "merged",
) -> list[dict[str, Any]]:  # fmt: skip
    """What contacts tells of a merge: each source goes (or comes back), then the survivor."""
    state = {"owner_id": str(company.rep.id), "team_id": None}
    own = "deleted" if verb == "merged" else "restored"
    before = {"merged_into_id": survivor} if verb == "merged" else {}
    gone = [
        told(company.id, noun, id, state | {"id": id, "name": "Quelle"}, version=version, verb=own,
             before=before)
        for id in sources
    ]  # fmt: skip
    whole = told(
        company.id, noun, survivor, state | {"id": survivor, "name": "Ziel"}, version=version,
        verb=verb, before={"merge": {"id": merge_id, "source_ids": list(sources)}},
    )  # fmt: skip
    return [*gone, whole]


async def test_the_newest_version_counts_and_names_are_followed(
    client: Clients, company: Organisation, account: Known, person: Known, heard: Heard
) -> None:
    rep = client(company.rep)
    acme, ann = await account("Oldhouse"), await person("Ann")
    ticket = await made(rep, account_id=acme, requester_id=ann)
    named = {"owner_id": company.rep.id, "version": 3, "verb": "updated", "changed": ["name"]}
    await heard(account_told(company.id, acme, "新房子", **named))
    await heard(contact_told(company.id, ann, "Berta", **named))
    await heard(account_told(company.id, acme, "Older", **(named | {"version": 2})))
    for words, ids in (
        ("xinfangzi", [ticket["id"]]), ("berta", [ticket["id"]]), ("oldhouse", []), ("older", []),
    ):  # fmt: skip
        assert await found(rep, words) == ids, words
    assert (await rep.get(f"{PATH}/{ticket['id']}")).json()["version"] == 1
    await heard(account_told(company.id, acme, "", owner_id=None, version=4, verb="erased"))
    assert await found(rep, "xinfangzi") == []


async def test_merges_are_followed_there_and_back(
    client: Clients, company: Organisation, account: Known, person: Known, heard: Heard
) -> None:
    rep = client(company.rep)
    for noun, field, known in (
        ("account", "account_id", account), ("contact", "requester_id", person),
    ):  # fmt: skip
        source, survivor, merge = await known("Quelle"), await known("Ziel"), str(new_id())
        ticket, changed = await made(rep, **{field: source}), await made(rep, **{field: source})
        for event in merged_told(company, noun, merge, [source], survivor, version=2):
            await heard(event)
        path = f"{PATH}/{ticket['id']}"
        assert (await rep.get(path)).json()[field] == survivor
        assert ticket["id"] in await found(rep, "ziel")
        # Whoever names the source now means the survivor.
        assert (await made(rep, **{field: source}))[field] == survivor
        await rep.patch(f"{PATH}/{changed['id']}", json={field: None})
        for event in merged_told(
            company, noun, merge, [source], survivor, version=3, verb="unmerged"
        ):
            await heard(event)
        assert (await rep.get(path)).json()[field] == source
        assert (await rep.get(f"{PATH}/{changed['id']}")).json()[field] is None
        assert (await told_of(rep, ticket["id"]))[1:] == ["tickets.ticket.updated"] * 2


async def test_what_was_taken_on_trust_is_settled_once_it_is_known(
    client: Clients, company: Organisation, heard: Heard, service_database: Database
) -> None:
    rep, id = client(company.rep), str(new_id())
    ticket = await made(rep, account_id=id)
    assert not ticket["is_account_verified"]
    await settle_organisation(service_database, company.id)
    assert not (await rep.get(f"{PATH}/{ticket['id']}")).json()["is_account_verified"]
    await heard(account_told(company.id, id, "Latecomer", owner_id=company.rep.id))
    assert await found(rep, "latecomer") == [ticket["id"]]
    await settle_organisation(service_database, company.id)
    assert (await rep.get(f"{PATH}/{ticket['id']}")).json()["is_account_verified"]


async def test_what_was_written_while_a_merge_was_under_way_is_settled(
    client: Clients, company: Organisation, account: Known, heard: Heard,
    service_database: Database,
) -> None:  # fmt: skip
    rep = client(company.rep)
    source, survivor = str(new_id()), await account("Ziel")
    ticket = await made(rep, account_id=source)  # on trust: nobody told of it yet
    gone, _ = merged_told(company, "account", str(new_id()), [source], survivor, version=2)
    await heard(gone)
    await settle_organisation(service_database, company.id)
    assert (await rep.get(f"{PATH}/{ticket['id']}")).json()["account_id"] == survivor


async def test_somebody_elses_account_does_not_exist(
    client: Clients, company: Organisation, account: Known
) -> None:
    theirs = await account("Acme", owner=company.other_rep)
    seeing_own = company.rep.but(visibility={"*": "own"})
    answer = await client(seeing_own).post(PATH, json={"subject": "x", "account_id": theirs})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["account_id"])
