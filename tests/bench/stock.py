"""The kinds of records that are loaded by the hundred thousand, each as the service itself would
store it, made by its own rules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Table

from guanxi_contacts.accounts import rules as account_rules
from guanxi_contacts.people import rules as people_rules
from guanxi_contacts.records import DEFAULTS
from guanxi_contacts.resources import ACCOUNTS, CONTACTS
from guanxi_pipeline.opportunities.found_rules import found_by as deal_found_by
from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.opportunities.service import DEFAULTS as DEAL_DEFAULTS
from guanxi_shared.resources import Resource
from guanxi_shared.search import table_of
from guanxi_tickets.tickets.found_rules import found_by as ticket_found_by
from guanxi_tickets.tickets.resources import TICKETS as TICKET_RESOURCE
from guanxi_tickets.tickets.service import DEFAULTS as TICKET_DEFAULTS
from tests.bench.companies import company
from tests.bench.deal_stock import deal
from tests.bench.people import person
from tests.bench.ticket_stock import ticket

REGION = "CN"


@dataclass(frozen=True)
class Kind:
    """`sent` is record `number` as the API takes it, `computed` what its state has besides columns."""

    resource: Resource
    sent: Callable[[int], Mapping[str, Any]]
    columns_from: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    found_by: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    computed: Mapping[str, Any]
    defaults: Mapping[str, Any]

    @property
    def tables(self) -> tuple[Table, Table]:
        return self.resource.table, table_of(self.resource)

    @property
    def settings(self) -> dict[str, str]:
        """Of a connection that works in the schema of its service."""
        return {"search_path": f"{self.resource.service},public", "timezone": "UTC"}

    @property
    def staging(self) -> str:
        return f"staging_{self.resource.name}"

    def row(self, number: int) -> dict[str, Any]:
        """Every column that the service would fill for this create, but ids, owner and times."""
        columns = {**self.defaults, **self.columns_from(self.sent(number))}
        return {**columns, "custom": {}, "version": 1, **self.found_by(columns)}


PEOPLE = Kind(
    CONTACTS,
    person,
    partial(people_rules.columns_from, region=REGION),
    people_rules.found_by,
    {"accounts": []},
    DEFAULTS["contacts"],
)
COMPANIES = Kind(
    ACCOUNTS,
    company,
    partial(account_rules.columns_from, region=REGION),
    account_rules.found_by,
    {},
    DEFAULTS["accounts"],
)
DEALS = Kind(
    OPPORTUNITIES,
    deal,
    dict,
    partial(deal_found_by, account_name=None),
    {},
    DEAL_DEFAULTS,
)
TICKETS = Kind(
    TICKET_RESOURCE,
    ticket,
    dict,
    partial(ticket_found_by, account_name=None, requester_name=None),
    {},
    TICKET_DEFAULTS,
)
KINDS: Mapping[str, Kind] = {
    kind.resource.name: kind for kind in (PEOPLE, COMPANIES, DEALS, TICKETS)
}
