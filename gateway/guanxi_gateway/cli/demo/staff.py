"""Our own side: the tree of teams, the users in it, and who looks after which territory."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from guanxi_gateway.cli.demo.seeds import demo_id

ORGANISATION = {
    "name": "关系演示有限公司 Guanxi Demo",
    "time_zone": "Asia/Shanghai",
    "currency": "CNY",
    "region": "CN",
}
ADMIN_EMAIL, ADMIN_NAME = "admin@demo.example", "王芳"

# A team, and the team above it; parents first.
TEAMS: Mapping[str, str | None] = {
    "Sales": None,
    "Sales North": "Sales",
    "Sales South": "Sales",
    "Sales International": "Sales",
    "Sales Europe": "Sales International",
    "Sales Americas": "Sales International",
    "Sales Asia-Pacific": "Sales International",
    "Service": None,
    "Marketing": None,
}


@dataclass(frozen=True, slots=True)
class Member:
    """A user; `territories` are those whose customers they own."""

    handle: str
    name: str
    role: str
    team: str | None
    territories: tuple[str, ...] = ()
    locale: str = "zh-CN"
    time_zone: str | None = None


STAFF = (
    Member("manager", "李明", "manager", "Sales"),
    Member("sales", "刘洋", "sales", "Sales North", ("north",)),
    Member("agent", "陈静", "agent", "Service"),
    Member("zhao.lei", "赵磊", "manager", "Sales North"),
    Member("zhou.min", "周敏", "sales", "Sales North", ("north",)),
    Member("wu.jun", "吴军", "manager", "Sales South"),
    Member("xu.li", "徐丽", "sales", "Sales South", ("south",)),
    Member("sun.hao", "孙浩", "sales", "Sales South", ("south",)),
    Member("emma.clark", "Emma Clark", "manager", "Sales International", (), "en", "Europe/London"),
    Member("lukas.weber", "Lukas Weber", "sales", "Sales Europe", ("europe",), "de", "Europe/Berlin"),
    Member("marie.laurent", "Marie Laurent", "sales", "Sales Europe", ("europe",), "fr", "Europe/Paris"),
    Member("daniel.garcia", "Daniel García", "sales", "Sales Americas", ("americas",), "en", "America/Chicago"),
    Member("olivia.brown", "Olivia Brown", "sales", "Sales Americas", ("americas",), "en", "America/New_York"),
    Member("haruto.sato", "佐藤陽翔", "sales", "Sales Asia-Pacific", ("asia",), "ja", "Asia/Tokyo"),
    Member("huang.lei", "黄蕾", "agent", "Service"),
    Member("zhu.yan", "朱燕", "marketer", "Marketing"),
    Member("he.jing", "何静", "analyst", None),
    Member("tomas.novak", "Tomáš Novák", "partner", None, (), "en", "Europe/Prague"),
)  # fmt: skip
PARTNER = "tomas.novak"
TEAM_OF_TERRITORY = {
    "north": "Sales North",
    "south": "Sales South",
    "europe": "Sales Europe",
    "americas": "Sales Americas",
    "asia": "Sales Asia-Pacific",
}


def organisation_id(seed: int) -> UUID:
    return demo_id(seed, "organisation", 0)


def team_id(seed: int, name: str) -> UUID:
    return demo_id(seed, "team", list(TEAMS).index(name))


def user_id(seed: int, handle: str) -> UUID:
    """The admin is number 0 and comes with the organisation."""
    handles = ["admin", *(member.handle for member in STAFF)]
    return demo_id(seed, "user", handles.index(handle))


def make_organisation(seed: int, password: str) -> dict[str, Any]:
    admin = {"id": str(user_id(seed, "admin")), "email": ADMIN_EMAIL, "name": ADMIN_NAME}
    return {
        "id": str(organisation_id(seed)),
        **ORGANISATION,
        "admin": {**admin, "password": password},
    }


def make_teams(seed: int) -> list[dict[str, Any]]:
    return [
        {
            "id": str(team_id(seed, name)),
            "name": name,
            "parent_id": str(team_id(seed, above)) if above else None,
        }
        for name, above in TEAMS.items()
    ]


def make_users(seed: int, password: str) -> list[dict[str, Any]]:
    """Everybody can sign in with the same password: they are there to be tried out."""
    return [
        {
            "id": str(user_id(seed, member.handle)),
            "email": f"{member.handle}@demo.example",
            "name": member.name,
            "role": member.role,
            "password": password,
            "team_ids": [str(team_id(seed, member.team))] if member.team else [],
            "locale": member.locale,
            "time_zone": member.time_zone,
        }
        for member in STAFF
    ]


def owners_of(territory: str) -> list[str]:
    """The handles of those who sell there."""
    return [member.handle for member in STAFF if territory in member.territories]


def address_of(seed: int, user: str) -> str:
    """What the member with this id signs in with."""
    found = next(each for each in STAFF if str(user_id(seed, each.handle)) == user)
    return f"{found.handle}@demo.example"
