"""The customers: 300 companies, a third of them Chinese, some below others."""

from collections.abc import Container
from random import Random
from typing import Any

from guanxi_gateway.cli.demo.company_names import CompanyName, Root, company_name, site_of
from guanxi_gateway.cli.demo.industries import (
    SECTORS,
    SUBSIDIARY_SHARE,
    Size,
    company_size,
    parents_above,
)
from guanxi_gateway.cli.demo.key_accounts import key_account_file
from guanxi_gateway.cli.demo.own_fields import account_values
from guanxi_gateway.cli.demo.places import (
    BEIJING,
    CITIES,
    COUNTRIES,
    City,
    Country,
    address_in,
    cities_in,
    country_of,
)
from guanxi_gateway.cli.demo.seeds import demo_id, digits, stream, weighted
from guanxi_gateway.cli.demo.staff import (
    PARTNER,
    TEAM_OF_TERRITORY,
    owners_of,
    team_id,
    user_id,
)
from guanxi_shared.money import scale_of

Record = dict[str, Any]

COMPANIES_BY_COUNTRY = {
    "CN": 100, "US": 70, "DE": 22, "GB": 20, "JP": 18, "FR": 14, "IN": 10, "KR": 8, "AU": 8,
    "BR": 8, "SG": 6, "IT": 6, "MX": 5, "ES": 5,
}  # fmt: skip
FUTURE_TECH = CompanyName(
    "北京未来科技有限公司", "北京未来科技有限公司", "未来科技", None, ("未来", "Weilai")
)
FUTURE_TECH_FACTS: Record = {
    "industry": "software",
    "founded_year": 2009,
    "staff_count": 240,
    "revenue": {"amount": "86000000.00", "currency": "CNY"},
    "phones": [{"number": "010-6554 4321", "kind": "work", "is_primary": True}],
    "lifecycle_stage": "active",
    "relationship_level": "proactive",
    "grade": "A",
    "tags": ["VIP", "reference"],
    "key_account": {
        "operating_history": "2009年由三位工程师在中关村创办，2016年起专注企业软件。",
        "business_model": "订阅制软件为主，另有实施与培训收入；客户集中在制造业。",
        "honours": "国家高新技术企业，北京市专精特新企业。",
        "plan": "今年推动全国分公司统一采购；每季度与张三会面一次。",
    },
}
SOURCES = {"referral": 5.0, "trade fair": 3.0, "website": 4.0, "cold call": 2.0, "partner": 2.0}
STAGES = {
    "prospect": 4.0,
    "new": 2.0,
    "active": 6.0,
    "loyal": 3.0,
    "at_risk": 2.0,
    "lost": 1.0,
    "won_back": 0.5,
}
LEVELS = {"basic": 4.0, "reactive": 3.0, "accountable": 3.0, "proactive": 2.0, "partnership": 1.0}
TIERS = {"survival": 1.0, "security": 3.0, "social": 3.0, "esteem": 2.0, "self_actualisation": 1.0}
TAGS = ("exporter", "family business", "listed", "public tender", "reference", "seasonal", "VIP")
PARTNER_SHARE = 0.1  # of the European companies
TEAM_ACCOUNT_SHARE = 0.12
REFERRED_SHARE = 0.08
GRADES = (("A", 0.10), ("B", 0.35), ("C", 0.75), ("D", 1.0))
CREDIT_LIMITS = {2: 3.0, 5: 4.0, 10: 3.0, 25: 1.0}  # thousands of dollars
CREDIT_SHARES = {"A": 0.9, "B": 0.6, "C": 0.3, "D": 0.1}
SECOND_SITE_SHARE = 0.15
DOMESTIC_SHARE = 0.7  # of the subsidiaries; in its parent's country while there are sites left


def make_companies(seed: int) -> list[Record]:
    """Accounts as `POST /v1/accounts` takes them; whoever stands above another comes first."""
    dice = stream(seed, "company")
    sites = _sites(dice)
    names: dict[str, CompanyName] = {}
    companies: list[Record] = []
    for number, (city, above) in enumerate(sites):
        parent = companies[above] if above is not None else None
        industry = parent["industry"] if parent else weighted(dice, SECTORS)
        root = names[parent["name"]].root if parent else None
        name = new_name(dice, city, industry, root, names) if number else FUTURE_TECH
        names[name.name] = name
        company = one_company(dice, seed, number, city, name, industry)
        if parent:
            company["parent_id"] = parent["id"]
        elif number and dice.random() < REFERRED_SHARE:
            company["referred_by_id"] = dice.choice(companies)["id"]
        companies.append(company)
    companies[0] |= FUTURE_TECH_FACTS
    _grade(dice, companies[1:])
    _give_credit(stream(seed, "credit"), companies)
    return companies


def _sites(dice: Random) -> list[tuple[City, int | None]]:
    """A city per company, and the number of the company above it; Beijing comes first."""
    cities = _cities(dice)
    below = round(len(cities) * SUBSIDIARY_SHARE)
    heads, rest = cities[:-below], cities[-below:]
    sites: list[tuple[City, int | None]] = [(city, None) for city in heads]
    for parent in parents_above(dice, len(heads), below):
        at_home = [city for city in rest if city.country == heads[parent].country]
        city = at_home[0] if at_home and dice.random() < DOMESTIC_SHARE else rest[0]
        rest.remove(city)
        sites.append((city, parent))
    return sites


def _cities(dice: Random) -> list[City]:
    """One per company: Beijing first, the others of all countries mixed."""
    found = [
        dice.choice(cities_in(country))
        for country, count in COMPANIES_BY_COUNTRY.items()
        for _ in range(count)
    ]
    dice.shuffle(found)
    found.remove(next(city for city in found if city.country == BEIJING.country))
    return [BEIJING, *found]


def new_name(
    dice: Random, city: City, industry: str, root: Root | None, taken: Container[str]
) -> CompanyName:
    """A name that nobody else has."""
    while (name := company_name(dice, city, industry, root=root)).name in taken:
        root = None  # its group is there under this name already: another one instead
    return name


def one_company(
    dice: Random, seed: int, number: int, city: City, name: CompanyName, industry: str
) -> Record:
    """All but its grade and its place below others; ids and sites follow from the number."""
    size = company_size(dice)
    domain = "weilai.example" if number == 0 else f"{site_of(name, city)}{number}.example"
    owner = _owner(dice, city, number)
    company = {
        "id": str(demo_id(seed, "company", number)),
        "name": name.name,
        "legal_name": name.legal,
        "short_name": name.short,
        "kind": "company",
        "industry": industry,
        "region": city.region,
        "source": weighted(dice, SOURCES),
        "domain": domain,
        "website": f"https://www.{domain}",
        "founded_year": size.founded,
        "staff_count": size.staff,
        "revenue": _revenue(size, city),
        "phones": [{"number": digits(dice, city.phone), "kind": "work", "is_primary": True}],
        "emails": [{"address": f"info@{domain}", "kind": "work", "is_primary": True}],
        "addresses": _addresses(dice, city),
        "lifecycle_stage": weighted(dice, STAGES),
        "relationship_level": weighted(dice, LEVELS),
        "needs_tier": weighted(dice, TIERS),
        "external_id": f"K{10_001 + number}",
        "tags": sorted(dice.sample(TAGS, dice.choice((0, 0, 1, 1, 2)))),
        "custom": account_values(dice),
        "owner_id": str(user_id(seed, owner)),
    }
    if name.local:
        company["local_name"] = name.local
    if dice.random() < TEAM_ACCOUNT_SHARE and owner != PARTNER:
        company["team_id"] = str(team_id(seed, TEAM_OF_TERRITORY[city.territory]))
    return company


def _owner(dice: Random, city: City, number: int) -> str:
    if number == 0:
        return "sales"
    if city.territory == "europe" and dice.random() < PARTNER_SHARE:
        return PARTNER
    return dice.choice(owners_of(city.territory))


def _revenue(size: Size, city: City) -> Record:
    """In the country's currency, with three digits that count, as people quote such figures."""
    return _money(country_of(city), f"{size.revenue * 1_000 * country_of(city).dollars:.3g}")


def _money(country: Country, number: str) -> Record:
    amount, places = int(float(number)), scale_of(country.currency)
    return {
        "amount": f"{amount}.{'0' * places}" if places else str(amount),
        "currency": country.currency,
    }


def _addresses(dice: Random, city: City) -> list[Record]:
    addresses = [address_in(dice, city, kind="office")]
    if dice.random() < SECOND_SITE_SHARE:
        addresses.append(address_in(dice, dice.choice(cities_in(city.country)), kind="shipping"))
    return addresses


def _grade(dice: Random, companies: list[Record]) -> None:
    """A to D by size within the whole; each A customer has a key-account file."""
    ranked = sorted(companies, key=lambda company: -company["staff_count"])
    for rank, company in enumerate(ranked):
        share = rank / len(ranked)
        company["grade"] = next(grade for grade, below in GRADES if share < below)
        if company["grade"] == "A":
            is_chinese = company["addresses"][0]["country"] == "CN"
            company["key_account"] = key_account_file(dice, company, is_chinese=is_chinese)


def city_of(company: Record) -> City:
    """Where a company made here sits."""
    name = company["addresses"][0]["city"]
    return next(city for city in CITIES if city.name == name)


def _give_credit(dice: Random, companies: list[Record]) -> None:
    """To those one knows well rather than to others, in round sums of their currency."""
    for company in companies:
        if dice.random() < CREDIT_SHARES[company["grade"]]:
            country = COUNTRIES[company["addresses"][0]["country"]]
            limit = weighted(dice, CREDIT_LIMITS) * country.dollars
            company["credit_limit"] = _money(country, f"{limit:.2g}")
