"""What one organisation exports and another one imports: the same people by the same names, elsewhere."""

from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from tests.factories import Organisation

OWN = frozenset({"version", "updated_at"})


async def exported_for(
    user: httpx.AsyncClient, path: str, *, of: Organisation, to: Organisation, format: str = "csv"
) -> bytes:
    """The table, with the addresses that the same people have in the other organisation."""
    answer = await user.get(f"{path}/export?format={format}")
    assert answer.status_code == 200, answer.text
    return answer.content.replace(str(of.id).encode(), str(to.id).encode())


def people_of(one: Organisation, other: Organisation) -> dict[str, str]:
    """Ids of users and teams there → here."""
    users = {str(u.id): str(other.users[name].id) for name, u in one.users.items()}
    return users | {str(team): str(other.teams[name]) for name, team in one.teams.items()}


def as_there(
    records: Iterable[Mapping[str, Any]], renamed: Mapping[str, str], *, without: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """What is equal of records in both, whoever they belong to."""
    left_out = OWN | set(without)
    return [
        {n: renamed.get(str(v), v) for n, v in record.items() if n not in left_out}
        for record in records
    ]
