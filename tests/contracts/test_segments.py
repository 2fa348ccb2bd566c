"""What analytics reads of segments and their accounts, held against what contacts really tells."""

from datetime import UTC, datetime, timedelta
from typing import Any

from guanxi_analytics.facts.kinds import MEMBERSHIPS, SEGMENTS, Kind
from guanxi_analytics.facts.telling import change_of
from guanxi_analytics.heard.peers import types_of
from guanxi_contacts.segments.sweeping import look_at_organisation
from guanxi_shared.edge import Edge
from guanxi_shared.heard import Event
from tests.contracts.test_directory import Check, _is_id, _is_text, _or_none
from tests.contracts.test_selling import did, events_of, made
from tests.factories import Clients, Organisation

SHAPE: dict[str, dict[str, Check]] = {
    "segment": {
        "id": _is_id, "name": _is_text, "resource": lambda v: v in ("accounts", "contacts"),
        "kind": lambda v: v in ("dynamic", "frozen"), "shared_with": lambda v: v in ("nobody", "team", "all"),
        "shared_team_id": _or_none(_is_id), "owner_id": _or_none(_is_id),
    },
    "segment_member": {"id": _is_id, "segment_id": _is_id, "account_id": _is_id},
}  # fmt: skip


async def test_what_contacts_tells_of_segments_is_what_analytics_reads(
    client: Clients, contacts: Edge, organisation: Organisation
) -> None:
    admin = client(organisation.admin)
    accounts = [await made(admin, "/v1/accounts", name=f"a{n}", industry="x") for n in range(3)]
    document = {"filter_groups": [{"filters": [{"field": "industry", "operator": "eq", "value": "x"}]}]}  # fmt: skip
    sent: dict[str, Any] = {"resource": "accounts", "document": document}
    frozen = await made(admin, "/v1/segments", name="f", kind="frozen", **sent)
    dynamic = await made(admin, "/v1/segments", name="d", **sent)
    await made(admin, "/v1/segments", name="p", resource="contacts")
    team = str(organisation.teams["a"])
    await did(admin, "PATCH", f"/v1/segments/{frozen}", {"shared_with": "team", "shared_team_id": team})  # fmt: skip
    await look_at_organisation(
        contacts.state.house.db, organisation.id, now=datetime.now(UTC), every=timedelta()
    )
    await did(admin, "DELETE", f"/v1/accounts/{accounts[0]}")
    await did(admin, "DELETE", f"/v1/segments/{dynamic}")
    events = await events_of(contacts, organisation, types_of("contacts"), "analytics")
    for noun, shape in SHAPE.items():
        told = [event for event in events if event["subject_type"] == noun]
        verbs = {event["type"].rpartition(".")[2] for event in told}
        assert verbs == {"created", "deleted"} | ({"updated"} if noun == "segment" else set())
        for event in told:
            assert event["subject_id"] == event["after"]["id"]
            for name, holds in shape.items():
                assert holds(event["after"][name]), (event["type"], name, event["after"])
    [shared] = _said(SEGMENTS, events).values()
    assert (shared["name"], shared["shared_with"], str(shared["team_id"])) == ("f", "team", team)
    pairs = {(str(s["segment_id"]), str(s["account_id"])) for s in _said(MEMBERSHIPS, events).values()}  # fmt: skip
    assert pairs == {(id, account) for id in (frozen, dynamic) for account in accounts[1:]}


def _said(kind: Kind, events: list[Event]) -> dict[Any, dict[str, Any]]:
    """What each subject says last."""
    pieces: dict[Any, dict[str, Any]] = {}
    for event in events:
        if event["subject_type"] == kind.noun:
            change = change_of(kind, event)
            pieces.pop(change.subject_id, None)
            pieces |= change.pieces
    return pieces
