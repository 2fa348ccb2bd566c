import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import orjson
import pytest

from guanxi_shared.calls import House
from tests.gateway.identity.people import Company, unique

Found = Callable[[], Awaitable[Company]]
KEY_ACCOUNTS = {
    "name": "key-accounts",
    "permissions": ["accounts:*", "contacts:read"],
    "visibility": {"*": "own", "accounts": "team"},
}


async def test_a_new_role_is_where_its_location_says(company: Company) -> None:
    made = await company.admin.post("/v1/roles", KEY_ACCOUNTS)
    assert made.headers["location"] == "/v1/roles/key-accounts"
    assert (await company.admin.get(made.headers["location"])).json() == made.json()


async def test_built_in_and_own_roles_are_listed_together(company: Company) -> None:
    made = await company.admin.post("/v1/roles", KEY_ACCOUNTS)
    assert made.status_code == 201, made.text
    names = [role["name"] for role in (await company.admin.get("/v1/roles")).json()["data"]]
    assert names == [
        "admin", "manager", "sales", "agent", "marketer", "analyst", "partner", "read-only",
        "key-accounts",
    ]  # fmt: skip


async def test_an_own_role_is_what_its_holders_tokens_say(company: Company) -> None:
    await company.admin.post("/v1/roles", KEY_ACCOUNTS)
    person = await company.hire("key-accounts")
    me = (await person.get("/v1/me")).json()
    assert me["permissions"] == ["accounts:*", "contacts:read"]
    assert me["visibility"]["accounts"] == "team"
    changed = await company.admin.patch("/v1/roles/key-accounts", {"permissions": ["leads:read"]})
    assert changed.json()["version"] == 2
    await person.sign_in()
    assert (await person.get("/v1/me")).json()["permissions"] == ["leads:read"]


@pytest.mark.parametrize(
    ("changes", "status", "field"),
    [
        ({"permissions": ["acounts:read"]}, 422, "permissions"),
        ({"visibility": {"acounts": "own"}}, 422, "visibility"),
        ({"visibility": {"accounts": "everything"}}, 422, "visibility.accounts"),
        ({"name": "Big Name"}, 422, "name"),
        ({"name": "sales"}, 409, "name"),
    ],
)
async def test_a_refused_role_names_the_field(
    company: Company, changes: dict[str, object], status: int, field: str
) -> None:
    answer = await company.admin.post("/v1/roles", {**KEY_ACCOUNTS, **changes})
    assert answer.status_code == status, answer.text
    assert field in answer.json()["errors"]


async def test_nobody_makes_or_gives_a_role_beyond_their_own(company: Company) -> None:
    await company.admin.post(
        "/v1/roles",
        {
            "name": "people-admin",
            "permissions": ["users:*", "roles:*", "accounts:read"],
            "visibility": {"*": "team"},
        },
    )
    person = await company.hire("people-admin")
    wider = await person.post("/v1/roles", {"name": "mine", "permissions": ["*:*"]})
    assert (wider.status_code, wider.json()["code"]) == (403, "beyond_your_own")
    seeing = {"name": "eyes", "permissions": ["accounts:read"], "visibility": {"accounts": "all"}}
    assert (await person.post("/v1/roles", seeing)).json()["code"] == "beyond_your_own"
    promoted = await person.patch(f"/v1/users/{person.id}", {"role": "admin"})
    assert promoted.json()["code"] == "beyond_your_own"
    taken_over = await person.patch(f"/v1/users/{company.admin.id}", {"password": "x" * 20})
    assert taken_over.json()["code"] == "beyond_your_own"
    hired = {"email": f"{unique()}@x.example", "name": "X", "role": "admin"}
    assert (await person.post("/v1/users", hired)).json()["code"] == "beyond_your_own"
    assert (await person.post("/v1/invitations", hired)).json()["code"] == "beyond_your_own"
    within = {"name": "readers", "permissions": ["accounts:read"], "visibility": {"*": "own"}}
    assert (await person.post("/v1/roles", within)).status_code == 201


async def test_built_in_roles_stay_and_used_ones_too(company: Company) -> None:
    await company.admin.post("/v1/roles", KEY_ACCOUNTS)
    person = await company.hire("key-accounts")
    assert (await company.admin.patch("/v1/roles/sales", {"permissions": []})).status_code == 403
    assert (await company.admin.delete("/v1/roles/sales")).status_code == 403
    used = await company.admin.delete("/v1/roles/key-accounts")
    assert used.json()["code"] == "role_in_use"
    await company.admin.patch(f"/v1/users/{person.id}", {"role": "sales"})
    assert (await company.admin.delete("/v1/roles/key-accounts")).status_code == 200
    assert (await company.admin.get("/v1/roles/key-accounts")).status_code == 404


async def test_an_api_key_works_within_its_scopes_and_is_shown_once(
    company: Company, anybody: httpx.AsyncClient
) -> None:
    made = await company.admin.post("/v1/api-keys", {"name": "import", "scopes": ["users:read"]})
    assert made.status_code == 201, made.text
    key = made.json()["key"]
    assert key.startswith(f"gx_live_{made.json()['public_id']}_")
    headers = {"authorization": f"Bearer {key}"}
    assert (await anybody.get("/v1/users", headers=headers)).status_code == 200
    assert (await anybody.get("/v1/teams", headers=headers)).status_code == 403
    me = (await anybody.get("/v1/me", headers=headers)).json()
    assert me["scopes"] == ["users:read"]
    listed = (await company.admin.get("/v1/api-keys")).json()["data"]
    assert [row["name"] for row in listed] == ["import"]
    assert "key" not in listed[0]
    assert key not in str(listed)
    assert listed[0]["last_used_at"] is not None


async def test_a_repeated_create_does_not_show_the_key_again(
    company: Company, house: House
) -> None:
    header = {"idempotency-key": unique()}
    body = {"name": "import", "scopes": ["users:read"]}
    first = await company.admin.post("/v1/api-keys", body, headers=header)
    again = await company.admin.post("/v1/api-keys", body, headers=header)
    assert first.json()["id"] == again.json()["id"]
    assert first.json()["key"].startswith("gx_live_")
    assert again.json()["key"] is None
    stored = await house.db.fetch(
        company.id, "SELECT body FROM idempotency WHERE organisation_id = $2", company.id
    )
    assert not any(b"gx_live_" in row["body"] for row in stored)


async def test_a_revoked_key_is_out_at_once(company: Company, anybody: httpx.AsyncClient) -> None:
    made = (await company.admin.post("/v1/api-keys", {"name": "x", "scopes": ["*:*"]})).json()
    headers = {"authorization": f"Bearer {made['key']}"}
    assert (await anybody.get("/v1/me", headers=headers)).status_code == 200
    assert (await company.admin.delete(f"/v1/api-keys/{made['id']}")).status_code == 200
    assert (await anybody.get("/v1/me", headers=headers)).status_code == 401


async def test_a_key_is_never_wider_than_its_owner(company: Company) -> None:
    rep = await company.hire("sales")
    answer = await rep.post("/v1/api-keys", {"name": "x", "scopes": ["*:*"]})
    assert (answer.status_code, answer.json()["code"]) == (403, "beyond_your_own")
    unknown = await rep.post("/v1/api-keys", {"name": "x", "scopes": ["acounts:read"]})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_permission")


async def test_a_key_loses_what_its_owner_loses(
    company: Company, anybody: httpx.AsyncClient
) -> None:
    second = await company.hire("admin")
    made = (await second.post("/v1/api-keys", {"name": "x", "scopes": ["*:*"]})).json()
    headers = {"authorization": f"Bearer {made['key']}"}
    await company.admin.patch(f"/v1/users/{second.id}", {"role": "read-only"})
    body = {"name": "Team"}
    assert (await anybody.post("/v1/teams", json=body, headers=headers)).status_code == 403
    await company.admin.patch(f"/v1/users/{second.id}", {"is_active": False})
    fresh = (await company.admin.post("/v1/api-keys", {"name": "y", "scopes": ["*:*"]})).json()
    assert fresh["key"] != made["key"]


async def test_a_key_made_by_a_key_stays_within_the_first_ones_scopes(
    company: Company, anybody: httpx.AsyncClient
) -> None:
    scopes = ["api-keys:create", "users:read"]
    made = (await company.admin.post("/v1/api-keys", {"name": "x", "scopes": scopes})).json()
    headers = {"authorization": f"Bearer {made['key']}"}
    wide = {"name": "y", "scopes": ["*:*"]}
    assert (await anybody.post("/v1/api-keys", json=wide, headers=headers)).status_code == 403
    narrow = {"name": "y", "scopes": ["users:read"]}
    assert (await anybody.post("/v1/api-keys", json=narrow, headers=headers)).status_code == 201


async def test_keys_of_others_are_not_seen_by_a_rep_and_cannot_be_revoked(
    company: Company,
) -> None:
    rep, other = await company.hire("sales"), await company.hire("sales")
    made = (await rep.post("/v1/api-keys", {"name": "x", "scopes": ["accounts:read"]})).json()
    assert (await other.get("/v1/api-keys")).json()["data"] == []
    assert (await other.get(f"/v1/api-keys/{made['id']}")).status_code == 404
    assert (await other.delete(f"/v1/api-keys/{made['id']}")).status_code == 404
    assert (await rep.delete(f"/v1/api-keys/{made['id']}")).status_code == 200


@pytest.mark.parametrize(
    "key", ["gx_live_", "gx_live_00000000_" + "x" * 43 + "_00000000", "gx_live_é"]
)
async def test_what_is_not_a_key_is_401(anybody: httpx.AsyncClient, key: str) -> None:
    headers = {"authorization": f"Bearer {key}".encode()}
    assert (await anybody.get("/v1/me", headers=headers)).status_code == 401


async def test_an_expired_key_is_refused(company: Company, house: House) -> None:
    past = {"name": "x", "scopes": ["*:*"], "expires_at": "2020-01-01T00:00:00Z"}
    assert (await company.admin.post("/v1/api-keys", past)).status_code == 422
    beyond = {**past, "expires_at": "9999-12-31T23:59:59-12:00"}
    refused = await company.admin.post("/v1/api-keys", beyond)
    assert (refused.status_code, *refused.json()["errors"]) == (422, "expires_at")
    future = {"name": "x", "scopes": ["*:*"], "expires_at": "2099-01-01T00:00:00Z"}
    answer = await company.admin.post("/v1/api-keys", future)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    async with house.db.transaction(uuid.UUID(company.id)) as connection:
        await connection.execute(
            "UPDATE api_keys SET expires_at = now() WHERE id = $1", uuid.UUID(made["id"])
        )
    headers = {"authorization": f"Bearer {made['key']}"}
    assert (await company.client.get("/v1/me", headers=headers)).status_code == 401


@asynccontextmanager
async def contacts_saying(
    house: House, records: dict[str, dict[str, object]]
) -> AsyncIterator[None]:
    """A contacts service that knows some accounts, listening on loopback."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        record = records.get(head.split(b" ")[1].decode().rpartition("/")[2])
        body = orjson.dumps(record or {"detail": "none"})
        status = b"200 OK" if record else b"404 Not Found"
        writer.write(b"HTTP/1.1 %b\r\ncontent-length: %d\r\n\r\n" % (status, len(body)) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    common = house.common
    before = common.services  # type: ignore[attr-defined]
    common.services = f"contacts=http://127.0.0.1:{port}"  # type: ignore[attr-defined]
    try:
        async with server:
            yield
    finally:
        common.services = before  # type: ignore[attr-defined]


async def test_an_owner_shares_a_record_and_takes_it_back(company: Company, house: House) -> None:
    owner, receiver = await company.hire("sales"), await company.hire("sales")
    account = str(uuid.uuid4())
    body = {"resource": "accounts", "record_id": account, "user_id": receiver.id}
    async with contacts_saying(house, {account: {"id": account, "owner_id": owner.id}}):
        made = await owner.post("/v1/shares", body)
        assert made.status_code == 201, made.text
        twice = await owner.post("/v1/shares", body)
        assert twice.status_code == 409
    rows = await house.db.fetch(
        company.id,
        "SELECT record_id::text, user_id::text, access FROM directory_shares "
        "WHERE organisation_id = $2",
        company.id,
    )
    assert [tuple(row.values()) for row in rows] == [(account, receiver.id, "read")]
    share = made.json()["id"]
    async with contacts_saying(house, {account: {"id": account, "owner_id": owner.id}}):
        widened = await owner.patch(f"/v1/shares/{share}", {"access": "write"})
    assert widened.json()["access"] == "write"
    assert (await receiver.get(f"/v1/shares/{share}")).status_code == 404
    assert (await receiver.delete(f"/v1/shares/{share}")).status_code == 404
    assert (await owner.delete(f"/v1/shares/{share}")).status_code == 200
    left = await house.db.fetch(
        company.id, "SELECT id FROM directory_shares WHERE organisation_id = $2", company.id
    )
    assert left == []


async def test_who_may_only_read_a_record_cannot_share_it(company: Company, house: House) -> None:
    owner, reader = await company.hire("sales"), await company.hire("sales")
    account = str(uuid.uuid4())
    body = {"resource": "accounts", "record_id": account, "user_id": reader.id}
    async with contacts_saying(house, {account: {"id": account, "owner_id": owner.id}}):
        assert (await reader.post("/v1/shares", body)).status_code == 403
        unknown = {**body, "record_id": str(uuid.uuid4())}
        assert (await owner.post("/v1/shares", unknown)).status_code == 404
        nobody = {**body, "user_id": str(uuid.uuid4())}
        assert (await owner.post("/v1/shares", nobody)).status_code == 422


@pytest.mark.parametrize(
    "changes",
    [
        {"user_id": None},
        {"team_id": "0192d3a0-0000-7000-8000-000000000001"},
        {"access": "own"},
        {"resource": "users"},
        {"resource": "nonsense"},
        {"until": "2026-01-01T00:00:00"},
    ],
)
async def test_a_share_that_makes_no_sense_is_refused(
    company: Company, changes: dict[str, object]
) -> None:
    body = {"resource": "accounts", "record_id": str(uuid.uuid4()), "user_id": company.admin.id}
    answer = await company.admin.post("/v1/shares", {**body, **changes})
    assert answer.status_code == 422, answer.text
