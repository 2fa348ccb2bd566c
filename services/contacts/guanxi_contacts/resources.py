"""The allow-lists of contacts: what accounts and contacts show, filter, sort and include."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Table,
    Text,
    Uuid,
    any_,
    cast,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from guanxi_contacts import models
from guanxi_contacts.accounts.rules import MONEY
from guanxi_contacts.accounts.schemas import AccountRead
from guanxi_contacts.activities.resources import ACTIVITIES
from guanxi_contacts.calendar_feeds.resources import CALENDAR_FEEDS
from guanxi_contacts.campaign_members.resources import CAMPAIGN_MEMBERS
from guanxi_contacts.campaigns.resources import CAMPAIGNS
from guanxi_contacts.consents.resources import CONSENTS, consented, unprepared
from guanxi_contacts.files.resources import FILES
from guanxi_contacts.people.schemas import ContactRead
from guanxi_contacts.pools.resources import POOLS
from guanxi_contacts.segments.meaning import segment_field
from guanxi_contacts.segments.resources import SEGMENT_MEMBERS, SEGMENTS
from guanxi_contacts.views.resources import VIEWS
from guanxi_shared import resources as r
from guanxi_shared.fields.resource import fields_resource
from guanxi_shared.matching import match_key
from guanxi_shared.resources import Field, Include, Resource, Where, fields_of, looked_up
from guanxi_shared.search import keyed, tagged
from guanxi_shared.visibility import Scope, predicate

METADATA = models.Account.metadata
SERVICE = "contacts"
ACCOUNT: Table = METADATA.tables["accounts"]
CONTACT: Table = METADATA.tables["contacts"]
LINK: Table = METADATA.tables["contact_accounts"]
HIDDEN = ("merged_into_id", "erased_at")
MOST_INCLUDED = 50
EMPTY = text("'[]'::jsonb")

Bind = Callable[[Any, Any], BindParameter[Any]]


def _fields(table: Table, words: Table, *, money: tuple[str, ...] = ()) -> dict[str, Field]:
    """`has` looks at a phone's number and an email's address; `phone=` and `email=` find every
    spelling; whole objects are shown, not compared."""
    fields = fields_of(table, hidden=HIDDEN, money=money)
    for name, key in {"phones": "number", "emails": "address", "addresses": "city"}.items():
        fields[name] = replace(fields[name], key=key)
    for name in {"custom", "key_account"} & set(fields):
        fields[name] = replace(fields[name], kind=r.OBJECT)
    for name in ("email", "phone"):
        by_key = _by_key(table, words, name)
        fields[name] = looked_up(name, r.TEXT, table, by_key, finds_few=True)
    fields["tags"] = replace(fields["tags"], where=tagged(table, words))
    return fields


def _by_key(table: Table, words: Table, name: str) -> Where:
    def where(operator: str, value: Any, bind: Bind) -> ColumnElement[bool]:
        values = value if isinstance(value, list) else [value]
        keys = [match_key(name, item) or "" for item in values]
        return keyed(table, words, bind(keys, ARRAY(Text)))

    return where


def _in_account(operator: str, value: Any, bind: Bind) -> ColumnElement[bool]:
    accounts = bind(value if isinstance(value, list) else [value], ARRAY(Uuid))
    members = select(LINK.c.contact_id).where(
        LINK.c.organisation_id == CONTACT.c.organisation_id, LINK.c.account_id == any_(accounts)
    )
    return CONTACT.c.id.in_(members)


def _accounts_of_contact() -> ColumnElement[Any]:
    """The accounts of a contact as the API shows them, the primary one first."""
    entry = func.jsonb_build_object(
        "account_id", cast(LINK.c.account_id, Text), "role", LINK.c.role,
        "stance", LINK.c.stance, "is_primary", LINK.c.is_primary,
    )  # fmt: skip
    ordered = aggregate_order_by(entry, LINK.c.is_primary.desc(), LINK.c.account_id)
    listed = select(func.coalesce(func.jsonb_agg(ordered), EMPTY)).where(
        LINK.c.organisation_id == CONTACT.c.organisation_id, LINK.c.contact_id == CONTACT.c.id
    )
    return listed.correlate(CONTACT).scalar_subquery()


def _contacts_of_account(scope: Scope) -> ColumnElement[Any]:
    """`include=contacts` of an account: the visible people, the first fifty by name."""
    belongs = (LINK.c.organisation_id == CONTACT.c.organisation_id) & (
        LINK.c.contact_id == CONTACT.c.id
    )
    people = (
        select(
            cast(CONTACT.c.id, Text).label("id"),
            *(CONTACT.c[n] for n in ("name", "title", "department", "phones", "emails")),
            *(LINK.c[n] for n in ("role", "stance", "is_primary")),
        )
        .join(LINK, belongs)
        .where(
            LINK.c.organisation_id == ACCOUNT.c.organisation_id,
            LINK.c.account_id == ACCOUNT.c.id,
            CONTACT.c.deleted_at.is_(None),
            predicate(CONTACT, scope, prefix="contacts"),
        )
        .order_by(CONTACT.c.name, CONTACT.c.id)
        .limit(MOST_INCLUDED)
        .correlate(ACCOUNT)
        .subquery("people")
    )
    rows = func.coalesce(func.jsonb_agg(func.to_jsonb(literal_column("people.*"))), EMPTY)
    return select(rows).select_from(people).scalar_subquery()


def _fields_of(
    table: Table, words: Table, resource: Callable[[], Resource], **more: Any
) -> dict[str, Field]:
    return _fields(table, words, **more) | {"segment_id": segment_field(table, resource, SEGMENTS)}


ACCOUNTS: Resource = Resource(
    name="accounts",
    noun="account",
    service=SERVICE,
    table=ACCOUNT,
    fields=_fields_of(ACCOUNT, models.ACCOUNT_SEARCH, lambda: ACCOUNTS, money=MONEY),
    includes={"contacts": Include("contacts", _contacts_of_account, "contacts")},
    search=models.ACCOUNT_SEARCH,
    has_documents=True,
    model=AccountRead,
)

_linked = _accounts_of_contact()
CONTACTS: Resource = Resource(
    name="contacts",
    noun="contact",
    service=SERVICE,
    table=CONTACT,
    fields={
        **_fields_of(CONTACT, models.CONTACT_SEARCH, lambda: CONTACTS),
        "accounts": Field("accounts", r.OBJECTS, _linked, _linked, (), is_filtered=False),
        "account_id": looked_up("account_id", r.ID, CONTACT, _in_account),
        "consent": looked_up("consent", r.TEXT, CONTACT, unprepared, prepare=consented),
    },
    computed=frozenset({"accounts"}),
    search=models.CONTACT_SEARCH,
    has_documents=True,
    model=ContactRead,
)
FIELDS = fields_resource(SERVICE, METADATA)
RESOURCES = (ACCOUNTS, CONTACTS)
EXPORTED = (*RESOURCES, ACTIVITIES, CAMPAIGNS, CAMPAIGN_MEMBERS)
BY_NAME = {resource.name: resource for resource in RESOURCES}
VIEWED = BY_NAME | {ACTIVITIES.name: ACTIVITIES}
LOGGED = (
    *RESOURCES, ACTIVITIES, CALENDAR_FEEDS, FIELDS, FILES, CONSENTS, POOLS, SEGMENTS, SEGMENT_MEMBERS, VIEWS,
    CAMPAIGNS, CAMPAIGN_MEMBERS,
)  # fmt: skip
