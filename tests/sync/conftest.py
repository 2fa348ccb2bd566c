"""A running suite with a few people who have phones."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from guanxi_shared.identifiers import new_id
from tests.suite import ELSEWHERE, Suite, running_suite

PASSWORD = "correct horse battery staple"
CLIENTS = ExitStack()  # closed when the suite has ended
KINDS = ("created", "updated", "deleted")
Answer = httpx.Response


class SignedIn(httpx.Auth):
    """Signs in when it has to, and again when the token has run out: the tests take longer than it lasts."""

    def __init__(self, url: str, sent: Mapping[str, str]) -> None:
        self._url, self._sent, self._token = url, sent, ""

    def new_token(self) -> str:
        answer = httpx.post(
            f"{self._url}/v1/auth/sign-in", json=self._sent, headers=ELSEWHERE, timeout=60
        )
        token: str = answer.raise_for_status().json()["access_token"]
        return token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, Answer, None]:
        self._token = self._token or self.new_token()
        request.headers["authorization"] = f"Bearer {self._token}"
        if (yield request).status_code == 401:
            self._token = self.new_token()
            request.headers["authorization"] = f"Bearer {self._token}"
            yield request


@dataclass
class Person:
    """Somebody signed in, with a phone that remembers its last pull."""

    client: httpx.Client
    id: str
    device: str | None = field(default_factory=lambda: f"phone-{uuid4()}")
    cursor: int | str = "null"

    @property
    def token(self) -> str:
        """A new one, of a session of its own."""
        assert isinstance(self.client.auth, SignedIn)
        return self.client.auth.new_token()

    def call(self, method: str, path: str, **more: Any) -> Answer:
        return self.client.request(method, path, **more)

    def made(self, path: str, **data: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.call("POST", path, json=data).raise_for_status().json()
        return found

    def changed(self, path: str, **data: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.call("PATCH", path, json=data).raise_for_status().json()
        return found

    def found(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", path).raise_for_status().json()
        return found

    def another_phone(self, device: str | None = None) -> "Person":
        return Person(self.client, self.id, device or f"phone-{uuid4()}")

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.device is None else {"x-device-id": self.device}

    def pull(self, **more: Any) -> "Pulled":
        asked = {"last_pulled_at": str(self.cursor), "schema_version": "1", "migration": "null"}
        answer = self.client.get(
            "/v1/sync/pull", params={**asked, **more}, headers=self.headers
        ).raise_for_status()
        found = Pulled(answer.json())
        self.cursor = found.timestamp
        return found

    def push(self, changes: Any, **more: Any) -> Answer:
        """As WatermelonDB's documented client sends it: without a word about the type."""
        sent = {"content-type": "text/plain;charset=UTF-8", **self.headers}
        asked = {"last_pulled_at": str(self.cursor), **more}
        if not isinstance(changes, bytes):
            changes = orjson.dumps(changes)
        return self.client.post("/v1/sync/push", params=asked, content=changes, headers=sent)


@dataclass(frozen=True)
class Pulled:
    body: Mapping[str, Any]

    @property
    def timestamp(self) -> int:
        found: int = self.body["timestamp"]
        return found

    @property
    def is_anew(self) -> bool:
        return self.body.get("experimentalStrategy") == "replacement"

    def where(self, table: str, id: str) -> str | None:
        """In which of the three lists the id is; more than one fails."""
        changes = self.body["changes"][table]
        places = [
            kind
            for kind in KINDS
            if id in [r if kind == "deleted" else r["id"] for r in changes[kind]]
        ]
        assert len(places) <= 1, places
        return places[0] if places else None

    def row(self, table: str, id: str) -> dict[str, Any]:
        changes = self.body["changes"][table]
        rows = [r for r in (*changes["created"], *changes["updated"]) if r["id"] == id]
        assert len(rows) == 1, rows
        found: dict[str, Any] = rows[0]
        return found

    @property
    def is_empty(self) -> bool:
        return not any(ids for each in self.body["changes"].values() for ids in each.values())


@dataclass(frozen=True)
class World:
    """One organisation: an admin, and salespeople in teams."""

    suite: Suite
    admin: Person
    people: Mapping[str, Person]
    teams: Mapping[str, str]

    def __getattr__(self, name: str) -> Person:
        return self.people[name]


TEAMS = ("north", "south")
ROLES = {
    "rep": ("sales", ()), "other": ("sales", ()), "mover": ("sales", ("south",)),
    "mate": ("sales", ("south",)), "leader": ("manager", ("south",)), "random": ("sales", ()),
    "reader": ("read-only", ()),
}  # fmt: skip


def person(suite: Suite, id: str, email: str, password: str) -> Person:
    auth = SignedIn(suite.url, {"email": email, "password": password})
    client = CLIENTS.enter_context(httpx.Client(base_url=suite.url, timeout=60, auth=auth))
    return Person(client, id)


def new_world(suite: Suite) -> World:
    made = suite.new_organisation("Phones")
    admin = person(suite, "", made.email, made.password)
    admin.id = admin.found("/v1/me")["id"]
    teams = {name: admin.made("/v1/teams", name=name)["id"] for name in TEAMS}
    people = {}
    for name, (role, in_teams) in ROLES.items():
        email = f"{name}-{uuid4().hex[:12]}@phones.example"
        user = admin.made(
            "/v1/users", email=email, name=name, role=role, password=PASSWORD,
            team_ids=[teams[team] for team in in_teams],
        )  # fmt: skip
        people[name] = person(suite, user["id"], email, PASSWORD)
    return World(suite, admin, people, teams)


@pytest.fixture(scope="module")
def suite() -> Iterator[Suite]:
    with CLIENTS, running_suite(GATEWAY_HINT_SECONDS="0.3") as running:
        yield running


@pytest.fixture(scope="module")
def world(suite: Suite) -> World:
    found = new_world(suite)
    found.admin.made(
        "/v1/products", sku="P-1", name="年度许可",
        prices=[{"amount": "1234.50", "currency": "CNY"}],
    )  # fmt: skip
    return found


@pytest.fixture
def rep(world: World) -> Person:
    """A salesperson with a new phone."""
    return world.rep.another_phone()


def uid() -> str:
    return str(new_id())


def created(table: str, *records: Mapping[str, Any]) -> dict[str, Any]:
    return {table: {"created": list(records), "updated": [], "deleted": []}}


def updated(table: str, *records: Mapping[str, Any]) -> dict[str, Any]:
    return {table: {"created": [], "updated": list(records), "deleted": []}}


def deleted(table: str, *ids: str) -> dict[str, Any]:
    return {table: {"created": [], "updated": [], "deleted": list(ids)}}
