"""Who a row can belong to: this service's copy of users and teams, as an import's thread reads it."""

import time
from dataclasses import dataclass
from uuid import UUID

from guanxi_shared.auth import Principal
from guanxi_shared.db import Database
from guanxi_shared.tables.cell_problem import CellProblem
from guanxi_shared.visibility import Scope

FRESH_SECONDS = 5.0
USERS = "SELECT id, lower(email) AS email, lower(name) AS name, active FROM directory_users WHERE organisation_id = $2"
TEAMS = "SELECT id, lower(name) AS name FROM directory_teams WHERE organisation_id = $2"
HOME = "SELECT time_zone, currency, region FROM directory_state WHERE organisation_id = $2"


@dataclass(frozen=True, slots=True)
class Home:
    """What an organisation means when a file does not say."""

    time_zone: str = "UTC"
    currency: str = "CNY"
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Staff:
    """`by` runs the import; people they do not lead get records only if they may assign them."""

    by: Principal
    scope: Scope
    active: frozenset[UUID]
    users: dict[str, list[UUID]]  # by e-mail and by name, lower case
    teams: dict[str, list[UUID]]
    read_at: float

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() - self.read_at < FRESH_SECONDS

    def owner(self, text: str, column: str) -> UUID:
        """The active user of an e-mail address, a whole name or an id; CellProblem otherwise."""
        found = self.somebody(text, column)
        if found not in self.active:
            raise CellProblem(column, text, "is no active user; choose somebody who works here")
        return found

    def somebody(self, text: str, column: str) -> UUID:
        """Also who works here no more: of what they did once."""
        found = self._one(self.users, text, column, "user")
        if not self.may_own(found):
            raise CellProblem(
                column, text, "is nobody whose records you see; ask for the right to assign"
            )
        return found

    def team(self, text: str, column: str) -> UUID:
        return self._one(self.teams, text, column, "team")

    def may_own(self, user: UUID) -> bool:
        """The rule of the API: oneself, people whose records one sees, or whoever with the right."""
        own = user == self.by.user_id or self.scope.everything or user in self.scope.owners
        return own or self.by.may("records:assign")

    def _one(self, known: dict[str, list[UUID]], text: str, column: str, what: str) -> UUID:
        found = known.get(text.strip().lower(), [])
        if len(found) > 1:
            raise CellProblem(
                column, text, f"is the name of {len(found)} {what}s; write an address or id"
            )
        if not found:
            raise CellProblem(column, text, f"is no {what} known here")
        return found[0]


async def read_staff(database: Database, by: Principal, scope: Scope) -> Staff:
    users = await database.fetch(by.organisation, USERS, by.organisation)
    teams = await database.fetch(by.organisation, TEAMS, by.organisation)
    by_word: dict[str, list[UUID]] = {}
    for row in users:
        for word in {row["email"], row["name"], str(row["id"])}:
            by_word.setdefault(word, []).append(row["id"])
    by_team: dict[str, list[UUID]] = {}
    for row in teams:
        for word in {row["name"], str(row["id"])}:
            by_team.setdefault(word, []).append(row["id"])
    active = frozenset(row["id"] for row in users if row["active"])
    return Staff(by, scope, active, by_word, by_team, time.monotonic())


async def read_home(database: Database, organisation_id: UUID) -> Home:
    row = await database.fetchrow(organisation_id, HOME, organisation_id)
    return Home() if row is None else Home(row["time_zone"], row["currency"], row["region"])
