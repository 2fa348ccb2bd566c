"""Users and teams out of a table of people: a team for each place, one below it for each leader."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from guanxi_gateway.cli.api import Api
from guanxi_gateway.cli.job_progress import console
from guanxi_gateway.cli.recipes import StaffColumns

PAGE = 200


def load_staff(api: Api, rows: Iterable[Mapping[str, str]], columns: StaffColumns) -> None:
    """Who is there already (by address, teams by name) stays as they are. Nobody gets a password:
    they sign in after an invitation or a reset."""
    teams = {each["name"]: each["id"] for each in _all(api, "/v1/teams")}
    users = {each["email"].lower(): each["id"] for each in _all(api, "/v1/users")}
    made = {"teams": 0, "users": 0}

    def team(name: str, parent_id: str | None) -> str:
        if name not in teams:
            body = {"name": name, "parent_id": parent_id}
            teams[name] = api.post("/v1/teams", body)["id"]
            made["teams"] += 1
        return str(teams[name])

    def user(name: str, role: str, team_id: str) -> None:
        email = f"{address_part(name)}@{columns.domain}"
        if email not in users:
            body = {"name": name, "email": email, "role": role, "team_ids": [team_id]}
            users[email] = api.post("/v1/users", body)["id"]
            made["users"] += 1

    for row in rows:
        place, leader = row[columns.team].strip(), row[columns.leader].strip()
        led = team(f"{place}: {leader}", team(place, None))
        user(leader, "manager", led)
        user(row[columns.name].strip(), "sales", led)
    console.print(f"{made['teams']} teams and {made['users']} users created", markup=False)


def address_part(name: str) -> str:
    """`Mei-Mei Johns` → `mei-mei.johns`, in letters that every mail server takes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9-]+", ".", plain).strip(".") or "user"


def _all(api: Api, path: str) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        page = api.get(f"{path}?limit={PAGE}" + (f"&cursor={cursor}" if cursor else ""))
        yield from page["data"]
        if not page["page"]["has_more"]:
            return
        cursor = page["page"]["next_cursor"]
