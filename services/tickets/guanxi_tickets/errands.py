"""The house of this service's worker; see guanxi_shared/errands.py."""

from guanxi_shared import errands
from guanxi_shared.calls import House
from guanxi_shared.db import Database
from guanxi_tickets.settings import settings


def own_house(database: Database) -> House:
    """Without contacts, for what asks nobody else."""
    return errands.bare_house(database, "tickets", settings())
