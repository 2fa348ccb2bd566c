"""What contacts reads of somebody's rights, held against what the gateway tells of them."""

import time
from collections.abc import Awaitable, Callable
from uuid import UUID

import httpx

from guanxi_contacts.calendar_feeds import rights, rights_rules
from guanxi_shared import delegation
from guanxi_shared.auth import sign_service_token
from tests.gateway.identity.people import Company
from tests.stand_in import SECRET

Found = Callable[[], Awaitable[Company]]
ROLE = {
    "name": "field-force",
    "permissions": ["activities:*", "calendar:*", "contacts:read"],
    "visibility": {"*": "own", "activities": "team"},
}


async def told(company: Company, user_id: str) -> httpx.Response:
    token = sign_service_token(
        SECRET, issuer="contacts", audience="gateway", now=time.time(), organisation_id=UUID(company.id)
    )  # fmt: skip
    headers = {"authorization": f"Bearer {token}"}
    return await company.client.get(f"/internal/rights/{user_id}", headers=headers)


async def test_a_role_of_ones_own_that_shrinks_is_told_and_narrows(company: Company) -> None:
    await company.admin.post("/v1/roles", ROLE)
    rep = await company.hire("field-force")
    answer = await told(company, rep.id)
    assert answer.status_code == 200, answer.text
    then = delegation.from_params(
        {
            "kind": "user", "name": "rep", "organisation_id": company.id, "user_id": rep.id, "scopes": None,
            "time_zone": "UTC", **answer.json(),
        }
    )  # fmt: skip
    assert rights_rules.narrowed(then, then).permissions == {
        "activities:read", "calendar:read", "contacts:read",
    }  # fmt: skip
    less = {"permissions": ["activities:read", "calendar:*"], "visibility": {"*": "own"}}
    changed = await company.admin.patch("/v1/roles/field-force", less)
    assert changed.status_code == 200, changed.text
    now = rights._with(then, (await told(company, rep.id)).json())
    left = rights_rules.narrowed(then, now)
    assert left.permissions == {"activities:read", "calendar:read"}
    assert (then.sees("activities"), left.sees("activities")) == ("team", "own")


async def test_who_left_or_is_of_another_organisation_has_no_rights(
    company: Company, found_company: Found
) -> None:
    rep = await company.hire("sales")
    assert (await told(await found_company(), rep.id)).status_code == 404
    assert (await told(company, "nobody")).status_code == 404
    await company.admin.patch(f"/v1/users/{rep.id}", {"is_active": False})
    assert (await told(company, rep.id)).status_code == 404


async def test_people_are_not_told_of_each_others_rights(company: Company) -> None:
    assert (await company.admin.get(f"/internal/rights/{company.admin.id}")).status_code == 401
