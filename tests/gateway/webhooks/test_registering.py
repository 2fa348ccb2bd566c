"""Registering endpoints: what is refused, what is shown once, who may."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.gateway.identity.people import Company
from tests.gateway.webhooks.receiver import Receiver
from tests.gateway.webhooks.subscribing import PATH, shown, subscribed

FoundCompany = Callable[[], Awaitable[Company]]
TEAMS = ["gateway.team.*"]
GOOD = "http://127.0.0.1:9/hook"


def filtered(**one: Any) -> dict[str, Any]:
    return {"filter": {"filter_groups": [{"filters": [one]}]}}


async def test_an_endpoint_is_made_changed_given_up_and_brought_back(
    company: Company, receiver: Receiver
) -> None:
    admin = company.admin
    webhook = await subscribed(admin, receiver.url, description="For the ERP")
    path = f"{PATH}/{webhook['id']}"
    assert webhook["secret"].startswith("whsec_")
    assert webhook["owner_id"] == admin.id
    read = await admin.get(path)
    assert read.headers["etag"] == '"1"'
    assert read.json() == {name: value for name, value in webhook.items() if name != "secret"}
    assert (await admin.get(path, headers={"if-none-match": '"1"'})).status_code == 304
    changed = await admin.patch(
        path, {"event_types": ["*"], "ordering": "none"}, headers={"if-match": '"1"'}
    )
    assert (changed.status_code, changed.json()["event_types"]) == (200, ["*"])
    stale = await admin.patch(path, {"payload": "thin"}, headers={"if-match": '"1"'})
    assert (stale.status_code, stale.json()["differs"]) == (
        412, ["event_types", "ordering"],
    )  # fmt: skip
    listed = (await admin.get(f"{PATH}?description[contains]=erp&total=exact")).json()
    assert [each["id"] for each in listed["data"]] == [webhook["id"]]
    found = await admin.post(
        f"{PATH}/search", filtered(field="url", operator="eq", value=receiver.url)["filter"]
    )
    assert [each["id"] for each in found.json()["data"]] == [webhook["id"]]
    assert (await admin.delete(path)).status_code == 200
    for gone in (path, f"{path}/deliveries"):
        assert (await admin.get(gone)).status_code == 404
    assert (await admin.post(f"{path}/test")).status_code == 404
    assert (await admin.post(f"{path}/restore")).status_code == 200
    entries = (await admin.get(f"{path}/history")).json()["data"]
    assert [each["type"].rpartition(".")[2] for each in entries] == [
        "restored", "deleted", "updated", "created",
    ]  # fmt: skip
    assert "sealed" not in str(entries)
    audit = (await admin.get("/v1/audit?limit=50")).json()["data"]
    subject = f"webhook/{webhook['id']}"
    actions = [each["entry"]["action"] for each in audit if each["entry"]["subject"] == subject]
    assert sorted(actions) == [
        "webhook.created", "webhook.deleted", "webhook.restored", "webhook.updated",
    ]  # fmt: skip


async def test_a_secret_is_shown_once_and_a_create_is_done_once(company: Company) -> None:
    body, key = {"url": GOOD, "event_types": TEAMS}, {"idempotency-key": "hook-1"}
    first = await company.admin.post(PATH, body, headers=key)
    again = await company.admin.post(PATH, body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (first.json()["secret"][:6], again.json()["secret"]) == ("whsec_", None)
    assert first.json()["id"] == again.json()["id"]
    path = f"{PATH}/{first.json()['id']}/rotate-secret"
    rotated = await company.admin.post(path, {}, headers={"idempotency-key": "hook-2"})
    repeated = await company.admin.post(path, {}, headers={"idempotency-key": "hook-2"})
    assert (rotated.json()["secret"][:6], repeated.json()["secret"]) == ("whsec_", None)


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"url": "ftp://example.com/"}, 422, "url"),
        ({"url": "http://user:pw@127.0.0.1/"}, 422, "url"),
        ({"url": "http://10.0.0.1/"}, 422, "url"),
        ({"url": "http://[::1]:80/"}, 422, "url"),
        ({"url": "http://169.254.169.254/latest"}, 422, "url"),
        ({"url": "http://0177.0.0.1.invalid/"}, 422, "url"),
        ({"url": "http://93.184.216.34:22/"}, 422, "url"),
        ({"url": "http://127.0.0.1:99999/"}, 422, "url"),
        ({"url": "http://127.0.0.1/ #"}, 422, "url"),
        ({"url": None}, 422, "url"),
        ({"event_types": []}, 422, "event_types"),
        ({"event_types": ["Contacts.*"]}, 422, "event_types.0"),
        ({"event_types": ["a.b.c.d"]}, 422, "event_types.0"),
        ({"payload": "fat"}, 422, "payload"),
        ({"format": "xml"}, 422, "format"),
        ({"concurrency": 0}, 422, "concurrency"),
        ({"secret": "whsec_mine"}, 422, "secret"),
        ({"owner_id": "018cc7d3-dd80-7977-9618-0787ead5482a"}, 422, "owner_id"),
        ({"filter": {"filters": []}}, 422, "filter.filter_groups"),
        (filtered(field="Name", operator="eq", value=1), 422, "filter.filter_groups.0.filters.0.field"),
        (filtered(field="name", operator="like", value=1), 422, "filter.filter_groups.0.filters.0.operator"),
        (filtered(field="name", operator="in", value="x"), 422, "filter.filter_groups.0.filters.0.value"),
    ],
)  # fmt: skip
async def test_a_refused_endpoint_names_the_field(
    company: Company, changes: dict[str, Any], status: int, field: str
) -> None:
    answer = await company.admin.post(PATH, {"url": GOOD, "event_types": TEAMS, **changes})
    assert answer.status_code == status, answer.text
    assert field in answer.json()["errors"], answer.text
    good = await subscribed(company.admin, GOOD)
    changed = await company.admin.patch(f"{PATH}/{good['id']}", changes)
    assert changed.status_code == status, changed.text
    assert (await shown(company.admin, good))["version"] == 1


async def test_only_who_may_registers_and_a_key_hears_no_more_than_it_may_read(
    company: Company, found_company: FoundCompany
) -> None:
    sales = await company.hire("sales")
    body = {"url": GOOD, "event_types": TEAMS}
    assert (await sales.post(PATH, body)).status_code == 403
    assert (await sales.get(PATH)).status_code == 403
    made = await company.admin.post(
        "/v1/api-keys", {"name": "k", "scopes": ["webhooks:*", "events:read"]}
    )
    key = {"authorization": f"Bearer {made.json()['key']}"}
    own = await company.admin.client.post(PATH, json=body, headers=key)
    assert own.json()["scopes"] == ["events:read", "webhooks:*"]
    deaf = await company.admin.post("/v1/api-keys", {"name": "d", "scopes": ["webhooks:*"]})
    refused = await company.admin.client.post(
        PATH, json=body, headers={"authorization": f"Bearer {deaf.json()['key']}"}
    )
    assert refused.status_code == 403
    wide = await subscribed(company.admin, GOOD)
    assert wide["scopes"] is None
    narrowed = await company.admin.client.patch(
        f"{PATH}/{wide['id']}", json={"url": GOOD + "/2"}, headers=key
    )
    assert narrowed.json()["scopes"] == ["events:read", "webhooks:*"]
    stranger = (await found_company()).admin
    for method, path in (
        ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("POST", "/rotate-secret"),
        ("GET", "/deliveries"), ("GET", "/history"), ("POST", "/restore"),
    ):  # fmt: skip
        more = {"json": {}} if method in ("POST", "PATCH") else {}
        answer = await stranger.request(method, f"{PATH}/{wide['id']}{path}", **more)
        assert answer.status_code == 404, (method, path, answer.text)
    assert (await stranger.get(PATH)).json()["data"] == []
