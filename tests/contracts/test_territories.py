"""What analytics reads of territories and their accounts, and pipeline of where accounts are, held against what pipeline and
contacts really tell."""

from guanxi_analytics.facts.kinds import ASSIGNMENTS, TERRITORIES
from guanxi_analytics.heard.peers import types_of
from guanxi_pipeline.references.heard import TYPES, apply_contacts_events
from guanxi_shared.consumers import bind
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from tests.contracts.test_directory import Check, _is_id, _is_text, _or_none
from tests.contracts.test_segments import _said
from tests.contracts.test_selling import did, events_of, made, seller, selling
from tests.factories import Clients, Organisation

__all__ = ["seller", "selling"]
PATH = "/v1/territories"
SHAPE: dict[str, dict[str, Check]] = {
    "territory": {
        "id": _is_id, "name": _is_text, "owner_id": _or_none(_is_id), "team_id": _or_none(_is_id),
    },
    "territory_account": {
        "id": _is_id, "territory_id": _is_id, "account_id": _is_id, "is_pinned": lambda v: isinstance(v, bool),
    },
}  # fmt: skip


async def test_what_pipeline_tells_of_territories_is_what_analytics_reads(
    client: Clients, contacts: Edge, pipeline: Edge, organisation: Organisation, selling: Database, seller: Clients
) -> None:  # fmt: skip
    people, admin = client(organisation.admin), seller(organisation.admin)
    shop = {"kind": "shipping", "city": "Beijing"}
    office = {"kind": "office", "country": "CN", "state": "上海市", "city": "上海"}
    town = await made(
        admin, PATH, name="Town", cities=["上海"], provinces=["上海市"], countries=["cn"]
    )
    key = await made(admin, PATH, name="Key")
    gone = await made(admin, PATH, name="Gone")
    ids = [await made(people, "/v1/accounts", name=f"a{n}", addresses=[shop, office]) for n in range(3)]  # fmt: skip
    await did(people, "DELETE", f"/v1/accounts/{ids[2]}")
    told = await events_of(contacts, organisation, TYPES, "pipeline")
    async with selling.transaction(None) as connection:
        await bind(connection, organisation.id)
        files = pipeline.state.house.settings.files_dir
        await apply_contacts_events(connection, organisation.id, told, files_dir=files)
    await did(admin, "PUT", f"{PATH}/{key}/accounts/{ids[0]}")
    await did(admin, "PATCH", f"{PATH}/{town}", {"team_id": str(organisation.teams["a"])})
    await did(admin, "DELETE", f"{PATH}/{gone}")
    await did(admin, "POST", f"{PATH}/{gone}/restore")
    await did(admin, "DELETE", f"{PATH}/{gone}")
    events = await events_of(pipeline, organisation, types_of("pipeline"), "analytics")
    for noun, shape in SHAPE.items():
        own = [event for event in events if event["subject_type"] == noun]
        verbs = {event["type"].rpartition(".")[2] for event in own}
        more = {"restored"} if noun == "territory" else set()
        assert verbs == {"created", "updated", "deleted"} | more
        for event in own:
            assert event["subject_id"] == event["after"]["id"]
            for name, holds in shape.items():
                assert holds(event["after"][name]), (event["type"], name, event["after"])
    said = {piece["name"]: str(piece["team_id"]) for piece in _said(TERRITORIES, events).values()}
    assert said == {"Town": str(organisation.teams["a"]), "Key": "None"}
    pairs = {
        str(piece["account_id"]): str(piece["territory_id"])
        for piece in _said(ASSIGNMENTS, events).values()
    }
    assert pairs == {ids[0]: key, ids[1]: town}
