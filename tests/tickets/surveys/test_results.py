"""Results: figures over what the caller sees, and the documents that find their rows."""

import asyncio
import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.factories import Clients, Organisation
from tests.tickets.company import made
from tests.tickets.conftest import Known
from tests.tickets.surveys.asking import ANSWERS, INVITATIONS, SURVEYS, invited, submitted, survey

ROWS = Path(os.environ.get("GUANXI_DATASETS", "/nowhere")) / "ecsi_satisfaction/satisfaction.csv"


async def answered(
    clients: Clients, company: Organisation, asked: dict[str, Any], ticket: dict[str, Any],
    answers: Sequence[dict[str, Any]],
) -> None:  # fmt: skip
    """Each by an invitation of its own."""
    admin, customer = clients(company.admin), clients()

    async def one(given: dict[str, Any]) -> None:
        found = await invited(admin, asked, ticket_id=ticket["id"])
        answer = await submitted(customer, found["path"], **given)
        assert answer.status_code == 200, answer.text

    for start in range(0, len(answers), 4):
        await asyncio.gather(*map(one, answers[start : start + 4]))


async def results(user: httpx.AsyncClient, asked: dict[str, Any], **of: str) -> dict[str, Any]:
    answer = await user.get(f"{SURVEYS}/{asked['id']}/results", params=of)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_published_example_of_nps_comes_out_with_rows_that_are_found(
    client: Clients, company: Organisation, person: Known
) -> None:
    rep, admin = client(company.rep), client(company.admin)
    ticket = await made(rep, requester_id=await person())
    asked = await survey(admin, kind="nps", questions=[])
    scores = [9] * 10 + [10] * 9 + [7] * 5 + [8] * 3 + [0] * 4 + [6] * 5
    await answered(client, company, asked, ticket, [{"score": score} for score in scores])
    lone = await invited(admin, asked, ticket_id=ticket["id"])
    await client().put(lone["path"], json={"answers": {"score": 3}})
    [period] = (await results(rep, asked))["periods"]
    score = period["score"]
    assert [round(score[name], 1) for name in ("value", "low", "high")] == [27.8, -0.4, 51.7]
    assert (score["promoters"], score["detractors"], score["n"]) == (19, 9, 36)
    assert (period["invited"], period["answered"], period["partial"]) == (37, 36, 1)
    assert period["response_rate"]["share"] == round(36 / 37, 4)
    assert period["is_enough"] is True
    for path, name, count in ((ANSWERS, "answers", 36), (INVITATIONS, "invitations", 37)):
        found = await rep.post(f"{path}/search", json=period[name] | {"limit": 200})
        assert found.status_code == 200, found.text
        assert len(found.json()["data"]) == count


async def test_results_are_of_what_the_caller_sees(
    client: Clients, company: Organisation, person: Known, other_organisation: Organisation
) -> None:
    admin, asked_by = client(company.admin), {"requester_id": await person()}
    asked = await survey(admin)
    for user, score in ((company.rep, 5), (company.other_rep, 1)):
        ticket = await made(client(user), **asked_by)
        await answered(client, company, asked, ticket, [{"score": score}])
    for user, n, value in (
        (company.rep, 1, 100),
        (company.other_rep, 1, 0),
        (company.admin, 2, 50),
    ):
        [period] = (await results(client(user), asked))["periods"]
        assert (period["score"]["n"], period["invited"], period["score"]["value"]) == (n, n, value)
    [own] = (await results(admin, asked, assignee_id=str(company.rep.id)))["periods"]
    assert own["score"]["n"] == 1
    [none] = (await results(admin, asked, edition="2"))["periods"]
    assert (none["score"]["n"], none["score"]["value"], none["is_enough"]) == (0, None, False)
    for user in (other_organisation.admin,):
        assert (await client(user).get(f"{SURVEYS}/{asked['id']}/results")).status_code == 404


async def test_periods_are_filled_and_compared(
    client: Clients, company: Organisation, person: Known
) -> None:
    admin = client(company.admin)
    ticket = await made(client(company.rep), requester_id=await person())
    asked = await survey(admin, kind="ces", least_n=2)
    await answered(client, company, asked, ticket, [{"score": 2}, {"score": 3}])
    found = await results(admin, asked, by="month", **{"from": "-1y"})
    assert len(found["periods"]) in (12, 13)
    assert [p["score"]["n"] for p in found["periods"]][-1] == 2
    assert {p["score"]["n"] for p in found["periods"][:-1]} == {0}
    assert all(p["change"] is None for p in found["periods"])
    assert (found["periods"][-1]["score"]["value"], found["periods"][-1]["is_enough"]) == (
        2.5,
        True,
    )


@pytest.mark.parametrize(
    ("of", "field"),
    [
        ({"from": "2026-02-01", "to": "2026-01-01"}, "from"), ({"by": "hour"}, "by"),
        ({"by": "day", "from": "2000-01-01"}, "by"), ({"from": "x"}, "from"), ({"team_id": "x"}, "team_id"),
        ({"edition": "0"}, "edition"), ({"other": "1"}, "other"), ({"to": "9999-12-31"}, "to"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_the_question_is_named(
    client: Clients, company: Organisation, of: dict[str, str], field: str
) -> None:
    asked = await survey(client(company.admin))
    answer = await client(company.admin).get(f"{SURVEYS}/{asked['id']}/results", params=of)
    assert answer.status_code == 400, answer.text
    assert list(answer.json()["errors"]) == [field]


async def test_kano_puts_items_into_categories(
    client: Clients, company: Organisation, person: Known
) -> None:
    admin = client(company.admin)
    ticket = await made(client(company.rep), requester_id=await person())
    items = [{"key": key, "texts": {"en": key}} for key in ("app", "fax")]
    asked = await survey(admin, kind="kano", items=items, questions=[])
    given = {
        "app.functional": "like", "app.dysfunctional": "dislike",
        "fax.functional": "neutral", "fax.dysfunctional": "neutral",
    }  # fmt: skip
    lone = {"app.functional": "like"}
    await answered(client, company, asked, ticket, [given] * 5 + [lone])
    [period] = (await results(admin, asked))["periods"]
    app, fax = period["items"]
    assert (app["category"], app["n"], app["better"]["value"], app["worse"]["value"]) == (
        "O",
        5,
        1,
        -1,
    )
    assert (fax["category"], fax["better"]["value"], fax["is_enough"]) == ("I", 0, False)


async def test_choices_are_counted_and_another_scale_is_another_question(
    client: Clients, company: Organisation, person: Known
) -> None:
    admin = client(company.admin)
    ticket = await made(client(company.rep), requester_id=await person())
    options = [{"key": key, "texts": {"en": key}} for key in ("web", "phone")]
    own: list[dict[str, Any]] = [
        {"key": "how", "type": "multi_choice", "texts": {"en": "How?"}, "options": options},
        {"key": "ease", "type": "rating", "texts": {"en": "Ease"}, "min": 1, "max": 5},
        {"key": "why", "type": "text", "texts": {"en": "Why?"}},
    ]  # fmt: skip
    asked = await survey(admin, kind="custom", questions=own)
    given = [{"how": ["web", "phone"], "ease": 5, "why": "5"}, {"how": ["web"]}]
    await answered(client, company, asked, ticket, given)
    changed = [own[0], own[1] | {"max": 7}]
    answer = await admin.patch(f"{SURVEYS}/{asked['id']}", json={"questions": changed})
    assert (answer.status_code, answer.json()["edition"]) == (200, 2)
    await answered(client, company, asked, ticket, [{"ease": 7}])
    [period] = (await results(admin, asked))["periods"]
    how, ease = period["questions"]
    assert (how["n"], how["counts"]) == (3, {"web": 2, "phone": 1})
    assert (ease["n"], ease["value"], ease["counts"]) == (1, 7, {"7": 1})


@pytest.mark.skipif(not ROWS.exists(), reason="GUANXI_DATASETS has no ecsi_satisfaction")
async def test_a_real_survey_of_a_bank_gives_the_means_that_its_file_has(
    client: Clients, company: Organisation, person: Known
) -> None:
    """Five items with expectation and perceived quality, the others as ratings; every fourth row."""
    with ROWS.open(newline="") as file:
        rows = list(csv.DictReader(file))[::4]
    names = [name for name in rows[0] if name and name != "gender"]
    assert (len(rows), len(names)) == (63, 27)
    paired = {f"expe{n}": f"item{n}.expected" for n in range(1, 6)}
    paired |= {f"qual{n}": f"item{n}.perceived" for n in range(1, 6)}
    alone = [name for name in names if name not in paired]
    items = [{"key": f"item{n}", "texts": {"en": f"Item {n}"}} for n in range(1, 6)]
    own = [
        {"key": name, "type": "rating", "texts": {"en": name}, "min": 0, "max": 10}
        for name in alone
    ]
    asked = await survey(
        client(company.admin), kind="satisfaction", items=items, questions=own, scale_min=0, scale_max=10
    )  # fmt: skip
    ticket = await made(client(company.rep), requester_id=await person())
    given = [{paired.get(name, name): int(row[name]) for name in names} for row in rows]
    await answered(client, company, asked, ticket, given)
    [period] = (await results(client(company.rep), asked))["periods"]
    shown = {each["key"]: each["value"] for each in period["questions"]}
    for number, each in enumerate(period["items"], 1):
        shown |= {
            f"expe{number}": each["expected"]["value"],
            f"qual{number}": each["perceived"]["value"],
        }
        gap = sum(int(row[f"qual{number}"]) - int(row[f"expe{number}"]) for row in rows) / len(rows)
        assert each["gap"]["value"] == pytest.approx(gap, abs=1e-4)
        assert each["gap"]["low"] < gap < each["gap"]["high"]
    assert shown.keys() == set(names)
    for name in names:
        mean = sum(int(row[name]) for row in rows) / len(rows)
        assert shown[name] == pytest.approx(mean, abs=1e-4), name
