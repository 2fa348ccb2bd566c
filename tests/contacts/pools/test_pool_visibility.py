"""What lies in a pool exists for its members alone, whatever route is asked."""

from guanxi_shared.edge import Edge
from tests.contacts.pools.conftest import MakeAccount, MakePool
from tests.contacts.test_route_visibility import BODIES, QUERIES, SECRET
from tests.every_route import Ids, operations
from tests.factories import Clients, Organisation


async def test_no_route_shows_or_changes_a_record_of_somebody_elses_pool(
    client: Clients, contacts: Edge, organisation: Organisation, other_organisation: Organisation,
    make_pool: MakePool, make_account: MakeAccount,
) -> None:  # fmt: skip
    pool = await make_pool(team_ids=[str(organisation.teams["a1"])])
    account = await make_account(name=SECRET, external_id="canary")
    ids = Ids({"account_id": account["id"], "pool_id": pool["id"]})
    claims = {
        "/v1/pools/{pool_id}/claim": {"record_id": account["id"]},
        "/v1/pools/{pool_id}/assign": {
            "record_ids": [account["id"]], "owner_id": str(organisation.rep.id),
        },
    }  # fmt: skip
    wrong = []
    for user in (
        organisation.rep2, organisation.other_rep, organisation.read_only, other_organisation.admin
    ):  # fmt: skip
        for method, path in operations(contacts):
            body = claims.get(path, BODIES.get(path, {} if method in ("post", "patch") else None))
            answer = await client(user).request(
                method, path.format_map(ids), params=QUERIES.get(path), json=body
            )
            if SECRET in answer.text or "Canary" in answer.text.replace("'Canary'", ""):
                wrong.append((user.name, method, path, "shows it"))
            if "{account_id}" in path and answer.status_code not in (403, 404):
                wrong.append((user.name, method, path, answer.status_code))
    assert wrong == []
    kept = await client(organisation.admin).get(f"/v1/accounts/{account['id']}")
    assert kept.json()["version"] == account["version"]
    records = await client(organisation.junior).get(f"/v1/pools/{pool['id']}/records")
    assert records.text.count(SECRET) == 1


async def test_a_member_sees_it_by_the_pool_and_by_nothing_else(
    client: Clients, contacts: Edge, organisation: Organisation,
    make_pool: MakePool, make_account: MakeAccount,
) -> None:  # fmt: skip
    pool = await make_pool()
    account = await make_account(name=SECRET)
    ids, shown = Ids({"account_id": account["id"], "pool_id": pool["id"]}), []
    for method, path in operations(contacts):
        if method != "get" and not path.endswith(("/search", "/snapshot", "/export")):
            continue
        answer = await client(organisation.rep).request(
            method, path.format_map(ids), params=QUERIES.get(path), json=BODIES.get(path)
        )
        if SECRET in answer.text:
            shown.append(path)
    assert shown == ["/v1/pools/{pool_id}/records"]
