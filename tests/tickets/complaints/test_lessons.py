"""What a complaint taught becomes an article."""

from tests.factories import Clients, Organisation
from tests.tickets.company import PATH, in_role, made
from tests.tickets.complaints.test_loop import loop_of


async def test_a_lesson_becomes_a_draft_once_and_is_linked_to_its_ticket(
    client: Clients, company: Organisation
) -> None:
    admin = client(company.admin)
    complaint = await made(admin, "Wrong invoice", kind="complaint")
    path = f"{PATH}/{complaint['id']}/loop"
    body = {"title": "Check templates", "language": "en"}
    early = await admin.post(f"{path}/lesson", json=body)
    assert (early.status_code, list(early.json()["errors"])) == (422, ["lesson"])
    await admin.patch(path, json={"lesson": "Templates are checked after each renaming."})
    answer = await admin.post(f"{path}/lesson", json=body)
    assert answer.status_code == 200, answer.text
    [only] = await loop_of(admin, complaint)
    article = (await admin.get(f"/v1/articles/{only['article_id']}")).json()
    assert article["body"] == "Templates are checked after each renaming."
    assert (article["state"], article["visibility"]) == ("draft", "internal")
    linked = (await admin.get(f"{PATH}/{complaint['id']}/articles")).json()["data"]
    assert [each["article_id"] for each in linked] == [article["id"]]
    again = await admin.post(f"{path}/lesson", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "lesson_written")
    partner = client(in_role(company.rep, "partner"))
    assert (await partner.post(f"{path}/lesson", json=body)).status_code in (403, 404)
