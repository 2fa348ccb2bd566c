"""Who is erased in contacts is erased in pipeline, as the real feed tells it."""

from typing import Any

import httpx
import pytest

from guanxi_pipeline.references.heard import TYPES, apply_contacts_events
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from tests.contracts.test_selling import did, events_of, hear, made, seller, selling
from tests.factories import Clients, Organisation
from tests.hearing import one_by_one

__all__ = ["seller", "selling"]
SOMEBODY: dict[str, Any] = {
    "name": "Ann FeedCanary", "emails": [{"address": "feed@canary.example"}],
    "phones": [{"number": "136 0013 6666"}],
}  # fmt: skip
KINDS = [("contacts", {}), ("accounts", {"kind": "person"})]


@pytest.mark.parametrize(("resource", "more"), KINDS)
async def test_what_contacts_told_of_somebody_finds_their_lead_when_it_tells_of_their_erasure(
    client: Clients, contacts: Edge, pipeline: Edge, organisation: Organisation, selling: Database,
    seller: Clients, resource: str, more: dict[str, Any],
) -> None:  # fmt: skip
    theirs, ours = client(organisation.admin), seller(organisation.admin)
    apply = one_by_one(apply_contacts_events, files_dir=pipeline.state.house.settings.files_dir)
    person = await made(theirs, f"/v1/{resource}", **SOMEBODY, **more)
    company = await made(theirs, "/v1/accounts", name="Canary Ltd", phones=SOMEBODY["phones"])
    lead = await made(ours, "/v1/leads", **SOMEBODY)
    told = await events_of(contacts, organisation, TYPES, "pipeline")
    await hear(selling, told, apply)
    known = (
        f"SELECT known_by FROM known_{resource} WHERE organisation_id = $2 AND id = $3::text::uuid"
    )
    row = await selling.fetchrow(organisation.id, known, organisation.id, person)
    assert row is not None
    assert sorted(row["known_by"]) == [
        "e:feed@canary.example", "n:Ann FeedCanary", "p:+8613600136666", "p:136 0013 6666",
    ]  # fmt: skip
    of_company = known.replace(f"known_{resource}", "known_accounts")
    row = await selling.fetchrow(organisation.id, of_company, organisation.id, company)
    assert row is not None
    assert row["known_by"] == []  # a company is nobody to be recognised
    await did(theirs, "POST", f"/v1/{resource}/{person}/erase", {"reason": "consent_withdrawn"})
    await hear(
        selling, (await events_of(contacts, organisation, TYPES, "pipeline"))[len(told) :], apply
    )
    gone: httpx.Response = await ours.get(f"/v1/leads/{lead}")
    assert (gone.status_code, gone.json()["reason"]) == (410, "consent_withdrawn")
    row = await selling.fetchrow(organisation.id, known, organisation.id, person)
    assert row is not None
    assert row["known_by"] == []
    # The whole feed once more, as it reads now, brings nothing back.
    await hear(selling, await events_of(contacts, organisation, TYPES, "pipeline"), apply)
    row = await selling.fetchrow(organisation.id, known, organisation.id, person)
    assert row is not None
    assert row["known_by"] == []
