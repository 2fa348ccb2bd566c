"""Loads the demo organisation through the public API; running it again completes what is missing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import httpx

from guanxi_gateway.cli.demo.articles import (
    ARTICLES,
    CATEGORIES,
    make_articles,
    make_categories,
    make_uses,
)
from guanxi_gateway.cli.demo.campaigns import load_campaigns
from guanxi_gateway.cli.demo.client import DemoClient, DemoRefused, Write
from guanxi_gateway.cli.demo.companies import Record
from guanxi_gateway.cli.demo.complaints import CAUSES, make_causes, make_loops
from guanxi_gateway.cli.demo.customers import Customers, make_customers
from guanxi_gateway.cli.demo.loads import Loading, Tell
from guanxi_gateway.cli.demo.own_fields import make_fields
from guanxi_gateway.cli.demo.pools import make_pools
from guanxi_gateway.cli.demo.queues import AGENTS, QUEUES, make_agents, make_queues
from guanxi_gateway.cli.demo.rhythm import day_of
from guanxi_gateway.cli.demo.sales_loading import load_sales
from guanxi_gateway.cli.demo.saved import make_segments, make_views
from guanxi_gateway.cli.demo.seeds import DEFAULT_SEED
from guanxi_gateway.cli.demo.staff import (
    ADMIN_EMAIL,
    address_of,
    make_organisation,
    make_teams,
    make_users,
    organisation_id,
)
from guanxi_gateway.cli.demo.surveys import SURVEYS, load_surveys, make_surveys
from guanxi_gateway.cli.demo.tickets import (
    CALENDARS,
    FORMS,
    POLICIES,
    TICKETS,
    make_calendars,
    make_policies,
    make_talks,
    make_ticket_forms,
)
from guanxi_gateway.cli.demo.visits import Visit

ACCOUNTS, PEOPLE, ACTIVITIES = "/v1/accounts", "/v1/contacts", "/v1/activities"


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many records the demo consists of, whether this run or an earlier one made them."""

    is_new: bool
    users: int
    companies: int
    people: int
    activities: int
    opportunities: int
    orders: int
    tickets: int


def load(
    url: str,
    *,
    password: str,
    service_secret: str,
    seed: int = DEFAULT_SEED,
    tell: Tell = lambda step, done, total: None,
    transport: httpx.BaseTransport | None = None,
) -> Loaded:
    """Write the whole demo to the gateway at `url`; DemoRefused with a sentence if it cannot be.

    A new kind of record is one more step below, after those that it refers to.
    """
    with DemoClient(url, transport=transport) as client:
        organisation = make_organisation(seed, password)
        is_new = client.make_organisation(organisation, service_secret=service_secret)
        client.sign_in(ADMIN_EMAIL, password)
        today = day_of(_made_at(client, seed))
        customers = make_customers(seed, today)
        loading = Loading(client, seed, password, tell)
        users = _load_staff(loading)
        _load_customers(loading, customers)
        _load_dealings(loading, customers)
        load_sales(loading, customers, today)
        _load_tickets(loading, customers)
        _load_articles(loading, customers)
        loading.create("segments", "/v1/segments", make_segments(seed))
        loading.create("views", "/v1/views", make_views(seed))
        load_campaigns(loading, today)
    accounts, people = len(customers.accounts), len(customers.people)
    activities, deals = len(customers.activities), len(customers.deals)
    return Loaded(
        is_new, users, accounts, people, activities, deals, len(customers.orders),
        len(customers.tickets) + customers.past.how_many,
    )  # fmt: skip


def _made_at(client: DemoClient, seed: int) -> datetime:
    """When the demo organisation began; DemoRefused if it is not the one of this seed."""
    organisation = client.organisation()
    if organisation["id"] != str(organisation_id(seed)):
        raise DemoRefused(
            f"A demo organisation of another seed than {seed} is there: set GUANXI_DEMO_SEED to "
            "that one, or start over with make clean DATA=1."
        )
    return datetime.fromisoformat(organisation["created_at"])


def _load_staff(loading: Loading) -> int:
    """How many users there are, the admin with them."""
    seed, password = loading.seed, loading.password
    users = make_users(seed, password)
    loading.create("teams", "/v1/teams", make_teams(seed))
    loading.create("users", "/v1/users", users)
    loading.create("fields", "/v1/fields", make_fields(seed))
    loading.client.sign_in(ADMIN_EMAIL, password)  # services wait until they know the users, too
    return len(users) + 1


def _load_customers(loading: Loading, customers: Customers) -> None:
    loading.create_many("companies", ACCOUNTS, customers.accounts)
    loading.create_many("people", PEOPLE, customers.people)
    present = loading.client.records_of(f"{ACCOUNTS}?fields=id,version,grade")
    loading.write("standing", _moves(customers.standing, present))
    loading.create("pools", "/v1/pools", make_pools(loading.seed))
    loading.write("open accounts", _releases(customers.releases, present))
    loading.write("consents", _consents(customers.consents))


def _moves(
    standing: Mapping[str, Sequence[Record]], present: Mapping[str, Record]
) -> list[list[Write]]:
    """The nth move makes version n + 1 of its account: whatever is beyond that has been moved, by an
    earlier load or by somebody, and stays."""
    return [
        [
            Write(f"{ACCOUNTS}/{id}/standing", move, version=version)
            for version, move in enumerate(moves, start=1)
            if version >= _version(present.get(id))
        ]
        for id, moves in standing.items()
    ]


def _version(account: Record | None) -> float:
    """An account that is gone, or was graded when it was made (by a demo of another age), is left."""
    if account is None or (account["version"] == 1 and account["grade"] is not None):
        return float("inf")
    return float(account["version"])


def _releases(releases: Mapping[str, Record], present: Mapping[str, Record]) -> list[list[Write]]:
    """Once: who claimed an account since keeps it."""
    return [
        [Write(f"{ACCOUNTS}/{id}/release", body)]
        for id, body in releases.items()
        if _version(present.get(id)) == 1
    ]


def _consents(consents: Mapping[str, Sequence[Record]]) -> list[list[Write]]:
    return [
        [Write(f"{PEOPLE}/{id}/consents", entry) for entry in said] for id, said in consents.items()
    ]


def _load_dealings(loading: Loading, customers: Customers) -> None:
    """The conflict in the agenda is meant, so that conflicts are allowed."""
    query = "?allow_conflict=true"
    loading.create_many("activities", ACTIVITIES, customers.activities, query)
    asked = f"{ACTIVITIES}?kind=visit&status=done&fields=id,visit"
    present = loading.client.records_of(asked)
    missing = [each for each in customers.visits if not _is_over(present, each)]
    loading.follow("visits", _check_in(loading, missing), len(missing))


def _load_tickets(loading: Loading, customers: Customers) -> None:
    """First all of them, as they came in, then what became of each. Contracts come last: none of these tickets was made on one."""
    loading.create("business calendars", CALENDARS, make_calendars(loading.seed))
    loading.create("policies", POLICIES, make_policies(loading.seed))
    loading.create("queues", QUEUES, make_queues(loading.seed))
    loading.create("agents", AGENTS, make_agents(loading.seed))
    loading.create("ticket forms", FORMS, make_ticket_forms(loading.seed))
    loading.create("surveys", SURVEYS, make_surveys(loading.seed))
    _load_past(loading, customers)
    loading.create_many("tickets", TICKETS, customers.tickets)
    present = loading.client.records_of(f"{TICKETS}?fields=id,version")
    loading.write("replies", make_talks(loading.seed, customers.tickets, present))
    loading.create("root causes", CAUSES, make_causes(loading.seed))
    loading.write("loops of complaints", make_loops(loading.seed, customers.tickets))
    load_surveys(loading, customers.tickets)
    loading.take("past contracts", "entitlements", customers.contracts, key="id", duplicates="skip")


def _load_past(loading: Loading, customers: Customers) -> None:
    """Each file as often as one likes: what it brought in stays."""
    past, by_id = customers.past, {"key": "id", "duplicates": "skip"}
    loading.take("past tickets", "tickets", past.tickets, **by_id)
    loading.take("past replies", "ticket-comments", past.comments)
    loading.take("past answers", "survey-answers", past.answers, **by_id)


def _load_articles(loading: Loading, customers: Customers) -> None:
    """All as drafts, then each is used, published and rated."""
    loading.create("article categories", CATEGORIES, make_categories(loading.seed))
    loading.create("articles", ARTICLES, make_articles(loading.seed))
    present = loading.client.records_of(f"{ARTICLES}?fields=id,version")
    loading.write("uses of articles", make_uses(loading.seed, customers.tickets, present))


def _is_over(present: Mapping[str, Record], visit: Visit) -> bool:
    known = present.get(visit["activity_id"])
    return known is None or bool(known["visit"] and known["visit"]["checked_out_at"])


def _check_in(loading: Loading, visits: Sequence[Visit]) -> Iterator[int]:
    """Everybody checks in to their own visits."""
    done = 0
    in_order = sorted(visits, key=_owner)
    for owner, own in groupby(in_order, key=_owner):
        chains = [list(_checks(visit)) for visit in own]
        with loading.client.another() as client:
            client.sign_in(address_of(loading.seed, owner), loading.password)
            yield from (done + number for number in client.write_chains(chains))
        done += len(chains)


def _owner(visit: Visit) -> Any:
    return visit["owner_id"]


def _checks(visit: Visit) -> Iterator[Write]:
    path = f"{ACTIVITIES}/{visit['activity_id']}"
    yield Write(f"{path}/check-in", visit["in"])
    yield Write(f"{path}/check-out", visit["out"])
