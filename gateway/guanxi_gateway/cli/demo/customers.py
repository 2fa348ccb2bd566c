"""Everything about the customers, made at once: each kind is its own file, this one names them all."""

from dataclasses import dataclass
from datetime import date

from guanxi_gateway.cli.demo.activities import customers_of, make_activities
from guanxi_gateway.cli.demo.agenda import make_agenda
from guanxi_gateway.cli.demo.companies import Record, make_companies
from guanxi_gateway.cli.demo.consents import make_consents
from guanxi_gateway.cli.demo.deals import make_deals
from guanxi_gateway.cli.demo.duplicates import make_second_accounts, make_second_people
from guanxi_gateway.cli.demo.leads import make_leads
from guanxi_gateway.cli.demo.offers import make_quotes
from guanxi_gateway.cli.demo.past_contracts import make_past_contracts
from guanxi_gateway.cli.demo.past_tickets import Past, make_past
from guanxi_gateway.cli.demo.people import make_people
from guanxi_gateway.cli.demo.pools import make_releases, make_waiting
from guanxi_gateway.cli.demo.purchases import purchase_days
from guanxi_gateway.cli.demo.sales import make_orders
from guanxi_gateway.cli.demo.standing import as_it_began, make_standing
from guanxi_gateway.cli.demo.tickets import make_tickets
from guanxi_gateway.cli.demo.visits import Visit, make_visits


@dataclass(frozen=True, slots=True)
class Customers:
    """Accounts and people as they are created, and what is done with them afterwards."""

    accounts: list[Record]
    people: list[Record]
    standing: dict[str, list[Record]]
    releases: dict[str, Record]
    activities: list[Record]
    visits: list[Visit]
    consents: dict[str, list[Record]]
    leads: list[Record]
    deals: list[Record]
    quotes: list[Record]
    orders: list[Record]
    tickets: list[Record]
    past: Past
    contracts: list[Record]


def make_customers(seed: int, today: date) -> Customers:
    companies = make_companies(seed)
    people = make_people(seed, companies)
    waiting = make_waiting(seed, companies)
    customers = customers_of(seed, companies, people)
    activities = make_activities(seed, customers, today)
    purchases = purchase_days(seed, customers, today)
    deals = make_deals(seed, customers, purchases, today)
    again = [record for _, record in make_second_accounts(seed, companies)]
    return Customers(
        accounts=[*map(as_it_began, companies), *waiting, *again],
        people=[*people, *(record for _, record in make_second_people(seed, people))],
        standing=make_standing(seed, companies, today),
        releases=make_releases(seed, waiting),
        activities=[*activities, *make_agenda(seed, companies[0], people[0], today)],
        visits=make_visits(seed, activities, companies, today),
        consents=make_consents(seed, people, today),
        leads=make_leads(seed, today),
        deals=deals,
        quotes=make_quotes(seed, deals),
        orders=make_orders(seed, customers, deals, purchases),
        tickets=make_tickets(seed, customers),
        past=make_past(seed, customers, today),
        contracts=make_past_contracts(seed, customers, today),
    )
