"""Erasing somebody: nothing of them is left anywhere, and everybody else is untouched."""

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.worker import Worker
from tests.contacts.transfers.sending import Sender
from tests.deadlines import until
from tests.dumping import Dump
from tests.factories import Clients, Organisation

REQUEST = {"reason": "subject_request", "request_reference": "DSR-2026-17"}
EVERYWHERE = "CanaryGiven CanaryFamily"
CANARIES = [
    "CanaryGiven", "CanaryFamily", "CanaryTitle", "CanaryDepartment", "1977-07-07", "CanarySource",
    "13900139777", "139 0013 9777", "canary.mail@canary.example", "CanaryStreet", "CanaryCity", "CanaryHobby", "CanaryAchievement",
    "CanaryFamilyNote", "CanaryDescription", "CanaryExternal", "CanaryTag", "CanaryCustom", "CanaryStop",
    "CanaryConsentSource", "CanaryProof", "CanaryFileName", "CanaryFileBytes", "31.987654",
    "old.canary@canary.example", "CanaryOldTitle", "CanaryHold", "CanaryImportFile", "CanaryImportCell",
    "CanaryRefused", "CanaryVisit", "CanaryTalk", "CanaryGuest", "31.876543", "CanaryCheckNote", "CanaryTwin",
]  # fmt: skip


def whole_person() -> dict[str, Any]:
    return {
        "given_name": "CanaryGiven", "family_name": "CanaryFamily", "title": "CanaryOldTitle",
        "department": "CanaryDepartment", "birthday": "1977-07-07", "language": "zh-CN",
        "time_zone": "Asia/Shanghai", "source": "CanarySource",
        "phones": [{"number": "+86 139 0013 9777", "kind": "mobile"}],
        "emails": [{"address": "old.canary@canary.example"}],
        "addresses": [{"street": "CanaryStreet", "city": "CanaryCity", "latitude": 31.987654}],
        "hobbies": ["CanaryHobby"], "achievements": "CanaryAchievement",
        "family_notes": "CanaryFamilyNote", "description": "CanaryDescription",
        "external_id": "CanaryExternal", "tags": ["CanaryTag"], "custom": {"secret": "CanaryCustom"},
    }  # fmt: skip


@pytest.fixture
async def other(client: Clients, organisation: Organisation) -> str:
    """Somebody else, who must not be touched."""
    rep = client(organisation.rep)
    answer = await rep.post("/v1/contacts", json={"name": "Somebody Else", "title": "Bystander"})
    return str(answer.json()["id"])


@pytest.fixture
async def person(client: Clients, organisation: Organisation, worker: Worker) -> AsyncIterator[str]:
    """Somebody with something in every place there is; erased at the end, so that no other test
    finds them in its dump."""
    admin = client(organisation.admin)
    field = {"resource": "contacts", "key": "secret", "label": {"en": "Secret"}, "kind": "text"}
    assert (await admin.post("/v1/fields", json=field)).status_code == 201
    account = (await admin.post("/v1/accounts", json={"name": "Weilai"})).json()["id"]
    made = await admin.post(
        "/v1/contacts", json=whole_person() | {"accounts": [{"account_id": account, "role": "champion"}]},
        headers={"idempotency-key": "make-canary"},
    )  # fmt: skip
    assert made.status_code == 201, made.text
    person_id, path = made.json()["id"], f"/v1/contacts/{made.json()['id']}"
    changed = await admin.patch(
        path,
        json={"title": "CanaryTitle", "emails": [{"address": "canary.mail@canary.example"}],
              "do_not_contact": True, "do_not_contact_reason": "CanaryStop"},
    )  # fmt: skip
    assert changed.status_code == 200, changed.text
    file = await admin.post(
        "/v1/files", params={"name": "CanaryFileName.txt", "contact_id": person_id},
        content=b"CanaryFileBytes", headers={"idempotency-key": "file-canary"},
    )  # fmt: skip
    said = {
        "channel": "email", "purpose": "marketing", "status": "withdrawn", "source": "CanaryConsentSource",
        "proof": "CanaryProof", "file_id": file.json()["id"],
    }  # fmt: skip
    key = {"idempotency-key": "consent-canary"}
    assert (await admin.post(f"{path}/consents", json=said, headers=key)).status_code == 201
    await admin.post(
        f"{path}/legal-hold", json={"reason": "CanaryHold"}, headers={"idempotency-key": "h"}
    )
    await admin.delete(f"{path}/legal-hold")
    await meet_person(admin, person_id, account)
    await merge_twin(admin, person_id)
    await import_person(client, organisation)
    batch = {
        "mode": "independent",
        "operations": [
            {"op": "update", "id": person_id, "data": {"department": "CanaryDepartment2"}}
        ],
    }
    await admin.post("/v1/contacts/batch", json=batch, headers={"idempotency-key": "batch-canary"})
    for format in ("csv", "xlsx", "ndjson", "vcard"):
        await finished(
            admin, await admin.post("/v1/exports", json={"resource": "contacts", "format": format})
        )
    filtered = {
        "resource": "contacts", "format": "csv",
        "document": {"filter_groups": [{"filters": [
            {"field": "email", "operator": "eq", "value": "canary.mail@canary.example"}]}]},
    }  # fmt: skip
    await finished(admin, await admin.post("/v1/exports", json=filtered))
    await finished(admin, await admin.post(f"{path}/archive"))
    yield str(person_id)
    await erase(client, organisation, person_id)


async def meet_person(admin: Any, person_id: str, account: str) -> None:
    """A visit to this person alone, checked in to, and a meeting with others too."""
    visit = {
        "kind": "visit", "subject": "CanaryVisit", "body": "CanaryTalk", "contact_ids": [person_id],
        "participants": [{"contact_id": person_id, "name": "CanaryGuest"}],
    }  # fmt: skip
    made = await admin.post(
        "/v1/activities", json=visit, headers={"idempotency-key": "visit-canary"}
    )
    assert made.status_code == 201, made.text
    here = {"latitude": 31.876543, "longitude": 121.1, "note": "CanaryCheckNote"}
    checked = await admin.post(f"/v1/activities/{made.json()['id']}/check-in", json=here)
    assert checked.status_code in (200, 201), checked.text
    somebody = (await admin.post("/v1/contacts", json={"name": "Colleague"})).json()["id"]
    meeting = {
        "kind": "meeting", "subject": "Quarterly", "contact_ids": [person_id, somebody],
        "account_ids": [account], "participants": [{"contact_id": person_id, "name": "CanaryGuest"}],
    }  # fmt: skip
    assert (await admin.post("/v1/activities", json=meeting)).status_code == 201
    # As a guest who is not named beside: alone, and with somebody who is.
    guest = {"participants": [{"contact_id": person_id, "name": "CanaryGuest"}]}
    for more in ({"subject": "CanaryTalk"}, {"subject": "Yearly", "contact_ids": [somebody]}):
        made = await admin.post("/v1/activities", json={"kind": "call", **guest, **more})
        assert made.status_code == 201, made.text


async def merge_twin(admin: Any, person_id: str) -> None:
    twin = await admin.post("/v1/contacts", json={"name": "CanaryTwin", "tags": ["CanaryTwin"]})
    asked = {"resource": "contacts", "survivor_id": person_id, "source_ids": [twin.json()["id"]]}
    merged = await admin.post("/v1/merges", json=asked)
    assert merged.status_code == 201, merged.text


async def import_person(client: Clients, organisation: Organisation) -> None:
    """One row that changes the person, one that is refused and names them."""
    sender = Sender(client(organisation.admin), "contacts")
    table = (
        "name,email,title,birthday\n"
        "CanaryGiven CanaryFamily,canary.mail@canary.example,CanaryImportCell,1977-07-07\n"
        "CanaryRefused,canary.mail@canary.example,x,not a day\n"
    )
    await finished(
        client(organisation.admin),
        await send(sender, table, name="CanaryImportFile.csv", key="email"),
    )


async def send(sender: Sender, table: str, *, name: str = "people.csv", key: str) -> Any:
    options = orjson.dumps({"key": key}).decode()
    return await sender.upload(table, name=name, start="true", options=options)


async def finished(admin: Any, answer: Any) -> Any:
    assert answer.status_code == 202, answer.text
    job_path = answer.headers["location"]

    async def ended() -> Any:
        job = (await admin.get(job_path)).json()
        return job if job["status"] in ("done", "failed", "cancelled") else None

    job = await until(ended)
    assert job["status"] == "done", job
    return job


async def erase(client: Clients, organisation: Organisation, person_id: str) -> Any:
    admin = client(organisation.admin)
    answer = await admin.post(f"/v1/contacts/{person_id}/erase", json=REQUEST)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_nothing_of_an_erased_person_is_left_in_any_table_or_file(
    client: Clients, organisation: Organisation, person: str, other: str, dump: Dump
) -> None:
    before = await dump.places_of(*CANARIES)
    assert {place.rpartition(": ")[2] for place in before} == set(CANARIES)
    tables = {place.partition(":")[0] for place in before}
    wanted = {
        "contacts.contacts", "contacts.files", "contacts.consents", "contacts.legal_holds",
        "contacts.activities", "contacts.activities_search", "contacts.contacts_search",
        "contacts.visit_checks", "contacts.merges", "contacts.idempotency", "contacts.imports", "contacts.import_rows", "contacts.jobs",
    }  # fmt: skip
    assert wanted <= tables  # so that the test looks where it should
    assert any(name.startswith("contacts.events_") for name in tables)
    assert any(name.endswith((".csv", ".ndjson", ".vcf")) for name in tables)
    erased = await erase(client, organisation, person)
    assert await dump.places_of(*CANARIES) == []
    assert (erased["id"], erased["type"], erased["reason"]) == (
        person,
        "contact",
        "subject_request",
    )
    assert erased["erased_by"] == str(organisation.admin.id)
    places = {
        "activities", "consents", "contact_accounts", "contacts", "events", "files", "idempotency", "imports",
        "import_rows", "jobs", "legal_holds", "merges", "suppressions", "visit_checks",
    }  # fmt: skip
    assert set(erased["counts"]) == places, erased["counts"]
    kept = await client(organisation.rep).get(f"/v1/contacts/{other}")
    assert kept.json()["title"] == "Bystander"


async def test_packed_files_of_an_erased_person_go_too(
    client: Clients, organisation: Organisation, person: str, other: str, files_dir: Path
) -> None:
    folder = files_dir / "exports" / str(organisation.id)
    assert any(path.suffix == ".xlsx" for path in folder.iterdir())
    await erase(client, organisation, person)
    assert list(folder.iterdir()) == []
    assert list((files_dir / "archives" / str(organisation.id)).rglob("*.zip")) == []
    jobs = (await client(organisation.admin).get("/v1/jobs", params={"kind": "export"})).json()
    assert {job["status"] for job in jobs["data"]} == {"done"}


async def test_exports_and_imports_that_do_not_name_the_person_stay(
    client: Clients, organisation: Organisation, worker: Worker, other: str
) -> None:
    admin = client(organisation.admin)
    job = await finished(
        admin, await admin.post("/v1/exports", json={"resource": "contacts", "format": "csv"})
    )
    made = await admin.post(
        "/v1/contacts", json={"name": "Later Person", "external_id": "later-person"}
    )
    await erase(client, organisation, made.json()["id"])
    kept = await admin.get(job["result_url"])
    assert kept.status_code == 200
    assert "Somebody Else" in kept.text


async def test_a_tombstone_is_410_for_those_who_saw_the_person_and_404_for_others(
    client: Clients, organisation: Organisation, other_organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    person_id = (await rep.post("/v1/contacts", json={"name": "Ann Lee"})).json()["id"]
    path = f"/v1/contacts/{person_id}"
    moment = (await rep.get(path)).json()["created_at"]
    await erase(client, organisation, person_id)
    for user in (organisation.rep, organisation.manager, organisation.admin):
        gone = await client(user).get(path)
        assert (gone.status_code, gone.json()["code"]) == (410, "erased")
        assert gone.json()["reason"] == "subject_request"
    for user in (organisation.rep2, other_organisation.admin):
        assert (await client(user).get(path)).status_code == 404
    assert (await rep.get(path, params={"as_of": moment})).status_code == 410
    assert (await rep.patch(path, json={"title": "x"})).status_code == 410
    assert (await rep.delete(path)).status_code == 410
    assert (await rep.post(f"{path}/restore")).status_code == 410
    consents = await rep.get(f"{path}/consents")
    assert (consents.status_code, consents.json()["code"]) == (410, "erased")
    history = (await rep.get(f"{path}/history")).json()["data"]
    assert [entry["type"] for entry in history] == [
        "contacts.contact.erased",
        "contacts.contact.created",
    ]
    assert all(entry["before"] is None and entry["after"]["name"] == "" for entry in history)
    assert person_id not in {row["id"] for row in (await rep.get("/v1/contacts")).json()["data"]}
    found = await rep.get("/v1/search", params={"q": "Ann Lee"})
    assert found.json()["data"] == []


async def test_erasing_twice_says_the_same_and_writes_once(
    client: Clients, organisation: Organisation
) -> None:
    admin = client(organisation.admin)
    person_id = (await admin.post("/v1/contacts", json={"name": "Ann Lee"})).json()["id"]
    answers = await asyncio.gather(
        *(admin.post(f"/v1/contacts/{person_id}/erase", json=REQUEST) for _ in range(4))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    again = await admin.post(f"/v1/contacts/{person_id}/erase", json={"reason": "other"})
    assert again.json() == answers[0].json()
    events = await admin.get("/v1/events", params={"types": "contacts.contact.erased"})
    assert len(events.json()) == 1


async def test_a_deleted_person_can_be_erased(client: Clients, organisation: Organisation) -> None:
    admin = client(organisation.admin)
    person_id = (await admin.post("/v1/contacts", json={"name": "Ann Lee"})).json()["id"]
    await admin.delete(f"/v1/contacts/{person_id}")
    await erase(client, organisation, person_id)
    assert (await admin.get(f"/v1/contacts/{person_id}")).status_code == 410


async def test_erasing_takes_the_permission_and_the_right_to_change(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    person_id = (await rep.post("/v1/contacts", json={"name": "Ann Lee"})).json()["id"]
    path = f"/v1/contacts/{person_id}/erase"
    assert (await rep.post(path, json=REQUEST)).status_code == 403
    outsider = organisation.other_rep.but(permissions=("contacts:*",))
    assert (await client(outsider).post(path, json=REQUEST)).status_code == 404
    assert (await client(organisation.manager).post(path, json=REQUEST)).status_code == 200


@pytest.mark.parametrize(
    ("sent", "field"),
    [({}, "reason"), ({"reason": "because"}, "reason"), (REQUEST | {"name": "x"}, "name"),
     (REQUEST | {"request_reference": "x" * 101}, "request_reference")],
)  # fmt: skip
async def test_a_request_that_cannot_be_understood_erases_nobody(
    client: Clients, organisation: Organisation, sent: dict[str, Any], field: str
) -> None:
    admin = client(organisation.admin)
    person_id = (await admin.post("/v1/contacts", json={"name": "Ann Lee"})).json()["id"]
    answer = await admin.post(f"/v1/contacts/{person_id}/erase", json=sent)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [field])
    assert (await admin.get(f"/v1/contacts/{person_id}")).status_code == 200


async def test_an_account_is_erased_only_if_it_is_a_person(
    client: Clients, organisation: Organisation, dump: Dump
) -> None:
    admin = client(organisation.admin)
    company = (await admin.post("/v1/accounts", json={"name": "Weilai"})).json()["id"]
    refused = await admin.post(f"/v1/accounts/{company}/erase", json=REQUEST)
    assert (refused.status_code, refused.json()["code"]) == (422, "not_a_person")
    whole = {
        "name": "CanaryBuyer Person", "kind": "person", "legal_name": "CanaryLegal", "description": "CanaryNote",
        "phones": [{"number": "+86 139 0013 9778"}], "emails": [{"address": "canary.buyer@canary.example"}],
        "addresses": [{"street": "CanaryRoad", "latitude": 31.5, "longitude": 121.5}],
        "key_account": {"plan": "CanaryPlan"}, "revenue": {"amount": "918273645546372.00", "currency": "CNY"},
        "credit_limit": {"amount": "817263544536271.00", "currency": "CNY"},
    }  # fmt: skip
    made = await admin.post("/v1/accounts", json=whole, headers={"idempotency-key": "buyer"})
    person_id = made.json()["id"]
    await admin.post(
        "/v1/files", params={"account_id": person_id, "name": "CanaryPaper"}, content=b"CanaryInk"
    )
    moved = await admin.post(
        f"/v1/accounts/{person_id}/standing", json={"grade": "A", "reason": "CanaryReason"}
    )
    assert moved.status_code == 200, moved.text
    erased = await admin.post(f"/v1/accounts/{person_id}/erase", json=REQUEST)
    assert (erased.status_code, erased.json()["type"]) == (200, "account")
    canaries = ["CanaryBuyer", "CanaryLegal", "CanaryNote", "13900139778", "canary.buyer", "CanaryRoad",
                "CanaryPlan", "918273645546372", "817263544536271", "CanaryPaper", "CanaryInk", "CanaryReason"]  # fmt: skip
    assert await dump.places_of(*canaries) == []
    assert (await admin.get(f"/v1/accounts/{person_id}")).status_code == 410
    assert (await admin.get(f"/v1/accounts/{company}")).json()["name"] == "Weilai"


async def test_a_file_that_is_somebody_elses_too_stays(
    client: Clients, organisation: Organisation
) -> None:
    admin = client(organisation.admin)
    people = [
        (await admin.post("/v1/contacts", json={"name": f"A {n}"})).json()["id"] for n in range(2)
    ]
    shared = await admin.post(
        f"/v1/files?contact_id={people[0]}&contact_id={people[1]}", content=b"both"
    )
    own = await admin.post("/v1/files", params={"contact_id": people[0]}, content=b"own")
    erased = await erase(client, organisation, people[0])
    assert erased["counts"]["files"] == 1
    kept = await admin.get(f"/v1/files/{shared.json()['id']}/content")
    assert kept.content == b"both"
    assert (await admin.get(f"/v1/files/{own.json()['id']}")).status_code == 404
    restored = await admin.post(f"/v1/files/{own.json()['id']}/restore")
    assert restored.status_code == 404


async def test_the_feed_has_no_hole_and_a_replay_ends_with_the_tables_content(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    admin = client(organisation.admin)
    ids = [
        (await admin.post("/v1/contacts", json={"name": f"P {n}", "title": "x"})).json()["id"]
        for n in range(4)
    ]
    for person_id in ids:
        await admin.patch(f"/v1/contacts/{person_id}", json={"title": "y"})
    before = (await admin.get("/v1/events")).json()
    await erase(client, organisation, ids[1])
    after = (await admin.get("/v1/events")).json()
    assert [
        (e["id"], e["sequence"], e["type"], e["data"]["version"]) for e in after[: len(before)]
    ] == [(e["id"], e["sequence"], e["type"], e["data"]["version"]) for e in before]
    assert [event["type"] for event in after[len(before) :]] == ["contacts.contact.erased"]
    copy: dict[str, Any] = {}
    for event in after:
        state = event["data"]["state"]
        assert state["version"] == event["data"]["version"]
        if event["type"].endswith(".erased"):
            copy.pop(event["data"]["id"], None)
        else:
            copy[event["data"]["id"]] = state
    rows = (await admin.get("/v1/contacts", params={"limit": 200})).json()["data"]
    assert copy == {row["id"]: row for row in rows}
    assert orjson.dumps(after).count(b"P 1") == 0


async def test_of_an_erasure_and_changes_at_once_nothing_is_written_back(
    client: Clients, organisation: Organisation, dump: Dump
) -> None:
    admin = client(organisation.admin)
    for _ in range(5):
        made = await admin.post(
            "/v1/contacts", json={"name": "Race CanaryRace", "title": "CanaryRace"}
        )
        path = f"/v1/contacts/{made.json()['id']}"
        said = {"channel": "sms", "purpose": "service", "status": "granted", "source": "CanaryRace"}

        async def erased(path: str = path) -> int:
            while True:
                answer = await admin.post(f"{path}/erase", json=REQUEST)
                if answer.status_code != 503 and answer.json().get("code") != "busy":
                    return answer.status_code

        answers: list[Any] = await asyncio.gather(
            *(admin.patch(path, json={"title": f"CanaryRace {n}"}) for n in range(4)),
            admin.post(f"{path}/consents", json=said),
            admin.post("/v1/files", params={"contact_id": path[13:], "name": "CanaryRace"}, content=b"CanaryRace"),
            erased(),
            admin.post(f"{path}/consents", json=said),
            *(admin.patch(path, json={"description": f"CanaryRace {n}"}) for n in range(4)),
            admin.post("/v1/files", params={"contact_id": path[13:], "name": "CanaryRace"}, content=b"CanaryRace"),
        )  # fmt: skip
        statuses = [a if isinstance(a, int) else a.status_code for a in answers]
        assert statuses[6] == 200
        assert set(statuses) <= {200, 201, 410, 422, 503}, statuses
        assert (await admin.get(path)).status_code == 410
    assert await dump.places_of("CanaryRace") == []


async def test_a_repeated_request_is_not_done_again_and_says_what_happened(
    client: Clients, organisation: Organisation
) -> None:
    admin = client(organisation.admin)
    key = {"idempotency-key": "create-ann"}
    body = {"name": "Ann Lee", "emails": [{"address": "ann@canary.example"}]}
    person_id = (await admin.post("/v1/contacts", json=body, headers=key)).json()["id"]
    await erase(client, organisation, person_id)
    again = await admin.post("/v1/contacts", json=body, headers=key)
    assert (again.status_code, again.json()["code"]) == (410, "erased")
    assert again.headers["content-type"] == "application/problem+json"
    taken = await admin.post("/v1/contacts", json=body | {"id": person_id})
    assert (taken.status_code, taken.json()["code"]) == (409, "id_taken")


async def test_who_comes_back_is_not_contacted_until_they_say_so(
    client: Clients, organisation: Organisation, worker: Worker, dump: Dump
) -> None:
    admin = client(organisation.admin)
    body = {"name": "Ann Lee", "emails": [{"address": "Ann.Back@canary.example"}]}
    first = (await admin.post("/v1/contacts", json=body)).json()
    assert first["do_not_contact"] is False
    await erase(client, organisation, first["id"])
    assert await dump.places_of("ann.back@") == []
    by_hand = (await admin.post("/v1/contacts", json=body)).json()
    assert (by_hand["do_not_contact"], by_hand["do_not_contact_reason"]) == (
        True,
        "Erased before; ask them first",
    )
    sender = Sender(admin, "contacts")
    table = "name,email\nAnn Again,ann.back@canary.example\nBob New,bob@canary.example\n"
    await finished(admin, await send(sender, table, key="none"))
    rows = (await admin.get("/v1/contacts", params={"limit": 50})).json()["data"]
    stopped = {row["name"]: row["do_not_contact"] for row in rows}
    assert stopped == {"Ann Lee": True, "Ann Again": True, "Bob New": False}
    bob = next(row["id"] for row in rows if row["name"] == "Bob New")
    changed = await admin.patch(f"/v1/contacts/{bob}", json={"emails": body["emails"]})
    assert changed.json()["do_not_contact"] is True
    lifted = await admin.patch(f"/v1/contacts/{by_hand['id']}", json={"do_not_contact": False})
    assert lifted.json()["do_not_contact"] is False
    asked = {"channel": "email", "purpose": "marketing"}
    path = f"/v1/contacts/{by_hand['id']}/consents"
    assert (await admin.get(f"{path}/check", params=asked)).json()["reason"] == "suppressed"
    await admin.post(path, json=asked | {"status": "granted", "source": "asked"})
    assert (await admin.get(f"{path}/check", params=asked)).json()["allowed"] is True


async def test_an_import_that_is_still_to_run_holds_an_erasure_up(
    client: Clients, organisation: Organisation
) -> None:
    admin = client(organisation.admin)
    made = await admin.post(
        "/v1/contacts", json={"name": "张三丰", "emails": [{"address": "zsf@canary.example"}]}
    )
    sender = Sender(admin, "contacts")
    waiting = await send(sender, "name,email\n张三丰,zsf@canary.example\n", key="email")
    path = f"/v1/contacts/{made.json()['id']}/erase"
    refused = await admin.post(path, json=REQUEST)
    assert (refused.status_code, refused.json()["code"]) == (409, "import_running")
    assert refused.headers["retry-after"] == "10"
    await admin.post(f"{waiting.headers['location']}/cancel")
    assert (await admin.post(path, json=REQUEST)).status_code == 200


async def test_the_request_role_cannot_blank_the_log_by_itself(
    contacts: Edge, service_database: Database, client: Clients, organisation: Organisation
) -> None:
    admin = client(organisation.admin)
    person_id = (await admin.post("/v1/contacts", json={"name": "Ann Lee"})).json()["id"]
    async with service_database.transaction(organisation.id) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("UPDATE events SET before = NULL")
    statement = (
        "SELECT erase_events((SELECT id FROM erasures LIMIT 1), 'contact',"
        f" ARRAY['{person_id}']::uuid[], ARRAY['{{}}']::jsonb[])"
    )
    other = (await admin.post("/v1/contacts", json={"name": "Bob"})).json()["id"]
    await erase(client, organisation, other)
    for attempt in (statement, "UPDATE erasures SET reason = 'other'", "DELETE FROM erasures"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with service_database.transaction(organisation.id) as connection:
                await connection.execute(attempt)
    assert (await admin.get(f"/v1/contacts/{person_id}/history")).json()["data"][0]["after"][
        "name"
    ] == "Ann Lee"


async def test_an_archive_holds_everything_about_a_person(
    client: Clients, organisation: Organisation, person: str, other: str
) -> None:
    admin = client(organisation.admin)
    answer = await admin.post(
        f"/v1/contacts/{person}/archive", headers={"idempotency-key": "archive"}
    )
    job = await finished(admin, answer)
    downloaded = await admin.get(job["result_url"])
    assert downloaded.headers["content-type"] == "application/zip"
    assert downloaded.headers["content-disposition"].startswith("attachment")
    archive = zipfile.ZipFile(io.BytesIO(downloaded.content))
    names = archive.namelist()
    assert {"contact.json", "manifest.json", "events.ndjson", "consents.ndjson", "files.ndjson",
            "contact_accounts.ndjson", "import_rows.ndjson", "activities.ndjson", "visit_checks.ndjson"} <= set(names)  # fmt: skip
    record = orjson.loads(archive.read("contact.json"))
    assert (record["given_name"], record["custom"]) == ("CanaryGiven", {"secret": "CanaryCustom"})
    history = archive.read("events.ndjson").decode()
    assert "CanaryOldTitle" in history
    assert "CanaryProof" in archive.read("consents.ndjson").decode()
    assert "champion" in archive.read("contact_accounts.ndjson").decode()
    file = next(name for name in names if name.endswith("CanaryFileName.txt"))
    assert archive.read(file) == b"CanaryFileBytes"
    manifest = orjson.loads(archive.read("manifest.json"))
    assert manifest["files"] == [file]
    assert other not in b"".join(archive.read(name) for name in names).decode(errors="replace")
    events = await admin.get("/v1/events")  # exports are for the audit log, which reads them inside
    assert events.status_code == 200


async def test_an_archive_is_for_those_who_may_erase_and_only_of_that_person(
    client: Clients, organisation: Organisation, person: str, other: str
) -> None:
    admin, rep = client(organisation.admin), client(organisation.rep)
    assert (await rep.post(f"/v1/contacts/{other}/archive")).status_code == 403
    job = await finished(admin, await admin.post(f"/v1/contacts/{person}/archive"))
    assert (await rep.get(job["result_url"])).status_code == 403
    elsewhere = job["result_url"].replace(person, other)
    assert (await admin.get(elsewhere)).status_code == 404
    assert (await client(organisation.manager).get(job["result_url"])).status_code == 404
    await erase(client, organisation, person)
    assert (await admin.get(job["result_url"])).status_code == 410


async def test_a_held_person_is_not_erased_until_released(
    client: Clients, organisation: Organisation
) -> None:
    admin = client(organisation.admin)
    person_id = (await admin.post("/v1/contacts", json={"name": "Ann Lee"})).json()["id"]
    path = f"/v1/contacts/{person_id}"
    assert (await admin.get(f"{path}/legal-hold")).status_code == 404
    held = await admin.post(f"{path}/legal-hold", json={"reason": "Case 7"})
    assert (held.status_code, held.json()["reason"]) == (201, "Case 7")
    assert (await admin.get(f"{path}/legal-hold")).json() == held.json()
    twice = await admin.post(f"{path}/legal-hold", json={"reason": "Case 8"})
    assert (twice.status_code, twice.json()["code"]) == (409, "already_held")
    refused = await admin.post(f"{path}/erase", json=REQUEST)
    assert (refused.status_code, refused.json()["code"]) == (409, "legal_hold")
    assert (await admin.get(path)).json()["name"] == "Ann Lee"
    assert (await client(organisation.rep).delete(f"{path}/legal-hold")).status_code == 403
    released = await admin.delete(f"{path}/legal-hold")
    assert released.json()["released_by"] == str(organisation.admin.id)
    assert (await admin.delete(f"{path}/legal-hold")).status_code == 404
    assert (await admin.post(f"{path}/erase", json=REQUEST)).status_code == 200
    assert (await admin.post(f"{path}/legal-hold", json={"reason": "x"})).status_code == 410
    types = [entry["type"] for entry in (await admin.get(f"{path}/history")).json()["data"]]
    assert types[:3] == [
        "contacts.contact.erased",
        "contacts.contact.released",
        "contacts.contact.held",
    ]


async def test_of_a_hold_and_an_erasure_at_once_the_first_wins(
    client: Clients, organisation: Organisation
) -> None:
    admin = client(organisation.admin)
    for _ in range(4):
        person_id = (await admin.post("/v1/contacts", json={"name": "Ann Lee"})).json()["id"]
        path = f"/v1/contacts/{person_id}"
        held, erased = await asyncio.gather(
            admin.post(f"{path}/legal-hold", json={"reason": "Case 7"}),
            admin.post(f"{path}/erase", json=REQUEST),
        )
        assert (held.status_code, erased.status_code) in ((201, 409), (410, 200), (404, 200))
