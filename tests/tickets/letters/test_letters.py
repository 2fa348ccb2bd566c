"""Letters: written with the decision, delivered once, to whom they are for and nobody else."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.http import ServiceClient
from guanxi_shared.mail import Letter, NotDelivered
from guanxi_tickets.letters.delivering import Post, deliver_letters, deliver_with
from guanxi_tickets.survey_sending.duties import work_surveys
from tests.factories import Clients, Organisation
from tests.prepared import Clone
from tests.tickets.company import PATH, made, moved
from tests.tickets.conftest import Known
from tests.tickets.dying import die_working
from tests.tickets.past import owning
from tests.tickets.portal.forming import FILLED, at, formed
from tests.tickets.portal.test_forms import Contacts, knowing
from tests.tickets.surveys.asking import INVITATIONS, SURVEYS, listed, submitted, survey

ADDRESS = {"address": "ann@acme.example", "is_primary": True}


class Taken:
    """A mail that takes letters, or fails as it is told."""

    def __init__(self, *failures: Exception) -> None:
        self.letters: list[Letter] = []
        self.failures = list(failures)

    async def send(self, letter: Letter) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.letters.append(letter)


@pytest.fixture(autouse=True)
async def nothing_waits(database: Clone) -> None:
    """A worker delivers for every organisation: what other tests left is not counted here."""
    async with owning(database.admin_url) as owner:
        await owner.execute("DELETE FROM ticket_letters")


Deliver = Callable[..., Awaitable[Taken]]


@pytest.fixture
def deliver(tickets: Edge, service_database: Database) -> Deliver:
    """`await deliver(mail)`: all that is due, by a worker that knows contacts."""

    async def run(
        mail: Taken | None = None, emails: Sequence[Any] = (ADDRESS,), *, away: bool = False
    ) -> Taken:
        here, taken = tickets.state.house, mail or Taken()
        rows = [{"id": "x", "emails": list(emails)}]
        client: ServiceClient | None = None if away else knowing(Contacts(rows))
        await deliver_with(service_database, Post(client, taken, here.settings, here.common))
        return taken

    return run


async def letters_of(user: Any, ticket: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    answer = await user.get(f"{PATH}/{ticket['id']}/letters")
    assert answer.status_code == 200, answer.text
    return [(each["kind"], each["status"], each["reason"]) for each in answer.json()["data"]]


async def at_once(database: Clone) -> None:
    """Whatever was put off is due."""
    async with owning(database.admin_url) as owner:
        await owner.execute("UPDATE ticket_letters SET due_at = now() WHERE status = 'waiting'")


def token_in(letter: Letter, path: str) -> str:
    return path + letter.text.split(path)[1].split()[0]


async def test_a_survey_goes_out_by_mail_with_a_link_that_opens(
    client: Clients, company: Organisation, person: Known, service_database: Database, deliver: Deliver
) -> None:  # fmt: skip
    admin, rep = client(company.admin), client(company.rep)
    texts = {"zh": {"title": "评价我们"}, "en": {"title": "Rate us"}}
    await survey(admin, send_on="solved", texts=texts, default_language="zh", quiet_days=30)
    ann = await person()
    ticket, second = [await made(rep, requester_id=ann) for _ in range(2)]
    await moved(rep, ticket, "solved")
    await work_surveys.duty(service_database)
    assert await letters_of(rep, ticket) == [("survey", "waiting", None)]
    [letter] = [each for each in (await deliver()).letters if each.subject == "评价我们"]
    assert letter.to == "ann@acme.example"
    asked = await client().get(token_in(letter, "/v1/public/surveys/"))
    assert (asked.status_code, asked.json()["title"]) == (200, "评价我们")
    assert await letters_of(rep, ticket) == [("survey", "sent", None)]
    assert (await deliver()).letters == []
    await moved(rep, second, "solved")  # they were asked: no second letter within the quiet days
    await work_surveys.duty(service_database)
    assert (await deliver()).letters == []
    assert await letters_of(rep, second) == []


async def test_by_hand_with_mail_or_without(
    client: Clients, company: Organisation, person: Known, deliver: Deliver
) -> None:
    admin, ann = client(company.admin), await person()
    asked = await survey(admin)
    for by_mail, count in ((False, 0), (True, 1)):
        sent = {"contact_id": ann, "by_mail": by_mail}
        answer = await admin.post(f"{SURVEYS}/{asked['id']}/invitations", json=sent)
        assert answer.status_code == 201, answer.text
        assert len((await deliver()).letters) == count


async def test_what_was_answered_or_switched_off_or_has_no_address_is_not_sent(
    client: Clients, company: Organisation, person: Known, deliver: Deliver
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    asked = await survey(admin)
    ticket = await made(rep, requester_id=await person())

    async def invite() -> None:
        sent = {"ticket_id": ticket["id"]}
        answer = await admin.post(f"{SURVEYS}/{asked['id']}/invitations", json=sent)
        assert answer.status_code == 201, answer.text

    await invite()
    [own] = await listed(admin, INVITATIONS)
    link = (await admin.get(f"{INVITATIONS}/{own['id']}/link")).json()["path"]
    await submitted(client(), link, score=5)
    assert (await deliver()).letters == []
    await invite()
    assert (await deliver(emails=[])).letters == []
    await admin.patch(f"{PATH}/settings", json={"sends_mail": False})
    await invite()
    assert (await deliver()).letters == []
    reasons = [reason for _, _, reason in await letters_of(rep, ticket)]
    assert reasons == ["mail_off", "no_address", "over"]


async def test_what_is_not_taken_goes_again_and_is_given_up_for_good_or_in_the_end(
    client: Clients, company: Organisation, person: Known, deliver: Deliver, database: Clone
) -> None:
    admin, rep = client(company.admin), client(company.rep)
    ticket = await made(rep, requester_id=await person())
    path = f"{PATH}/{ticket['id']}/portal-link"
    assert (await rep.post(path, json={"by_mail": True})).status_code == 201
    busy, mail = NotDelivered("busy", is_final=False), Taken(NotDelivered("busy", is_final=False))
    await deliver(mail)
    await deliver(mail)  # not yet
    assert mail.letters == []
    await at_once(database)
    await deliver(mail, away=True)  # nobody says whose address it is
    await at_once(database)
    await deliver(mail)
    [letter] = mail.letters
    assert letter.to == "ann@acme.example"
    assert (await client().get(token_in(letter, "/v1/public/portal/"))).status_code == 200
    assert (await rep.post(path, json={"by_mail": True})).status_code == 201
    await deliver(Taken(NotDelivered("none", is_final=True)))
    assert (await letters_of(rep, ticket))[0] == ("portal", "failed", "refused")
    assert (await rep.post(path, json={"by_mail": True})).status_code == 201
    for _ in range(10):
        await at_once(database)
        await deliver(Taken(busy))
    assert (await letters_of(rep, ticket))[0] == ("portal", "failed", "gave_up")
    assert (await admin.get("/v1/events?limit=1000")).text.count("@acme.example") == 0


async def test_many_workers_at_once_send_each_once(
    client: Clients, company: Organisation, person: Known, deliver: Deliver
) -> None:
    rep = client(company.rep)
    ticket = await made(rep, requester_id=await person())
    for _ in range(8):
        sent = {"by_mail": True}
        assert (await rep.post(f"{PATH}/{ticket['id']}/portal-link", json=sent)).status_code == 201
    mail = Taken()
    await asyncio.gather(*(deliver(mail) for _ in range(4)))
    assert len({letter.name for letter in mail.letters}) == 8 == len(mail.letters)


async def test_a_form_sends_a_receipt_to_what_was_typed_and_not_too_many(
    client: Clients, company: Organisation, deliver: Deliver
) -> None:
    admin = client(company.admin)
    quiet, form = await formed(admin), await formed(admin, name="Other", sends_receipt=True)
    evil = {**FILLED, "name": "http://evil.example", "subject": "Buy at http://evil.example"}
    assert (await client().post(at(quiet), json=FILLED)).status_code == 201
    answer = await client().post(at(form), json=evil)
    assert answer.status_code == 201, answer.text
    [letter] = (await deliver(emails=[])).letters
    assert letter.to.lower() == FILLED["email"].lower()
    assert answer.json()["number"] in letter.subject
    assert "evil" not in letter.text + letter.subject  # what a stranger typed is sent to nobody
    assert token_in(letter, "/v1/public/portal/") == answer.json()["follow"]["path"]
    for _ in range(4):
        assert (await client().post(at(form), json=FILLED)).status_code == 201
    assert len((await deliver(emails=[])).letters) == 2  # three within the hour
    nameless = {name: value for name, value in FILLED.items() if name != "email"}
    assert (await client().post(at(form), json=nameless)).status_code == 201
    assert (await deliver(emails=[])).letters == []


async def test_a_trapped_machine_and_a_refused_form_write_no_letter(
    client: Clients, company: Organisation, deliver: Deliver
) -> None:
    form = await formed(client(company.admin), sends_receipt=True)
    await client().post(at(form), json={**FILLED, form["honeypot"]: "x"})
    assert (await client().post(at(form), json={"email": "a@b.example"})).status_code == 422
    assert (await deliver()).letters == []


async def test_letters_are_seen_as_their_ticket_is(
    client: Clients, company: Organisation, person: Known, other_organisation: Organisation
) -> None:
    rep = client(company.rep)
    ticket = await made(rep, requester_id=await person())
    await rep.post(f"{PATH}/{ticket['id']}/portal-link", json={"by_mail": True})
    answer = await rep.get(f"{PATH}/{ticket['id']}/letters")
    assert len(answer.json()["data"]) == 1
    assert "token" not in answer.text
    for user in (company.other_rep, other_organisation.admin):
        assert (await client(user).get(f"{PATH}/{ticket['id']}/letters")).status_code == 404


@pytest.mark.usefixtures("working")
async def test_workers_that_are_killed_around_every_commit_leave_one_letter_each(
    client: Clients,
    company: Organisation,
    database: Clone,
    service_database: Database,
    tmp_path: Path,
) -> None:
    """Who dies holding a letter leaves it for the lease; it is the same letter when it goes again."""
    admin = client(company.admin)
    form = await formed(admin, sends_receipt=True)
    for n in range(6):
        sent = {**FILLED, "email": f"p{n}@acme.example"}
        assert (await client().post(at(form), json=sent)).status_code == 201
    killed = await die_working("guanxi_tickets.letters.delivering:deliver_letters", database)
    assert killed == {"midway", "before", "after"}
    tickets = await listed(admin, PATH)
    stuck = [await letters_of(admin, ticket) for ticket in tickets]
    assert [("receipt", "waiting", None)] in stuck  # taken by the dead
    await at_once(database)
    await deliver_letters.duty(service_database)
    for ticket in tickets:
        assert await letters_of(admin, ticket) == [("receipt", "sent", None)]
    files = list((tmp_path / "mail" / "tickets").glob("*.eml"))
    found = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]
    assert sorted(message["To"] for message in found) == [f"p{n}@acme.example" for n in range(6)]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
