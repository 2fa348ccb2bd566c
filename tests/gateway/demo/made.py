"""What the generator makes on one day, made once for all the tests that look at it."""

from datetime import date

from guanxi_gateway.cli.demo.activities import customers_of, make_activities
from guanxi_gateway.cli.demo.companies import make_companies
from guanxi_gateway.cli.demo.people import make_people
from guanxi_gateway.cli.demo.purchases import purchase_days
from guanxi_gateway.cli.demo.seeds import DEFAULT_SEED

SEED = DEFAULT_SEED
TODAY = date(2026, 3, 5)  # a Thursday
COMPANIES = make_companies(SEED)
PEOPLE = make_people(SEED, COMPANIES)
CUSTOMERS = customers_of(SEED, COMPANIES, PEOPLE)
ACTIVITIES = make_activities(SEED, CUSTOMERS, TODAY)
PURCHASES = purchase_days(SEED, CUSTOMERS, TODAY)
