"""What the demo's generator makes of a seed."""

import hashlib
import re
import statistics
from collections import Counter
from typing import Any
from uuid import RFC_4122

import orjson
import pytest

from guanxi_contacts.accounts.schemas import AccountCreate
from guanxi_contacts.fields.schemas import FieldDefinitionCreate
from guanxi_contacts.people.schemas import ContactCreate
from guanxi_gateway.cli.demo.companies import COMPANIES_BY_COUNTRY, make_companies
from guanxi_gateway.cli.demo.industries import SECTORS, company_size
from guanxi_gateway.cli.demo.names import PersonName, handle, person_name
from guanxi_gateway.cli.demo.own_fields import make_fields
from guanxi_gateway.cli.demo.people import PEOPLE, make_people
from guanxi_gateway.cli.demo.places import CITIES, STREETS, country_of
from guanxi_gateway.cli.demo.seeds import DEFAULT_SEED, demo_id, digits, stream, weighted
from guanxi_gateway.cli.demo.staff import (
    STAFF,
    TEAM_OF_TERRITORY,
    TEAMS,
    make_organisation,
    make_teams,
    make_users,
    owners_of,
    user_id,
)
from guanxi_gateway.identity.organisations.schemas import OrganisationCreate
from guanxi_gateway.identity.permission_rules import BUILT_IN
from guanxi_gateway.identity.teams.schemas import TeamCreate
from guanxi_gateway.identity.users.schemas import UserCreate
from guanxi_shared.phones import parse_phone

Record = dict[str, Any]
COMPANIES = make_companies(DEFAULT_SEED)
PEOPLE_MADE = make_people(DEFAULT_SEED, COMPANIES)
# Changes only when the generator does, never with the machine or the Python.
FINGERPRINT = "196ef0be0ce7a77d"
PASSWORD = "a password of the test"


def fingerprint(records: list[Record]) -> str:
    return hashlib.sha256(orjson.dumps(records)).hexdigest()[:16]


def country(record: Record) -> str:
    return str(record["addresses"][0]["country"])


def test_the_same_seed_gives_the_same_demo_everywhere() -> None:
    companies = make_companies(DEFAULT_SEED)
    everything = companies + make_people(DEFAULT_SEED, companies)
    assert everything == COMPANIES + PEOPLE_MADE
    assert fingerprint(everything) == FINGERPRINT


def test_another_seed_gives_other_people_with_other_ids() -> None:
    companies = make_companies(1)
    people = make_people(1, companies)
    ids = {record["id"] for record in COMPANIES + PEOPLE_MADE}
    assert ids.isdisjoint(record["id"] for record in companies + people)
    assert [person["name"] for person in people[1:]] != [one["name"] for one in PEOPLE_MADE[1:]]


def test_a_stream_does_not_depend_on_the_other_kinds() -> None:
    first = stream(1, "company").random()
    stream(1, "person").random()
    assert stream(1, "company").random() == first
    assert stream(1, "person").random() != first


def test_ids_are_uuid_version_7_in_the_order_of_their_numbers() -> None:
    ids = [demo_id(DEFAULT_SEED, "company", number) for number in range(50)]
    assert {id.version for id in ids} == {7}
    assert {id.variant for id in ids} == {RFC_4122}
    assert sorted(ids) == ids
    assert len({*ids, demo_id(DEFAULT_SEED, "person", 0)}) == 51


@pytest.mark.parametrize(
    ("records", "model"),
    [
        (COMPANIES, AccountCreate),
        (PEOPLE_MADE, ContactCreate),
        (make_fields(DEFAULT_SEED), FieldDefinitionCreate),
        (make_teams(DEFAULT_SEED), TeamCreate),
        (make_users(DEFAULT_SEED, PASSWORD), UserCreate),
        ([make_organisation(DEFAULT_SEED, PASSWORD)], OrganisationCreate),
    ],
    ids=["companies", "people", "fields", "teams", "users", "organisation"],
)
def test_every_record_is_what_its_resource_takes(records: list[Record], model: Any) -> None:
    for record in records:
        model.model_validate(record)
    assert len({record["id"] for record in records}) == len(records)


def test_it_has_300_companies_and_900_people_a_third_of_them_chinese() -> None:
    assert (len(COMPANIES), len(PEOPLE_MADE)) == (300, 900)
    assert Counter(country(company) for company in COMPANIES) == Counter(COMPANIES_BY_COUNTRY)
    chinese = sum(person["language"] == "zh-CN" for person in PEOPLE_MADE)
    assert 0.28 < chinese / len(PEOPLE_MADE) < 0.40


def test_zhang_san_leads_the_people_of_future_technology() -> None:
    company, person = COMPANIES[0], PEOPLE_MADE[0]
    assert company["name"] == "北京未来科技有限公司"
    assert person["name"] == "张三"
    assert person["accounts"][0]["account_id"] == company["id"]
    assert company["owner_id"] == person["owner_id"] == str(user_id(DEFAULT_SEED, "sales"))


def test_names_of_companies_and_addresses_of_people_are_unique() -> None:
    assert len({company["name"] for company in COMPANIES}) == len(COMPANIES)
    assert len({company["domain"] for company in COMPANIES}) == len(COMPANIES)
    assert len({person["emails"][0]["address"] for person in PEOPLE_MADE}) == len(PEOPLE_MADE)


def test_every_reference_points_to_a_record_that_comes_before() -> None:
    seen: set[str] = set()
    for record in COMPANIES + PEOPLE_MADE:
        named = [record.get(name) for name in ("parent_id", "referred_by_id", "reports_to_id")]
        named += [link["account_id"] for link in record.get("accounts", [])]
        assert {id for id in named if id} <= seen, record["name"]
        seen.add(record["id"])


def test_owners_sell_in_the_territory_of_the_city() -> None:
    territories = {city.name: city.territory for city in CITIES}
    partner = str(user_id(DEFAULT_SEED, "tomas.novak"))
    for company in COMPANIES:
        territory = territories[company["addresses"][0]["city"]]
        allowed = {str(user_id(DEFAULT_SEED, name)) for name in owners_of(territory)}
        allowed |= {partner} if territory == "europe" else set()
        assert company["owner_id"] in allowed, company["name"]


def test_addresses_lie_near_their_city() -> None:
    cities = {city.name: city for city in CITIES}
    for record in COMPANIES + PEOPLE_MADE:
        for address in record.get("addresses", []):
            city = cities[address["city"]]
            assert abs(address["latitude"] - city.latitude) < 0.2
            assert abs(address["longitude"] - city.longitude) < 0.2


def test_every_phone_number_is_understood() -> None:
    numbers = {p["number"] for record in COMPANIES + PEOPLE_MADE for p in record["phones"]}
    assert [number for number in numbers if parse_phone(number, "CN").e164 is None] == []


def test_industries_and_sizes_follow_the_public_set() -> None:
    dice = stream(1, "size")
    sizes = [company_size(dice) for _ in range(4000)]
    assert 900 < statistics.median(size.revenue for size in sizes) < 1_200  # the set: 1,224
    assert 2.0 < statistics.median(size.staff / size.revenue for size in sizes) < 2.4
    assert all(1979 <= size.founded <= 2017 for size in sizes)
    found = Counter(company["industry"] for company in COMPANIES)
    assert found.keys() == SECTORS.keys()
    assert abs(found["retail"] / 300 - 17 / 85) < 0.06


def test_subsidiaries_share_the_industry_of_their_parent() -> None:
    known = {company["id"]: company for company in COMPANIES}
    below = [company for company in COMPANIES if "parent_id" in company]
    assert len(below) == round(300 * 15 / 85)
    for company in below:
        assert company["industry"] == known[company["parent_id"]]["industry"]


def test_key_accounts_have_a_file_and_the_others_none() -> None:
    for company in COMPANIES:
        assert ("key_account" in company) == (company["grade"] == "A"), company["name"]
    assert {company["grade"] for company in COMPANIES} == set("ABCD")


def test_consumers_have_a_home_and_no_account() -> None:
    consumers = [person for person in PEOPLE_MADE if "accounts" not in person]
    assert len(consumers) == 60
    assert all(person["addresses"][0]["kind"] == "home" for person in consumers)
    assert len(PEOPLE_MADE) == PEOPLE


def test_companies_show_all_sides_of_a_buying_centre() -> None:
    roles = Counter(link["role"] for p in PEOPLE_MADE for link in p.get("accounts", []))
    assert roles["decision_maker"] == 300
    assert set(roles) >= {"influencer", "user", "gatekeeper", "buyer", "champion"}


def test_teams_come_after_those_above_and_members_are_in_teams_that_exist() -> None:
    names = list(TEAMS)
    assert all(
        above is None or names.index(above) < names.index(name) for name, above in TEAMS.items()
    )
    assert {member.team for member in STAFF if member.team} <= TEAMS.keys()
    assert set(TEAM_OF_TERRITORY.values()) <= TEAMS.keys()
    assert {member.role for member in STAFF} <= BUILT_IN.keys()
    assert {city.territory for city in CITIES} == TEAM_OF_TERRITORY.keys()


def test_the_pinned_addresses_are_there() -> None:
    addresses = {user["email"]: user["role"] for user in make_users(DEFAULT_SEED, PASSWORD)}
    assert addresses["manager@demo.example"] == "manager"
    assert addresses["sales@demo.example"] == "sales"
    assert addresses["agent@demo.example"] == "agent"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("Jürgen", "Müller"), "jurgen.muller"),
        (("Zoë", "Yıldız"), "zoe.yildiz"),
        (("lü",), "lu"),
    ],
)
def test_handles_are_plain_letters(parts: tuple[str, ...], expected: str) -> None:
    assert handle(*parts) == expected


@pytest.mark.parametrize("culture", sorted(STREETS))
def test_names_of_every_culture_can_be_written_and_mailed(culture: str) -> None:
    dice = stream(7, culture)
    for _ in range(100):
        name: PersonName = person_name(dice, culture)
        assert re.fullmatch(r"[a-z]+\.[a-z]+", name.handle), name
        assert name.given in name.name
        assert name.family in name.name
    assert culture in {country_of(city).culture for city in CITIES}


def test_patterns_and_weights() -> None:
    dice = stream(3, "anything")
    assert re.fullmatch(r"\+1 212 555 01\d\d", digits(dice, "+1 212 555 01##"))
    assert {weighted(dice, {"often": 1.0, "never": 0.0}) for _ in range(50)} == {"often"}
