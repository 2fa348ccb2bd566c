"""What the door settles for every request, whoever answers it."""

import asyncio
import socket
from typing import Any
from uuid import UUID, uuid4

import pytest

from guanxi_gateway import callers, routes
from guanxi_gateway.callers import note_directory_version
from guanxi_gateway.openapi import Documents, pages
from tests.gateway.loopback import Service, answer, bearer, gateway, in_front_of, raw, token
from tests.serving import served

APP = "https://app.example.com"


async def test_every_resource_goes_to_the_service_that_owns_it() -> None:
    wanted = {
        "accounts": "contacts", "calendar": "contacts", "imports": "contacts", "search": "contacts",
        "opportunities": "pipeline", "exchange-rates": "pipeline", "sla-policies": "tickets",
        "work-orders": "tickets", "analytics": "analytics", "users": "gateway", "sync": "gateway",
    }  # fmt: skip
    assert {word: routes.service_for(word.encode()) for word in wanted} == wanted
    assert routes.service_for(b"nothing") is None
    public = {
        "forms/k": "pipeline",
        "quotes/t": "pipeline",
        "ticket-forms/k": "tickets",
        "portal/t/tickets": "tickets",
    }
    paths = {path: f"/v1/public/{path}".encode() for path in public}
    assert {path: routes.service_for(b"public", raw) for path, raw in paths.items()} == public


async def test_no_resource_has_two_owners() -> None:
    words = [word for listed in routes.RESOURCES.values() for word in listed]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    "path", ["/v1/nothing", "/v1/nothing/1", "/v1/", "/v1", "/v2/accounts", "/x", "/internal2"]
)
async def test_what_is_not_listed_is_a_404_problem(path: str) -> None:
    service = Service()
    async with in_front_of(service) as client:
        response = await client.get(path, headers=bearer())
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["request_id"] == response.headers["x-request-id"]
    assert service.seen == []


async def test_a_service_that_is_not_installed_is_404() -> None:
    async with in_front_of(Service()) as client:
        response = await client.get("/v1/tickets/1", headers=bearer())
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_own_paths_reach_the_own_application_with_the_edges_headers() -> None:
    own = Service(name="gateway")
    async with in_front_of(Service(), own=own) as client:
        response = await client.get("/v1/users/1", headers=bearer())
        health = await client.get("/health/live")
    assert response.json()["service"] == "gateway"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["etag"] == '"7"'
    assert health.json()["path"] == "/health/live"


async def test_a_method_that_a_page_does_not_take_is_a_405_problem_with_those_it_takes() -> None:
    shown = pages(Documents(own=dict, peers={}))
    async with gateway({}, pages=shown) as client:
        response = await client.request("POST", "/docs")
        missing = await client.get("/docs/nothing")
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert response.headers["content-type"] == "application/problem+json"
    assert missing.status_code == 404


async def test_what_a_service_says_in_the_gateways_place_is_said_once() -> None:
    async def chatty(scope: Any, receive: Any, send: Any) -> None:
        extra = [(b"x-request-id", b"theirs"), (b"X-Frame-Options", b"ALLOW"), (b"server", b"x")]
        await answer(send, 200, b"{}", [*extra, (b"access-control-allow-origin", b"*")])

    async with in_front_of(chatty) as client:
        response = await client.get("/v1/accounts/1", headers=bearer())
    assert response.headers.get_list("x-frame-options") == ["DENY"]
    assert len(response.headers.get_list("x-request-id")) == 1
    assert len(response.headers.get_list("server")) == 1
    assert "access-control-allow-origin" not in response.headers


async def test_a_body_beyond_the_limit_is_413_before_it_is_read() -> None:
    service = Service()
    head = f"POST /v1/accounts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token()}\r\n"
    async with in_front_of(service, max_json_bytes=2000) as client:
        found = await raw(client, head.encode() + b"content-length: 2001\r\n\r\n")
    assert found.startswith(b"HTTP/1.1 413")
    assert service.seen == []


@pytest.mark.parametrize("path", ["/v1/accounts/count", "/v1/users/count"])
@pytest.mark.parametrize("framing", ["content-length: 33554432", "transfer-encoding: chunked"])
async def test_a_refusal_reaches_whoever_reads_only_when_all_is_sent(
    path: str, framing: str
) -> None:
    head = (
        f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token()}\r\n{framing}\r\n\r\n"
    )
    part = b"x" * (1 << 20)
    body = part * 32
    if "chunked" in framing:
        body = (b"100000\r\n" + part + b"\r\n") * 32 + b"0\r\n\r\n"
    async with in_front_of(Service(), own=Service(name="gateway"), max_json_bytes=2000) as client:
        address = client.base_url
        with socket.create_connection((address.host, address.port), timeout=5) as connection:
            await asyncio.to_thread(connection.sendall, head.encode() + body)
            await asyncio.sleep(0.1)
            found = await asyncio.to_thread(connection.makefile("rb").read)
    assert found.startswith(b"HTTP/1.1 413")
    assert found.endswith(b"}")
    assert b"\r\nconnection: close\r\n" in found.lower()


async def test_imports_and_batches_may_be_longer() -> None:
    async with in_front_of(Service(), max_json_bytes=2000) as client:
        for path in ("/v1/imports/count", "/v1/files/count"):
            response = await client.post(path, content=b"x" * 3000, headers=bearer())
            assert response.json()["received"] == 3000
        batch = await client.post("/v1/accounts/batch", content=b"x" * 3000, headers=bearer())
    assert batch.status_code == 200


async def test_a_body_without_a_length_is_stopped_at_the_limit() -> None:
    async def parts() -> Any:
        for _ in range(100):
            yield b"y" * 1000

    for own_path in ("/v1/accounts/count", "/v1/users/count"):
        own = Service(name="gateway")
        async with in_front_of(Service(), own=own, max_json_bytes=5000) as client:
            response = await client.post(own_path, content=parts(), headers=bearer())
        assert response.status_code == 413, own_path


async def test_too_many_at_once_are_503_and_nothing_is_lost() -> None:
    service = Service()
    async with in_front_of(service, max_in_flight=1) as client:
        hanging = asyncio.create_task(client.get("/v1/accounts/hang", headers=bearer()))
        await asyncio.wait_for(service.waiting.wait(), 5)
        refused = await client.get("/v1/accounts/1", headers=bearer())
        hanging.cancel()
        await asyncio.wait_for(service.disconnected.wait(), 5)
        allowed = await client.get("/v1/accounts/1", headers=bearer())
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert allowed.status_code == 200


async def test_a_hanging_service_leaves_places_for_the_others() -> None:
    hanging, healthy = Service(), Service(name="tickets")
    async with served(hanging) as a, served(healthy) as b:
        urls = {"contacts": f"http://127.0.0.1:{a}", "tickets": f"http://127.0.0.1:{b}"}
        async with gateway(urls, max_in_flight=5) as client:
            calls = [
                asyncio.create_task(
                    client.get(
                        "/v1/accounts/hang", headers={**bearer(), "x-request-deadline-ms": "900"}
                    )
                )
                for _ in range(4)
            ]
            await asyncio.wait_for(hanging.waiting.wait(), 5)
            fine = await client.get("/v1/tickets/1", headers=bearer())
            full = await client.get("/v1/accounts/1", headers=bearer())
            statuses = [response.status_code for response in await asyncio.gather(*calls)]
    assert (fine.status_code, full.status_code) == (200, 503)
    assert statuses == [504] * 4


async def test_a_known_origin_may_read_what_the_client_needs() -> None:
    async with in_front_of(Service(), cors_origins=f"{APP}, http://localhost:5173") as client:
        response = await client.get("/v1/accounts/1", headers={**bearer(), "origin": APP})
        problem = await client.get("/v1/nothing", headers={"origin": APP})
    for found in (response, problem):
        assert found.headers["access-control-allow-origin"] == APP
        assert "ETag" in found.headers["access-control-expose-headers"]
        assert "origin" in found.headers["vary"].lower()


@pytest.mark.parametrize(
    "origin", ["https://evil.example", f"{APP}.evil.example", "null", "HTTPS://APP.EXAMPLE.COM"]
)
async def test_an_unknown_origin_may_not(origin: str) -> None:
    async with in_front_of(Service(), cors_origins=APP) as client:
        response = await client.get("/v1/accounts/1", headers={**bearer(), "origin": origin})
    assert "access-control-allow-origin" not in response.headers


async def test_a_preflight_is_answered_at_the_door() -> None:
    service = Service()
    asked = {
        "origin": APP, "access-control-request-method": "PATCH",
        "access-control-request-headers": "authorization,if-match",
    }  # fmt: skip
    async with in_front_of(service, cors_origins=APP) as client:
        response = await client.options("/v1/accounts/1", headers=asked)
        unknown = await client.options(
            "/v1/accounts/1", headers={**asked, "origin": "https://x.example"}
        )
    assert response.status_code == 204
    assert "PATCH" in response.headers["access-control-allow-methods"]
    assert response.headers["access-control-allow-headers"] == "authorization,if-match"
    assert "access-control-allow-methods" not in unknown.headers
    assert service.seen == []


async def test_only_the_pages_for_people_may_run_scripts() -> None:
    async with in_front_of(Service()) as client:
        api = await client.get("/v1/accounts/1", headers=bearer())
        page = await client.get("/docs")
    assert api.headers["content-security-policy"].startswith("default-src 'none'; frame")
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "strict-transport-security" not in api.headers


async def test_a_revoked_session_is_refused_although_its_token_is_young(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a list of its own: a gateway that other tests run in this process keeps the shared one."""
    session, revoked = uuid4(), set[UUID]()
    monkeypatch.setattr(callers, "revoked_sessions", revoked)
    headers = bearer(token(session_id=session))
    async with in_front_of(Service()) as client:
        before = await client.get("/v1/accounts/1", headers=headers)
        revoked.add(session)
        after = await client.get("/v1/accounts/1", headers=headers)
        own = await client.get("/v1/users/1", headers=headers)
    assert (before.status_code, after.status_code, own.status_code) == (200, 401, 401)
    assert after.json()["code"] == "session_ended"


async def test_an_old_token_in_the_header_does_not_stop_a_new_sign_in() -> None:
    own = Service(name="gateway")

    async def fetchrow(*arguments: Any) -> dict[str, Any]:
        return {"allowed": True, "arrival": 0.0, "now": 0.0}

    async with in_front_of(Service(), own=own, fetchrow=fetchrow) as client:
        response = await client.post("/v1/auth/sign-in", headers=bearer("old"), json={})
    assert response.status_code == 200
    assert "authorization" not in dict(response.json()["headers"])


async def test_the_newest_known_directory_version_travels_along() -> None:
    organisation = uuid4()
    headers = bearer(token(organisation_id=organisation, version=3))
    async with in_front_of(Service()) as client:
        first = await client.get("/v1/accounts/1", headers=headers)
        note_directory_version(organisation, 9)
        note_directory_version(organisation, 8)
        second = await client.get("/v1/accounts/1", headers=headers)
    assert dict(first.json()["headers"])["x-directory-version"] == "3"
    assert dict(second.json()["headers"])["x-directory-version"] == "9"


async def test_a_fault_of_our_own_is_a_500_problem_that_tells_nothing() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("secret detail")

    async with in_front_of(Service(), own=broken) as client:
        response = await client.get("/v1/users", headers=bearer())
    assert response.status_code == 500
    assert "secret" not in response.text
    assert response.json()["code"] == "internal"


async def test_a_problem_of_the_own_application_keeps_its_own_headers() -> None:
    async def own(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, 405, b"{}", [(b"allow", b"GET"), (b"x-request-id", b"theirs")])

    async with in_front_of(Service(), own=own) as client:
        response = await client.put("/v1/users", headers=bearer())
    assert (response.status_code, response.headers["allow"]) == (405, "GET")
    assert len(response.headers.get_list("x-request-id")) == 1
    assert response.headers["x-request-id"] != "theirs"


async def test_a_file_of_a_record_may_be_as_long_as_files_are() -> None:
    service = Service()
    async with in_front_of(service) as client:
        body = b"x" * 2_000_000
        taken = await client.post("/v1/accounts/1/files", content=body, headers=bearer())
        refused = await client.post("/v1/accounts/1/comments", content=body, headers=bearer())
    assert (taken.status_code, refused.status_code) == (200, 413), taken.text
