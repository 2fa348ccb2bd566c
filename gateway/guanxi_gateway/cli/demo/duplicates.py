"""Customers and people that somebody entered a second time, the way it happens."""

import unicodedata
from collections.abc import Callable, Sequence

from guanxi_gateway.cli.demo.companies import Record, city_of
from guanxi_gateway.cli.demo.seeds import demo_id, stream
from guanxi_gateway.cli.demo.staff import owners_of, user_id

# The simplified characters that names of companies here are made of.
TRADITIONAL = str.maketrans(
    "万业东丰乐云传创务华厦备娱岛广庄庆术来桥汇汉济疗络绣网联苏药营装视货贸资软达远连销锦长门阳医机划",
    "萬業東豐樂雲傳創務華廈備娛島廣莊慶術來橋匯漢濟療絡繡網聯蘇藥營裝視貨貿資軟達遠連銷錦長門陽醫機劃",
)
KEPT = ("kind", "industry", "region")
Retyped = Callable[[Record], Record]


def _in_traditional(company: Record) -> Record:
    return {"name": company["name"].translate(TRADITIONAL)}


def _without_legal_form(company: Record) -> Record:
    return {"name": company["short_name"]}


def _in_capitals(company: Record) -> Record:
    plain = unicodedata.normalize("NFKD", company["name"]).encode("ascii", "ignore").decode()
    return {"name": plain.upper()}


def _by_its_phone(company: Record) -> Record:
    """Under its short name and the same number, spelt otherwise."""
    number = company["phones"][0]["number"].replace("-", " ")
    return {"name": company["short_name"], "phones": [{"number": number, "kind": "work"}]}


def _by_its_mailbox(company: Record) -> Record:
    address = company["emails"][0]["address"].upper()
    return {"name": f"{company['short_name']} ({company['addresses'][0]['city']})",
            "emails": [{"address": address, "kind": "work"}]}  # fmt: skip


# How it was typed the second time, where, and how many of them there are beside 北京未来科技.
WAYS: tuple[tuple[Retyped, frozenset[str], int], ...] = (
    (_in_traditional, frozenset({"CN"}), 1),
    (_without_legal_form, frozenset({"US", "DE", "FR", "GB"}), 2),
    (_in_capitals, frozenset({"DE", "FR", "ES", "BR"}), 1),
    (_by_its_phone, frozenset({"CN"}), 2),
    (_by_its_mailbox, frozenset({"US", "GB", "CN"}), 1),
)
PEOPLE_TWICE = 4


def make_second_accounts(seed: int, companies: Sequence[Record]) -> list[tuple[str, Record]]:
    """The id of an account, and the account that is the same customer once more."""
    dice = stream(seed, "second account")
    pairs = [(companies[0], _by_its_phone(companies[0]) | _in_traditional(companies[0]))]
    rest = list(companies[1:])
    for retyped, countries, count in WAYS:
        fitting = [each for each in rest if each["addresses"][0]["country"] in countries]
        for company in dice.sample(fitting, count):
            rest.remove(company)
            pairs.append((company, retyped(company)))
    return [
        (company["id"], _second(seed, number, company) | typed)
        for number, (company, typed) in enumerate(pairs)
    ]


def _second(seed: int, number: int, company: Record) -> Record:
    return {
        "id": str(demo_id(seed, "second account", number)),
        **{name: company[name] for name in KEPT},
        "source": "website",
        "owner_id": _colleague(seed, company),
    }


def _colleague(seed: int, company: Record) -> str:
    """Another who sells there, if there is one: neither saw the other's record."""
    others = [str(user_id(seed, each)) for each in owners_of(city_of(company).territory)]
    return next((other for other in others if other != company["owner_id"]), others[0])


def make_second_people(seed: int, people: Sequence[Record]) -> list[tuple[str, Record]]:
    """The id of a person, and the same person from a business card: initial, capitals, no account."""
    dice = stream(seed, "second person")
    fitting = [each for each in people[1:] if each.get("accounts") and each["name"].isascii()]
    return [
        (person["id"], _from_a_card(seed, number, person))
        for number, person in enumerate(dice.sample(fitting, PEOPLE_TWICE))
    ]


def _from_a_card(seed: int, number: int, person: Record) -> Record:
    mobile = person["phones"][0]
    return {
        "id": str(demo_id(seed, "second person", number)),
        "name": f"{person['given_name'][0]}. {person['family_name']}",
        "family_name": person["family_name"],
        "language": person["language"],
        "phones": [{"number": mobile["number"].replace(" ", "-"), "kind": "mobile"}],
        "emails": [{"address": person["emails"][0]["address"].upper(), "kind": "work"}],
        "source": "trade fair",
        "owner_id": person["owner_id"],
    }
