"""Accounts, contacts and activities as phones hold them."""

from typing import Final

from guanxi_contacts.activities.resources import ACTIVITIES
from guanxi_contacts.models.accounts import GRADES
from guanxi_contacts.models.activities import KINDS, STATUSES
from guanxi_contacts.resources import ACCOUNTS, CONTACTS
from guanxi_contacts.sync import activities, customers
from guanxi_shared.sync.cells import (
    Cell,
    email,
    equal_letters,
    equal_number,
    equal_telephone,
    identifier,
    instant,
    line,
    moment,
    number,
    one_of,
    one_of_or_none,
    prose,
)
from guanxi_shared.sync.tables import SyncTable, Writes


def _primary(column: str, key: str) -> str:
    """The primary one of a list, which is written so that there is exactly one."""
    return f"(SELECT p.value->>'{key}' FROM jsonb_array_elements(t.{column}) AS p ORDER BY (p.value->>'is_primary')::boolean DESC NULLS LAST LIMIT 1)"


PHONE: Final = Cell(_primary("phones", "number"), line(60), equal_telephone)
EMAIL: Final = Cell(_primary("emails", "address"), email, equal_letters)
OWNER: Final = Cell("t.owner_id::text", identifier)
LATITUDE: Final = Cell("t.latitude", number(-90, 90), equal_number)
LONGITUDE: Final = Cell("t.longitude", number(-180, 180), equal_number)
UPDATED: Final = Cell(moment("t.updated_at"))

SYNC_ACCOUNTS: Final = SyncTable(
    name="accounts",
    resource=ACCOUNTS,
    nouns=("account",),
    cells={
        "name": Cell("t.name", line(300)),
        "industry": Cell("t.industry", line(200)),
        "region": Cell("t.region", line(200)),
        "phone": PHONE,
        "email": EMAIL,
        "latitude": LATITUDE,
        "longitude": LONGITUDE,
        "owner_id": OWNER,
        "grade": Cell("t.grade", one_of_or_none(GRADES)),
        "updated_at": UPDATED,
    },
    kept={
        "phones": "t.phones::text",
        "emails": "t.emails::text",
        "addresses": "t.addresses::text",
    },
    writes=Writes(
        create=customers.create_account,
        update=customers.update_account,
        delete=customers.delete_account,
        may_create="accounts:create",
        may_update="accounts:update",
        may_delete="accounts:delete",
    ),
)
SYNC_CONTACTS: Final = SyncTable(
    name="contacts",
    resource=CONTACTS,
    nouns=("contact",),
    cells={
        "account_id": Cell(
            "(SELECT l.account_id::text FROM contact_accounts AS l"
            " WHERE l.organisation_id = t.organisation_id AND l.contact_id = t.id"
            " ORDER BY l.is_primary DESC, l.account_id LIMIT 1)",
            identifier,
        ),
        "name": Cell("t.name", line(300)),
        "title": Cell("t.title", line(200)),
        "phone": PHONE,
        "email": EMAIL,
        "owner_id": OWNER,
        "updated_at": UPDATED,
    },
    kept={
        "phones": "t.phones::text",
        "emails": "t.emails::text",
        "links": "(SELECT jsonb_agg(jsonb_build_object('account_id', l.account_id, 'role', l.role,"
        " 'stance', l.stance, 'is_primary', l.is_primary) ORDER BY l.is_primary DESC, l.account_id)"
        " FROM contact_accounts AS l"
        " WHERE l.organisation_id = t.organisation_id AND l.contact_id = t.id)::text",
    },
    writes=Writes(
        create=customers.create_contact,
        update=customers.update_contact,
        delete=customers.delete_contact,
        may_create="contacts:create",
        may_update="contacts:update",
        may_delete="contacts:delete",
    ),
)
SYNC_ACTIVITIES: Final = SyncTable(
    name="activities",
    resource=ACTIVITIES,
    nouns=("activity",),
    cells={
        "kind": Cell("t.kind", one_of(KINDS)),
        "subject": Cell("t.subject", line(300)),
        "body": Cell("t.body", prose(20_000)),
        "status": Cell("t.status", one_of(STATUSES)),
        "starts_at": Cell(moment("t.starts_at"), instant),
        "done_at": Cell(moment("t.done_at"), instant),
        "account_id": Cell("t.account_ids[1]::text", identifier),
        "contact_id": Cell("t.contact_ids[1]::text", identifier),
        "opportunity_id": Cell("t.opportunity_id::text", identifier),
        "latitude": LATITUDE,
        "longitude": LONGITUDE,
        "owner_id": OWNER,
    },
    kept={
        "account_ids": "t.account_ids::text[]",
        "contact_ids": "t.contact_ids::text[]",
        "ends_at": "t.ends_at",
        "duration_minutes": "t.duration_minutes",
    },
    recent="CASE WHEN t.status = 'planned' THEN 'infinity'"
    " ELSE coalesce(greatest(t.starts_at, t.due_at, t.done_at), t.created_at) END",
    writes=Writes(
        create=activities.create,
        update=activities.update,
        delete=activities.delete,
        may_create="activities:create",
        may_update="activities:update",
        may_delete="activities:delete",
    ),
)
