"""The allow-list of warnings and breaches. Whoever sees the ticket sees them."""

from dataclasses import replace
from typing import Final

from guanxi_shared import resources as r
from guanxi_shared.resources import Field, Resource, fields_of, looked_up, overlaps
from guanxi_tickets import models
from guanxi_tickets.sla_alerts.schemas import AlertRead

ALERT: Final = models.SlaAlert.metadata.tables["sla_alerts"]


def _fields() -> dict[str, Field]:
    fields = {
        ("assignee_id" if name == "owner_id" else name): field
        for name, field in fields_of(ALERT).items()
    }
    fields["assignee_id"] = replace(fields["assignee_id"], name="assignee_id")
    fields["actions"] = replace(fields["actions"], is_filtered=False)
    fields["notified_id"] = looked_up("notified_id", r.ID, ALERT, overlaps(ALERT.c.notified_ids))
    return fields


ALERTS: Resource = Resource(
    name="sla-alerts",
    noun="sla",
    service="tickets",
    table=ALERT,
    fields=_fields(),
    model=AlertRead,
    permitted_as="tickets",
    seen_as="tickets",
)
