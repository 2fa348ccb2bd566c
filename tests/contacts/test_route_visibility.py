"""Every route of the service, present and future: other people's records do not exist.

The routes come from the service's own OpenAPI document. A route with an id is asked for a record of
somebody else; a route without one must not show it. A new route is covered by being declared.
"""

from typing import Any

import pytest

from guanxi_shared.edge import Edge
from tests.every_route import Ids, operations
from tests.factories import Clients, Organisation, User

SECRET = "绝密客户Canary"
POSITION = {"latitude": 39.9, "longitude": 116.4}
HERE = {"city": "北京", **POSITION}
# What a route takes to answer anything at all.
BODIES: dict[str, Any] = {
    "/v1/accounts/check-duplicate": {"external_id": "canary"},
    "/v1/contacts/check-duplicate": {"external_id": "canary"},
    "/v1/activities/{activity_id}/check-in": POSITION,
    "/v1/activities/{activity_id}/check-out": POSITION,
    "/v1/accounts/{account_id}/standing": {"lifecycle_stage": "lost", "reason": "x"},
    "/v1/accounts/search": {"query": "Canary"},
    "/v1/contacts/search": {"query": "Canary"},
    "/v1/activities/search": {"query": "Canary"},
    "/v1/activities/{activity_id}/occurrences": {"recurrence_id": "2026-12-01T06:00:00Z"},
    "/v1/accounts/batch": {
        "mode": "independent",
        "operations": [
            {"op": "upsert", "match": {"field": "external_id", "value": "canary"}, "data": {}}
        ],
    },
    "/v1/contacts/batch": {
        "mode": "independent",
        "operations": [
            {"op": "update", "match": {"field": "external_id", "value": "canary"}, "data": {}}
        ],
    },
    "/v1/activities/batch": {
        "mode": "independent",
        "operations": [{"op": "delete", "match": {"field": "external_id", "value": "canary"}}],
    },
    "/v1/contacts/{contact_id}/consents": {
        "channel": "email",
        "purpose": "marketing",
        "status": "granted",
        "source": "form",
    },
    **{
        f"/v1/{name}s/{{{name}_id}}/erase": {"reason": "subject_request"}
        for name in ("account", "contact")
    },
    **{
        f"/v1/{name}s/{{{name}_id}}/legal-hold": {"reason": "Case 7"}
        for name in ("account", "contact")
    },
}
SPAN = {"from": "2026-12-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}
QUERIES: dict[str, Any] = {
    "/v1/search": {"q": "Canary"},
    "/v1/contacts/{contact_id}/consents/check": {"channel": "email", "purpose": "marketing"},
    "/v1/calendar": SPAN,
    "/v1/calendar/route": {"day": "2026-12-01"},
    "/v1/accounts/nearby": {"lat": 39.9, "lon": 116.4, "radius_m": 20_000_000},
}
# Of people whom nobody asked about yet, for those who may do more than see: tests/contacts/privacy.
OF_PRIVACY = ("/legal-hold", "/archives/")


def is_public(app: Edge, method: str, path: str) -> bool:
    """A path that is a secret itself."""
    return bool(app.app.openapi()["paths"][path][method]["security"] == [])


@pytest.fixture
async def canary(client: Clients, organisation: Organisation) -> dict[str, str]:
    """An account, a person and an activity of `rep`, by the name of the id in a path."""
    rep = client(organisation.rep)
    sent = {"name": SECRET, "external_id": "canary", "addresses": [HERE]}
    account = await rep.post("/v1/accounts", json=sent)
    links = [{"account_id": account.json()["id"]}]
    person = await rep.post(
        "/v1/contacts", json={"name": SECRET, "external_id": "canary", "accounts": links}
    )
    assert person.status_code == 201, person.text
    activity = await rep.post(
        "/v1/activities",
        json={
            "kind": "meeting", "subject": SECRET, "external_id": "canary",
            "starts_at": "2026-12-01T06:00:00Z", "ends_at": "2026-12-01T07:00:00Z",
        },
    )  # fmt: skip
    assert activity.status_code == 201, activity.text
    file = await rep.post(
        "/v1/files",
        params={"name": SECRET, "contact_id": person.json()["id"]},
        content=SECRET.encode(),
    )
    assert file.status_code == 201, file.text
    found = {
        "account_id": account,
        "contact_id": person,
        "activity_id": activity,
        "file_id": file,
    }
    return {name: answer.json()["id"] for name, answer in found.items()}


def strangers(organisation: Organisation, other: Organisation) -> list[User]:
    return [organisation.rep2, organisation.other_rep, organisation.read_only, other.admin]


async def test_no_route_shows_or_changes_what_the_caller_may_not_see(
    client: Clients,
    contacts: Edge,
    organisation: Organisation,
    other_organisation: Organisation,
    canary: dict[str, str],
) -> None:
    wrong = []
    for user in strangers(organisation, other_organisation):
        for method, path in operations(contacts):
            filled = path.format_map(Ids(canary))
            body = BODIES.get(path, {} if method in ("post", "patch", "put") else None)
            answer = await client(user).request(
                method, filled, params=QUERIES.get(path), json=body, headers={"accept": "*/*"}
            )
            if SECRET in answer.text or "Canary" in answer.text.replace("'Canary'", ""):
                wrong.append((user.name, method, path, "shows it"))
            if (
                filled != path
                and any(name in path for name in canary)
                and answer.status_code not in (403, 404)
            ):
                wrong.append((user.name, method, path, answer.status_code))
    assert wrong == []
    paths = {
        "account_id": "/v1/accounts",
        "contact_id": "/v1/contacts",
        "activity_id": "/v1/activities",
        "file_id": "/v1/files",
    }
    for name, path in paths.items():
        kept = await client(organisation.rep).get(f"{path}/{canary[name]}")
        assert kept.json()["version"] == 1


async def test_those_who_may_see_it_are_shown_it_by_the_same_routes(
    client: Clients, contacts: Edge, organisation: Organisation, canary: dict[str, str]
) -> None:
    """So that the refusals above are refusals and not broken requests."""
    for user in (organisation.rep, organisation.manager, organisation.admin):
        for method, path in operations(contacts):
            if method != "get" or not any(name in path for name in canary):
                continue
            if any(part in path for part in OF_PRIVACY):
                continue
            filled = path.format_map(Ids(canary))
            answer = await client(user).get(filled, params=QUERIES.get(path))
            assert answer.status_code == 200, (user.name, path, answer.text)
        found = await client(user).get("/v1/search", params={"q": "Canary"})
        assert {entry["type"] for entry in found.json()["data"]} == {"account", "contact"}
        events = await client(user).get("/v1/events")
        assert events.text.count(SECRET) >= 2
        snapshot = await client(user).post("/v1/contacts/snapshot")
        assert snapshot.text.count(SECRET) >= 2


async def test_every_route_refuses_a_caller_without_a_token(
    client: Clients, contacts: Edge
) -> None:
    wrong = []
    for method, path in operations(contacts):
        answer = await client().request(method, path.format_map(Ids({})), json={})
        if is_public(contacts, method, path):
            assert answer.status_code == 404, (method, path)
            continue
        if answer.status_code != 401:
            wrong.append((method, path, answer.status_code))
    assert wrong == []


async def test_every_route_refuses_a_caller_without_permissions(
    client: Clients, contacts: Edge, organisation: Organisation
) -> None:
    nobody = organisation.rep.but(permissions=())
    wrong = []
    for method, path in operations(contacts):
        answer = await client(nobody).request(
            method, path.format_map(Ids({})), params=QUERIES.get(path), json=BODIES.get(path, {})
        )
        if answer.status_code < 400 and answer.json() != {"data": []}:
            wrong.append((method, path, answer.status_code, answer.text[:80]))
    assert wrong == []
