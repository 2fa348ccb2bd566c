"""What becomes of articles: suggested, used through merges and back, rated, counted."""

import asyncio

from tests.factories import Clients, Organisation
from tests.tickets.articles.writing import ARTICLES, published
from tests.tickets.company import PATH, in_role, made, moved


async def test_a_link_follows_merges_and_back_and_a_split_leaves_it(
    client: Clients, company: Organisation
) -> None:
    admin = client(company.admin)
    article = await published(admin, "Invoices")
    source, survivor = await made(admin, "One"), await made(admin, "Two")
    path = f"{PATH}/{source['id']}/articles"
    for _ in range(2):
        used = await admin.post(path, json={"article_id": article["id"]})
        assert len(used.json()["data"]) == 1
    assert used.json()["data"][0]["used_by"] == str(company.admin.id)
    merge = await admin.post(
        f"{PATH}/merges", json={"survivor_id": survivor["id"], "source_ids": [source["id"]]}
    )
    shown = (await admin.get(f"{PATH}/{survivor['id']}/articles")).json()["data"]
    assert [row["article_id"] for row in shown] == [article["id"]]
    ends = (await admin.get(f"{ARTICLES}/{article['id']}/tickets")).json()["data"]
    assert [row["ticket_id"] for row in ends] == [survivor["id"]]
    said = await admin.post(f"{PATH}/{survivor['id']}/comments", json={"body": "x"})
    split = await admin.post(
        f"{PATH}/{survivor['id']}/split", json={"subject": "x", "comment_ids": [said.json()["id"]]}
    )
    assert split.status_code == 201, split.text
    assert len((await admin.get(f"{PATH}/{survivor['id']}/articles")).json()["data"]) == 1
    undone = await admin.post(f"{PATH}/merges/{merge.json()['id']}/undo")
    assert undone.status_code == 200, undone.text
    assert (await admin.get(f"{PATH}/{survivor['id']}/articles")).json()["data"] == []
    assert len((await admin.get(path)).json()["data"]) == 1
    assert (await admin.delete(f"{path}/{article['id']}")).json()["data"] == []
    assert (await admin.delete(f"{path}/{article['id']}")).status_code == 404


async def test_usefulness_counts_what_was_shown_used_solved_and_said(
    client: Clients, company: Organisation
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    article = await published(admin, "发票 Invoice wrong", kinds=["complaint"], tags=["vat"])
    path = f"{ARTICLES}/{article['id']}"
    ticket = await made(rep, "The invoice is wrong", kind="complaint", tags=["vat"])
    for _ in range(2):
        found = await rep.get(f"{PATH}/{ticket['id']}/article-suggestions")
        [suggestion] = found.json()["data"]
    assert suggestion["boosts"] == {"kind": 0.15, "tags": 0.15}
    assert "wrong" in suggestion["words"]
    await rep.post(f"{PATH}/{ticket['id']}/articles", json={"article_id": article["id"]})
    await moved(rep, ticket, "solved")
    for user in (company.rep, company.rep, company.admin):
        assert (await client(user).post(f"{path}/view")).status_code == 200
    words = [(company.rep, False), (company.rep, True), (company.admin, False)]
    for user, helpful in words:
        said = await client(user).post(
            f"{path}/feedback", json={"helpful": helpful, "comment": "x"}
        )
        assert said.json()["helpful"] is helpful
    counted = (await rep.get(f"{path}/usefulness")).json()
    assert (counted["views"], counted["suggested_for_tickets"], counted["used"]) == (2, 1, 1)
    assert counted["solved_after_use"]["share"] == 1.0
    helped = counted["helpful"]
    assert (helped["n"], helped["share"]) == (2, 0.5)
    assert 0.09 < helped["low"] < 0.10  # Wilson, by hand: 0.0945
    assert 0.90 < helped["high"] < 0.91
    assert len((await rep.get(f"{path}/feedback")).json()["data"]) == 2
    answers = await asyncio.gather(*(rep.post(f"{path}/feedback", json={"helpful": True}) for _ in range(5)))  # fmt: skip
    assert {answer.status_code for answer in answers} == {200}


async def test_deflection_counts_the_questions_that_no_ticket_is_known_of(
    client: Clients, company: Organisation
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    await published(admin, "Invoices", visibility="public")
    asked = []
    for text in ("Where is my invoice?", "invoice", "something quite different", "的"):
        answer = await rep.post(f"{ARTICLES}/suggest", json={"text": text})
        assert answer.status_code == 200, answer.text
        asked.append(answer.json())
    assert [len(each["data"]) for each in asked] == [1, 1, 0, 0]
    ticket, other = await made(rep, "After all"), await made(rep, "Another")
    note = f"{ARTICLES}/inquiries/{asked[0]['inquiry_id']}/ticket"
    for _ in range(2):
        assert (await rep.post(note, json={"ticket_id": ticket["id"]})).status_code == 200
    assert (await rep.post(note, json={"ticket_id": other["id"]})).status_code == 409
    assert (await admin.post(note, json={"ticket_id": ticket["id"]})).status_code == 404
    report = (await rep.get(f"{ARTICLES}/deflection-report")).json()
    assert (report["inquiries"], report["with_suggestion"], report["went_on_to_a_ticket"]) == (4, 2, 1)  # fmt: skip
    assert (report["no_ticket_known"]["n"], report["no_ticket_known"]["share"]) == (2, 0.5)
    assert report["without_suggestion_no_ticket_known"]["n"] == 2
    for query in ("since=x", "until=2020-01-01T00:00:00Z", "x=1"):
        assert (await rep.get(f"{ARTICLES}/deflection-report?{query}")).status_code == 400, query
    partner = client(in_role(company.other_rep, "partner"))
    assert (await partner.get(f"{ARTICLES}/deflection-report")).status_code == 403
