"""Sales territories: the Chinese regions, DACH and the rest of the world, each with the team that answers for it."""

from typing import Any, Final

from guanxi_gateway.cli.demo.companies import Record
from guanxi_gateway.cli.demo.seeds import demo_id
from guanxi_gateway.cli.demo.staff import team_id

# Name, the one that it is a part of, the team, the rank, what it asks of accounts. Wholes come before their parts.
TERRITORIES: Final[tuple[tuple[str, str | None, str, int, dict[str, list[str]]], ...]] = (
    ("中国 China", None, "Sales", 90, {"countries": ["CN"]}),
    ("欧洲 Europe", None, "Sales Europe", 90, {"regions": ["Europe"]}),
    ("华北 North China", "中国 China", "Sales North", 10, {"regions": ["华北"]}),
    ("东北和西北 Northeast and Northwest China", "中国 China", "Sales North", 10, {"regions": ["东北", "西北"]}),
    ("华东 East China", "中国 China", "Sales South", 10, {"regions": ["华东"]}),
    ("华南 South China", "中国 China", "Sales South", 10, {"regions": ["华南"]}),
    ("DACH", "欧洲 Europe", "Sales Europe", 20, {"countries": ["DE", "AT", "CH"]}),
    ("北美 North America", None, "Sales Americas", 20, {"regions": ["North America"]}),
    ("拉美 Latin America", None, "Sales Americas", 20, {"regions": ["Latin America"]}),
    ("亚太 Asia-Pacific", None, "Sales Asia-Pacific", 20, {"regions": ["Asia-Pacific"]}),
)  # fmt: skip


def make_territories(seed: int) -> list[Record]:
    """As `POST /v1/territories` takes them."""
    ids = {name: str(demo_id(seed, "territory", n)) for n, (name, *_) in enumerate(TERRITORIES)}
    found: list[Record] = []
    for name, whole, team, rank, asked in TERRITORIES:
        row: dict[str, Any] = {"id": ids[name], "name": name, "rank": rank, **asked}
        part = {"parent_id": ids[whole]} if whole else {}
        found.append(row | part | {"team_id": str(team_id(seed, team))})
    return found
