"""The people of the customers, their places in the buying centre, and consumers of their own."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from guanxi_gateway.cli.demo.companies import SOURCES, Record, city_of
from guanxi_gateway.cli.demo.names import PersonName, person_name
from guanxi_gateway.cli.demo.own_fields import contact_values
from guanxi_gateway.cli.demo.places import CITIES, City, address_in, country_of
from guanxi_gateway.cli.demo.seeds import demo_id, digits, stream, weighted
from guanxi_gateway.cli.demo.staff import owners_of, user_id

PEOPLE = 900
CONSUMERS = 60
MOST_AT_ONE_COMPANY = 7
ZHANG_SAN = PersonName("三", "张", "张三", "zhang.san")
ZHANG_SAN_FACTS: Record = {
    "phones": [
        {"number": "+86 138 0013 8000", "kind": "mobile", "is_primary": True},
        {"number": "010-6554 4321", "kind": "work"},
    ],
    "birthday": "--03-15",
    "hobbies": ["围棋"],
    "family_notes": "女儿今年高考。",
    "tags": ["VIP"],
}

# What the first, second, … person at a company is to a purchase.
ROLES = ("decision_maker", "influencer", "user", "gatekeeper", "buyer", "champion", "other")
STANCES = {"supporter": 4.0, "neutral": 4.0, "unknown": 3.0, "opponent": 1.0}
TITLES = {
    "decision_maker": (("总经理", "管理层"), ("Managing director", "Management")),
    "influencer": (("技术总监", "技术部"), ("Head of engineering", "Engineering")),
    "user": (("工程师", "技术部"), ("Engineer", "Engineering")),
    "gatekeeper": (("行政助理", "行政部"), ("Office manager", "Administration")),
    "buyer": (("采购经理", "采购部"), ("Purchasing manager", "Purchasing")),
    "champion": (("项目经理", "项目部"), ("Project manager", "Projects")),
    "other": (("财务主管", "财务部"), ("Controller", "Finance")),
}
LANGUAGES = {"zh": "zh-CN", "in": "en"}
HOBBIES_ZH = ("围棋", "书法", "太极拳", "钓鱼", "茶艺", "摄影", "乒乓球", "登山")
HOBBIES = ("chess", "cycling", "cooking", "golf", "hiking", "jazz", "photography", "sailing")
PERSON_TAGS = ("early adopter", "newsletter author", "speaker", "trade fair 2025", "VIP")
FIRST_BIRTHDAY = date(1958, 1, 1)
YOUNGEST_DAYS = 16_000
SECOND_PLACE_SHARE = 0.05


def make_people(seed: int, companies: list[Record]) -> list[Record]:
    """Contacts as `POST /v1/contacts` takes them; whom somebody reports to comes first."""
    dice = stream(seed, "person")
    taken: set[str] = set()
    people: list[Record] = []
    for company, size in _crews(dice, companies):
        head: Record | None = None
        for place in range(size):
            person = _employee(dice, seed, len(people), company, ROLES[place], taken)
            if head is not None:
                person["reports_to_id"] = head["id"]
            if dice.random() < SECOND_PLACE_SHARE:
                _join_parent(person, company)
            head = head or person
            people.append(person)
    people[0] |= ZHANG_SAN_FACTS
    people[0]["accounts"][0]["stance"] = "supporter"
    return [*people, *_consumers(dice, seed, len(people), taken)]


def _crews(dice: Random, companies: list[Record]) -> list[tuple[Record, int]]:
    """How many we know at each company: the larger, the more; together all but the consumers."""
    sizes = {company["id"]: 1 for company in companies}
    sizes[companies[0]["id"]] = 5
    weights = [company["staff_count"] ** 0.3 for company in companies]
    while sum(sizes.values()) < PEOPLE - CONSUMERS:
        company = dice.choices(companies, weights)[0]
        sizes[company["id"]] = min(sizes[company["id"]] + 1, MOST_AT_ONE_COMPANY)
    return [(company, sizes[company["id"]]) for company in companies]


def _employee(
    dice: Random, seed: int, number: int, company: Record, role: str, taken: set[str]
) -> Record:
    city = city_of(company)
    is_chinese = city.country == "CN"
    name = ZHANG_SAN if number == 0 else person_name(dice, country_of(city).culture)
    title, department = TITLES[role][0 if is_chinese else 1]
    address = _address(name.handle, company["domain"], taken)
    person = _person(dice, seed, number, city, name)
    person |= {
        "title": title,
        "department": department,
        "emails": [{"address": address, "kind": "work", "is_primary": True}],
        "accounts": [
            {
                "account_id": company["id"],
                "role": role,
                "stance": weighted(dice, STANCES),
                "is_primary": True,
            }
        ],
        "owner_id": company["owner_id"],
    }
    person["phones"].append({"number": company["phones"][0]["number"], "kind": "work"})
    if "team_id" in company:
        person["team_id"] = company["team_id"]
    return person


def _consumers(dice: Random, seed: int, first: int, taken: set[str]) -> Iterator[Record]:
    """People who buy for themselves: no account, a home address, a private mailbox."""
    for number in range(first, PEOPLE):
        city = dice.choice(CITIES)
        name = person_name(dice, country_of(city).culture)
        person = _person(dice, seed, number, city, name)
        address = _address(name.handle, "mail.example", taken)
        person["emails"] = [{"address": address, "kind": "home", "is_primary": True}]
        person["addresses"] = [address_in(dice, city, kind="home")]
        person["owner_id"] = str(user_id(seed, dice.choice(owners_of(city.territory))))
        person["tags"] = sorted({*person["tags"], "consumer"})
        yield person


def _person(dice: Random, seed: int, number: int, city: City, name: PersonName) -> Record:
    country = country_of(city)
    is_chinese = country.code == "CN"
    mobile = digits(dice, country.mobile or city.phone)
    return {
        "id": str(demo_id(seed, "person", number)),
        "given_name": name.given,
        "family_name": name.family,
        "name": name.name,
        "language": LANGUAGES.get(country.culture, country.culture),
        "time_zone": country.time_zone,
        "source": weighted(dice, SOURCES),
        "phones": [{"number": mobile, "kind": "mobile", "is_primary": True}],
        "hobbies": sorted(
            dice.sample(HOBBIES_ZH if is_chinese else HOBBIES, dice.choice((0, 0, 1, 2)))
        ),
        "tags": sorted(dice.sample(PERSON_TAGS, dice.choice((0, 0, 0, 1)))),
        "custom": contact_values(dice, name.handle, is_chinese=is_chinese),
        **_private(dice, is_chinese),
    }


def _private(dice: Random, is_chinese: bool) -> dict[str, Any]:
    """What a good salesperson remembers: a birthday, with or without the year, and the family."""
    found: dict[str, Any] = {}
    if dice.random() < 0.4:
        born = FIRST_BIRTHDAY + timedelta(days=dice.randrange(YOUNGEST_DAYS))
        found["birthday"] = str(born) if dice.random() < 0.5 else f"--{born:%m-%d}"
    if dice.random() < 0.15:
        found["family_notes"] = (
            "女儿今年高考。" if is_chinese else "Two children, the elder at university."
        )
    if dice.random() < 0.08:
        found["achievements"] = (
            "省级技术创新奖" if is_chinese else "Won the trade association's prize in 2023."
        )
    return found


def _address(handle: str, domain: str, taken: set[str]) -> str:
    """Two namesakes at one company get numbers."""
    address, number = f"{handle}@{domain}", 1
    while address in taken:
        number += 1
        address = f"{handle}{number}@{domain}"
    taken.add(address)
    return address


def _join_parent(person: Record, company: Record) -> None:
    """Sits on the board of the company above, too."""
    if parent := company.get("parent_id"):
        person["accounts"].append({"account_id": parent, "role": "influencer", "stance": "unknown"})
