"""Synthetic accounts as the API takes them: two in three Chinese, the rest European; the same number
is always the same company."""

from dataclasses import dataclass
from random import Random
from typing import Any

from tests.bench.people import words


@dataclass(frozen=True)
class City:
    name: str
    spelt: str
    country: str
    latitude: float
    longitude: float


CHINA = (
    City("北京", "Beijing", "CN", 39.90, 116.40), City("上海", "Shanghai", "CN", 31.23, 121.47),
    City("广州", "Guangzhou", "CN", 23.13, 113.26), City("深圳", "Shenzhen", "CN", 22.54, 114.06),
    City("成都", "Chengdu", "CN", 30.57, 104.07), City("杭州", "Hangzhou", "CN", 30.27, 120.15),
    City("武汉", "Wuhan", "CN", 30.59, 114.30), City("西安", "Xi'an", "CN", 34.34, 108.94),
    City("南京", "Nanjing", "CN", 32.06, 118.80), City("天津", "Tianjin", "CN", 39.13, 117.20),
    City("重庆", "Chongqing", "CN", 29.56, 106.55), City("沈阳", "Shenyang", "CN", 41.80, 123.43),
    City("青岛", "Qingdao", "CN", 36.07, 120.38), City("昆明", "Kunming", "CN", 25.04, 102.71),
)  # fmt: skip
EUROPE = (
    City("Berlin", "Berlin", "DE", 52.52, 13.40), City("Hamburg", "Hamburg", "DE", 53.55, 9.99),
    City("München", "Munich", "DE", 48.14, 11.58), City("Wien", "Vienna", "AT", 48.21, 16.37),
    City("Paris", "Paris", "FR", 48.86, 2.35), City("Lyon", "Lyon", "FR", 45.76, 4.84),
    City("Madrid", "Madrid", "ES", 40.42, -3.70), City("Milano", "Milan", "IT", 45.46, 9.19),
    City("London", "London", "GB", 51.51, -0.13), City("Warszawa", "Warsaw", "PL", 52.23, 21.01),
)  # fmt: skip
FIRST = words(
    "华 金 中 天 新 东 大 恒 瑞 鑫 宏 泰 远 盛 德 嘉 博 科 云 海 龙 凯 诚 信 永 安 通 国 万 星"
)
SECOND = words(
    "达 源 兴 隆 创 翔 业 美 力 康 丰 联 顺 利 光 腾 洋 辉 润 宇 和 生 茂 成 亚 为 特 格 尔 维"
)
TRADES = {
    "科技": "Technology", "电子": "Electronics", "贸易": "Trading", "机械": "Machinery",
    "建材": "Building Materials", "医药": "Pharma", "食品": "Foods", "化工": "Chemicals",
    "物流": "Logistics", "软件": "Software", "纺织": "Textiles", "能源": "Energy",
}  # fmt: skip
FORMS = words("有限公司 有限责任公司 股份有限公司")
LATIN = words(
    "Nord Alpen Rhein Delta Orion Vega Atlas Nova Prima Terra Vita Aqua Lumen Ferro Medi Agro Bau Solar "
    "Luxor Argent Cobalt Helio Kron Lindner Moreau Bianchi Kowal Ashford Harper Seidel"
)
LATIN_FORMS = {"DE": "GmbH", "AT": "GmbH", "FR": "SARL", "ES": "S.L.", "IT": "S.r.l.", "GB": "Ltd",
               "PL": "Sp. z o.o."}  # fmt: skip
CHINESE_SHARE = 2 / 3
FOREIGN_NAME_SHARE = 1 / 4  # of the Chinese: known by a Latin name, the own one beside it
SPREAD_DEGREES = 0.12  # some 13 km around the middle of a city


def company(number: int, *, series: int = 0) -> dict[str, Any]:
    """Company `number` of a series; no two share a phone number, an address or a domain."""
    dice = Random(series * 1_000_003 + number)
    is_chinese = dice.random() < CHINESE_SHARE
    city = dice.choice(CHINA if is_chinese else EUROPE)
    unique = f"{series}{number:07d}"
    domain = f"c{unique}.example"
    latitude, longitude = around(city, dice)
    return {
        **(_chinese_names(city, dice) if is_chinese else _latin_names(city, dice)),
        "region": city.name,
        "source": dice.choice(("fair", "website", "referral", "partner")),
        "grade": dice.choice("ABCD"),
        "domain": domain,
        "staff_count": dice.randrange(5, 5_000),
        "phones": [{"number": f"{'139' if is_chinese else '+4930'}{unique}", "kind": "work"}],
        "emails": [{"address": f"info@{domain}", "kind": "work"}],
        "addresses": [
            {"kind": "office", "street": f"{number % 900 + 1} Main Street", "city": city.name,
             "country": city.country, "latitude": latitude, "longitude": longitude}
        ],
        "tags": ["bench"],
    }  # fmt: skip


def around(city: City, dice: Random) -> tuple[float, float]:
    """A point of the city, denser towards its middle."""
    return (
        round(city.latitude + dice.gauss(0, SPREAD_DEGREES), 6),
        round(city.longitude + dice.gauss(0, SPREAD_DEGREES), 6),
    )


def _chinese_names(city: City, dice: Random) -> dict[str, Any]:
    trade = dice.choice(tuple(TRADES))
    short = dice.choice(FIRST) + dice.choice(SECOND) + dice.choice(FIRST) + trade
    whole = f"{city.name}{short}{dice.choice(FORMS)}"
    if dice.random() < FOREIGN_NAME_SHARE:
        foreign = f"{city.spelt} {dice.choice(LATIN)}{dice.choice(LATIN).lower()} {TRADES[trade]}"
        return {"name": f"{foreign} Co., Ltd.", "local_name": whole, "industry": TRADES[trade]}
    return {"name": whole, "short_name": short, "industry": TRADES[trade]}


def _latin_names(city: City, dice: Random) -> dict[str, Any]:
    trade = dice.choice(tuple(TRADES.values()))
    name = f"{dice.choice(LATIN)}{dice.choice(LATIN).lower()} {city.name} {trade}"
    return {"name": f"{name} {LATIN_FORMS[city.country]}", "industry": trade}
