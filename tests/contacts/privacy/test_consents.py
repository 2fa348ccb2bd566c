"""Who said what about being contacted, and whether somebody may be."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_contacts.consents import rules
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation

NOW = datetime(2026, 11, 28, tzinfo=UTC)
SAID = {"channel": "email", "purpose": "marketing", "status": "granted", "source": "web form"}


async def person(client: Clients, user: Any, **more: Any) -> str:
    answer = await client(user).post("/v1/contacts", json={"name": "张三", **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def say(client: Clients, user: Any, contact_id: str, **more: Any) -> Any:
    answer = await client(user).post(f"/v1/contacts/{contact_id}/consents", json=SAID | more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def check(client: Clients, user: Any, contact_id: str, **asked: str) -> Any:
    asked = {"channel": "email", "purpose": "marketing"} | asked
    answer = await client(user).get(f"/v1/contacts/{contact_id}/consents/check", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_silence_is_no_consent_and_a_withdrawal_counts_at_once(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    contact_id = await person(client, rep)
    silent = await check(client, rep, contact_id)
    assert (silent["allowed"], silent["reason"], silent["evidence"]) == (False, "no_consent", None)
    granted = await say(client, rep, contact_id, proof="Yes, send me news.")
    allowed = await check(client, rep, contact_id)
    assert (allowed["allowed"], allowed["reason"]) == (True, "granted")
    assert allowed["evidence"] == granted
    assert granted["recorded_by"] == str(rep.id)
    assert not (await check(client, rep, contact_id, channel="sms"))["allowed"]
    withdrawn = await say(client, rep, contact_id, status="withdrawn", source="phone call")
    refused = await check(client, rep, contact_id)
    assert (refused["allowed"], refused["reason"]) == (False, "withdrawn")
    assert refused["evidence"]["id"] == withdrawn["id"]


async def test_everything_that_was_said_is_kept_and_what_counts_is_shown_beside(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    contact_id = await person(client, rep)
    said = [
        await say(client, rep, contact_id),
        await say(client, rep, contact_id, status="withdrawn"),
        await say(client, rep, contact_id, channel="visit", purpose="service"),
    ]
    path = f"/v1/contacts/{contact_id}/consents"
    page = (await client(rep).get(path)).json()
    assert page["data"] == said[::-1]
    assert page["present"] == [said[1], said[2]]
    first = (await client(rep).get(path, params={"limit": 2})).json()
    cursor = first["page"]["next_cursor"]
    rest = (await client(rep).get(path, params={"limit": 2, "cursor": cursor})).json()
    assert first["data"] + rest["data"] == page["data"]
    assert rest["page"]["has_more"] is False


async def test_a_paper_of_last_year_does_not_undo_todays_withdrawal(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    contact_id = await person(client, rep)
    await say(client, rep, contact_id, status="withdrawn")
    await say(client, rep, contact_id, given_at="2025-01-01T00:00:00Z", source="paper")
    assert (await check(client, rep, contact_id))["reason"] == "withdrawn"


async def test_a_clock_ahead_does_not_outrank_what_is_said_next(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    contact_id = await person(client, rep)
    ahead = datetime.now(UTC) + timedelta(minutes=4)
    granted = await say(client, rep, contact_id, given_at=ahead.isoformat())
    assert datetime.fromisoformat(granted["given_at"]) < ahead
    assert granted["given_at"].endswith("Z")
    await say(client, rep, contact_id, status="withdrawn")
    assert (await check(client, rep, contact_id))["reason"] == "withdrawn"


async def test_what_is_sent_again_with_its_id_is_written_once(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    contact_id, other_id = await person(client, rep), await person(client, rep)
    ahead = datetime.now(UTC) + timedelta(minutes=4)
    sent = SAID | {"id": str(new_id()), "given_at": ahead.isoformat()}
    path = f"/v1/contacts/{contact_id}/consents"
    answers = [await client(rep).post(path, json=sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    assert len((await client(rep).get(path)).json()["data"]) == 1
    for where, more in (
        (path, {"status": "denied"}),
        (f"/v1/contacts/{other_id}/consents", {}),
    ):
        refused = await client(rep).post(where, json=sent | more)
        assert (refused.status_code, refused.json()["code"]) == (409, "id_taken")


async def test_a_consent_runs_out(client: Clients, organisation: Organisation) -> None:
    rep = organisation.rep
    contact_id = await person(client, rep)
    times = {"given_at": "2024-01-01T00:00:00Z", "expires_at": "2025-01-01T00:00:00Z"}
    await say(client, rep, contact_id, **times)
    assert (await check(client, rep, contact_id))["reason"] == "expired"
    assert await listed(client, rep, consent="email:marketing") == set()
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    await say(client, rep, contact_id, expires_at=later)
    assert (await check(client, rep, contact_id))["allowed"]


async def listed(client: Clients, user: Any, **asked: str) -> set[str]:
    answer = await client(user).get("/v1/contacts", params=asked)
    assert answer.status_code == 200, answer.text
    return {row["id"] for row in answer.json()["data"]}


async def test_contacts_are_filtered_by_their_consents(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    yes, no, both, stopped, silent = [await person(client, rep) for _ in range(5)]
    for contact_id in (yes, no, both, stopped):
        await say(client, rep, contact_id)
    await say(client, rep, no, status="withdrawn")
    await say(client, rep, both, channel="sms")
    await client(rep).patch(f"/v1/contacts/{stopped}", json={"do_not_contact": True})
    assert await listed(client, rep, consent="email:marketing") == {yes, both}
    assert await listed(client, rep, consent="sms:marketing") == {both}
    assert await listed(client, rep, **{"consent[in]": "sms:marketing,email:service"}) == {both}
    three = "sms:marketing,email:service,email:marketing"
    assert await listed(client, rep, **{"consent[in]": three}) == {yes, both}
    assert await listed(client, rep, do_not_contact="true") == {stopped}
    assert await listed(client, rep, do_not_contact="false") == {yes, no, both, silent}
    document = {
        "filter_groups": [
            {"filters": [{"field": "consent", "operator": "eq", "value": "sms:marketing"}]}
        ]
    }
    found = await client(rep).post("/v1/contacts/search", json=document)
    assert [row["id"] for row in found.json()["data"]] == [both]
    exported = await client(rep).get("/v1/contacts/export", params={"consent": "sms:marketing"})
    assert exported.text.count("张三") == 1
    for wrong in ("email", "fax:marketing", "email:fun", ""):
        answer = await client(rep).get("/v1/contacts", params={"consent": wrong})
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["consent"])


async def test_do_not_contact_stands_above_every_consent(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    contact_id = await person(
        client, rep, do_not_contact=True, do_not_contact_reason="asked by letter"
    )
    path = f"/v1/contacts/{contact_id}"
    await say(client, rep, contact_id)
    stopped = await check(client, rep, contact_id)
    assert (stopped["allowed"], stopped["reason"]) == (False, "do_not_contact")
    assert stopped["evidence"]["status"] == "granted"
    assert stopped["do_not_contact"]["reason"] == "asked by letter"
    record = (await client(rep).get(path)).json()
    assert record["do_not_contact_since"] == stopped["do_not_contact"]["since"]
    again = await client(rep).patch(path, json={"do_not_contact": True, "title": "CEO"})
    assert again.json()["do_not_contact_since"] == record["do_not_contact_since"]
    lifted = (await client(rep).patch(path, json={"do_not_contact": False})).json()
    assert lifted["do_not_contact_reason"] is None
    assert lifted["do_not_contact_since"] is None
    assert (await check(client, rep, contact_id))["allowed"]


async def test_a_file_can_prove_it_and_belongs_to_the_person_then(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    contact_id = await person(client, rep)
    file_id = (await client(rep).post("/v1/files", content=b"signed")).json()["id"]
    said = await say(client, rep, contact_id, file_id=file_id)
    assert said["file_id"] == file_id
    links = (await client(rep).get(f"/v1/files/{file_id}")).json()["links"]
    assert links == [{"type": "contact", "id": contact_id}]
    hidden = (await client(organisation.rep2).post("/v1/files", content=b"x")).json()["id"]
    path = f"/v1/contacts/{contact_id}/consents"
    for unknown in (hidden, str(new_id())):
        answer = await client(rep).post(path, json=SAID | {"file_id": unknown})
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["file_id"])


@pytest.mark.parametrize(
    ("sent", "status", "field"),
    [
        ({"channel": "fax"}, 422, "channel"),
        ({"status": "perhaps"}, 422, "status"),
        ({"source": ""}, 422, "source"),
        ({"given_at": "2999-01-01T00:00:00Z"}, 422, "given_at"),
        ({"given_at": "2020-01-01T00:00:00"}, 422, "given_at"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 422, "expires_at"),
        ({"status": "denied", "expires_at": "2999-01-01T00:00:00Z"}, 422, "expires_at"),
        ({"color": "red"}, 422, "color"),
    ],
)
async def test_what_cannot_have_been_said_is_refused(
    client: Clients, organisation: Organisation, sent: dict[str, Any], status: int, field: str
) -> None:
    contact_id = await person(client, organisation.rep)
    path = f"/v1/contacts/{contact_id}/consents"
    answer = await client(organisation.rep).post(path, json=SAID | sent)
    assert (answer.status_code, list(answer.json()["errors"])) == (status, [field])


async def test_consents_are_of_those_who_see_and_change_the_person(
    client: Clients, organisation: Organisation
) -> None:
    contact_id = await person(client, organisation.rep)
    path = f"/v1/contacts/{contact_id}/consents"
    stranger = client(organisation.rep2)
    assert (await stranger.get(path)).status_code == 404
    assert (await stranger.post(path, json=SAID)).status_code == 404
    asked = {"channel": "email", "purpose": "marketing"}
    assert (await stranger.get(f"{path}/check", params=asked)).status_code == 404
    reader = organisation.manager.but(permissions=("contacts:read",))
    assert (await client(reader).get(path)).status_code == 200
    assert (await client(reader).post(path, json=SAID)).status_code == 403
    wrong = await client(organisation.rep).get(f"{path}/check", params={"channel": "email"})
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["purpose"])


async def test_a_consent_is_told_in_the_feed_and_once_by_its_key(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    contact_id = await person(client, rep)
    path, key = f"/v1/contacts/{contact_id}/consents", {"idempotency-key": "consent-1"}
    first = await client(rep).post(path, json=SAID, headers=key)
    again = await client(rep).post(path, json=SAID, headers=key)
    assert (first.json(), again.headers["idempotent-replayed"]) == (again.json(), "true")
    await say(client, rep, contact_id, status="withdrawn")
    events = await client(rep).get("/v1/events", params={"types": "contacts.consent.*"})
    assert [event["type"] for event in events.json()] == [
        "contacts.consent.granted", "contacts.consent.withdrawn",
    ]  # fmt: skip
    assert events.json()[0]["data"]["state"] == first.json()
    hidden = await client(organisation.rep2).get(
        "/v1/events", params={"types": "contacts.consent.*"}
    )
    assert hidden.json() == []


async def test_of_many_at_once_one_is_the_last_and_all_are_kept(
    client: Clients, organisation: Organisation
) -> None:
    rep = organisation.rep
    contact_id = await person(client, rep)
    statuses = ["granted", "withdrawn"] * 6
    await asyncio.gather(*(say(client, rep, contact_id, status=each) for each in statuses))
    page = (await client(rep).get(f"/v1/contacts/{contact_id}/consents")).json()
    assert len(page["data"]) == 12
    newest = max(page["data"], key=lambda entry: (entry["given_at"], entry["created_at"]))
    assert page["present"] == [newest]
    assert (await check(client, rep, contact_id))["reason"] == newest["status"]


ENTRIES = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.uuids(),
            "status": st.sampled_from(["granted", "denied", "withdrawn"]),
            "given_at": st.integers(0, 5).map(lambda n: NOW - timedelta(days=n)),
            "created_at": st.integers(0, 5).map(lambda n: NOW - timedelta(hours=n)),
            "expires_at": st.none() | st.integers(-3, 3).map(lambda n: NOW + timedelta(days=n)),
        }
    ),
    max_size=8,
)


@given(entries=ENTRIES, stopped=st.booleans(), suppressed=st.booleans())
def test_only_a_grant_that_counts_allows_anything(
    entries: list[dict[str, Any]], stopped: bool, suppressed: bool
) -> None:
    entry = rules.present(entries)
    assert (entry is None) == (not entries)
    reason = rules.reason_for(entry, NOW, do_not_contact=stopped, suppressed=suppressed)
    if reason == "granted":
        assert entry is not None
        assert not stopped
        assert entry["status"] == "granted"
        assert entry["expires_at"] is None or entry["expires_at"] > NOW
        assert all(rules.in_order(each) <= rules.in_order(entry) for each in entries)
    if stopped:
        assert reason == "do_not_contact"


@given(entries=ENTRIES)
def test_what_counts_does_not_depend_on_the_order_in_which_it_is_read(
    entries: list[dict[str, Any]],
) -> None:
    assert rules.present(entries) == rules.present(entries[::-1])


@pytest.mark.parametrize("path", ["/v1/contacts", "/v1/contacts/export?format=csv"])
@pytest.mark.parametrize("asked", ["", "email", "email:cake"])
async def test_no_channel_and_purpose_is_refused_before_anything_is_answered(
    client: Clients, organisation: Organisation, path: str, asked: str
) -> None:
    url = httpx.URL(path).copy_merge_params({"consent": asked})
    answer = await client(organisation.rep).get(url)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_value")
    assert answer.json()["errors"].keys() == {"consent"}
