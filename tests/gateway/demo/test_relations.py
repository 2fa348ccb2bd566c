"""Consents, open pools, duplicates worth merging, and what is saved for everybody."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from guanxi_contacts.accounts.schemas import AccountCreate
from guanxi_contacts.campaigns.schemas import CampaignCreate
from guanxi_contacts.consents.schemas import ConsentCreate
from guanxi_contacts.duplicates import rules
from guanxi_contacts.duplicates.keys import (
    account_keys,
    asked_of_account,
    asked_of_person,
    person_keys,
)
from guanxi_contacts.people.schemas import ContactCreate
from guanxi_contacts.pools.schemas import PoolCreate, Release
from guanxi_contacts.segments.schemas import SegmentCreate
from guanxi_contacts.views.schemas import ViewCreate
from guanxi_gateway.cli.demo.campaigns import make_campaigns
from guanxi_gateway.cli.demo.consents import make_consents
from guanxi_gateway.cli.demo.duplicates import make_second_accounts, make_second_people
from guanxi_gateway.cli.demo.places import CITIES
from guanxi_gateway.cli.demo.pools import make_pools, make_releases, make_waiting
from guanxi_gateway.cli.demo.saved import make_segments, make_views
from guanxi_shared.matching import emails_as_stored, match_keys, phones_as_stored
from tests.gateway.demo.made import COMPANIES, PEOPLE, SEED, TODAY

Record = dict[str, Any]
NOW = datetime(2026, 3, 4, 16, 0, tzinfo=UTC)
CONSENTS = make_consents(SEED, PEOPLE, TODAY)
WAITING = make_waiting(SEED, COMPANIES)
TWICE = make_second_accounts(SEED, COMPANIES)
PEOPLE_TWICE = make_second_people(SEED, PEOPLE)


def test_the_same_seed_gives_the_same_relations() -> None:
    assert make_consents(SEED, PEOPLE, TODAY) == CONSENTS
    assert make_waiting(SEED, COMPANIES) == WAITING
    assert make_second_accounts(SEED, COMPANIES) == TWICE
    assert make_second_people(SEED, PEOPLE) == PEOPLE_TWICE


@pytest.mark.parametrize(
    ("records", "model"),
    [
        ([entry for said in CONSENTS.values() for entry in said], ConsentCreate),
        (WAITING, AccountCreate),
        ([record for _, record in TWICE], AccountCreate),
        ([record for _, record in PEOPLE_TWICE], ContactCreate),
        (make_pools(SEED), PoolCreate),
        (make_segments(SEED), SegmentCreate),
        (make_views(SEED), ViewCreate),
        (make_campaigns(SEED, TODAY), CampaignCreate),
    ],
    ids=[
        "consents",
        "waiting",
        "accounts twice",
        "people twice",
        "pools",
        "segments",
        "views",
        "campaigns",
    ],
)
def test_every_record_is_what_its_resource_takes(records: list[Record], model: Any) -> None:
    for record in records:
        model.model_validate_json(orjson.dumps(record))
    assert len({record["id"] for record in records}) == len(records)


def test_a_third_of_the_people_was_asked_and_some_took_it_back() -> None:
    assert 250 < len(CONSENTS) < 350
    said = [entry for entries in CONSENTS.values() for entry in entries]
    counts = Counter(entry["status"] for entry in said)
    assert counts["granted"] > counts["withdrawn"] > 20
    assert {entry["channel"] for entry in said} == {"email", "phone", "wechat"}
    assert all(datetime.fromisoformat(entry["given_at"]) < NOW for entry in said)


def test_only_what_was_granted_is_withdrawn_and_later() -> None:
    for entries in CONSENTS.values():
        granted: dict[str, str] = {}
        for entry in entries:
            if entry["status"] == "withdrawn":
                assert entry["given_at"] > granted.pop(entry["channel"])
            else:
                assert entry["channel"] not in granted
                granted[entry["channel"]] = entry["given_at"]


def test_what_waits_fits_one_of_the_pools_and_is_nobody_elses_name() -> None:
    regions = [
        set(pool["entry_filter"]["filter_groups"][0]["filters"][0]["value"])
        for pool in make_pools(SEED)
    ]
    assert len(WAITING) == 25
    assert set.isdisjoint(*regions)
    found = [[account["region"] in those for account in WAITING] for those in regions]
    assert [sum(each) for each in found] == [13, 12]
    assert {city.region for city in CITIES if city.country == "CN"} == set.union(*regions)
    everybody = [*COMPANIES, *WAITING]
    for unique in ("id", "name", "domain", "external_id"):
        assert len({account[unique] for account in everybody}) == len(everybody)


def test_whoever_gives_an_account_up_says_why() -> None:
    releases = make_releases(SEED, WAITING)
    assert list(releases) == [account["id"] for account in WAITING]
    assert all(Release.model_validate(told).reason for told in releases.values())


def as_stored(record: Record) -> Record:
    phones = phones_as_stored(record.get("phones", []), "CN")
    return {**record, "phones": phones, "emails": emails_as_stored(record.get("emails", []))}


def names_of(record: Record) -> list[str | None]:
    return [record.get(name) for name in ("name", "legal_name", "short_name", "local_name")]


def test_the_check_finds_every_account_that_was_entered_twice() -> None:
    known = {company["id"]: as_stored(company) for company in COMPANIES}
    kinds: set[str] = set()
    for first, second in TWICE:
        row = known[first]
        kept = {*match_keys(names_of(row), row), *account_keys(row)}
        evidence = rules.shared_keys(asked_of_account(as_stored(second)), kept)
        score = rules.score_of(evidence, rules.WEIGHTS["accounts"])
        assert rules.level_of(score) in ("likely", "certain"), second["name"]
        assert second["name"] != row["name"]
        kinds |= {each.kind for each in evidence}
    assert len(TWICE) == 8
    assert kinds >= {"name", "company_name", "phone", "email"}


def test_the_check_finds_every_person_that_was_entered_twice() -> None:
    known = {person["id"]: as_stored(person) for person in PEOPLE}
    for first, second in PEOPLE_TWICE:
        row = known[first]
        kept = {*match_keys([row["name"]], row), *person_keys(row)}
        evidence = rules.shared_keys(asked_of_person(as_stored(second)), kept)
        assert {each.kind for each in evidence} >= {"email", "phone"}
        assert rules.level_of(rules.score_of(evidence, rules.WEIGHTS["contacts"])) == "certain"
    assert len(PEOPLE_TWICE) == 4


def test_future_technology_is_there_twice_in_two_peoples_hands() -> None:
    first, second = TWICE[0]
    assert first == COMPANIES[0]["id"]
    assert second["name"] == "北京未來科技有限公司"
    assert second["owner_id"] != COMPANIES[0]["owner_id"]


def test_three_segments_and_three_views_are_shared_with_everybody() -> None:
    segments, views = make_segments(SEED), make_views(SEED)
    assert Counter(each.get("kind", "dynamic") for each in segments) == {"dynamic": 2, "frozen": 1}
    assert {each["resource"] for each in views} == {"accounts", "contacts", "activities"}
    assert all(each["shared_with"] == "all" for each in [*segments, *views])
