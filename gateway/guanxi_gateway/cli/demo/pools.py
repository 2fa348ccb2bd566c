"""The open pools of the Chinese north and south, and the customers that wait there for somebody."""

from collections.abc import Sequence
from typing import Any

from guanxi_gateway.cli.demo.companies import Record, new_name, one_company
from guanxi_gateway.cli.demo.industries import SECTORS
from guanxi_gateway.cli.demo.places import CITIES
from guanxi_gateway.cli.demo.seeds import demo_id, stream, weighted
from guanxi_gateway.cli.demo.staff import TEAM_OF_TERRITORY, team_id

WAITING = 25
TERRITORIES = ("north", "south")
POOLS: tuple[dict[str, Any], ...] = (
    {"name": "北方公海 Open pool North", "description": "华北、东北、西北无人负责的客户。"},
    {"name": "南方公海 Open pool South", "description": "华东、华南、华中、西南无人负责的客户。"},
)
# Long enough that the demo's own customers stay where they are while somebody looks around.
RULES: list[dict[str, Any]] = [
    {"name": "forgotten", "idle_days": 180},
    {"name": "never bought", "never_won_days": 365, "idle_days": 120},
]
LIMITS = {"warn_days": 7, "protection_days": 14, "max_held": 60, "max_claims_per_day": 5}
STAGES = {"prospect": 3.0, "lost": 1.0}
REASONS = ("负责人离职，暂无人跟进。", "多次联系未果。", "不在我的行业。", "客户搬迁。")


def make_pools(seed: int) -> list[Record]:
    """As `POST /v1/pools` takes them: each for one team, and for the regions that it sells in."""
    return [
        {
            "id": str(demo_id(seed, "pool", number)),
            **pool,
            "priority": 10 * (number + 1),
            "team_ids": [str(team_id(seed, TEAM_OF_TERRITORY[territory]))],
            "entry_filter": _located_in(territory),
            "release_rules": RULES,
            **LIMITS,
        }
        for number, (pool, territory) in enumerate(zip(POOLS, TERRITORIES, strict=True))
    ]


def _located_in(territory: str) -> Record:
    regions = sorted({city.region for city in CITIES if city.territory == territory})
    return {
        "filter_groups": [{"filters": [{"field": "region", "operator": "in", "value": regions}]}]
    }


def make_waiting(seed: int, companies: Sequence[Record]) -> list[Record]:
    """Accounts whose owners give them up; their numbers go on after those of the companies."""
    dice = stream(seed, "waiting")
    taken = {company["name"] for company in companies}
    found: list[Record] = []
    for number in range(WAITING):
        territory = TERRITORIES[number % len(TERRITORIES)]
        city = dice.choice([city for city in CITIES if city.territory == territory])
        industry = weighted(dice, SECTORS)
        name = new_name(dice, city, industry, None, taken)
        taken.add(name.name)
        company = one_company(dice, seed, len(companies) + number, city, name, industry)
        for judged in ("team_id", "relationship_level", "needs_tier"):
            company.pop(judged, None)
        found.append(company | {"lifecycle_stage": weighted(dice, STAGES)})
    return found


def make_releases(seed: int, waiting: Sequence[Record]) -> dict[str, Record]:
    """By account what `POST /v1/accounts/{id}/release` is told."""
    dice = stream(seed, "release")
    return {account["id"]: {"reason": dice.choice(REASONS)} for account in waiting}
