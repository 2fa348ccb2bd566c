"""Organisations, their people and what they hold, made anew for each test.

organisation        admin: sees all
├── team A          manager (sees the subtree), rep, rep2
│   └── team A1     junior
└── team B          other_rep, read_only (sees the team)
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx

from guanxi_gateway.identity.permission_rules import BUILT_IN, token_visibility
from guanxi_gateway.identity.tokens import Grant
from guanxi_gateway.identity.tree_rules import Level, Parents, closure
from guanxi_shared.consumers import bind
from guanxi_shared.db import Connection, Database
from guanxi_shared.directory import apply_directory_event
from guanxi_shared.edge import Edge
from guanxi_shared.identifiers import new_id
from tests.stand_in import GatewayStandIn

BASE_URL = "http://service"


@dataclass(frozen=True)
class User:
    """Somebody with an account; `grant` is what their access tokens say."""

    name: str
    grant: Grant
    teams: tuple[UUID, ...] = ()

    @property
    def id(self) -> UUID:
        return self.grant.user_id

    @property
    def organisation_id(self) -> UUID:
        return self.grant.organisation_id

    def but(self, **changes: Any) -> "User":
        """The same person with other claims, e.g. `rep.but(permissions=("accounts:read",))`."""
        return replace(self, grant=replace(self.grant, **changes))


@dataclass(frozen=True)
class Organisation:
    id: UUID
    users: Mapping[str, User]
    teams: Mapping[str, UUID]
    parents: Parents

    @property
    def admin(self) -> User:
        return self.users["admin"]

    @property
    def manager(self) -> User:
        return self.users["manager"]

    @property
    def rep(self) -> User:
        return self.users["rep"]

    @property
    def rep2(self) -> User:
        return self.users["rep2"]

    @property
    def junior(self) -> User:
        return self.users["junior"]

    @property
    def other_rep(self) -> User:
        return self.users["other_rep"]

    @property
    def read_only(self) -> User:
        return self.users["read_only"]


def new_user(
    organisation_id: UUID, name: str, role: str, *, teams: Sequence[UUID] = (),
    also: Iterable[str] = (), **claims: Any,
) -> User:  # fmt: skip
    """`also` names resources that the role treats as it treats accounts."""
    rule = BUILT_IN[role]
    actions = [p.removeprefix("accounts:") for p in rule.permissions if p.startswith("accounts:")]
    more = [f"{resource}:{action}" for resource in also for action in actions]
    grant = Grant(
        user_id=new_id(),
        organisation_id=organisation_id,
        session_id=uuid4(),
        role=role,
        permissions=(*rule.permissions, *more),
        visibility=token_visibility(rule.visibility),
        name=name,
        time_zone="Asia/Shanghai",
    )
    return User(name, replace(grant, **claims), tuple(teams))


def new_organisation(*, also: Iterable[str] = ()) -> Organisation:
    """The people of the module's first lines, in no service's directory yet."""
    organisation = uuid4()
    a, a1, b = uuid4(), uuid4(), uuid4()
    places = {
        "admin": ("admin", ()),
        "manager": ("manager", (a,)),
        "rep": ("sales", (a,)),
        "rep2": ("sales", (a,)),
        "junior": ("sales", (a1,)),
        "other_rep": ("sales", (b,)),
        "read_only": ("read-only", (b,)),
    }
    users = {
        name: new_user(organisation, name, role, teams=teams, also=also)
        for name, (role, teams) in places.items()
    }
    return Organisation(organisation, users, {"a": a, "a1": a1, "b": b}, {a: None, a1: a, b: None})


def directory_events(organisation: Organisation, *, version: int = 1) -> list[dict[str, Any]]:
    """What the gateway would publish of an organisation and its people."""
    about = {
        "id": str(organisation.id), "name": "北京未来科技有限公司", "time_zone": "Asia/Shanghai",
        "currency": "CNY", "region": "CN", "directory_version": version,
    }  # fmt: skip
    teams = [
        {"id": str(id), "name": name, "parent_id": _text(organisation.parents[id])}
        for name, id in organisation.teams.items()
    ]
    users = [user_state(user, organisation) for user in organisation.users.values()]
    states = [("organisation", about), *(("team", t) for t in teams), *(("user", u) for u in users)]
    return [
        directory_event(organisation.id, noun, state, version=version) for noun, state in states
    ]


def directory_event(
    organisation_id: UUID,
    noun: str,
    state: Mapping[str, Any],
    *,
    version: int = 1,
    verb: str = "created",
) -> dict[str, Any]:
    return {
        "organisation_id": str(organisation_id),
        "type": f"gateway.{noun}.{verb}",
        "version": version,
        "after": dict(state),
    }


def user_state(user: User, organisation: Organisation, **changes: Any) -> dict[str, Any]:
    """A user as the gateway publishes them, with the people and teams they reach."""
    members = [(team, each.id) for each in organisation.users.values() for team in each.teams]
    reach = closure(organisation.parents, members, widest={user.id: Level.SUBTREE})[user.id]
    return {
        "id": str(user.id),
        "name": user.name,
        "email": f"{user.name}@{organisation.id}.example",
        "is_active": True,
        "sees_team": _texts(reach.user_ids(Level.TEAM)),
        "sees_subtree": _texts(reach.user_ids(Level.SUBTREE)),
        "heads": user.grant.role == "manager",
        "teams": _texts(user.teams),
        "subtree_teams": _texts(reach.team_ids(Level.SUBTREE)),
    } | changes


def share_state(
    record_id: UUID | str, *, resource: str = "accounts", user: User | None = None,
    team_id: UUID | None = None, access: str = "read", until: datetime | None = None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "id": str(new_id()),
        "resource": resource,
        "record_id": str(record_id),
        "user_id": str(user.id) if user is not None else None,
        "team_id": _text(team_id),
        "access": access,
        "until": until.isoformat() if until is not None else None,
    }


async def apply_to_directory(database: Database, events: Iterable[Mapping[str, Any]]) -> None:
    """Into a service's copy, as its directory consumer does."""
    async with database.transaction(None) as connection:
        await _apply(connection, events)


async def _apply(connection: Connection, events: Iterable[Mapping[str, Any]]) -> None:
    for event in events:
        await bind(connection, event["organisation_id"])
        await apply_directory_event(connection, event)


@dataclass(frozen=True)
class Clients:
    """Authorised clients of one service, called in this process."""

    app: Edge
    gateway: GatewayStandIn

    def __call__(self, user: User | None = None, **headers: str) -> httpx.AsyncClient:
        """A client of this user; of nobody without one."""
        if user is not None:
            headers["authorization"] = f"Bearer {self.gateway.sign(user.grant)}"
        transport = httpx.ASGITransport(app=self.app)
        return httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers=headers)


def _text(id: UUID | None) -> str | None:
    return None if id is None else str(id)


def _texts(ids: Iterable[UUID]) -> list[str]:
    return sorted(map(str, ids))
