"""What the owner of a feed may see now: asked of the gateway at each reading.

Read of its answer: permissions, visibility.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from guanxi_contacts.calendar_feeds import rights_rules
from guanxi_contacts.clients import gateway_client
from guanxi_shared.auth import Principal
from guanxi_shared.calls import House
from guanxi_shared.errors import NotFound


async def present_rights(here: House, then: Principal) -> Principal:
    """Of what they had when the feed was made, what is left; NotFound when that shows no calendar. Unavailable
    when nobody can say."""
    told = await gateway_client(here).get_json(
        f"/internal/rights/{then.user_id}", organisation_id=then.organisation
    )
    by = rights_rules.narrowed(then, _with(then, told))
    if not all(by.may(permission) for permission in rights_rules.DEMANDED):
        raise NotFound("There is no such calendar.")
    return by


def _with(then: Principal, told: Mapping[str, Any]) -> Principal:
    permissions = frozenset(told["permissions"])
    return replace(then, permissions=permissions, visibility=told["visibility"], scopes=None)
