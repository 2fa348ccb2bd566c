"""One's own records by plain filters, in an order that an index keeps: their plan is kept, others are not."""

from typing import Any

import asyncpg
import pytest

from guanxi_shared.db import Database
from tests.factories import Clients, Organisation
from tests.prepared import Clone
from tests.statements import Asked, asked_of

PATH = "/v1/contacts/search"
FAIR = {"field": "source", "operator": "in", "value": ["fair", "web"]}
BUYING = {"field": "department", "operator": "eq", "value": "Buying"}
TAGGED = {"field": "tags", "operator": "has", "value": "fair"}
NEWEST = ["-updated_at"]


def document(*filters: dict[str, Any], sorts: list[str] | None = None) -> dict[str, Any]:
    return {"filter_groups": [{"filters": list(filters)}], "sorts": sorts or NEWEST, "limit": 50}


@pytest.mark.parametrize(
    ("who", "body", "is_walk"),
    [
        ("rep", document(FAIR, BUYING), True),
        ("rep", document(BUYING, sorts=["updated_at"]), True),
        ("rep", document(FAIR, sorts=["id"]), False),  # of one's own an index has, of a team's none
        ("rep", document(FAIR, sorts=["name"]), False),  # no index of one's own has this order
        ("rep", document(FAIR, sorts=["-updated_at", "name"]), False),
        ("rep", document(FAIR, TAGGED), False),  # few have a tag, or many
        ("rep", document(FAIR) | {"query": "Ann"}, False),
        ("manager", document(FAIR, BUYING), False),  # of many owners
        ("admin", document(FAIR, BUYING), False),
    ],
)
@pytest.mark.usefixtures("remembered")
async def test_what_walks_one_owners_records_in_their_order_is_planned_once(
    client: Clients, organisation: Organisation, service_database: Database,
    who: str, body: dict[str, Any], is_walk: bool,
) -> None:  # fmt: skip
    user = client(getattr(organisation, who))
    (await user.post(PATH, json=body)).raise_for_status()  # scope and definitions are known now
    with asked_of([service_database.walks]) as walked:
        (await user.post(PATH, json=body)).raise_for_status()
    assert len(walked) == is_walk


@pytest.mark.usefixtures("remembered")
async def test_the_kept_plan_goes_by_the_owner_and_finds_the_same(
    client: Clients, organisation: Organisation, service_database: Database, database: Clone
) -> None:
    rep = client(organisation.rep)
    wanted = []
    for number in range(6):
        sent = {"name": f"Walk {number}", "source": ("fair", "shop")[number % 2]}
        answer = await rep.post("/v1/contacts", json=sent | {"department": "Buying"})
        wanted += [answer.json()["id"]] * (number % 2 == 0)
    data = {"name": "Walk", "source": "fair", "department": "Buying"}
    others = {"operations": [{"op": "create", "data": data}] * 200}
    answer = await client(organisation.other_rep).post("/v1/contacts/batch", json=others)
    answer.raise_for_status()
    body = document(FAIR, BUYING)
    await rep.post(PATH, json=body)
    with asked_of([service_database.walks]) as seen:
        found = (await rep.post(PATH, json=body)).json()["data"]
    assert [row["id"] for row in found] == wanted[::-1]
    plan = await plan_of(database, seen[0])
    assert any("Index Cond" in line and "owner_id = " in line for line in plan.splitlines()), plan
    assert "Seq Scan on contacts" not in plan


async def plan_of(database: Clone, asked: Asked) -> str:
    """As the pool plans it, once there is too much for reading all of it, and that is known."""
    owner = await asyncpg.connect(database.urls["contacts"].owner)
    try:
        await owner.execute("ANALYZE contacts")
    finally:
        await owner.close()
    connection = await asyncpg.connect(
        database.urls["contacts"].request,
        server_settings={"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"},
    )
    try:
        sql, values = asked
        rows = await connection.fetch(f"EXPLAIN (COSTS OFF) {sql}", *values)
        return "\n".join(row[0] for row in rows)
    finally:
        await connection.close()
