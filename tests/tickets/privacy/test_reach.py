"""Whose tickets an erasure reaches, and whose it does not: typed, shared, merged, late, half done."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import orjson
import pytest

from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.identifiers import new_id
from guanxi_shared.mail import FolderMail, Letter
from guanxi_shared.running_jobs import RunningJob
from guanxi_tickets.privacy import service
from guanxi_tickets.privacy.leftovers import erase_leftovers
from guanxi_tickets.references.settling import reach_late
from tests.dumping import Dump
from tests.factories import Clients, Organisation
from tests.pipeline.telling import account_told, contact_told
from tests.tickets.company import PATH, made
from tests.tickets.conftest import Heard, Known
from tests.tickets.merging import comments, merged, said, undo
from tests.tickets.portal.forming import at, formed
from tests.tickets.privacy.test_whole_way import ok
from tests.tickets.surveys.asking import ANSWERS, invited, submitted, survey

ERASE = f"{PATH}/erase-requester"
EMAIL, PHONE = "way@canary.example", "+8613700137666"
BY_EMAIL = {"email": EMAIL, "reason": "subject_request", "request_reference": "DSR-1"}
Form = dict[str, Any]


@pytest.fixture
async def form(client: Clients, company: Organisation) -> Form:
    return await formed(client(company.admin))


async def typed(client: Clients, form: Form, **sent: str) -> None:
    filled = {"name": "Way Canary", "subject": "WayWords", "description": "WayWords", **sent}
    await ok(await client().post(at(form), json=filled))


def erased(company: Organisation, who: str, *, version: int = 9) -> dict[str, Any]:
    return contact_told(company.id, who, "", version=version, verb="erased")


async def subjects(user: httpx.AsyncClient) -> list[str]:
    found = (await ok(await user.get(PATH, params={"sort": "number"})))["data"]
    return [each["subject"] for each in found]


async def test_whoever_typed_an_address_is_erased_by_it_however_it_is_spelled(
    client: Clients, company: Organisation, other_organisation: Organisation, form: Form, dump: Dump
) -> None:
    admin = client(company.admin)
    await typed(client, form, email=EMAIL, phone="137 0013 7666")
    await typed(client, form, email="Way@Canary.example", name="Way C. Canary")
    await typed(client, form, email="else@others.example", name="Else", subject="Theirs")
    theirs = await formed(client(other_organisation.admin))
    await typed(client, theirs, email="else@others.example", name="Way Other")
    done = await ok(await admin.post(ERASE, json=BY_EMAIL | {"email": " WAY@canary.example "}))
    assert (done["type"], done["counts"]["tickets"]) == ("requester", 2)
    assert done["erased_by"] == str(company.admin.id)
    assert await dump.places_of(EMAIL, "13700137666", "137 0013 7666", "Way Canary", "Way C.") == []
    assert await subjects(admin) == ["", "", "Theirs"]
    assert await subjects(client(other_organisation.admin)) == ["WayWords"]
    assert await ok(await admin.post(ERASE, json=BY_EMAIL)) == done  # nothing is new
    await typed(client, form, email=EMAIL)
    again = await ok(await admin.post(ERASE, json=BY_EMAIL))
    assert again["id"] == done["id"]
    assert (again["counts"]["tickets"], await dump.places_of(EMAIL)) == (1, [])


async def test_a_number_is_understood_as_forms_understand_it(
    client: Clients, company: Organisation, form: Form, dump: Dump
) -> None:
    await typed(client, form, phone="137 0013 7666")
    sent = {"phone": "0086 137-0013-7666", "reason": "other"}
    await ok(await client(company.admin).post(ERASE, json=sent))
    assert await dump.places_of("13700137666", "WayWords", "Way Canary") == []


@pytest.mark.parametrize(
    ("sent", "status", "field"),
    [
        ({"reason": "other"}, 422, "email"),
        ({"email": EMAIL, "phone": PHONE, "reason": "other"}, 422, "email"),
        ({"email": "no address", "reason": "other"}, 422, "email"),
        ({"phone": "no number", "reason": "other"}, 422, "phone"),
        ({"email": EMAIL}, 422, "reason"),
        ({"email": "a" * 300, "reason": "other"}, 422, "email"),
        ({"email": "nobody@nowhere.example", "reason": "other"}, 404, None),
    ],
)
async def test_what_can_be_nobodys_is_refused_and_names_the_field(
    client: Clients, company: Organisation, form: Form, sent: Mapping[str, str], status: int,
    field: str | None,
) -> None:  # fmt: skip
    await typed(client, form, email=EMAIL)
    admin = client(company.admin)
    answer = await admin.post(ERASE, json=sent)
    assert answer.status_code == status, answer.text
    assert field is None or field in answer.json()["errors"]
    assert await subjects(admin) == ["WayWords"]


async def test_asked_by_several_at_once_it_is_done_once(
    client: Clients, company: Organisation, form: Form, service_database: Database
) -> None:
    for _ in range(3):
        await typed(client, form, email=EMAIL)
    admin = client(company.admin)
    answers = await asyncio.gather(*(admin.post(ERASE, json=BY_EMAIL) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    kept = await service_database.fetchrow(
        company.id, "SELECT count(*) AS n FROM erasures WHERE organisation_id = $2", company.id
    )
    assert kept is not None
    assert kept["n"] == 1


async def test_a_name_that_is_a_piece_of_any_sentence_takes_nothing_of_others_along(
    client: Clients, company: Organisation, form: Form
) -> None:
    """Anybody may type anything into a form."""
    admin, key = client(company.admin), {"idempotency-key": str(new_id())}
    sent = {"subject": "Look at the printer", "kind": "complaint"}
    other = await ok(await admin.post(PATH, json=sent, headers=key))
    await ok(await admin.patch(f"{PATH}/{other['id']}/loop", json={"lesson": "Look at the paper"}))
    await typed(client, form, email=EMAIL, name="at the")
    await ok(await admin.post(ERASE, json=BY_EMAIL))
    assert await ok(await admin.post(PATH, json=sent, headers=key)) == other
    loop = (await ok(await admin.get(f"{PATH}/{other['id']}/loop")))["data"]
    assert loop[0]["lesson"] == "Look at the paper"


async def test_only_admins_erase(client: Clients, company: Organisation, form: Form) -> None:
    await typed(client, form, email=EMAIL)
    for user in (company.manager, company.rep):
        assert (await client(user).post(ERASE, json=BY_EMAIL)).status_code == 403
    assert await subjects(client(company.admin)) == ["WayWords"]


async def test_a_ticket_that_names_a_contact_is_not_reached_by_what_was_typed(
    client: Clients, company: Organisation, form: Form, person: Known
) -> None:
    admin = client(company.admin)
    await typed(client, form, email=EMAIL)
    [ticket] = (await ok(await admin.get(PATH)))["data"]
    await ok(await admin.patch(f"{PATH}/{ticket['id']}", json={"requester_id": await person()}))
    assert (await admin.post(ERASE, json=BY_EMAIL)).status_code == 404
    assert await subjects(admin) == ["WayWords"]


async def test_an_erased_contact_takes_along_what_they_typed_as_nobody_known(
    client: Clients, company: Organisation, form: Form, person: Known, heard: Heard, dump: Dump
) -> None:
    """By an address that they had once; by a number only under their name."""
    who = await person("Way Canary", emails=[EMAIL], phones=[PHONE])
    later = contact_told(company.id, who, "Way Married", emails=["new@canary.example"], version=2,
                         verb="updated")  # fmt: skip
    await heard(later)
    await typed(client, form, email=EMAIL, name="W.")
    await typed(client, form, email="new@canary.example", name="W.")
    await typed(client, form, phone=PHONE, name="WAY canary")
    await typed(client, form, phone=PHONE, name="Colleague", subject="At the same desk")
    await heard(erased(company, who))
    admin = client(company.admin)
    assert await subjects(admin) == ["", "", "", "At the same desk"]
    assert await dump.places_of(EMAIL, "new@canary.example", "Way Canary", "Way Married") == []


async def test_an_address_that_several_contacts_have_is_theirs_whose_name_stands_by_it(
    client: Clients, company: Organisation, form: Form, person: Known, heard: Heard
) -> None:
    who = await person("Way Canary", emails=["office@canary.example"])
    await person("Colleague", emails=["office@canary.example"])
    for name, subject in (("Way Canary", "Hers"), ("Colleague", "His"), ("X", "Anybody's")):
        await typed(client, form, email="office@canary.example", name=name, subject=subject)
    await heard(erased(company, who))
    assert await subjects(client(company.admin)) == ["", "His", "Anybody's"]


async def test_an_account_that_is_a_person_is_erased_too_with_what_it_may_claim(
    client: Clients, company: Organisation, account: Known, heard: Heard, dump: Dump
) -> None:
    admin, who, firm = client(company.admin), str(new_id()), await account("Firm")
    event = account_told(company.id, who, "Way Canary")
    await heard(
        event | {"after": event["after"] | {"kind": "person", "emails": [{"address": EMAIL}]}}
    )
    term = {
        "unit": "hours",
        "granted": "9",
        "valid_from": "2020-01-01",
        "valid_until": "2099-12-31",
    }
    for name, owner in (("Care of Way Canary", who), ("Care", firm)):
        sent = {
            "name": name,
            "account_id": owner,
            "note": f"Write to {EMAIL}" if owner == who else "x",
        }
        await ok(await admin.post("/v1/entitlements", json=sent | term))
    await made(admin, "WayWords", account_id=who)
    kept = await made(admin, "Firm's", account_id=firm)
    await heard(account_told(company.id, who, "", version=9, verb="erased"))
    assert await dump.places_of("WayWords", "Way Canary", EMAIL) == []
    assert await subjects(admin) == ["", "Firm's"]
    assert kept["account_id"] == firm
    names = [each["name"] for each in (await ok(await admin.get("/v1/entitlements")))["data"]]
    assert sorted(names) == ["", "Care"]


async def test_what_others_said_on_a_merged_ticket_stays_unless_it_names_them(
    client: Clients, company: Organisation, person: Known, heard: Heard, dump: Dump
) -> None:
    admin, who = client(company.admin), await person("Way Canary", emails=[EMAIL])
    survivor = await made(admin, "WayWords", requester_id=who, tags=["way-tag"])
    source = await made(admin, "Else's", requester_id=await person("Else"), tags=["else"])
    await said(admin, survivor, "WayWords said")
    await said(admin, source, "Stays")
    await said(admin, source, "Told by Way Canary")
    done = await merged(admin, survivor, source)
    await heard(erased(company, who))
    bodies = sorted(each["body"] for each in await comments(admin, survivor))
    assert bodies == ["", "", "Stays"]
    await ok(await undo(admin, done))
    assert await dump.places_of("WayWords", "way-tag", "Way Canary", EMAIL) == []
    back = await ok(await admin.get(f"{PATH}/{source['id']}"))
    assert (back["subject"], back["tags"]) == ("Else's", ["else"])
    assert sorted(each["body"] for each in await comments(admin, source)) == ["", "Stays"]


async def test_what_they_said_on_anothers_ticket_or_what_a_split_took_away_goes(
    client: Clients, company: Organisation, person: Known, heard: Heard, dump: Dump
) -> None:
    admin, who = client(company.admin), await person("Way Canary")
    ticket = await made(admin, "Hers", requester_id=who)
    reply = await said(admin, ticket, "WayWords")
    split = {"subject": "Else", "comment_ids": [reply["id"]]}
    new = await ok(await admin.post(f"{PATH}/{ticket['id']}/split", json=split))
    other = {"requester_id": await person("Other")}
    await ok(await admin.patch(f"{PATH}/{new['id']}", json=other))
    await heard(erased(company, who))
    assert await dump.places_of("WayWords", "Way Canary") == []
    assert await subjects(admin) == ["", "Else"]


async def test_an_erasure_that_dies_in_the_middle_changed_nothing_and_is_done_when_heard_again(
    client: Clients, company: Organisation, person: Known, heard: Heard, dump: Dump,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    admin, who = client(company.admin), await person("Way Canary")
    ticket = await made(admin, "WayWords", requester_id=who)
    await said(admin, ticket, "WayWords")
    with monkeypatch.context() as dying:

        async def dies(*_: object) -> None:
            raise ConnectionResetError

        dying.setattr(service, "write_counts", dies)
        with pytest.raises(ConnectionResetError):
            await heard(erased(company, who))
    assert await subjects(admin) == ["WayWords"]
    assert [each["body"] for each in await comments(admin, ticket)] == ["WayWords"]
    await heard(erased(company, who))
    assert await dump.places_of("WayWords", "Way Canary") == []


async def test_a_ticket_that_was_made_meanwhile_is_reached_a_minute_later(
    client: Clients, company: Organisation, person: Known, heard: Heard, dump: Dump,
    service_database: Database, tickets: Edge,
) -> None:  # fmt: skip
    admin, who = client(company.admin), await person("Way Canary")
    files_dir: Path = tickets.state.house.settings.files_dir
    await heard(erased(company, who))
    old = await made(admin, "WayWords")
    late = "UPDATE tickets SET requester_id = $3 WHERE organisation_id = $1 AND id = $2::text::uuid"
    async with service_database.transaction(company.id) as connection:
        await connection.execute(late, company.id, old["id"], who)
    for _ in range(2):
        await reach_late(service_database, files_dir, company.id)
        assert await dump.places_of("WayWords") == []
    assert (await ok(await admin.get(f"{PATH}/{old['id']}")))["version"] == old["version"] + 1


async def test_kept_files_that_name_them_are_removed_by_a_job_however_often_it_runs(
    client: Clients, company: Organisation, person: Known, heard: Heard, tickets: Edge,
    service_database: Database, working: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    who, files_dir = (
        await person("Way Canary", emails=[EMAIL]),
        tickets.state.house.settings.files_dir,
    )
    monkeypatch.setenv("TICKETS_FILES_DIR", str(files_dir))
    folder = files_dir / "exports" / str(company.id)
    folder.mkdir(parents=True)
    hers, others = folder / f"{new_id()}.csv", folder / f"{new_id()}.csv"
    hers.write_text(f"number,from_email\n1,{EMAIL}\n")
    others.write_text("number,from_email\n1,else@others.example\n")
    await heard(erased(company, who))
    params = await service_database.fetchrow(
        company.id, "SELECT params FROM jobs WHERE kind = 'erase-leftovers' AND organisation_id = $2",
        company.id,
    )  # fmt: skip
    assert params is not None
    told = {"blobs": [], "imports": [], "exports": [hers.name]}
    job = cast(RunningJob, SimpleNamespace(params=told, organisation_id=company.id))
    assert hers.name in str(params["params"])
    for _ in range(2):
        await erase_leftovers(job)
        assert [path.name for path in folder.iterdir()] == [others.name]


async def test_letters_and_tables_with_what_they_said_are_removed_by_their_ids(
    client: Clients, company: Organisation, person: Known, heard: Heard, tickets: Edge,
    service_database: Database, working: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A table of answers names nobody; a letter is encoded, so that no address is found in it."""
    files_dir = tickets.state.house.settings.files_dir
    monkeypatch.setenv("TICKETS_FILES_DIR", str(files_dir))
    monkeypatch.setenv("GUANXI_DATA_DIR", str(tmp_path))
    admin, mail = client(company.admin), FolderMail(tmp_path / "mail" / "tickets", "us@us.example")
    asking = await survey(admin)
    letters, tables = [], []
    for name in ("Way Canary", "Somebody Else"):
        contact = await person(name)
        ticket = await made(admin, requester_id=contact)
        link = await invited(admin, asking, ticket_id=ticket["id"])
        said = await submitted(client(), link["path"], score=1, why="it was late")
        assert said.status_code == 200, said.text
        rows = await service_database.fetch(
            company.id, "SELECT id FROM ticket_letters WHERE organisation_id = $2 AND ticket_id = $3",
            company.id, ticket["id"],
        )  # fmt: skip
        letters.append([str(row["id"]) for row in rows])
        for letter_id in letters[-1]:
            await mail.send(Letter("a@b.example", "S", "how was it?", name=letter_id))
        folder = files_dir / "exports" / str(company.id)
        folder.mkdir(parents=True, exist_ok=True)
        tables.append(folder / f"{new_id()}.csv")
        asked = {"ticket_id": ticket["id"], "fields": "ticket_id,answers"}
        tables[-1].write_bytes((await admin.get(f"{ANSWERS}/export", params=asked)).content)
        assert "it was late" in tables[-1].read_text()
        assert name not in tables[-1].read_text()
        if name == "Way Canary":
            hers = contact
    assert all(letters)
    await heard(erased(company, hers))
    params = await service_database.fetchrow(
        company.id, "SELECT params FROM jobs WHERE kind = 'erase-leftovers' AND organisation_id = $2",
        company.id,
    )  # fmt: skip
    assert params is not None
    job = cast(RunningJob, SimpleNamespace(
        params=orjson.loads(params["params"]), organisation_id=company.id))  # fmt: skip
    for _ in range(2):
        await erase_leftovers(job)
        assert [path.exists() for path in tables] == [False, True]
        kept = {path.stem for path in (tmp_path / "mail" / "tickets").iterdir()}
        assert kept == set(letters[1])
