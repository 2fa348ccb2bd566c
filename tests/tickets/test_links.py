"""Links between tickets, and the circles that they never make."""

import asyncio

import httpx

from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, made


async def linked(user: httpx.AsyncClient, id: str, **links: object) -> httpx.Response:
    return await user.patch(f"{PATH}/{id}", json=links)


async def test_links_are_shown_from_both_ends(client: Clients, company: Organisation) -> None:
    rep = client(company.rep)
    top, child, twin, friend = [(await made(rep, name))["id"] for name in ("T", "C", "D", "R")]
    assert (await linked(rep, child, parent_id=top)).status_code == 200
    assert (await linked(rep, twin, duplicate_of_id=top)).status_code == 200
    assert (await linked(rep, friend, related_ids=[top])).status_code == 200
    links = (await rep.get(f"{PATH}/{top}/links")).json()
    assert [t["subject"] for t in links["children"]] == ["C"]
    assert [t["subject"] for t in links["duplicates"]] == ["D"]
    assert [t["subject"] for t in links["related"]] == ["R"]
    own = (await rep.get(f"{PATH}/{child}/links")).json()
    assert (own["parent"]["number"], own["children"]) == ("TK-000001", [])
    assert [t["id"] for t in (await rep.get(f"{PATH}/{friend}/links")).json()["related"]] == [top]
    assert [t["id"] for t in (await rep.get(f"{PATH}?parent_id={top}")).json()["data"]] == [child]
    assert [t["id"] for t in (await rep.get(f"{PATH}?related_id={top}")).json()["data"]] == [friend]
    assert (await linked(rep, child, parent_id=None)).json()["parent_id"] is None


async def test_no_link_leads_back(client: Clients, company: Organisation) -> None:
    rep = client(company.rep)
    a, b, c = [(await made(rep, name))["id"] for name in "abc"]
    await linked(rep, b, parent_id=a)
    await linked(rep, c, parent_id=b)
    for id, links in ((a, {"parent_id": c}), (a, {"parent_id": a}), (a, {"related_ids": [a]})):
        answer = await linked(rep, id, **links)
        assert (answer.status_code, answer.json()["code"]) == (422, "link_cycle")
        assert list(answer.json()["errors"]) == list(links)
    assert (await linked(rep, a, duplicate_of_id=c)).status_code == 200  # another kind of link
    assert (await linked(rep, c, duplicate_of_id=a)).status_code == 422


async def test_links_made_at_once_close_no_circle(client: Clients, company: Organisation) -> None:
    rep = client(company.rep)
    ids = [(await made(rep))["id"] for _ in range(6)]
    ring = zip(ids, [*ids[1:], ids[0]], strict=True)
    answers = await asyncio.gather(*(linked(rep, a, parent_id=b) for a, b in ring))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [422]


async def test_a_ticket_that_one_does_not_see_is_linked_by_nobody_and_shown_to_nobody(
    client: Clients, company: Organisation
) -> None:
    rep, other, admin = (client(company.users[name]) for name in ("rep", "other_rep", "admin"))
    mine, theirs = (await made(rep, "Mine"))["id"], (await made(other, "Theirs"))["id"]
    assert (await linked(rep, mine, parent_id=theirs)).status_code == 422
    assert (await linked(admin, mine, parent_id=theirs)).status_code == 200
    assert (await rep.get(f"{PATH}/{mine}/links")).json()["parent"] is None
    assert (await admin.get(f"{PATH}/{mine}/links")).json()["parent"]["subject"] == "Theirs"
