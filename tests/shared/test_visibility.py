"""One rule for get, list, count, search, history, feed, snapshot and writes, held against brute force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from sqlalchemy import Column, MetaData, Table, Uuid, select

from guanxi_shared.db import Database
from guanxi_shared.statements import compile_after_binding
from guanxi_shared.visibility import Scope, branches, parts_of, predicate
from tests.factories import (
    Clients,
    Organisation,
    User,
    apply_to_directory,
    directory_event,
    directory_events,
    new_user,
    share_state,
)
from tests.library.books import all_pages, book, ids, shelve

BREADTHS = ("own", "team", "subtree", "all")


@dataclass(frozen=True)
class Share:
    record: int
    user: int | None
    team: int | None
    access: str
    is_over: bool


@dataclass(frozen=True)
class World:
    """Teams by the index of their parent, users by their teams, records by owner and team."""

    parents: list[int | None]
    members: list[list[int]]
    records: list[tuple[int | None, int | None]]
    shares: list[Share]


@st.composite
def worlds(draw: DrawFn) -> World:
    teams = draw(st.integers(0, 5))
    parents = [draw(st.none() | st.integers(0, n - 1)) if n else None for n in range(teams)]
    some_team = st.integers(0, teams - 1) if teams else st.nothing()
    users = draw(st.integers(1, 4))
    some_teams = st.lists(some_team, unique=True, max_size=2) if teams else st.just([])
    members = [draw(some_teams) for _ in range(users)]
    team = st.none() | some_team
    owner = st.none() | st.integers(0, users - 1)
    records = draw(st.lists(st.tuples(owner, team), min_size=1, max_size=8))
    shares = draw(
        st.lists(
            st.builds(
                Share,
                record=st.integers(0, len(records) - 1),
                user=st.none() | st.integers(0, users - 1),
                team=team,
                access=st.sampled_from(["read", "write"]),
                is_over=st.booleans(),
            ),
            max_size=4,
        )
    )
    return World(parents, members, records, shares)


def _below(world: World, teams: Sequence[int]) -> set[int]:
    found = set(teams)
    while True:
        more = {n for n, parent in enumerate(world.parents) if parent in found} - found
        if not more:
            return found
        found |= more


def sees(world: World, viewer: int, breadth: str, record: int, *, to_write: bool = False) -> bool:
    """The rule in words: own, the people's of my teams (or all below), my teams', shared."""
    owner, team = world.records[record]
    own_teams = set(world.members[viewer])
    reached = _below(world, world.members[viewer]) if breadth == "subtree" else own_teams
    people = {viewer}
    if breadth in ("team", "subtree"):
        people |= {n for n, teams in enumerate(world.members) if reached & set(teams)}
    shared = any(
        share.record == record
        and not share.is_over
        and (share.user == viewer or share.team in own_teams)
        and (share.access == "write" or not to_write)
        for share in world.shares
    )
    return breadth == "all" or owner in people or team in reached or shared


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(world=worlds())
async def test_every_way_to_a_record_shows_what_brute_force_allows(
    client: Clients, service_database: Database, world: World
) -> None:
    organisation, users = _people(world)
    await apply_to_directory(service_database, directory_events(organisation))
    teams = list(organisation.teams.values())
    made = await shelve(
        client(organisation.admin),
        [
            {
                "title": "x",
                "owner_id": _id_or_none(users, owner),
                "team_id": _team_or_none(teams, team),
            }
            for owner, team in world.records
        ],
    )
    # A create without an owner is the creator's (who is no viewer here); it becomes nobody's so.
    for record, (owner, _) in zip(made, world.records, strict=True):
        if owner is None:
            await client(organisation.admin).patch(
                f"/v1/books/{record['id']}", json={"owner_id": None}
            )
    shares = [_share(share, made, users, teams) for share in world.shares]
    events = [directory_event(organisation.id, "share", share) for share in shares]
    await apply_to_directory(service_database, events)
    for viewer, user in enumerate(users):
        for breadth in BREADTHS:
            seen = {r["id"] for n, r in enumerate(made) if sees(world, viewer, breadth, n)}
            own = client(user.but(visibility={"*": breadth}))
            assert await _ways(own, made) == dict.fromkeys(WAYS, seen), (viewer, breadth)
            for number, record in enumerate(made):
                status = await _written(own, record)
                assert status == _write_status(world, viewer, breadth, number), (
                    viewer,
                    breadth,
                    number,
                )


WAYS = ("list", "count", "search", "text", "get", "history", "as_of", "snapshot", "feed")


async def _ways(
    client: httpx.AsyncClient, made: Sequence[Mapping[str, Any]]
) -> dict[str, set[str]]:
    listed = set(ids(await all_pages(client, {"limit": 3})))
    total = (await client.get("/v1/books", params={"total": "exact"})).json()["page"]["total"]
    searched = (await client.post("/v1/books/search", json={"limit": 200})).json()["data"]
    text = (await client.get("/v1/books", params={"q": "x", "limit": 200})).json()["data"]
    snapshot = [
        orjson.loads(line)
        for line in (await client.post("/v1/library/snapshot")).content.splitlines()
    ]
    feed = (await client.get("/v1/events", params={"limit": 1000})).json()
    return {
        "list": listed,
        "count": listed if total == len(listed) else {f"{total} counted"},
        "search": set(ids(searched)),
        "text": set(ids(text)),
        "get": await _found(client, made, ""),
        "history": await _found(client, made, "/history"),
        "as_of": await _found(client, made, "?as_of=now"),
        "snapshot": {line["record"]["id"] for line in snapshot[1:]},
        "feed": {event["data"]["id"] for event in feed},
    }


async def _found(
    client: httpx.AsyncClient, made: Sequence[Mapping[str, Any]], tail: str
) -> set[str]:
    answers = {r["id"]: await client.get(f"/v1/books/{r['id']}{tail}") for r in made}
    assert {a.status_code for a in answers.values()} <= {200, 404}
    return {id for id, answer in answers.items() if answer.status_code == 200}


async def _written(client: httpx.AsyncClient, record: Mapping[str, Any]) -> int:
    """How a write is answered that would change nothing."""
    return (await client.patch(f"/v1/books/{record['id']}", json={"title": "x"})).status_code


def _write_status(world: World, viewer: int, breadth: str, record: int) -> int:
    if not sees(world, viewer, breadth, record):
        return 404
    return 200 if sees(world, viewer, breadth, record, to_write=True) else 403


def _people(world: World) -> tuple[Organisation, list[User]]:
    organisation_id = uuid4()
    teams = [uuid4() for _ in world.parents]
    parents = {
        team: None if parent is None else teams[parent]
        for team, parent in zip(teams, world.parents, strict=True)
    }
    users = [
        new_user(
            organisation_id, f"u{n}", "manager", teams=[teams[t] for t in members], also=("books",)
        )
        for n, members in enumerate(world.members)
    ]
    admin = new_user(organisation_id, "admin", "admin")
    named = {user.name: user for user in [admin, *users]}
    names = {f"t{n}": team for n, team in enumerate(teams)}
    return Organisation(organisation_id, named, names, parents), users


def _share(
    share: Share, made: Sequence[Mapping[str, Any]], users: Sequence[User], teams: Sequence[UUID]
) -> dict[str, Any]:
    over = datetime.now(UTC) + timedelta(days=-1 if share.is_over else 1)
    state = share_state(
        made[share.record]["id"], resource="books", team_id=_team(teams, share.team),
        access=share.access, until=over,
    )  # fmt: skip
    return state | {"user_id": _id_or_none(users, share.user)}


def _id_or_none(users: Sequence[User], index: int | None) -> str | None:
    return None if index is None else str(users[index].id)


def _team(teams: Sequence[UUID], index: int | None) -> UUID | None:
    return None if index is None else teams[index]


def _team_or_none(teams: Sequence[UUID], index: int | None) -> str | None:
    return None if index is None else str(teams[index])


async def test_a_visibility_of_its_own_overrides_the_one_of_all_resources(
    client: Clients, organisation: Organisation
) -> None:
    made = await book(client(organisation.rep))
    wide = organisation.other_rep.but(visibility={"*": "own", "books": "all"})
    narrow = organisation.other_rep.but(visibility={"*": "all", "books": "own"})
    silent = organisation.other_rep.but(visibility={})
    strange = organisation.other_rep.but(visibility={"books": "everything"})
    for user, status in ((wide, 200), (narrow, 404), (silent, 404), (strange, 404)):
        answer = await client(user).get(f"/v1/books/{made['id']}")
        assert answer.status_code == status


async def test_somebody_whom_the_copy_does_not_know_yet_sees_their_own(
    client: Clients, organisation: Organisation
) -> None:
    stranger = new_user(organisation.id, "new", "manager", also=("books",))
    own = await book(client(stranger))
    theirs = await book(client(organisation.rep))
    assert ids((await client(stranger).get("/v1/books")).json()["data"]) == [own["id"]]
    assert (await client(stranger).get(f"/v1/books/{theirs['id']}")).status_code == 404


async def test_nobody_of_another_organisation_sees_or_changes_anything(
    client: Clients, organisation: Organisation, other_organisation: Organisation
) -> None:
    made = await book(client(organisation.rep))
    path = f"/v1/books/{made['id']}"
    admin = client(other_organisation.admin)
    for method, tail in (
        ("GET", ""),
        ("GET", "/history"),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/restore"),
    ):
        sent = {"json": {"pages": 1}} if method == "PATCH" else {}
        assert (await admin.request(method, path + tail, **sent)).status_code == 404
    assert (await admin.get("/v1/books")).json()["data"] == []
    assert (await admin.get("/v1/events")).json() == []
    assert (await client(organisation.rep).get(path)).json() == made


async def test_who_may_read_no_resource_hears_of_none(
    client: Clients, organisation: Organisation
) -> None:
    await book(client(organisation.rep))
    deaf = organisation.admin.but(permissions=("events:read",))
    answer = await client(deaf).get("/v1/events")
    assert (answer.status_code, answer.json()) == (200, [])
    snapshot = await client(deaf).post("/v1/library/snapshot")
    assert len(snapshot.content.splitlines()) == 1


async def test_a_share_ends_when_it_says(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    made = await book(client(organisation.rep))
    share = share_state(made["id"], resource="books", user=organisation.other_rep)
    other = client(organisation.other_rep)
    await apply_to_directory(service_database, [directory_event(organisation.id, "share", share)])
    assert (await other.get(f"/v1/books/{made['id']}")).status_code == 200
    assert (await other.patch(f"/v1/books/{made['id']}", json={"pages": 1})).status_code == 403


@pytest.mark.parametrize("resource", ["accounts", "book", "*"])
async def test_a_share_of_another_resource_opens_nothing(
    client: Clients, organisation: Organisation, service_database: Database, resource: str
) -> None:
    made = await book(client(organisation.rep))
    share = share_state(made["id"], resource=resource, user=organisation.other_rep)
    await apply_to_directory(service_database, [directory_event(organisation.id, "share", share)])
    answer = await client(organisation.other_rep).get(f"/v1/books/{made['id']}")
    assert answer.status_code == 404


def test_the_brute_force_itself_tells_a_subtree_from_a_team() -> None:
    world = World([None, 0], [[0], [1]], [(1, None), (None, 1)], [])
    assert not sees(world, 0, "team", 0)
    assert sees(world, 0, "subtree", 0)
    assert sees(world, 0, "subtree", 1)
    assert not sees(replace(world, members=[[], [1]]), 0, "subtree", 0)


def test_a_table_without_teams_is_asked_by_owners_alone() -> None:
    """Its lists fell over for callers with teams: the branches named a column it has not."""
    table = Table("notes", MetaData(), Column("id", Uuid), Column("owner_id", Uuid))
    scope = Scope(owners=(uuid4(), uuid4()), teams=(uuid4(),))
    assert scope.branch_shape is not None
    assert len(branches(table, scope)) == 2


async def test_parts_of_the_rule_give_each_record_once(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    """Whatever is owned, of a team, shared, all of that or of nobody: the parts add up to the rule."""
    table = Table(
        "rows", MetaData(), *(Column(name, Uuid) for name in ("id", "owner_id", "team_id"))
    )
    mine, other, team = uuid4(), uuid4(), uuid4()
    owners, teams = (mine, other, None), (team, uuid4(), None)
    rows = [
        {"id": uuid4(), "owner_id": o, "team_id": t} for o in owners for t in teams for _ in "ab"
    ]
    shared = tuple(row["id"] for row in rows[::2])
    values = ", ".join(
        "(" + ", ".join(f"'{v}'::uuid" if v else "NULL::uuid" for v in row.values()) + ")"
        for row in rows
    )
    for scope in (Scope(owners=(mine,), teams=(team,), shared=shared), Scope(owners=(mine, uuid4())),
                  Scope(owners=(mine,), shared=shared[:1]), Scope(everything=True)):  # fmt: skip
        found = []
        for part in [predicate(table, scope), *parts_of(table, scope)]:
            compiled = compile_after_binding(select(table.c.id).where(part))
            sql = f"WITH rows (id, owner_id, team_id) AS (VALUES {values}) {compiled.sql}"
            asked = await service_database.fetch(
                organisation.id, sql, *compiled.args(scope.params())
            )
            found.append([row["id"] for row in asked])
        whole, *parts = found
        assert sorted(id for part in parts for id in part) == sorted(whole)
        assert len(whole) > 0
