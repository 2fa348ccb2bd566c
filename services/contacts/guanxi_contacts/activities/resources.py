"""The allow-list of activities: what they show, filter and sort."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Table, Uuid, any_, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_contacts import models
from guanxi_contacts.activities.schemas import ActivityRead
from guanxi_shared import resources as r
from guanxi_shared.resources import Field, Resource, fields_of, looked_up, overlaps
from guanxi_shared.search import tagged

ACTIVITY: Table = models.Activity.metadata.tables["activities"]
CHECK: Table = models.Activity.metadata.tables["visit_checks"]
HIDDEN = ("invited_ids", "series_starts_at", "series_ends_at")
IDS = ARRAY(Uuid)


def _far(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
    """Checked in or out too far from the customer."""
    far = select(CHECK.c.activity_id).where(
        CHECK.c.organisation_id == ACTIVITY.c.organisation_id, CHECK.c.is_far
    )
    flags = bind(value if isinstance(value, list) else [value], ARRAY(Boolean))
    return ACTIVITY.c.id.in_(far) == any_(flags)  # the text is kept for both values


def _attended(operator: str, value: Any, bind: Any) -> ColumnElement[bool]:
    """Whose time it takes: the owner's and the participating users'."""
    people = bind(value if isinstance(value, list) else [value], IDS)
    return or_(ACTIVITY.c.owner_id == any_(people), ACTIVITY.c.invited_ids.op("&&")(people))


def _fields() -> dict[str, Field]:
    fields = fields_of(ACTIVITY, hidden=HIDDEN)
    fields["participants"] = replace(fields["participants"], key="user_id")
    for name in ("custom", "visit"):
        fields[name] = replace(fields[name], kind=r.OBJECT)
    fields["tags"] = replace(fields["tags"], where=tagged(ACTIVITY, models.ACTIVITY_SEARCH))
    fields["exdates"] = replace(fields["exdates"], is_filtered=False)
    return {
        **fields,
        "account_id": looked_up("account_id", r.ID, ACTIVITY, overlaps(ACTIVITY.c.account_ids)),
        "contact_id": looked_up("contact_id", r.ID, ACTIVITY, overlaps(ACTIVITY.c.contact_ids)),
        "is_far": looked_up("is_far", r.BOOLEAN, ACTIVITY, _far),
        "attendee_id": looked_up("attendee_id", r.ID, ACTIVITY, _attended),
    }


ACTIVITIES = Resource(
    name="activities",
    noun="activity",
    service="contacts",
    table=ACTIVITY,
    fields=_fields(),
    search=models.ACTIVITY_SEARCH,
    has_documents=True,
    model=ActivityRead,
)
