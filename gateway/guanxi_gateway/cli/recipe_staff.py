"""Users and teams out of a table of people: a team for each place, one below it for each leader."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, count
from typing import Any

from guanxi_gateway.cli.api import Api
from guanxi_gateway.cli.job_progress import console
from guanxi_gateway.cli.recipes import StaffColumns
from guanxi_shared.text import pinyin_forms

PAGE = 200


def load_staff(api: Api, rows: Iterable[Mapping[str, str]], columns: StaffColumns) -> None:
    """Who is there already (by address, teams by name) stays as they are. Nobody gets a password:
    they sign in after an invitation or a reset."""
    teams = {each["name"]: each["id"] for each in _all(api, "/v1/teams")}
    users = {each["email"].lower(): each["name"] for each in _all(api, "/v1/users")}
    made = {"teams": 0, "users": 0}

    def team(name: str, parent_id: str | None) -> str:
        if name not in teams:
            body = {"name": name, "parent_id": parent_id}
            teams[name] = api.post("/v1/teams", body)["id"]
            made["teams"] += 1
        return str(teams[name])

    def user(name: str, role: str, team_id: str) -> None:
        email = address_for(name, columns.domain, users)
        if email not in users:
            body = {"name": name, "email": email, "role": role, "team_ids": [team_id]}
            api.post("/v1/users", body)
            users[email] = name
            made["users"] += 1

    for row in rows:
        place, leader = row[columns.team].strip(), row[columns.leader].strip()
        led = team(f"{place}: {leader}", team(place, None))
        user(leader, "manager", led)
        user(row[columns.name].strip(), "sales", led)
    console.print(f"{made['teams']} teams and {made['users']} users created", markup=False)


def address_for(name: str, domain: str, users: Mapping[str, str]) -> str:
    """The person's address, theirs already or nobody's; `users` are the names of those there are."""
    part = address_part(name)
    numbered = (f"{part}{number}@{domain}" for number in count(2))
    return next(a for a in chain([f"{part}@{domain}"], numbered) if users.get(a, name) == name)


def address_part(name: str) -> str:
    """`Mei-Mei Johns` → `mei-mei.johns`, 张伟 → `zhangwei`, in letters that every mail server takes."""
    spoken = next(iter(pinyin_forms(name)), name)
    plain = unicodedata.normalize("NFKD", spoken).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9-]+", ".", plain).strip(".") or "user"


def _all(api: Api, path: str) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        page = api.get(f"{path}?limit={PAGE}" + (f"&cursor={cursor}" if cursor else ""))
        yield from page["data"]
        if not page["page"]["has_more"]:
            return
        cursor = page["page"]["next_cursor"]
