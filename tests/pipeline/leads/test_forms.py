"""Web forms: anybody may fill one in, machines are thanked for nothing."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_shared.db import Database
from guanxi_shared.web_forms.rules import (
    address_of,
    counted_as,
    key_of,
    organisation_of,
)
from tests.factories import Clients, Organisation
from tests.pipeline.leads.conftest import SOFTWARE
from tests.pipeline.leads.forming import FIELDS, FILLED, Formed, at, counts_of, leads_of


async def test_a_page_learns_what_to_ask_and_a_visitor_becomes_a_lead(
    client: Clients, organisation: Organisation, formed: Formed
) -> None:
    form = await formed(
        team_id=str(organisation.teams["a"]), tags=["web"], first_response_minutes=15,
        thanks_text="Thank you.",
    )  # fmt: skip
    asked = await client().get(at(form))
    assert asked.json() == {
        "name": "Contact us", "honeypot": "fax", "consent": None,
        "fields": [{"is_required": False} | field for field in FIELDS],
    }  # fmt: skip
    answer = await client().post(at(form), json=FILLED)
    assert answer.status_code == 201, answer.text
    assert answer.json() == {"thanks_text": "Thank you.", "redirect_url": None}
    (made,) = await leads_of(client, organisation)
    assert (made["name"], made["source"], made["tags"]) == ("李雷", "website", ["web"])
    assert (made["form_id"], made["team_id"]) == (form["id"], str(organisation.teams["a"]))
    assert (made["owner_id"], made["consents"]) == (None, [])
    assert made["phones"][0]["e164"] == "+8613800138000"
    assert made["first_response_due_at"] is not None
    (told,) = (
        await client(organisation.admin).get(f"/v1/leads/{made['id']}/history")
    ).json()["data"]  # fmt: skip
    assert (told["actor_kind"], told["channel"], told["actor_id"]) == ("system", "form", None)
    # It waits in the team's pool.
    pool = (await client(organisation.rep).get("/v1/leads/pool")).json()["data"]
    assert [row["id"] for row in pool] == [made["id"]]
    assert await counts_of(client, organisation, form) == [(1, 0, 0)]


async def test_a_browser_sends_it_itself_and_is_sent_on(
    client: Clients, organisation: Organisation, formed: Formed
) -> None:
    form = await formed(redirect_url="https://weilai.example/thanks")
    answer = await client().post(at(form), data=FILLED | {"fax": ""})
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "https://weilai.example/thanks",
    )
    assert [row["name"] for row in await leads_of(client, organisation)] == ["李雷"]


async def test_the_rules_decide_whose_it_is(
    client: Clients, organisation: Organisation, formed: Formed
) -> None:
    rule = {
        "name": "Software", "filter_groups": [SOFTWARE],
        "action": {"kind": "person", "user_id": str(organisation.rep.id)},
    }  # fmt: skip
    await client(organisation.manager).post("/v1/leads/assignment-rules", json=rule)
    form = await formed()
    for industry in ("software", "hats"):
        assert (await client().post(at(form), json=FILLED | {"industry": industry})).is_success
    owners = {row["industry"]: row["owner_id"] for row in await leads_of(client, organisation)}
    assert owners == {"software": str(organisation.rep.id), "hats": None}


async def test_consent_is_kept_in_the_words_of_that_moment(
    client: Clients, organisation: Organisation, formed: Formed
) -> None:
    form = await formed(
        consent_text="You may write to me.", consent_channel="email", consent_purpose="research",
        is_consent_required=True,
    )  # fmt: skip
    refused = await client().post(at(form), json=FILLED)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["consent"])
    headers = {"x-forwarded-for": "10.9.9.9, 203.0.113.7"}
    assert (
        await client().post(at(form), json=FILLED | {"consent": True}, headers=headers)
    ).is_success
    await client(organisation.manager).patch(
        f"/v1/leads/forms/{form['id']}", json={"consent_text": "Something else."}
    )
    (made,) = await leads_of(client, organisation)
    (consent,) = made["consents"]
    assert consent.pop("given_at") is not None
    assert consent == {
        "channel": "email", "purpose": "research", "text": "You may write to me.",
        "address": "203.0.113.7", "form_id": form["id"],
    }  # fmt: skip


async def test_a_machine_is_thanked_like_a_person_and_nothing_is_made(
    client: Clients, organisation: Organisation, formed: Formed
) -> None:
    form = await formed(thanks_text="Thank you.")
    person = await client().post(at(form), json=FILLED)
    machine = await client().post(at(form), json={"email": "nonsense", "fax": "buy pills"})
    assert (machine.status_code, machine.content) == (person.status_code, person.content)
    assert dict(machine.headers) | {"x-request-id": ""} == dict(person.headers) | {
        "x-request-id": ""
    }
    assert len(await leads_of(client, organisation)) == 1
    assert await counts_of(client, organisation, form) == [(1, 1, 0)]


@pytest.mark.parametrize(
    ("body", "field"),
    [({"email": "a@b.example"}, "name"), (FILLED | {"salary": "1"}, "salary"),
     (FILLED | {"email": "nonsense"}, "email"), (FILLED | {"company": "x" * 400}, "company"),
     (FILLED | {"phone": "1" * 90}, "phone"), (FILLED | {"name": {"a": 1}}, "name"),
     (FILLED | {"owner_id": str(uuid4())}, "owner_id"), (FILLED | {"status": "qualified"}, "status"),
     (FILLED | {"name": "a\x00b"}, "name")],
)  # fmt: skip
async def test_what_is_filled_in_wrongly_is_named_as_the_form_names_it(
    client: Clients, organisation: Organisation, formed: Formed, body: dict[str, Any], field: str
) -> None:
    refused = await client().post(at(await formed()), json=body)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, [field]), refused.text
    assert await leads_of(client, organisation) == []


@pytest.mark.parametrize(
    ("how", "status"),
    [({"content": b"{"}, 400), ({"content": b"[]"}, 400), ({"content": b"x" * 70_000}, 413),
     ({"content": b"<a/>", "headers": {"content-type": "text/xml"}}, 415),
     ({"content": b"name=%ff", "headers": {"content-type": "application/x-www-form-urlencoded"}}, 400),
     ({"content": b'{"name": "\\ud800"}'}, 400)],
)  # fmt: skip
async def test_a_body_that_is_no_form_is_refused(
    client: Clients, formed: Formed, how: dict[str, Any], status: int
) -> None:
    headers = {"content-type": "application/json"} | how.pop("headers", {})
    refused = await client().post(at(await formed()), headers=headers, **how)
    assert refused.status_code == status, refused.text


async def test_a_key_that_nobody_gave_out_leads_nowhere(
    client: Clients, organisation: Organisation, other_organisation: Organisation, formed: Formed
) -> None:
    form = await formed()
    foreign = key_of(other_organisation.id, b"\x00" * 16)
    guessed = form["key"][:-2] + ("BA" if form["key"].endswith("AA") else "AA")
    for key in ("x", "", foreign, guessed, form["key"] + "=", "ä" * 43):
        for method in ("GET", "POST"):
            answer = await client().request(method, f"/v1/public/forms/{key}", json=FILLED)
            assert answer.status_code == 404, (key, answer.text)
    manager = client(organisation.manager)
    path = f"/v1/leads/forms/{form['id']}"
    await manager.patch(path, json={"is_active": False})
    assert (await client().get(at(form))).status_code == 404
    await manager.patch(path, json={"is_active": True})
    assert (await client().get(at(form))).status_code == 200
    await manager.delete(path)
    assert (await client().post(at(form), json=FILLED)).status_code == 404


@pytest.mark.parametrize(
    ("more", "field"),
    [({"honeypot": "email"}, "honeypot"), ({"fields": [*FIELDS, FIELDS[0]]}, "fields"),
     ({"fields": []}, "fields"), ({"fields": [{"name": "owner_id", "label": "x"}]}, "fields.0.name"),
     ({"fields": [{"name": "custom.nope", "label": "x"}]}, "fields.0.name"),
     ({"is_consent_required": True}, "consent_text"), ({"redirect_url": "javascript:1"}, "redirect_url"),
     ({"team_id": str(uuid4())}, "team_id"), ({"hourly_limit": 0}, "hourly_limit")],
)  # fmt: skip
async def test_a_form_that_could_not_be_filled_in_is_refused(
    client: Clients, organisation: Organisation, more: dict[str, Any], field: str
) -> None:
    sent = {"name": "Contact us", "fields": FIELDS} | more
    refused = await client(organisation.manager).post("/v1/leads/forms", json=sent)
    assert (refused.status_code, list(refused.json()["errors"])) == (422, [field]), refused.text
    allowed = {"name": "Contact us", "fields": FIELDS}
    assert (await client(organisation.rep).post("/v1/leads/forms", json=allowed)).status_code == 403


async def test_own_fields_are_read_as_their_kind(
    client: Clients, organisation: Organisation, formed: Formed, service_database: Database
) -> None:
    define = """INSERT INTO custom_fields (organisation_id, id, resource, key, label, kind, options, is_required)
      VALUES ($1, gen_random_uuid(), 'leads', $2, '{}'::jsonb, $3, '[]'::jsonb, false)"""
    async with service_database.transaction(organisation.id) as connection:
        for key, kind in (("seats", "integer"), ("is_agent", "boolean")):
            await connection.execute(define, organisation.id, key, kind)
    fields = [*FIELDS, *({"name": f"custom.{key}", "label": key} for key in ("seats", "is_agent"))]
    form = await formed(fields=fields)
    sent = FILLED | {"custom.seats": "12", "custom.is_agent": "on"}
    assert (await client().post(at(form), data=sent)).status_code == 201
    (made,) = await leads_of(client, organisation)
    assert made["custom"] == {"seats": 12, "is_agent": True}
    refused = await client().post(at(form), data=sent | {"custom.seats": "many"})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["custom.seats"])


async def test_boxes_to_tick_are_sent_one_by_one_and_no_second_value_hides_a_machine(
    client: Clients, organisation: Organisation, formed: Formed
) -> None:
    own = {"resource": "leads", "key": "langs", "kind": "choices", "options": ["en", "fr", "zh"]}
    assert (await client(organisation.admin).post("/v1/fields", json=own)).status_code == 201
    form = await formed(
        fields=[*FIELDS, {"name": "custom.langs", "label": "Languages"}], consent_text="Yes?"
    )
    kind = {"content-type": "application/x-www-form-urlencoded"}
    for sent in (
        "name=Bob&custom.langs=zh&custom.langs=&custom.langs=en&consent=0&consent=1",
        "name=Eve&fax=spam&fax=", "name=Eve&fax=&fax=spam",
    ):  # fmt: skip
        answer = await client().post(at(form), content=sent, headers=kind)
        assert answer.status_code == 201, answer.text
    (lead,) = await leads_of(client, organisation)
    assert (lead["name"], lead["custom"]) == ("Bob", {"langs": ["zh", "en"]})
    assert len(lead["consents"]) == 1
    assert await counts_of(client, organisation, form) == [(1, 2, 0)]


async def test_what_a_form_names_may_go_and_the_form_is_still_taken_and_changed(
    client: Clients, organisation: Organisation, formed: Formed, service_database: Database
) -> None:
    manager, team = client(organisation.manager), str(organisation.teams["a"])
    own = {"resource": "leads", "key": "seats", "kind": "integer"}
    field = await client(organisation.admin).post("/v1/fields", json=own)
    assert field.status_code == 201, field.text
    asked = {"name": "custom.seats", "label": "Seats", "is_required": True}
    form = await formed(fields=[*FIELDS, asked], team_id=team)
    path = f"/v1/leads/forms/{form['id']}"
    gone = await client(organisation.admin).delete(f"/v1/fields/{field.json()['id']}")
    assert gone.is_success, gone.text
    async with service_database.transaction(organisation.id) as connection:
        await connection.execute("DELETE FROM directory_teams WHERE id = $1", UUID(team))
    assert (await client().get(at(form))).json()["fields"] == [
        {"is_required": False} | each for each in FIELDS
    ]
    for sent in (FILLED, FILLED | {"custom.seats": "12"}):  # a page may be older than the form
        answer = await client().post(at(form), json=sent)
        assert answer.status_code == 201, answer.text
    assert [lead["custom"] for lead in await leads_of(client, organisation)] == [{}, {}]
    assert (await manager.patch(path, json={"name": "Old"})).status_code == 200
    assert (await manager.patch(path, json={"is_active": False})).status_code == 200
    refused = [await manager.patch(path, json={name: form[name]}) for name in ("fields", "team_id")]
    assert [(a.status_code, list(a.json()["errors"])) for a in refused] == [
        (422, ["fields.6.name"]), (422, ["team_id"]),
    ]  # fmt: skip


@given(organisation=st.uuids(), random=st.binary(min_size=16, max_size=16))
def test_a_key_names_its_organisation(organisation: UUID, random: bytes) -> None:
    key = key_of(organisation, random)
    assert organisation_of(key) == organisation
    assert organisation_of(key[:-1]) != organisation or len(key) != 43
    assert organisation_of(key + "A") is None


@given(st.text(max_size=50))
def test_no_text_breaks_the_reading_of_a_key_or_an_address(text: str) -> None:
    assert organisation_of(text) is None or len(text) == 43
    address = address_of(text, "192.0.2.1")
    assert 0 < len(address) <= 64
    assert counted_as(address)
