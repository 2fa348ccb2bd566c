"""Contracts as tickets tells of them, many at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid5

from guanxi_analytics.facts.writing import write_facts
from guanxi_shared.db import Database
from tests.factories import Organisation

SPACE = UUID(int=8)
DAY = timedelta(days=1)
AT_ONCE = 5_000


def months_on(day: date, months: int) -> date:
    """Of a day that every month has."""
    n = day.year * 12 + day.month - 1 + months
    return date(n // 12, n % 12 + 1, day.day)


@dataclass(frozen=True)
class Contract:
    """So many terms of so many months; `left`: the last one was put away."""

    name: str
    began: date
    months: int
    terms: int
    left: bool = False

    def days(self) -> list[tuple[date, date]]:
        begins = [months_on(self.began, self.months * n) for n in range(self.terms + 1)]
        return [(one, other - DAY) for one, other in pairwise(begins)]


def account(organisation: Organisation, name: str) -> UUID:
    return uuid5(SPACE, f"{organisation.id}{name}")


def told(
    organisation: Organisation, contracts: Iterable[Contract], at: str, owner: str
) -> list[dict[str, Any]]:
    """The terms of a contract as those who import them have them: without a link from one to the next."""
    events = []
    owner_id = str(organisation.users[owner].id)
    for contract in contracts:
        days = contract.days()
        for n, (first, until) in enumerate(days):
            id = str(uuid5(SPACE, f"{organisation.id}{contract}{n}"))
            state = {
                "id": id, "name": contract.name, "account_id": str(account(organisation, contract.name)), "product_id": None,
                "unit": "incidents", "valid_from": str(first), "valid_until": str(until), "renewed_from_id": None,
                "is_active": not (contract.left and n == len(days) - 1), "owner_id": owner_id, "team_id": None,
            }  # fmt: skip
            events.append(
                {
                    "organisation_id": str(organisation.id), "type": "tickets.entitlement.created", "subject_type": "entitlement",
                    "subject_id": id, "version": 1, "before": None, "after": state, "occurred_at": at,
                }
            )  # fmt: skip
    return events


async def signed(
    database: Database, organisation: Organisation, contracts: Sequence[Contract], *,
    at: str = "2026-01-01T00:00:00+00:00", owner: str = "rep",
) -> None:  # fmt: skip
    events = told(organisation, contracts, at, owner)
    for begin in range(0, len(events), AT_ONCE):
        async with database.transaction(organisation.id) as connection:
            await write_facts(
                connection, organisation.id, "tickets", events[begin : begin + AT_ONCE]
            )


async def accounts_named(
    database: Database, organisation: Organisation, names: Iterable[str], owner: str = "rep"
) -> None:
    """Contacts told of their accounts."""
    events = [
        {
            "organisation_id": str(organisation.id), "type": "contacts.account.created", "subject_type": "account",
            "subject_id": str(account(organisation, name)), "version": 1, "before": None,
            "after": {
                "id": str(account(organisation, name)), "name": name, "team_id": None,
                "owner_id": str(organisation.users[owner].id),
            },
            "occurred_at": "2026-01-01T00:00:00+00:00",
        }
        for name in sorted(set(names))
    ]  # fmt: skip
    async with database.transaction(organisation.id) as connection:
        await write_facts(connection, organisation.id, "contacts", events)
