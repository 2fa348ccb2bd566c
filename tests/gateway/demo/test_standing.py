"""How the demo's accounts came to stand where they stand: by the rules of the service."""

from collections import Counter
from datetime import date, timedelta

import orjson

from guanxi_contacts.accounts.schemas import AccountCreate
from guanxi_contacts.standing.rules import DIMENSIONS, demand_moves
from guanxi_contacts.standing.schemas import StandingUpdate
from guanxi_gateway.cli.demo import standing
from guanxi_gateway.cli.demo.standing import as_it_began, make_standing
from tests.gateway.demo.made import COMPANIES, SEED, TODAY

STANDING = make_standing(SEED, COMPANIES, TODAY)


def test_the_same_seed_and_day_give_the_same_moves() -> None:
    assert make_standing(SEED, COMPANIES, TODAY) == STANDING
    assert make_standing(SEED, COMPANIES, TODAY + timedelta(days=1)) != STANDING


def test_the_dimensions_are_those_of_the_service() -> None:
    assert standing.DIMENSIONS == DIMENSIONS


def test_every_move_is_allowed_changes_something_and_leads_where_the_company_stands() -> None:
    for company in COMPANIES:
        present = dict.fromkeys(DIMENSIONS) | {"lifecycle_stage": standing.BEGINNING}
        for move in STANDING[company["id"]]:
            changes = StandingUpdate.model_validate_json(orjson.dumps(move)).moves
            demand_moves(present, changes)
            assert any(present[name] != value for name, value in changes.items())
            present |= changes
        assert present == {name: company[name] for name in DIMENSIONS}, company["name"]


def test_the_days_follow_one_another_within_two_years() -> None:
    for moves in STANDING.values():
        days = [date.fromisoformat(move["effective_on"]) for move in moves]
        assert days == sorted(set(days))
        assert TODAY - timedelta(days=731) < days[0]
        assert days[-1] < TODAY


def test_most_have_a_past_and_every_move_a_reason() -> None:
    lengths = Counter(map(len, STANDING.values()))
    assert sum(lengths.values()) == 300
    assert lengths[1] < 60
    assert all(move["reason"] for moves in STANDING.values() for move in moves)
    stages = {move.get("lifecycle_stage") for moves in STANDING.values() for move in moves}
    assert stages >= {"new", "active", "loyal", "at_risk", "lost", "won_back"}


def test_accounts_begin_as_prospects_that_nobody_judged() -> None:
    for company in COMPANIES:
        began = AccountCreate.model_validate(as_it_began(company))
        assert not began.model_fields_set & set(DIMENSIONS)
        assert began.lifecycle_stage == standing.BEGINNING
