"""What a customer with a link finds in the knowledge base, and the survey that waits for them."""

from tests.factories import Clients, Organisation
from tests.tickets.articles.writing import ARTICLES, published, written
from tests.tickets.company import made, moved
from tests.tickets.conftest import Known
from tests.tickets.portal.forming import link_to
from tests.tickets.surveys.asking import invited, submitted, survey


async def test_a_visitor_finds_what_is_for_everybody_and_nothing_else(
    client: Clients, company: Organisation, person: Known
) -> None:
    admin, visitor = client(company.admin), client()
    ticket = await made(admin, "密码", requester_id=await person("Ann"))
    path = f"{await link_to(admin, ticket)}/articles"
    shown = await published(admin, "重置密码 password", visibility="public")
    hidden = [
        await published(admin, "内部密码 password", visibility="internal"),
        await published(admin, "伙伴密码 password", visibility="partner"),
        await written(admin, "草稿密码 password", visibility="public"),
    ]
    for asked in ("", "?q=密码", "?q=password", "?q=chongzhi", "?language=en"):
        found = (await visitor.get(path + asked)).json()["data"]
        assert [each["id"] for each in found] == [shown["id"]], asked
        assert set(found[0]) == {"id", "title", "summary", "language", "snippet", "updated_at"}
    assert (await visitor.get(f"{path}?language=zh")).json()["data"] == []
    assert (await visitor.get(f"{path}?state=draft")).status_code == 400
    assert (await visitor.get(f"{path}/{shown['id']}")).json()["body"] == shown["body"]
    for each in hidden:
        assert (await visitor.get(f"{path}/{each['id']}")).status_code == 404
        said = await visitor.post(f"{path}/{each['id']}/feedback", json={"helpful": True})
        assert said.status_code == 404
    await visitor.post(f"{path}/{shown['id']}/feedback", json={"helpful": True})
    said = await visitor.post(f"{path}/{shown['id']}/feedback", json={"helpful": False})
    assert said.json()["helpful"] is False
    useful = (await admin.get(f"{ARTICLES}/{shown['id']}/usefulness")).json()
    assert (useful["views"], useful["helpful"]["n"], useful["helpful"]["share"]) == (1, 1, 0)


async def test_the_survey_that_waits_is_named_until_it_is_answered(
    client: Clients, company: Organisation, person: Known
) -> None:
    admin, visitor = client(company.admin), client()
    agent = client(company.admin.but(permissions=("tickets:read", "tickets:update")))
    ticket = await made(admin, "Help", requester_id=await person("Ann"))
    other = await made(admin, "Other", requester_id=await person("Bob"))
    await moved(admin, ticket, "solved")
    asked = await survey(admin, kind="csat")
    own, theirs = await link_to(admin, ticket), await link_to(admin, other)
    whole = f"{own}/tickets/{ticket['id']}"
    agents = f"{await link_to(agent, ticket)}/tickets/{ticket['id']}"
    assert (await visitor.get(whole)).json()["survey"] is None
    await invited(admin, asked, ticket_id=ticket["id"])
    waiting = (await visitor.get(whole)).json()["survey"]
    assert (await visitor.get(waiting["path"])).status_code == 200
    assert (await visitor.get(agents)).json()["survey"] is None  # who answers for the customer
    assert (await visitor.get(f"{theirs}/tickets/{other['id']}")).json()["survey"] is None
    assert (await submitted(visitor, waiting["path"], score=5)).status_code == 200
    assert (await visitor.get(whole)).json()["survey"] is None
