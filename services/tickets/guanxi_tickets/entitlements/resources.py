"""The allow-list of entitlements."""

from typing import Final

from guanxi_shared.resources import Resource, fields_of
from guanxi_tickets import models
from guanxi_tickets.entitlements.schemas import EntitlementRead

ENTITLEMENT: Final = models.Entitlement.metadata.tables["entitlements"]
ENTITLEMENTS: Resource = Resource(
    name="entitlements",
    noun="entitlement",
    service="tickets",
    table=ENTITLEMENT,
    fields=fields_of(ENTITLEMENT, hidden=("next_at",)),
    model=EntitlementRead,
)
