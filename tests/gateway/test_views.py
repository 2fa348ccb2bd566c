"""Compositions over fake services: what is away is marked, what is not there is 404."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson

from guanxi_gateway.job_finder import JobFinder, jobs_router
from guanxi_gateway.upstream import Upstream
from guanxi_gateway.views import views_router
from tests.gateway.loopback import answer, bearer, gateway, token
from tests.gateway.own_app import own_app
from tests.serving import served

ACCOUNT = str(uuid4())


class Fake:
    """Answers by path (without its query); 404 to everything else."""

    def __init__(self, answers: Mapping[str, tuple[int, Any]]) -> None:
        self.answers = answers
        self.seen: list[tuple[str, str, str]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        query = scope["query_string"].decode()
        self.seen.append((scope["method"], scope["path"], query))
        status, body = self.answers.get(scope["path"], (404, {"detail": "not here"}))
        await answer(send, status, orjson.dumps(body))


@asynccontextmanager
async def suite(
    services: Mapping[str, Fake | None], *, data_dir: Path = Path(".data"), **more: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway in front of fakes; None is a service that is away."""
    async with AsyncExitStack() as stack:
        urls = {}
        for name, service in services.items():
            port = await stack.enter_async_context(served(service)) if service else 9
            urls[name] = f"http://127.0.0.1:{port}"
        peers = {name: Upstream(name, url) for name, url in urls.items()}
        own = own_app([views_router(peers, data_dir=data_dir), jobs_router(peers)])
        client = await stack.enter_async_context(
            gateway(urls, own=own, find_job=JobFinder(peers), **more)
        )
        client.headers.update(bearer(token(version=0)))
        yield client
        for peer in peers.values():
            peer.close()


def contacts(**more: Any) -> Fake:
    return Fake(
        {
            f"/v1/accounts/{ACCOUNT}": (200, {"id": ACCOUNT, "name": "张三有限公司"}),
            "/v1/contacts": (200, {"data": [{"id": "1"}]}),
            "/v1/activities": (200, {"data": []}),
            **more,
        }
    )


async def test_an_overview_puts_all_services_side_by_side() -> None:
    tickets = Fake({"/v1/tickets": (200, {"data": [{"number": 7}]})})
    known = contacts()
    async with suite({"contacts": known, "tickets": tickets}) as client:
        response = await client.get(f"/v1/customers/{ACCOUNT}/overview")
    found = response.json()
    assert response.status_code == 200
    assert found["account"]["data"]["name"] == "张三有限公司"
    assert set(found["parts"]) == {"contacts", "activities", "tickets"}
    assert found["parts"]["tickets"] == {"status": "ok", "data": {"data": [{"number": 7}]}}
    assert ("GET", "/v1/tickets", f"account_id={ACCOUNT}&limit=20") in tickets.seen


async def test_a_service_that_is_away_or_refuses_leaves_only_its_part_out() -> None:
    forbidden = Fake({"/v1/opportunities": (403, {"detail": "not yours"}), "/v1/orders": (500, {})})
    services = {"contacts": contacts(), "tickets": None, "pipeline": forbidden}
    async with suite(services) as client:
        response = await client.get(f"/v1/customers/{ACCOUNT}/overview")
    parts = response.json()["parts"]
    assert response.status_code == 200
    assert parts["contacts"]["status"] == "ok"
    assert parts["tickets"]["status"] == "unavailable"
    assert "away" in parts["tickets"]["detail"]
    assert parts["opportunities"] == {"status": "unavailable", "detail": "not yours"}
    assert parts["orders"]["status"] == "unavailable"


async def test_contacts_being_away_still_shows_the_rest() -> None:
    tickets = Fake({"/v1/tickets": (200, {"data": []})})
    async with suite({"contacts": None, "tickets": tickets}) as client:
        response = await client.get(f"/v1/customers/{ACCOUNT}/overview")
    assert response.status_code == 200
    assert response.json()["account"]["status"] == "unavailable"
    assert response.json()["parts"]["tickets"]["status"] == "ok"


async def test_a_customer_that_contacts_does_not_know_is_404() -> None:
    async with suite({"contacts": Fake({})}) as client:
        unknown = await client.get(f"/v1/customers/{uuid4()}/overview")
        nonsense = await client.get("/v1/customers/nonsense/overview")
    assert (unknown.status_code, nonsense.status_code) == (404, 404)


async def test_processes_are_shown_to_those_who_may_see_the_system(tmp_path: Path) -> None:
    listed = [{"name": "contacts", "pid": 7, "state": "ready"}]
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "processes.json").write_text(json.dumps(listed))
    async with suite({}, data_dir=tmp_path) as client:
        seen = await client.get("/v1/system/processes")
        client.headers.update(bearer(token(version=0, permissions=("accounts:*",))))
        refused = await client.get("/v1/system/processes")
    assert seen.json() == {"data": listed}
    assert refused.status_code == 403


async def test_processes_without_a_supervisor_are_503(tmp_path: Path) -> None:
    async with suite({}, data_dir=tmp_path) as client:
        assert (await client.get("/v1/system/processes")).status_code == 503


async def test_a_job_is_found_in_the_service_that_knows_it_and_the_call_goes_there() -> None:
    job = {"id": "j1", "status": "running"}
    tickets = Fake({"/v1/jobs/j1": (200, job), "/v1/jobs/j1/cancel": (202, {"ok": True})})
    other = contacts()
    async with suite({"contacts": other, "tickets": tickets}) as client:
        found = await client.get("/v1/jobs/j1")
        cancelled = await client.post("/v1/jobs/j1/cancel")
        unknown = await client.get("/v1/jobs/j2")
    assert found.json() == job
    assert (cancelled.status_code, cancelled.json()) == (202, {"ok": True})
    assert unknown.status_code == 404
    assert ("POST", "/v1/jobs/j1/cancel", "") in tickets.seen
    assert [path for _, path, _ in other.seen] == ["/v1/jobs/j1", "/v1/jobs/j2"]


async def test_a_job_that_may_be_at_a_service_that_is_away_is_503() -> None:
    async with suite({"contacts": contacts(), "tickets": None}) as client:
        assert (await client.get("/v1/jobs/j1")).status_code == 503


async def test_jobs_of_all_services_are_listed_newest_first_and_paged() -> None:
    def page(*jobs: str, following: str | None = None) -> tuple[int, Any]:
        data = [{"id": job, "created_at": job} for job in jobs]
        return 200, {"data": data, "page": {"next_cursor": following, "has_more": bool(following)}}

    one = Fake({"/v1/jobs": page("2026-01-05", "2026-01-01", following="c2")})
    other = Fake({"/v1/jobs": page("2026-01-03")})
    async with suite({"contacts": one, "tickets": other}) as client:
        first = await client.get("/v1/jobs?limit=4&status=done")
        await client.get(first.links["next"]["url"])
        wrong = await client.get("/v1/jobs?colour=red")
    assert [job["id"] for job in first.json()["data"]] == ["2026-01-05", "2026-01-03", "2026-01-01"]
    assert [query for _, _, query in one.seen] == [
        "limit=2&status=done", "limit=4&cursor=c2&status=done",
    ]  # fmt: skip
    assert len(other.seen) == 1
    assert (wrong.status_code, set(wrong.json()["errors"])) == (400, {"colour"})
