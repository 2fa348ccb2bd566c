"""Loads the demo organisation through the public API; running it again completes what is missing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx

from guanxi_gateway.cli.demo.client import DemoClient, DemoRefused
from guanxi_gateway.cli.demo.companies import make_companies
from guanxi_gateway.cli.demo.own_fields import make_fields
from guanxi_gateway.cli.demo.people import make_people
from guanxi_gateway.cli.demo.seeds import DEFAULT_SEED
from guanxi_gateway.cli.demo.staff import (
    ADMIN_EMAIL,
    make_organisation,
    make_teams,
    make_users,
    organisation_id,
)

Tell = Callable[[str, int, int], None]
"""Called with a step's name, how many of its records are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many records the demo consists of, whether this run or an earlier one made them."""

    is_new: bool
    users: int
    companies: int
    people: int


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
    companies = make_companies(seed)
    people = make_people(seed, companies)
    users = make_users(seed, password)
    with DemoClient(url, transport=transport) as client:
        organisation = make_organisation(seed, password)
        is_new = client.make_organisation(organisation, service_secret=service_secret)
        client.sign_in(ADMIN_EMAIL, password)
        _demand_same_seed(client, seed)
        teams, fields = make_teams(seed), make_fields(seed)
        _follow("teams", client.create_missing("/v1/teams", teams), len(teams), tell)
        _follow("users", client.create_missing("/v1/users", users), len(users), tell)
        _follow("fields", client.create_missing("/v1/fields", fields), len(fields), tell)
        client.sign_in(ADMIN_EMAIL, password)  # services wait until they know the users, too
        accounts = client.create_in_batches("/v1/accounts", companies)
        _follow("companies", accounts, len(companies), tell)
        contacts = client.create_in_batches("/v1/contacts", people)
        _follow("people", contacts, len(people), tell)
    return Loaded(is_new, len(users) + 1, len(companies), len(people))


def _demand_same_seed(client: DemoClient, seed: int) -> None:
    if client.organisation_id() != str(organisation_id(seed)):
        raise DemoRefused(
            f"A demo organisation of another seed than {seed} is there: set GUANXI_DEMO_SEED to "
            "that one, or start over with make clean DATA=1."
        )


def _follow(step: str, done: Iterator[int], total: int, tell: Tell) -> None:
    tell(step, 0, total)
    for number in done:
        tell(step, number, total)
