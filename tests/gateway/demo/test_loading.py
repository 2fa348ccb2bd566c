"""The whole load, against a small gateway."""

import copy
from collections import Counter
from dataclasses import replace

import httpx
import pytest

from guanxi_gateway.cli.demo import Loaded, load
from guanxi_gateway.cli.demo import command as commands
from guanxi_gateway.cli.demo.client import DemoRefused
from guanxi_gateway.cli.demo.loads import Tell
from guanxi_shared.launch.errors import LaunchError
from tests.gateway.demo.door import Door, PowerCut

SECRET = "s3Cr3t0fTheServices" * 2


def load_into(door: Door, *, tell: Tell = lambda step, done, total: None) -> Loaded:
    transport = httpx.MockTransport(door)
    return load(
        "http://gateway",
        password="pass word",
        service_secret=SECRET,
        tell=tell,
        transport=transport,
    )


def posted(door: Door) -> list[str]:
    return [call.url.path for call in door.calls if call.method == "POST"]


@pytest.fixture(scope="module")
def whole() -> tuple[Door, Loaded]:
    """A load that nothing disturbed; for looking at."""
    door = Door()
    return door, load_into(door)


def test_everything_is_made_after_what_it_refers_to(whole: tuple[Door, Loaded]) -> None:
    door, loaded = whole
    assert (loaded.is_new, loaded.users, loaded.companies, loaded.people) == (True, 19, 333, 904)
    order = list(dict.fromkeys(kind(path) for path in posted(door)))
    assert order == [
        "organisations",
        "sign-in",
        "teams",
        "users",
        "fields",
        "accounts/batch",
        "contacts/batch",
        "standing",
        "pools",
        "release",
        "consents",
        "activities/batch",
        "check-in",
        "check-out",
        "territories/batch",
        "exchange-rates/batch",
        "tax-classes",
        "products",
        "assignment-rules",
        "forms",
        "leads/batch",
        "pipelines",
        "opportunities/batch",
        "quotes",
        "send",
        "orders/batch",
        "invoices/batch",
        "payments/batch",
        "quotas/batch",
        "stock-reports/batch",
        "business-calendars",
        "sla-policies",
        "queues",
        "agents",
        "surveys",
        "imports",
        "tickets/batch",
        "comments",
        "move",
        "root-causes",
        "tasks",
        "complete",
        "skip",
        "actions",
        "invitations",
        "submit",
        "article-categories",
        "articles",
        "publish",
        "feedback",
        "segments",
        "views",
        "campaigns",
        "members",
        "mark",
    ]


def kind(path: str) -> str:
    words = [word for word in path.split("/")[2:] if len(word) < 36]
    return "/".join(words[-2:]) if words[-1] == "batch" else words[-1]


def test_what_is_asked_for_is_there(whole: tuple[Door, Loaded]) -> None:
    door, loaded = whole
    made = Counter(door.paths.values())
    consents = sum(made.pop(path) for path in list(made) if path.endswith("/consents"))
    comments = sum(made.pop(path) for path in list(made) if path.endswith("/comments"))
    loops = [made.pop(path) for path in list(made) if "/loop/" in path]
    assert 4 < len(loops) < 40
    asked = sum(made.pop(path) for path in list(made) if path.endswith("/invitations"))
    said, answers = made.pop("/v1/ticket-comments/rows"), made["/v1/survey-answers"]
    assert 600 < said < 900
    assert 60 < answers < 140
    contracts = made["/v1/entitlements"]
    assert 700 < contracts < 1_100
    assert 30 < made.pop("/v1/quotes") < 100  # a weekday more or less moves it
    assert 80 < (quotas := made["/v1/quotas"]) < 200
    assert 400 < (invoices := made["/v1/invoices"]) < 1_500
    assert 400 < (payments := made["/v1/payments"]) < 1_500
    assert 50 < (stock := made["/v1/orders/stock-reports"]) < 400
    assert made == {
        "/v1/organisations": 1,
        "/v1/teams": 9,
        "/v1/users": 18,
        "/v1/fields": 5,
        "/v1/accounts": 300 + 25 + 8,
        "/v1/contacts": 900 + 4,
        "/v1/pools": 2,
        "/v1/activities": loaded.activities,
        "/v1/territories": 10,
        "/v1/exchange-rates": 260,
        "/v1/products/tax-classes": 3,
        "/v1/products": 13,
        "/v1/leads/assignment-rules": 2,
        "/v1/leads/forms": 1,
        "/v1/leads": 140,
        "/v1/orders": loaded.orders,
        "/v1/invoices": invoices,
        "/v1/payments": payments,
        "/v1/quotas": quotas,
        "/v1/orders/stock-reports": stock,
        "/v1/tickets": loaded.tickets,
        "/v1/survey-answers": answers,
        "/v1/entitlements": contracts,
        "/v1/business-calendars": 1,
        "/v1/sla-policies": 1,
        "/v1/root-causes": 5,
        "/v1/queues": 3,
        "/v1/tickets/forms": 1,
        "/v1/agents": 2,
        "/v1/surveys": 2,
        "/v1/article-categories": 2,
        "/v1/articles": 12,
        "/v1/pipelines": 2,
        "/v1/opportunities": loaded.opportunities,
        "/v1/segments": 3,
        "/v1/views": 3,
        "/v1/campaigns": 4,
    }
    assert 4_000 < loaded.activities < 6_000
    assert 400 < consents < 700
    assert 150 < comments < 400
    assert (asked, len(door.moves["surveys"])) == (24, 24)
    assert 1_000 < loaded.opportunities < 1_500
    assert 1_200 < loaded.orders < 2_500
    verbs = Counter(move["verb"] for moves in door.moves.values() for move in moves)
    assert (verbs["check-in"], verbs["check-out"], verbs["release"]) == (150, 150, 25)
    assert verbs["standing"] > 600


def test_it_signs_in_again_once_the_users_are_there(whole: tuple[Door, Loaded]) -> None:
    door, _ = whole
    tokens = {call.headers["authorization"] for call in door.calls if "batch" in call.url.path}
    assert len(tokens) == 1
    admins = [
        call for call in door.calls if b"admin@" in call.content and "sign-in" in call.url.path
    ]
    assert len(admins) == 2
    fields = [call for call in door.calls if call.url.path == "/v1/fields"]
    assert tokens.isdisjoint(call.headers["authorization"] for call in fields)


def test_a_second_load_makes_nothing() -> None:
    door = Door()
    load_into(door)
    kept, moves = dict(door.kept), copy.deepcopy(door.moves)
    assert not load_into(door).is_new
    assert (door.kept, door.moves) == (kept, moves)


def test_everybody_checks_in_to_their_own_visits(whole: tuple[Door, Loaded]) -> None:
    door, _ = whole
    calls = [call for call in door.calls if call.url.path.endswith("/check-in")]
    owners = {call.headers["authorization"]: set[str]() for call in calls}
    for call in calls:
        activity = door.kept[call.url.path.split("/")[3]]
        owners[call.headers["authorization"]].add(activity["owner_id"])
    assert len(owners) > 5
    assert all(len(own) == 1 for own in owners.values())


# Calls from the first to the last step; of each the answer is lost.
@pytest.mark.parametrize("cut_after", [2, 20, 41, 300, 1_100, 1_700])
def test_a_load_that_was_cut_off_is_completed_without_doubles(
    cut_after: int, whole: tuple[Door, Loaded]
) -> None:
    uncut, loaded = whole
    door = Door()
    door.cut_after = cut_after
    with pytest.raises(PowerCut):
        load_into(door)
    assert (door.kept, door.moves) != (uncut.kept, uncut.moves)
    door.cut_after = None
    again = load_into(door)
    assert again == replace(loaded, is_new=again.is_new)
    assert (door.kept, door.moves) == (uncut.kept, uncut.moves)


def test_what_somebody_changed_since_stays() -> None:
    """A claimed account is not taken from whoever claimed it, a judged one not judged again."""
    door = Door()
    load_into(door)
    claimed = next(id for id, moves in door.moves.items() if moves[0]["verb"] == "release")
    door.moves[claimed].append({"verb": "claim"})
    moves = copy.deepcopy(door.moves)
    load_into(door)
    assert door.moves == moves


def test_accounts_that_were_graded_when_they_were_made_are_left_alone() -> None:
    door = Door()
    load_into(door)
    judged = [id for id in door.moves if door.paths.get(id) == "/v1/accounts"]
    for id in judged[:10]:
        del door.moves[id]
        door.kept[id] = door.kept[id] | {"grade": "B"}
    load_into(door)
    assert not set(judged[:10]) & door.moves.keys()


def test_the_pipeline_that_every_organisation_begins_with_gives_way() -> None:
    door = Door()
    load_into(door)
    for id, name in (("begun", "Sales"), ("added", "Ours")):
        door.kept[id], door.paths[id] = {"id": id, "name": name}, "/v1/pipelines"
    load_into(door)
    assert door.removed == ["/v1/pipelines/begun"]


def test_progress_ends_at_the_total_of_each_step() -> None:
    seen: dict[str, tuple[int, int]] = {}
    load_into(Door(), tell=lambda step, done, total: seen.update({step: (done, total)}))
    assert list(seen) == [
        "teams", "users", "fields", "companies", "people", "standing", "pools", "open accounts",
        "consents", "activities", "visits", "territories", "exchange rates",
        "tax classes", "products", "scorecard", "assignment rules", "forms", "leads", "pipelines",
        "opportunities", "closing days", "quotes", "quotes sent", "orders", "invoices", "payments", "quotas", "stock of distributors",
        "business calendars", "policies", "queues", "agents", "ticket forms", "surveys",
        "past tickets", "past replies", "past answers", "tickets", "replies", "root causes",
        "loops of complaints", "survey invitations", "survey answers", "past contracts", "article categories", "articles",
        "uses of articles", "segments", "views", "campaigns", "members of campaigns", "answers to campaigns",
    ]  # fmt: skip
    assert all(done == total for done, total in seen.values())


def test_a_demo_of_another_seed_is_left_alone() -> None:
    door = Door()
    door.organisation_id = "another"
    with pytest.raises(DemoRefused, match="GUANXI_DEMO_SEED"):
        load_into(door)
    assert posted(door)[-1] == "/v1/auth/sign-in"


def test_the_command_asks_for_a_suite_that_was_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("GUANXI_DATA_DIR", f"{tmp_path}/nowhere")
    monkeypatch.delenv("GUANXI_SERVICE_SECRET", raising=False)
    with pytest.raises(LaunchError, match="start the suite first"):
        commands.demo()


def test_the_command_refuses_a_seed_that_is_no_number(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("GUANXI_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("GUANXI_SERVICE_SECRET", SECRET)
    monkeypatch.setenv("GUANXI_DEMO_SEED", "spring")
    with pytest.raises(LaunchError, match="whole number"):
        commands.demo()
